import type { Rendering, TokenWriter } from './Rendering.ts';
import { type SelectBlock, selectBlocks } from './selects.ts';
import { SqlError, type TokenList, type TokenRange } from './tokens.ts';

/** The parts of an item of ORDER BY: its expression, and the index where ASC, DESC or NULLS follows. */
function sortItems(list: TokenList, order: TokenRange): readonly (TokenRange & { readonly end: number })[] {
  return list.split(order.from + 2, order.to).map(({ from, to }) => {
    let end = to;
    if (list.word(end - 2) === 'nulls') end -= 2;
    if (/^(?:asc|desc)$/.test(list.word(end - 1) ?? '')) end -= 1;
    return { from, to: end, end: to };
  });
}

/** A name with its qualifiers, or another token, in lower case. */
type Part = readonly string[];

/** An expression without the brackets around its parts, each name as one part. */
function partsOf(list: TokenList, { from, to }: TokenRange): readonly Part[] {
  const parts: string[][] = [];
  for (let index = from; index < to; index += 1) {
    const token = list.at(index);
    if (token === undefined || (token.kind === 'symbol' && /^[()]$/.test(token.raw))) continue;
    const text = token.kind === 'text' ? token.raw : token.value.toLowerCase();
    if (list.symbol(index - 1) === '.' && index - 2 >= from) parts.at(-1)?.push(text);
    else if (token.raw !== '.' || token.kind !== 'symbol') parts.push([text]);
  }
  return parts;
}

/** Whether two names may be of one column: one has perhaps more qualifiers. */
function isSamePart(one: Part, other: Part): boolean {
  return one.toReversed().every((name, index) => index >= other.length || name === other.at(-1 - index));
}

const isSame = (one: readonly Part[], other: readonly Part[]) =>
  one.length === other.length && one.every((part, index) => isSamePart(part, other[index] ?? []));

/** The index after an item's expression, without its alias. */
function expressionEnd(list: TokenList, { alias, range }: SelectBlock['columns'][number]): number {
  if (alias === undefined) return range.to;
  return list.word(alias - 1) === 'as' ? alias - 1 : alias;
}

/**
 * The error of a `SELECT DISTINCT` that is ordered by what it does not select, which DuckDB accepts. A name refers to a
 * column of the result first, and an expression that mentions one is not in the list:
 * https://github.com/trinodb/trino/blob/435/core/trino-main/src/main/java/io/trino/sql/analyzer/StatementAnalyzer.java
 * (`verifySelectDistinct`).
 */
export function distinctOrderError(list: TokenList): SqlError | undefined {
  for (const block of selectBlocks(list)) {
    const { select, order, columns } = block;
    const united = /^(?:union|intersect|except|all|distinct)$/.test(list.word(select - 1) ?? '');
    if (list.word(select + 1) !== 'distinct' || order.to === order.from || united) continue;
    const items = columns.map((column) => {
      const range = { from: column.range.from, to: expressionEnd(list, column) };
      const parts = partsOf(list, range);
      const own = parts.length === 1 ? parts[0]?.at(-1) : undefined;
      return { parts, name: column.alias === undefined ? own : list.at(column.alias)?.value };
    });
    const stars = items.filter(({ name }) => name === '*');
    const names = new Set(items.flatMap(({ name }) => (name === undefined ? [] : name.toLowerCase())));
    const isSelected = (range: TokenRange) => {
      const parts = partsOf(list, range);
      const [first = []] = parts;
      if (parts.length === 1) {
        if (list.at(range.from)?.kind === 'number') return true;
        if (first.length === 1 && (names.has(first[0] ?? '') || stars.length > 0)) return true;
        const own = stars.some(({ parts: [star = []] }) => star.length === 1 || star.at(-2) === first.at(-2));
        if (own) return true;
      } else if (mentions(list, range, stars.length > 0 ? undefined : names)) return false;
      return items.some((item) => isSame(item.parts, parts));
    };
    if (!sortItems(list, order).every(isSelected))
      return new SqlError(
        'EXPRESSION_NOT_IN_DISTINCT',
        'For SELECT DISTINCT, ORDER BY expressions must appear in select list',
        list.offset(select),
      );
  }
  return undefined;
}

const NO_COLUMN =
  /^(?:and|or|not|is|in|like|between|case|when|then|else|end|null|true|false|as|distinct|from)$/;

/** Whether an expression mentions a name without qualifiers of a set, or any. */
function mentions(
  list: TokenList,
  { from, to }: TokenRange,
  names: ReadonlySet<string> | undefined,
): boolean {
  for (let index = from; index < to; index += 1) {
    const token = list.at(index);
    if (token?.kind !== 'word' && token?.kind !== 'quoted') continue;
    const next = list.at(index + 1);
    const isJoined = list.symbol(index - 1) === '.' || /^[.(]$/.test(next?.raw ?? '');
    const isType = list.word(index - 1) === 'as' || next?.kind === 'text';
    if (isJoined || isType || (token.kind === 'word' && NO_COLUMN.test(token.value))) continue;
    if (names === undefined || names.has(token.value.toLowerCase())) return true;
  }
  return false;
}

const GROUP_END = /^(?:having|order|union|intersect|except|limit|offset|fetch|window)$/;

/** Trino's default: https://trino.io/docs/current/admin/properties-query-management.html */
const MOST_GROUPING_SETS = 2_048;

/**
 * Writes what follows `GROUP BY`: `DISTINCT …` as the different grouping sets, without the word ALL.
 * https://trino.io/docs/current/sql/select.html#group-by-clause
 *
 * @param index The index of DISTINCT or ALL.
 * @returns The index after it; undefined elsewhere.
 */
export function writeGroupQuantifier(writer: TokenWriter, out: Rendering, index: number): number | undefined {
  const { list } = writer;
  if (!list.words(index - 2, 'group', 'by')) return undefined;
  if (list.word(index) === 'all') return index + 1;
  if (list.word(index) !== 'distinct') return undefined;
  let end = index + 1;
  while (end < list.length && list.symbol(end) !== ')' && !GROUP_END.test(list.word(end) ?? ''))
    end = /^[([]$/.test(list.symbol(end) ?? '') ? list.closeOf(end) + 1 : end + 1;
  const elements = list.split(index + 1, end).map((element) => groupingSets(list, element));
  let sets: readonly GroupingSet[] = [[]];
  for (const element of elements) {
    sets = sets.flatMap((before) => element.map((set) => [...before, ...set]));
    if (sets.length > MOST_GROUPING_SETS)
      throw new SqlError(
        'TOO_MANY_GROUPING_SETS',
        `GROUP BY has more than ${MOST_GROUPING_SETS} grouping sets but can contain at most ${MOST_GROUPING_SETS}`,
        list.offset(index),
      );
  }
  const all = sets.flat().flatMap((range) => partsOf(list, range));
  // `t.a` and `a` are one column unless `u.a` is another.
  const whole = (part: Part) => {
    const longer = new Set(
      all.filter((other) => other.length > 1 && isSamePart(part, other)).map((other) => other.join('.')),
    );
    return part.length === 1 && longer.size === 1 ? [...longer].join('') : part.join('.');
  };
  const keyOf = (range: TokenRange) => partsOf(list, range).map(whole).join(' ');
  const different = new Map(sets.map((set) => [[...new Set(set.map(keyOf))].sort().join('\n'), set]));
  out.add('GROUPING SETS (', list.offset(index));
  for (const [position, set] of [...different.values()].entries()) {
    out.add(position > 0 ? ', (' : '(', list.offset(index));
    for (const [place, range] of set.entries()) {
      if (place > 0) out.add(',', list.offset(range.from));
      writer.write(out, range.from, range.to);
    }
    out.add(')', list.offset(index));
  }
  out.add(')', list.offset(end));
  return end;
}

type GroupingSet = readonly TokenRange[];

/** The grouping sets of an element of GROUP BY. */
function groupingSets(list: TokenList, { from, to }: TokenRange): readonly GroupingSet[] {
  const open = list.words(from, 'grouping', 'sets') ? from + 2 : from + 1;
  const kind = list.closeOf(open) === to - 1 && list.symbol(open) === '(' ? list.word(from) : undefined;
  if (kind !== 'rollup' && kind !== 'cube' && kind !== 'grouping') return [columnsOf(list, { from, to })];
  const parts = list.split(open + 1, to - 1).map((part) => columnsOf(list, part));
  if (kind === 'grouping') return parts;
  if (kind === 'rollup') return [...parts, []].map((_, index) => parts.slice(0, parts.length - index).flat());
  if (2 ** parts.length > MOST_GROUPING_SETS)
    throw new SqlError(
      'TOO_MANY_GROUPING_SETS',
      `GROUP BY has ${2 ** parts.length} grouping sets but can contain at most ${MOST_GROUPING_SETS}`,
      list.offset(from),
    );
  return Array.from({ length: 2 ** parts.length }, (_, chosen) =>
    parts.flatMap((part, index) => ((chosen >> index) % 2 === 0 ? part : [])),
  );
}

/** The columns of `a` or `(a, b)`. */
function columnsOf(list: TokenList, { from, to }: TokenRange): GroupingSet {
  const isList = list.symbol(from) === '(' && list.closeOf(from) === to - 1;
  return isList ? list.split(from + 1, to - 1) : [{ from, to }];
}

/** A query with `FETCH FIRST … WITH TIES`, by token index. */
export interface TiedQuery {
  /** Its ORDER BY. */
  readonly order: TokenRange;
  /** Where it begins if the rows are counted around it, as it is no SELECT, or one whose rows differ from its table's. */
  readonly around: number | undefined;
  /** The expressions that ORDER BY names, by the index of the name. */
  readonly named: ReadonlyMap<number, TokenRange>;
  /** The tokens of the count; empty for one row. */
  readonly count: TokenRange;
  /** The tokens of OFFSET's count; empty without one. */
  readonly offset: TokenRange;
  /** The index after the clauses. */
  readonly end: number;
}

/** The queries with `FETCH FIRST … WITH TIES`, which DuckDB does not have. */
export function tiedQueries(list: TokenList): readonly TiedQuery[] {
  return list.tokens.flatMap((token, fetch) => {
    if (list.word(fetch) !== 'fetch' || !/^(?:first|next)$/.test(list.word(fetch + 1) ?? '')) return [];
    const rows = /^rows?$/.test(list.word(fetch + 2) ?? '') ? fetch + 2 : fetch + 3;
    if (!list.words(rows + 1, 'with', 'ties')) return [];
    const count = { from: fetch + 2, to: rows };
    if (list.at(count.from)?.value === '0')
      throw new SqlError(
        'NUMERIC_VALUE_OUT_OF_RANGE',
        'FETCH FIRST row count must be positive (actual value: 0)',
        token.start,
      );
    const body = bodyBefore(list, fetch);
    if (body.order === undefined)
      throw new SqlError('MISSING_ORDER_BY', 'FETCH FIRST WITH TIES clause requires ORDER BY', token.start);
    const offset = body.offset === undefined ? fetch : body.offset + 1;
    const order = { from: body.order, to: body.offset ?? fetch };
    const named = namedInOrder(list, body.start, order);
    return [
      {
        order,
        around: named === undefined ? body.start : undefined,
        named: named ?? new Map<number, TokenRange>(),
        count,
        offset: { from: offset, to: body.offset === undefined ? fetch : offset + 1 },
        end: rows + 3,
      },
    ];
  });
}

/** The clauses of the query before an index, and where it begins after its named subqueries. */
function bodyBefore(list: TokenList, index: number) {
  let start = 0;
  for (let at = 0; at < index; at += 1) {
    if (!/^[([]$/.test(list.symbol(at) ?? '')) continue;
    if (list.closeOf(at) > index) start = at + 1;
    else at = list.closeOf(at);
  }
  let order: number | undefined;
  let offset: number | undefined;
  let query: number | undefined = list.word(start) === 'with' ? undefined : start;
  for (let at = start; at < index; at += 1) {
    if (/^[([]$/.test(list.symbol(at) ?? '')) {
      // The query may begin with brackets itself, after the last of the named ones.
      if (query === undefined && list.word(at - 1) !== 'as' && list.symbol(at - 1) === ')') query = at;
      at = list.closeOf(at);
    } else if (query === undefined && /^(?:select|values|table)$/.test(list.word(at) ?? '')) query = at;
    else if (list.words(at, 'order', 'by')) [order, offset] = [at, undefined];
    else if (list.word(at) === 'offset' && order !== undefined) offset = at;
    else if (/^(?:union|intersect|except)$/.test(list.word(at) ?? '')) order = undefined;
  }
  return { start: query ?? start, order, offset };
}

/**
 * The expressions behind names and numbers in the ORDER BY of one plain SELECT. Undefined where its rows must be counted
 * around it.
 */
function namedInOrder(
  list: TokenList,
  start: number,
  order: TokenRange,
): ReadonlyMap<number, TokenRange> | undefined {
  const block = selectBlocks(list).find(({ select }) => select === start);
  if (block === undefined || block.order.from !== order.from || list.word(start + 1) === 'distinct')
    return undefined;
  const named = new Map<number, TokenRange>();
  for (const { from, to } of sortItems(list, order)) {
    const token = list.at(from);
    if (to !== from + 1 || token === undefined) continue;
    const byName = block.columns.find(
      ({ alias }) => alias !== undefined && list.at(alias)?.value.toLowerCase() === token.value.toLowerCase(),
    );
    const column = token.kind === 'number' ? block.columns[Number(token.value) - 1] : byName;
    if (column === undefined && token.kind !== 'number') continue;
    const before = token.kind === 'number' ? block.items.slice(0, Number(token.value)) : [];
    const hasStar = before.some((item) => list.symbol(item.to - 1) === '*');
    if (column === undefined || hasStar) return undefined;
    const range = { from: column.range.from, to: expressionEnd(list, column) };
    for (let at = range.from; at < range.to; at += 1) if (list.word(at) === 'over') return undefined;
    named.set(from, range);
  }
  return named;
}

/** Writes the condition for the rows of a query with ties, and its ORDER BY. @returns The index after its clauses. */
export function writeTies(writer: TokenWriter, out: Rendering, query: TiedQuery): number {
  const { list } = writer;
  const { order, named, around, count, offset, end } = query;
  const at = list.offset(order.from);
  const addOrder = () => {
    out.add('ORDER BY', at);
    for (const [index, { from, to, end: next }] of sortItems(list, order).entries()) {
      if (index > 0) out.add(',', list.offset(from));
      const range = named.get(from) ?? { from, to };
      const isNumber = around !== undefined && to === from + 1 && list.at(from)?.kind === 'number';
      if (isNumber) out.add(`#${list.at(from)?.value ?? ''}`, list.offset(from));
      else writer.write(out, range.from, range.to);
      writer.write(out, to, next);
    }
  };
  const addCount = ({ from, to }: TokenRange, none: string) => {
    if (from === to) out.add(none, at);
    else writer.write(out, from, to);
  };
  if (around !== undefined) out.add(') AS tied', at);
  out.add('QUALIFY rank() OVER (', at);
  addOrder();
  out.add(') <=', at);
  addCount(count, '1');
  out.add('+', at);
  addCount(offset, '0');
  if (offset.to > offset.from) {
    out.add('AND row_number() OVER (', at);
    addOrder();
    out.add(') >', at);
    addCount(offset, '0');
  }
  if (around === undefined) writer.write(out, order.from, order.to);
  else addOrder();
  return end;
}
