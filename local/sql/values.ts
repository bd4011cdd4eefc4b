import type { Rendering } from './Rendering.ts';
import type { Translator } from './Translator.ts';

const ENDS = new Set(['order', 'limit', 'offset', 'fetch', 'union', 'intersect', 'except']);

/** `VALUES 1, (2)`: a row of one column needs no brackets in Trino, and does in DuckDB. @returns The index after it. */
export function values(translator: Translator, out: Rendering, index: number): number {
  const { list } = translator;
  let end = index + 1;
  while (end < list.length && list.symbol(end) !== ')' && !ENDS.has(list.word(end) ?? '')) {
    end = list.symbol(end) === '(' || list.symbol(end) === '[' ? list.closeOf(end) + 1 : end + 1;
  }
  out.add('VALUES', list.offset(index));
  for (const [position, { from, to }] of list.split(index + 1, end).entries()) {
    if (position > 0) out.add(',', list.offset(from));
    const row = list.symbol(from) === '(' && list.closeOf(from) === to - 1;
    const named = list.word(from) === 'row' && list.closeOf(from + 1) === to - 1;
    if (!row && !named) out.addApart('(', list.offset(from));
    // A row by name would be one column of rows.
    translator.write(out, named ? from + 1 : from, to);
    if (!row && !named) out.add(')', list.offset(from));
  }
  return end;
}
