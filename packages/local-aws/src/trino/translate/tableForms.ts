import type { Rendering, TokenWriter } from './Rendering.ts';
import { UNNAMED } from './selects.ts';
import { notEmulated, type TokenRange } from './tokens.ts';

/**
 * Writes `UNNEST(a, b) [WITH ORDINALITY] [AS] t(x, y, n)` as a subquery, since DuckDB's UNNEST takes only one list.
 * https://trino.io/docs/current/sql/select.html#unnest
 *
 * @returns The index after it, excluding its alias.
 * @throws SqlError `NOT_SUPPORTED` for several values of which one is a map.
 */
export function writeUnnest(writer: TokenWriter, out: Rendering, index: number): number {
  const { list } = writer;
  const at = list.offset(index);
  const close = list.closeOf(index + 1);
  const values = list.split(index + 2, close);
  const ordinality = list.words(close + 1, 'with', 'ordinality');
  const next = ordinality ? close + 3 : close + 1;
  const columns = aliasColumnCount(writer, next);
  const expected = columns === undefined ? values.length : columns - (ordinality ? 1 : 0);
  const names = values.map((_, position) => `a${position}`);
  if (expected !== values.length && values.length !== 1) {
    throw notEmulated('UNNEST of several values of which one is a map', at);
  }
  // A map has more columns than there are values. An array of rows would have, too: it is not emulated.
  const items =
    expected === values.length
      ? names.map((name) => `unnest(${name})`)
      : ['unnest(map_entries(a0), max_depth := 2)'];
  if (ordinality) {
    const sizes = names.map((name) => `coalesce(trino_cardinality(${name}), 0)`);
    const largest = sizes.length === 1 ? sizes[0] : `greatest(${sizes.join(', ')})`;
    items.push(`unnest(range(1, 1 + ${largest}))`);
  }
  out.addApart(`(SELECT ${items.join(', ')} FROM (SELECT`, at);
  for (const [position, { from, to }] of values.entries()) {
    if (position > 0) out.add(',', at);
    writer.write(out, from, to);
    out.add(`AS a${position}`, at);
  }
  out.add('))', list.offset(close));
  if (columns === undefined && list.word(next) !== 'as' && list.at(next)?.kind !== 'quoted')
    out.add('AS unnested', at);
  return next;
}

/** The number of columns in a table's alias; undefined when it has none. */
function aliasColumnCount({ list }: TokenWriter, index: number): number | undefined {
  const name = list.word(index) === 'as' ? index + 1 : index;
  const kind = list.at(name)?.kind;
  if ((kind !== 'word' && kind !== 'quoted') || list.symbol(name + 1) !== '(') return undefined;
  return list.split(name + 2, list.closeOf(name + 1)).length;
}

/** Words that end the rows of VALUES. */
const VALUES_END = new Set(['order', 'limit', 'offset', 'fetch', 'union', 'intersect', 'except']);

/**
 * Writes `VALUES 1, (2)`. A row with one column needs parentheses in DuckDB, but not in Trino. @returns The index
 * after it.
 */
export function writeValues(writer: TokenWriter, out: Rendering, index: number): number {
  const { list } = writer;
  let end = index + 1;
  while (end < list.length && list.symbol(end) !== ')' && !VALUES_END.has(list.word(end) ?? '')) {
    end = list.symbol(end) === '(' || list.symbol(end) === '[' ? list.closeOf(end) + 1 : end + 1;
  }
  const rows = list.split(index + 1, end);
  const names = columnNames(writer, index, rows[0]);
  if (names !== undefined) out.add('SELECT * FROM (', list.offset(index));
  out.add('VALUES', list.offset(index));
  for (const [position, { from, to }] of rows.entries()) {
    if (position > 0) out.add(',', list.offset(from));
    const row = list.symbol(from) === '(' && list.closeOf(from) === to - 1;
    const named = list.word(from) === 'row' && list.closeOf(from + 1) === to - 1;
    if (!row && !named) out.addApart('(', list.offset(from));
    // `ROW(…)` would be a single column.
    writer.write(out, named ? from + 1 : from, to);
    if (!row && !named) out.add(')', list.offset(from));
  }
  if (names !== undefined) out.add(`) AS "values"(${names.join(', ')})`, list.offset(end));
  return end;
}

/** Column names for a VALUES table that has no alias with columns; undefined elsewhere. */
function columnNames(
  { list, options }: TokenWriter,
  index: number,
  row: TokenRange | undefined,
): string[] | undefined {
  const open = index - 1;
  const table = /^(?:from|join)$/.test(list.word(open - 1) ?? '') || list.symbol(open - 1) === ',';
  if (!options.nameColumns || row === undefined || list.symbol(open) !== '(' || !table) return undefined;
  const after = list.closeOf(open) + 1;
  const alias = list.word(after) === 'as' ? after + 1 : after;
  if (list.at(alias)?.kind !== 'symbol' && list.symbol(alias + 1) === '(') return undefined;
  const first = list.word(row.from) === 'row' ? row.from + 1 : row.from;
  const isParenthesized = list.symbol(first) === '(' && list.closeOf(first) === row.to - 1;
  const count = isParenthesized ? list.split(first + 1, row.to - 1).length : 1;
  return Array.from({ length: count }, (_, column) => `"${UNNAMED}${index}_${column}"`);
}
