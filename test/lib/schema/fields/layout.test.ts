import { describe, expect, it } from '@jest/globals';
import { parseLayout } from '../../../../lib/schema/fields/layout.ts';

function layout(text: string) {
  const made = parseLayout(text);
  if (typeof made === 'string') throw new Error(made);
  return made;
}

describe('a layout of keys', () => {
  it.each<[string, string, string | null]>([
    ['YYYY/MM/DD/*.parquet', '2026/11/19/a.parquet', '2026-11-19'],
    ['YYYY/MM/DD/*.parquet', '2026/11/19/b/a.parquet', null],
    ['YYYY/MM/DD/*.parquet', '2026/02/30/a.parquet', null],
    ['YYYY/MM/DD/**', '2026/11/19/b/a.parquet', '2026-11-19'],
    ['**/dt=YYYY-MM-DD/*', 'run=7/x/dt=2026-11-19/a', '2026-11-19'],
    ['**/dt=YYYY-MM-DD/*', 'dt=2026-11-19/a', '2026-11-19'],
    ['exposures_YYYYMMDD*.parquet', 'exposures_20261119-0.parquet', '2026-11-19'],
    ['exposures_YYYYMMDD*.parquet', 'xexposures_20261119.parquet', null],
    ['a.b/DD.MM.YYYY', 'a.b/19.11.2026', '2026-11-19'],
    ['a.b/DD.MM.YYYY', 'aXb/19.11.2026', null],
  ])('%s finds the day of %s', (glob, path, day) => {
    expect(layout(glob).dayOf(path)).toBe(day);
  });

  it('knows what the paths of a day begin with, and an example that it finds again', () => {
    for (const [glob, prefix] of [
      ['YYYY/MM/DD/*.parquet', '2026/11/19/'],
      ['**/YYYY-MM-DD/*.parquet', ''],
      ['in/part*/YYYYMMDD.parquet', 'in/part'],
      ['YYYY/MM/DD/**', '2026/11/19/'],
    ] as const) {
      const made = layout(glob);
      expect(made.prefixOf('2026-11-19')).toBe(prefix);
      expect(made.dayOf(made.exampleOf('2026-11-19'))).toBe('2026-11-19');
    }
  });

  it.each([
    ['YYYY/MM/*.parquet', 'a glob with YYYY, MM and DD, each once'],
    ['YYYY/MM/DD/ADD/*', 'a glob with YYYY, MM and DD, each once'],
    ['/YYYY/MM/DD/*', 'a path without'],
    ['YYYY/MM/DD//a', 'a path without'],
    ['YYYY/MM/DD/../a', 'a path without'],
    ['YYYY/MM/DD/{a,b}', 'a path without'],
    ['YYYY/MM/DD/a**b', '**/ for any folders'],
    ['YYYY/MM/DD/a**/b', '**/ for any folders'],
    ['YYYY/MM/DD/***', '**/ for any folders'],
  ])('%s is refused', (glob, message) => {
    expect(parseLayout(glob)).toContain(message);
  });
});
