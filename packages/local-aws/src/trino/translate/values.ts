import type { Rendering } from './Rendering.ts';
import { UNNAMED } from './selectEdits.ts';
import type { TokenRange } from './TokenList.ts';
import type { Translator } from './Translator.ts';

const ENDS = new Set(['order', 'limit', 'offset', 'fetch', 'union', 'intersect', 'except']);

/** `VALUES 1, (2)`: a row of one column needs no brackets in Trino, and does in DuckDB. @returns The index after it. */
export function values(translator: Translator, out: Rendering, index: number): number {
  const { list } = translator;
  let end = index + 1;
  while (end < list.length && list.symbol(end) !== ')' && !ENDS.has(list.word(end) ?? '')) {
    end = list.symbol(end) === '(' || list.symbol(end) === '[' ? list.closeOf(end) + 1 : end + 1;
  }
  const rows = list.split(index + 1, end);
  const names = unnamed(translator, index, rows[0]);
  if (names !== undefined) out.add('SELECT * FROM (', list.offset(index));
  out.add('VALUES', list.offset(index));
  for (const [position, { from, to }] of rows.entries()) {
    if (position > 0) out.add(',', list.offset(from));
    const row = list.symbol(from) === '(' && list.closeOf(from) === to - 1;
    const named = list.word(from) === 'row' && list.closeOf(from + 1) === to - 1;
    if (!row && !named) out.addApart('(', list.offset(from));
    // A row by name would be one column of rows.
    translator.write(out, named ? from + 1 : from, to);
    if (!row && !named) out.add(')', list.offset(from));
  }
  if (names !== undefined) out.add(`) AS "values"(${names.join(', ')})`, list.offset(end));
  return end;
}

/** Names for the columns of a table of values that is given none; undefined elsewhere. */
function unnamed(
  { list, options }: Translator,
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
  const whole = list.symbol(first) === '(' && list.closeOf(first) === row.to - 1;
  const count = whole ? list.split(first + 1, row.to - 1).length : 1;
  return Array.from({ length: count }, (_, column) => `"${UNNAMED}${index}_${column}"`);
}
