import type { Rendering } from './Rendering.ts';
import { SqlError } from './SqlError.ts';
import type { Translator } from './Translator.ts';

/**
 * `UNNEST(a, b) [WITH ORDINALITY] [AS] t(x, y, n)` as a subquery beside the table it reads from: DuckDB's takes
 * one list only. https://trino.io/docs/current/sql/select.html#unnest
 *
 * @returns The index after it, its alias excluded.
 */
export function unnest(translator: Translator, out: Rendering, index: number): number {
  const { list } = translator;
  const at = list.offset(index);
  const close = list.closeOf(index + 1);
  const values = list.split(index + 2, close);
  const ordinality = list.words(close + 1, 'with', 'ordinality');
  const next = ordinality ? close + 3 : close + 1;
  const columns = aliasColumns(translator, next);
  const expected = columns === undefined ? values.length : columns - (ordinality ? 1 : 0);
  const names = values.map((_, position) => `a${position}`);
  if (expected !== values.length && values.length !== 1) {
    throw new SqlError(
      'NOT_SUPPORTED',
      "UNNEST of several values of which one is a map or an array of rows is not emulated by Sluice's local Athena",
      at,
    );
  }
  const pairs = translator.options.unnestPairs === 'map' ? 'map_entries(a0)' : 'a0';
  const items =
    expected === values.length
      ? names.map((name) => `unnest(${name})`)
      : [`unnest(${pairs}, max_depth := 2)`];
  if (ordinality) {
    const sizes = names.map((name) => `coalesce(trino_cardinality(${name}), 0)`);
    items.push(`unnest(range(1, 1 + ${sizes.length === 1 ? sizes[0] : `greatest(${sizes.join(', ')})`}))`);
  }
  out.addApart(`(SELECT ${items.join(', ')} FROM (SELECT`, at);
  for (const [position, { from, to }] of values.entries()) {
    if (position > 0) out.add(',', at);
    translator.write(out, from, to);
    out.add(`AS a${position}`, at);
  }
  out.add('))', list.offset(close));
  if (columns === undefined && list.word(next) !== 'as' && list.at(next)?.kind !== 'quoted')
    out.add('AS unnested', at);
  return next;
}

/** How many columns the alias after a table names, undefined when it names none. */
function aliasColumns({ list }: Translator, index: number): number | undefined {
  const name = list.word(index) === 'as' ? index + 1 : index;
  const kind = list.at(name)?.kind;
  if ((kind !== 'word' && kind !== 'quoted') || list.symbol(name + 1) !== '(') return undefined;
  return list.split(name + 2, list.closeOf(name + 1)).length;
}
