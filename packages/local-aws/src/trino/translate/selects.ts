import type { TokenList, TokenRange } from './tokens.ts';

/** A SELECT of a statement, by the indexes of its tokens. */
interface SelectBlock {
  /** Of the word itself. */
  readonly select: number;
  readonly items: readonly TokenRange[];
  /** After its own clauses: ORDER BY, LIMIT, UNION, a bracket or nothing comes there. */
  readonly end: number;
  /** Its ORDER BY; empty when it has none. */
  readonly order: TokenRange;
}

const LIST_ENDS = new Set(['from', 'where', 'group', 'having', 'order', 'union', 'intersect', 'except']);

/** The selects of a statement, from left to right: the outermost of a query without WITH is the first. */
function selectBlocks(list: TokenList): SelectBlock[] {
  const blocks: SelectBlock[] = [];
  for (const [select] of list.tokens.entries()) {
    if (list.word(select) !== 'select' || list.symbol(select - 1) === '.') continue;
    const from = select + (/^(?:distinct|all)$/.test(list.word(select + 1) ?? '') ? 2 : 1);
    const listEnd = seek(list, from, (index) => LIST_ENDS.has(list.word(index) ?? '') || isTail(list, index));
    const end = seek(
      list,
      listEnd,
      (index) => /^(?:order|union|intersect|except)$/.test(list.word(index) ?? '') || isLimit(list, index),
    );
    const ordered = list.word(end) === 'order' ? end : undefined;
    const orderEnd = ordered === undefined ? end : seek(list, end, (index) => isLimit(list, index));
    blocks.push({
      select,
      items: list.split(from, listEnd).filter((item) => item.to > item.from),
      end,
      order: { from: end, to: orderEnd },
    });
  }
  return blocks;
}

/** The first index from `from` on, outside of brackets, where a test holds or what is around ends. */
function seek(list: TokenList, from: number, test: (index: number) => boolean): number {
  let index = from;
  while (index < list.length && list.symbol(index) !== ')') {
    if (test(index) && !isWithin(list, index)) return index;
    index = list.symbol(index) === '(' || list.symbol(index) === '[' ? list.closeOf(index) + 1 : index + 1;
  }
  return index;
}

/** Whether a word is none of a clause: `a IS DISTINCT FROM b`, `listagg(a) WITHIN GROUP (…)`. */
function isWithin(list: TokenList, index: number): boolean {
  const before = list.word(index - 1);
  return list.word(index) === 'from'
    ? before === 'distinct'
    : list.word(index) === 'group' && before === 'within';
}

/** Whether LIMIT, OFFSET or FETCH begins here: as names they stand before a dot, a comma or a clause. */
function isLimit(list: TokenList, index: number): boolean {
  const word = list.word(index);
  const next = list.at(index + 1);
  if (word === 'fetch') return list.word(index + 1) === 'first' || list.word(index + 1) === 'next';
  if (word !== 'limit' && word !== 'offset') return false;
  return next?.kind === 'number' || next?.kind === 'parameter' || list.word(index + 1) === 'all';
}

function isTail(list: TokenList, index: number): boolean {
  return isLimit(list, index) || (list.word(index) === 'window' && list.word(index + 2) === 'as');
}

/** Words of an expression that a name may follow which is none of its own. */
const NO_NAME_AFTER = new Set(
  'and or not like is in between distinct over from escape zone then else when case interval at cast select all filter'.split(
    ' ',
  ),
);

const VALUE_WORD = /^(?:end|null|true|false|current_.*|localtime.*)$/;

const INTERVAL_UNIT = /^(?:second|minute|hour|day|month|year)$/;

/**
 * The items of the outermost select list that have no name of their own: Trino calls them `_col<position>`.
 * Of a union it is the first branch that names the columns.
 */
export function unnamedItems(list: TokenList): readonly TokenRange[] {
  const select = outermostSelect(list);
  const block = selectBlocks(list).find((candidate) => candidate.select === select);
  return block?.items.filter((item) => !isNamed(list, item)) ?? [];
}

/** The index of the token that an item is given as its name, with AS or without. */
function aliasIndex(list: TokenList, { from, to }: TokenRange): number | undefined {
  const index = to - 1;
  const last = list.at(index);
  const before = list.at(index - 1);
  if (last === undefined || before === undefined || index <= from) return undefined;
  if (last.kind !== 'quoted' && last.kind !== 'word') return undefined;
  if (list.word(index - 1) === 'as') return index;
  if (last.kind === 'word' && (VALUE_WORD.test(last.value) || isUnit(list, index))) return undefined;
  if (before.kind === 'symbol') return before.raw === ')' || before.raw === ']' ? index : undefined;
  return before.kind === 'word' && NO_NAME_AFTER.has(before.value) ? undefined : index;
}

/** Whether the word is a part of `INTERVAL '1' DAY` or `INTERVAL '1 2' DAY TO HOUR`. */
function isUnit(list: TokenList, index: number): boolean {
  if (!INTERVAL_UNIT.test(list.word(index) ?? '')) return false;
  if (list.word(index - 1) === 'to') return true;
  const sign = list.symbol(index - 2) === '-' || list.symbol(index - 2) === '+' ? 1 : 0;
  return list.at(index - 1)?.kind === 'text' && list.word(index - 2 - sign) === 'interval';
}

function outermostSelect(list: TokenList): number | undefined {
  let index = 0;
  while (list.symbol(index) === '(') index += 1;
  const within = index;
  while (index < list.length) {
    if (list.word(index) === 'select') return index;
    if (list.symbol(index) === '(') index = list.closeOf(index);
    if (within > 0 && list.symbol(index) === ')') return undefined;
    index += 1;
  }
  return undefined;
}

/** Whether an item has a name: one that it is given, a column's or a field's. */
function isNamed(list: TokenList, item: TokenRange): boolean {
  const last = list.at(item.to - 1);
  if (last === undefined || aliasIndex(list, item) !== undefined) return true;
  const alone = item.to - item.from === 1;
  if (last.kind === 'symbol') return last.raw === '*' && (alone || list.symbol(item.to - 2) === '.');
  if (last.kind !== 'quoted' && last.kind !== 'word') return false;
  return alone
    ? last.kind === 'quoted' || !VALUE_WORD.test(last.value)
    : chainEnd(list, item.from) === item.to;
}

/** Index after the names, calls and subscripts that dots join from an index on. */
function chainEnd(list: TokenList, from: number): number {
  let end = list.symbol(from) === '(' ? list.closeOf(from) + 1 : from + 1;
  for (;;) {
    const symbol = list.symbol(end);
    if (symbol === '.') end += 2;
    else if (symbol === '(' || symbol === '[') end = list.closeOf(end) + 1;
    else return end;
  }
}

/** What the selects of a statement need besides the translation of their tokens, by the indexes of these. */
export interface SelectEdits {
  /** Written before a token; before the end of the statement under its length. */
  readonly before: ReadonlyMap<number, string>;
  /** Written in place of tokens, up to `next`. */
  readonly instead: ReadonlyMap<number, { readonly sql: string; readonly next: number }>;
  /** Names in ORDER BY that mean an expression of the select list. */
  readonly meant: ReadonlyMap<number, TokenRange>;
}

/** The name of an unnamed column while DuckDB has it. */
export const UNNAMED = '_col?';

const AGGREGATE =
  /^(?:sum|avg|count|min|max|array_agg|approx_\w+|\w+_agg|\w+_by|stddev\w*|var\w*|count_if|arbitrary)$/;

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

/**
 * @param nameColumns Whether items without a name get one that says so: also those of subqueries, which `*` shows.
 * @param hidden Names whose selects are written so that nothing within them can mean the item of that name.
 */
export function selectEdits(
  list: TokenList,
  {
    nameColumns,
    hidden,
  }: { readonly nameColumns: boolean; readonly hidden?: ReadonlySet<string> | undefined },
): SelectEdits {
  const before = new Map<number, string>();
  const instead = new Map<number, { readonly sql: string; readonly next: number }>();
  const meant = new Map<number, TokenRange>();
  const put = (index: number, sql: string) => before.set(index, `${before.get(index) ?? ''} ${sql}`.trim());
  let unnamed = 0;
  for (const block of selectBlocks(list)) {
    const renamed: string[] = [];
    for (const item of block.items) {
      const alias = aliasIndex(list, item);
      const token = list.at(alias ?? -1);
      if (token !== undefined && alias !== undefined) {
        const as = list.word(alias - 1) === 'as' ? '' : 'AS ';
        const name = token.kind === 'quoted' ? token.value : token.raw;
        if (hidden?.has(token.value.toLowerCase()) === true) {
          renamed.push(`${quoted(`${name}?`)} AS ${quoted(name)}`);
          instead.set(alias, { sql: `${as}${quoted(`${name}?`)}`, next: alias + 1 });
        } else if (as !== '' && token.kind === 'word') {
          // DuckDB takes fewer words for a name without AS.
          instead.set(alias, { sql: `AS ${quoted(name)}`, next: alias + 1 });
        }
      } else if (nameColumns && !isNamed(list, item)) {
        put(item.to, `AS "${UNNAMED}${unnamed}"`);
        unnamed += 1;
      }
    }
    if (renamed.length > 0) {
      put(block.select, `SELECT * RENAME (${renamed.join(', ')}) FROM (`);
      put(block.end, ')');
      if (block.order.to > block.order.from) instead.set(block.order.from, { sql: '', next: block.order.to });
    } else for (const [index, range] of aliasesInOrderBy(list, block)) meant.set(index, range);
  }
  return { before, instead, meant };
}

/**
 * In an expression of ORDER BY a name means the item that is called so, where DuckDB takes the table's column:
 * https://github.com/trinodb/trino/blob/435/core/trino-main/src/main/java/io/trino/sql/analyzer/StatementAnalyzer.java
 * (`computeAndAssignOrderByScope`).
 */
function aliasesInOrderBy(list: TokenList, { select, items, order }: SelectBlock): Map<number, TokenRange> {
  const meant = new Map<number, TokenRange>();
  // The ORDER BY behind a union is the union's.
  if (
    order.to === order.from ||
    /^(?:union|intersect|except|all|distinct)$/.test(list.word(select - 1) ?? '')
  )
    return meant;
  const expressions = new Map<string, TokenRange>();
  for (const item of items) {
    const alias = aliasIndex(list, item);
    if (alias === undefined) continue;
    const to = list.word(alias - 1) === 'as' ? alias - 1 : alias;
    const name = list.at(alias)?.value.toLowerCase() ?? '';
    const itself =
      list.at(to - 1)?.value.toLowerCase() === name && (to - item.from === 1 || to - item.from === 3);
    if (!itself) expressions.set(name, { from: item.from, to });
  }
  for (const { from, to } of list.split(order.from + 2, order.to)) {
    const alone = to === from + 1 || /^(?:asc|desc|nulls)$/.test(list.word(from + 1) ?? '');
    for (let index = from; index < to && !alone; index += 1) {
      if (AGGREGATE.test(list.word(index) ?? '') && list.symbol(index + 1) === '(')
        index = list.closeOf(index + 1);
      const token = list.at(index);
      const name = token?.kind === 'word' || token?.kind === 'quoted' ? token.value.toLowerCase() : '';
      const range = expressions.get(name);
      const joined = list.symbol(index - 1) === '.' || /^[.(]$/.test(list.symbol(index + 1) ?? '');
      if (range !== undefined && !joined) meant.set(index, range);
    }
  }
  return meant;
}

/**
 * The names of select items, in lower case, that stand once more within the same select: there they mean a column
 * of a table in Trino, where DuckDB also takes them for the item.
 */
export function reusedAliases(list: TokenList): ReadonlySet<string> {
  const reused = new Set<string>();
  for (const { select, items, end } of selectBlocks(list)) {
    const aliases = new Map<string, number>();
    for (const item of items) {
      const index = aliasIndex(list, item);
      if (index !== undefined) aliases.set(list.at(index)?.value.toLowerCase() ?? '', index);
    }
    for (let index = select + 1; index < end; index += 1) {
      const token = list.at(index);
      if (token?.kind !== 'word' && token?.kind !== 'quoted') continue;
      const alias = aliases.get(token.value.toLowerCase());
      if (alias === undefined || alias === index || list.symbol(index - 1) === '.') continue;
      if (list.symbol(index + 1) !== '(') reused.add(token.value.toLowerCase());
    }
  }
  return reused;
}
