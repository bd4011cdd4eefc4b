import { z } from 'zod';

/** Details are one line, or several. */
const detailSchema = z.union([z.string(), z.array(z.string())]);

/** The members of a plan's node that are read here. */
const nodeSchema = z.object({
  name: z.string(),
  get children(): z.ZodArray<typeof nodeSchema> {
    return z.array(nodeSchema);
  },
  extra_info: z.object({
    Table: detailSchema.optional(),
    Filters: detailSchema.optional(),
    Expression: detailSchema.optional(),
  }),
});

/** A node of a plan. */
type PlanNode = z.output<typeof nodeSchema>;

/** A table scan in a plan, and the conditions on its rows. */
export interface TableScan {
  /** The table's name in DuckDB, without quotes. */
  readonly table: string;
  /** Conditions in SQL. Some may use columns of other tables, or may not be valid SQL. */
  readonly conditions: readonly string[];
}

/**
 * The scans in a plan of DuckDB (`EXPLAIN (FORMAT json)`) with their filters. Ambiguous conditions are omitted: with
 * fewer conditions, more partitions are read.
 */
export function readScanFilters(plan: string): TableScan[] {
  const scans: TableScan[] = [];
  const visit = (node: PlanNode, above: readonly string[]) => {
    const { Table, Filters, Expression } = node.extra_info;
    if (Table !== undefined) {
      const pushed = lines(Filters).flatMap(splitPushedFilter);
      scans.push({ table: lines(Table).join('').replaceAll('"', ''), conditions: [...pushed, ...above] });
    }
    // Only a filter directly above a scan refers to the scan's own columns.
    const filters = node.name.trim() === 'FILTER' ? lines(Expression).flatMap(conjuncts) : [];
    for (const child of node.children) visit(child, filters);
  };
  for (const root of z.array(nodeSchema).parse(JSON.parse(plan))) visit(root, []);
  return scans;
}

/** DuckDB splits details at line breaks. When a string literal contains one, the fragments are unusable. */
function lines(detail: string | readonly string[] | undefined): readonly string[] {
  const given = detail ?? [];
  const all = typeof given === 'string' ? [given] : given;
  return all.every((line) => (line.match(/'/g) ?? []).length % 2 === 0) ? all : [];
}

/** Filters in a scan have no parentheses around OR, so a filter with OR cannot be split. */
function splitPushedFilter(filter: string): string[] {
  const parts = splitAtAnd(filter);
  const certain = parts.filter((part) => !part.startsWith('optional:'));
  const mixed = certain.length > 0 && parts.some((part) => / OR /.test(maskNested(part)));
  return mixed ? [] : certain;
}

/** The parts of an expression that AND joins; the whole expression if one of them has an OR. */
function conjuncts(expression: string): string[] {
  const bare = expression.trim();
  if (!bare.startsWith('(') || closingBracket(bare) !== bare.length - 1) return splitAtAnd(bare);
  const parts = splitAtAnd(bare.slice(1, -1));
  return parts.some((part) => / OR /.test(maskNested(part))) ? [bare] : parts;
}

/** The index of the parenthesis that closes the first one; -1 without it. */
function closingBracket(text: string): number {
  let depth = 0;
  for (const [index, character] of maskQuoted(text).split('').entries()) {
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (depth === 0) return index;
  }
  return -1;
}

/** The text with quoted parts masked. */
function maskQuoted(text: string): string {
  return text.replaceAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"/g, (quoted) => '_'.repeat(quoted.length));
}

/** The text with quoted and parenthesized parts masked. Its indexes are those of the text. */
function maskNested(text: string): string {
  let depth = 0;
  return maskQuoted(text)
    .split('')
    .map((character) => {
      if (character === ')') depth -= 1;
      const shown = depth === 0 ? character : '_';
      if (character === '(') depth += 1;
      return shown;
    })
    .join('');
}

/** The parts of a text between ANDs outside of quotes and parentheses. */
function splitAtAnd(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (const match of maskNested(text).matchAll(/ AND /g)) {
    parts.push(text.slice(start, match.index).trim());
    start = match.index + match[0].length;
  }
  return [...parts, text.slice(start).trim()];
}
