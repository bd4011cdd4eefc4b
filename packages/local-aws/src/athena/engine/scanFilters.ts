import { z } from 'zod';

const detailSchema = z.union([z.string(), z.array(z.string())]);

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

type Node = z.output<typeof nodeSchema>;

/** A scan of a table in a plan, and what must hold for the rows that are wanted of it. */
export interface TableScan {
  /** As DuckDB names it, quotes left out. */
  readonly table: string;
  /** SQL; some of it may be about other columns than wanted, or no SQL at all. */
  readonly conditions: readonly string[];
}

/**
 * The scans in a plan of DuckDB (`EXPLAIN (FORMAT json)`) with their filters. What isn't beyond doubt is left out:
 * fewer conditions only mean that more is read.
 */
export function scanFilters(plan: string): TableScan[] {
  const scans: TableScan[] = [];
  const visit = (node: Node, above: readonly string[]) => {
    const { Table, Filters, Expression } = node.extra_info;
    if (Table !== undefined) {
      const pushed = lines(Filters).flatMap(splitPushed);
      scans.push({ table: lines(Table).join('').replaceAll('"', ''), conditions: [...pushed, ...above] });
    }
    // Only a filter right above its scan has the scan's own columns in it.
    const here = node.name.trim() === 'FILTER' ? lines(Expression).flatMap(conjuncts) : [];
    for (const child of node.children) visit(child, here);
  };
  for (const root of z.array(nodeSchema).parse(JSON.parse(plan))) visit(root, []);
  return scans;
}

/** DuckDB breaks a detail into its lines. A text with a line break in it makes fragments of them: none is taken then. */
function lines(detail: string | readonly string[] | undefined): readonly string[] {
  const all = detail === undefined ? [] : typeof detail === 'string' ? [detail] : detail;
  return all.every((line) => (line.match(/'/g) ?? []).length % 2 === 0) ? all : [];
}

/** Filters in a scan have no brackets around what OR joins, so nothing can be told apart where there is one. */
function splitPushed(filter: string): string[] {
  const parts = splitAtAnd(filter);
  const certain = parts.filter((part) => !part.startsWith('optional:'));
  const mixed = certain.length > 0 && parts.some((part) => / OR /.test(outside(part)));
  return mixed ? [] : certain;
}

function conjuncts(expression: string): string[] {
  const bare = expression.trim();
  if (!bare.startsWith('(') || closing(bare) !== bare.length - 1) return splitAtAnd(bare);
  const parts = splitAtAnd(bare.slice(1, -1));
  return parts.some((part) => / OR /.test(outside(part))) ? [bare] : parts;
}

function closing(text: string): number {
  let depth = 0;
  for (const [index, character] of [...masked(text)].entries()) {
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (depth === 0) return index;
  }
  return -1;
}

/** The text with what is in quotes blanked out. */
function masked(text: string): string {
  return text.replaceAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"/g, (quoted) => '_'.repeat(quoted.length));
}

/** The text with what is in quotes or brackets blanked out. */
function outside(text: string): string {
  let depth = 0;
  return [...masked(text)]
    .map((character) => {
      if (character === ')') depth -= 1;
      const shown = depth === 0 ? character : '_';
      if (character === '(') depth += 1;
      return shown;
    })
    .join('');
}

function splitAtAnd(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (const match of outside(text).matchAll(/ AND /g)) {
    parts.push(text.slice(start, match.index).trim());
    start = match.index + match[0].length;
  }
  return [...parts, text.slice(start).trim()];
}
