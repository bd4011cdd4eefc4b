import { quoteName } from '../../base/sql.ts';
import { beginsOperand } from './rejections.ts';
import type { TokenList, TokenRange } from './tokens.ts';

/** A SELECT of a statement, by token index. */
interface SelectBlock {
  /** The index of the word SELECT. */
  readonly select: number;
  /** The tokens of each item of the list between SELECT and FROM. */
  readonly items: readonly TokenRange[];
  /** Its items with the token index of each alias. */
  readonly columns: readonly { readonly range: TokenRange; readonly alias: number | undefined }[];
  /** The index after its own clauses, where ORDER BY, LIMIT, UNION, a parenthesis or the end follows. */
  readonly end: number;
  /** The range of its ORDER BY; empty without ORDER BY. */
  readonly order: TokenRange;
}

/** Words that end a select list. */
const LIST_ENDS = new Set(['from', 'where', 'group', 'having', 'order', 'union', 'intersect', 'except']);

/** The SELECTs of a statement, from left to right. In a query without WITH the first one is the outermost. */
export function selectBlocks(list: TokenList): SelectBlock[] {
  const blocks: SelectBlock[] = [];
  for (const [select] of list.tokens.entries()) {
    if (list.word(select) !== 'select' || list.symbol(select - 1) === '.') continue;
    const isQuantified = list.word(select + 1) === 'distinct' || isQuantifier(list, select + 1);
    const from = select + (isQuantified ? 2 : 1);
    const listEnd = seek(list, from, (index) => LIST_ENDS.has(list.word(index) ?? '') || isTail(list, index));
    const end = seek(
      list,
      listEnd,
      (index) => /^(?:order|union|intersect|except)$/.test(list.word(index) ?? '') || isLimit(list, index),
    );
    const ordered = list.word(end) === 'order' ? end : undefined;
    const orderEnd = ordered === undefined ? end : seek(list, end, (index) => isLimit(list, index));
    const items = list.split(from, listEnd).filter((item) => item.to > item.from);
    blocks.push({
      select,
      items,
      columns: items.map((range) => ({ range, alias: aliasIndex(list, range) })),
      end,
      order: { from: end, to: orderEnd },
    });
  }
  return blocks;
}

/** The first index from `from` on, outside of brackets, where a test succeeds or the enclosing construct ends. */
function seek(list: TokenList, from: number, test: (index: number) => boolean): number {
  let index = from;
  while (index < list.length && list.symbol(index) !== ')') {
    if (test(index) && !isWithin(list, index)) return index;
    index = list.symbol(index) === '(' || list.symbol(index) === '[' ? list.closeOf(index) + 1 : index + 1;
  }
  return index;
}

/** Whether a word does not start a clause: `a IS DISTINCT FROM b`, `listagg(a) WITHIN GROUP (…)`. */
function isWithin(list: TokenList, index: number): boolean {
  const before = list.word(index - 1);
  return list.word(index) === 'from'
    ? before === 'distinct'
    : list.word(index) === 'group' && before === 'within';
}

/** Whether LIMIT, OFFSET or FETCH starts here. All three are also valid names. */
export function isLimit(list: TokenList, index: number): boolean {
  const word = list.word(index);
  const next = list.at(index + 1);
  if (word === 'fetch') return list.word(index + 1) === 'first' || list.word(index + 1) === 'next';
  if (word !== 'limit' && word !== 'offset') return false;
  return next?.kind === 'number' || next?.kind === 'parameter' || list.word(index + 1) === 'all';
}

/** Whether WINDOW starts here, which is a valid name, too. */
export function isWindow(list: TokenList, index: number): boolean {
  const hasName = /^(?:word|quoted)$/.test(list.at(index + 1)?.kind ?? '');
  return (
    list.word(index) === 'window' &&
    hasName &&
    list.word(index + 2) === 'as' &&
    list.symbol(index + 3) === '('
  );
}

/** Whether a clause starts here that can follow a select list without FROM. */
function isTail(list: TokenList, index: number): boolean {
  return isLimit(list, index) || isWindow(list, index);
}

/** Whether ALL is here, and no name: `SELECT ALL a`, `UNION ALL`, `LIMIT ALL`, `count(ALL a)`, `a > ALL (…)`. */
export function isQuantifier(list: TokenList, index: number): boolean {
  const before = list.word(index - 1) ?? '';
  if (list.word(index) !== 'all') return false;
  if (/^(?:union|except|intersect|limit)$/.test(before)) return true;
  const next = list.at(index + 1);
  if (next === undefined) return false;
  if (next.raw === '(' || (before === 'select' && next.raw === '*')) return true;
  const isFirst = before === 'select' || list.symbol(index - 1) === '(';
  return isFirst && beginsOperand(next) && !/^(?:is|in|like|between)$/.test(next.value);
}

/** Words after which a name is part of the expression and not an alias. */
const NO_NAME_AFTER = new Set(
  'and or not like is in between distinct over from escape zone then else when case interval at cast select all filter'.split(
    ' ',
  ),
);

/** Words that are values, and no names. */
const VALUE_WORD = /^(?:end|null|true|false|current_.*|localtime.*)$/;

/** Units of an interval. */
const INTERVAL_UNIT = /^(?:second|minute|hour|day|month|year)$/;

/**
 * The items of the outermost select list without a name. Trino names them `_col<position>`. In a union, the first
 * branch names the columns.
 */
export function unnamedItems(list: TokenList): readonly TokenRange[] {
  const select = outermostSelect(list);
  const block = selectBlocks(list).find((candidate) => candidate.select === select);
  return block?.items.filter((item) => !isNamed(list, item)) ?? [];
}

/**
 * The names of the outermost select list's columns as the statement writes them, which Trino keeps in results: `ID` of
 * `SELECT t.ID`. Undefined for an item with an alias and for one that is no name; empty when an item is `*`.
 * https://github.com/trinodb/trino/blob/406/core/trino-main/src/main/java/io/trino/sql/analyzer/StatementAnalyzer.java
 */
export function writtenNames(list: TokenList): readonly (string | undefined)[] {
  const select = outermostSelect(list);
  const columns = selectBlocks(list).find((candidate) => candidate.select === select)?.columns ?? [];
  if (columns.some(({ range }) => list.symbol(range.to - 1) === '*')) return [];
  return columns.map(({ range: { from, to }, alias }) => {
    const tokens = Array.from({ length: to - from }, (_, offset) => list.at(from + offset));
    const isChain = tokens.every((token, offset) =>
      offset % 2 === 1
        ? token?.raw === '.'
        : token?.kind === 'quoted' || (token?.kind === 'word' && !VALUE_WORD.test(token.value)),
    );
    const last = tokens.at(-1);
    if (alias !== undefined || !isChain || tokens.length % 2 === 0) return undefined;
    return last?.kind === 'word' ? last.raw : last?.value;
  });
}

/** The token index of an item's alias, with or without AS. */
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

/** Whether the word is a unit in `INTERVAL '1' DAY` or `INTERVAL '1 2' DAY TO HOUR`. */
function isUnit(list: TokenList, index: number): boolean {
  if (!INTERVAL_UNIT.test(list.word(index) ?? '')) return false;
  if (list.word(index - 1) === 'to') return true;
  const sign = list.symbol(index - 2) === '-' || list.symbol(index - 2) === '+' ? 1 : 0;
  return list.at(index - 1)?.kind === 'text' && list.word(index - 2 - sign) === 'interval';
}

/** The index of the SELECT of the statement's own list; undefined for VALUES and TABLE. */
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

/** Whether an item has a name: its alias, or the name of a column or field. */
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

/** The index after a chain of names, calls and subscripts that are joined by dots. */
function chainEnd(list: TokenList, from: number): number {
  let end = list.symbol(from) === '(' ? list.closeOf(from) + 1 : from + 1;
  for (;;) {
    const symbol = list.symbol(end);
    if (symbol === '.') end += 2;
    else if (symbol === '(' || symbol === '[') end = list.closeOf(end) + 1;
    else return end;
  }
}

/** Changes to the SELECTs of a statement, by token index. */
export interface SelectEdits {
  /** Inserted before a token, or, at the list's length, at the end of the statement. */
  readonly insertions: ReadonlyMap<number, string>;
  /** Replaces tokens up to `next`. */
  readonly replacements: ReadonlyMap<number, { readonly sql: string; readonly next: number }>;
  /** Names in ORDER BY that refer to an expression of the select list. */
  readonly orderByAliases: ReadonlyMap<number, TokenRange>;
}

/** The placeholder name of an unnamed column in DuckDB. */
export const UNNAMED = '_col?';

/** Aggregate functions, within which a name of ORDER BY is a column's. */
const AGGREGATE =
  /^(?:sum|avg|count|min|max|array_agg|approx_\w+|\w+_agg|\w+_by|stddev\w*|var\w*|count_if|arbitrary)$/;

/**
 * Determines the changes to the SELECTs of a statement.
 *
 * @param nameColumns Whether unnamed items get a placeholder name, also in subqueries, where `*` includes them.
 */
export function selectEdits(list: TokenList, nameColumns: boolean): SelectEdits {
  const insertions = new Map<number, string>();
  const replacements = new Map<number, { readonly sql: string; readonly next: number }>();
  const orderByAliases = new Map<number, TokenRange>();
  let unnamed = 0;
  for (const block of selectBlocks(list)) {
    for (const { range, alias } of block.columns) {
      const token = list.at(alias ?? -1);
      if (token !== undefined && alias !== undefined) {
        // DuckDB accepts fewer words as an alias without AS.
        if (list.word(alias - 1) !== 'as' && token.kind === 'word')
          replacements.set(alias, { sql: `AS ${quoteName(token.raw)}`, next: alias + 1 });
      } else if (nameColumns && !isNamed(list, range)) {
        insertions.set(range.to, `${insertions.get(range.to) ?? ''} AS "${UNNAMED}${unnamed}"`.trim());
        unnamed += 1;
      }
    }
    for (const [index, range] of aliasesInOrderBy(list, block)) orderByAliases.set(index, range);
  }
  return { insertions, replacements, orderByAliases };
}

/**
 * Within an expression of ORDER BY, a name refers to the select item with that alias, where DuckDB uses the table's
 * column:
 * https://github.com/trinodb/trino/blob/435/core/trino-main/src/main/java/io/trino/sql/analyzer/StatementAnalyzer.java
 * (`computeAndAssignOrderByScope`).
 */
function aliasesInOrderBy(list: TokenList, { select, items, order }: SelectBlock): Map<number, TokenRange> {
  const orderByAliases = new Map<number, TokenRange>();
  // The ORDER BY after a union belongs to the union.
  if (
    order.to === order.from ||
    /^(?:union|intersect|except|all|distinct)$/.test(list.word(select - 1) ?? '')
  )
    return orderByAliases;
  const expressions = new Map<string, TokenRange>();
  for (const item of items) {
    const alias = aliasIndex(list, item);
    if (alias === undefined) continue;
    const to = list.word(alias - 1) === 'as' ? alias - 1 : alias;
    const name = list.at(alias)?.value.toLowerCase() ?? '';
    const isOwnName =
      list.at(to - 1)?.value.toLowerCase() === name && (to - item.from === 1 || to - item.from === 3);
    if (!isOwnName) expressions.set(name, { from: item.from, to });
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
      if (range !== undefined && !joined) orderByAliases.set(index, range);
    }
  }
  return orderByAliases;
}
