import { describe, expect, it } from '@jest/globals';
import { type Layout, parseLayout, withoutMidnight } from '../../../../lib/schema/fields/layout.ts';

/** The layout of a valid glob. */
function layout(text: string): Layout {
  const parsed = parseLayout(text);
  if ('expected' in parsed) throw new Error(parsed.expected);
  return parsed.layout;
}

describe('a layout of keys', () => {
  it.each<{ readonly glob: string; readonly path: string; readonly day: string | null }>([
    { glob: 'YYYY/MM/DD/*.parquet', path: '2026/11/19/a.parquet', day: '2026-11-19' },
    { glob: 'YYYY/MM/DD/*.parquet', path: '2026/11/19/b/a.parquet', day: null },
    { glob: 'YYYY/MM/DD/*.parquet', path: '2026/02/30/a.parquet', day: null },
    { glob: 'YYYY/MM/DD/**', path: '2026/11/19/b/a.parquet', day: '2026-11-19' },
    { glob: 'YYYY/MM/DD/**', path: '2026/11/19/b\n/a\n.parquet', day: '2026-11-19' },
    { glob: '**/dt=YYYY-MM-DD/*', path: 'run=7/x/dt=2026-11-19/a', day: '2026-11-19' },
    { glob: '**/dt=YYYY-MM-DD/*', path: 'dt=2026-11-19/a', day: '2026-11-19' },
    { glob: 'exposures_YYYYMMDD*.parquet', path: 'exposures_20261119-0.parquet', day: '2026-11-19' },
    { glob: 'exposures_YYYYMMDD*.parquet', path: 'xexposures_20261119.parquet', day: null },
    { glob: 'a.b/DD.MM.YYYY', path: 'a.b/19.11.2026', day: '2026-11-19' },
    { glob: 'a.b/DD.MM.YYYY', path: 'aXb/19.11.2026', day: null },
    // Letters of a word, and names that objects have.
    { glob: 'COMMANDS/YYYY/M/DD/*', path: 'COMMANDS/2026/1/19/a', day: '2026-01-19' },
    { glob: 'M/D/x_YYYYMMDDT*', path: 'M/D/x_20260119T01', day: '2026-01-19' },
    { glob: 'YYYY/MM/DD/*constructor', path: '2026/11/19/a.constructor', day: '2026-11-19' },
    // A column of times as a partition.
    ...[
      ' 00:00:00',
      ' 00%3A00%3A00',
      '%2000%3a00%3a00.000000',
      'T00:00:00Z',
      ' 00:00:00+00:00',
      ' 00:00:00.0',
    ].flatMap((midnight) => [
      { glob: '**/dt=YYYY-MM-DD/*', path: `country=DE/dt=2026-11-19${midnight}/a`, day: '2026-11-19' },
      { glob: 'YYYY-MM-DD/**', path: `2026-11-19${midnight}/b/a.parquet`, day: '2026-11-19' },
      { glob: 'dt=YYYY-M-D/*', path: `dt=2026-11-19${midnight}/a`, day: '2026-11-19' },
    ]),
    { glob: 'dt=YYYY-MM-DD/*', path: 'dt=2026-11-19t00:00:00/a', day: null },
    { glob: 'dt=YYYY-MM-DD/*', path: 'dt=2026-11-19 01:00:00/a', day: null },
    { glob: 'dt=YYYY-MM-DD/*', path: 'dt=2026-11-19-old/a', day: null },
    { glob: 'YYYY-MM-DD*', path: '2026-11-19 00:00:00/a', day: null },
    { glob: 'YYYYMMDD/*', path: '20261119 00:00:00/a', day: null },
    // Numbers without zeros in front.
    { glob: 'year=YYYY/month=M/day=D/*', path: 'year=2026/month=11/day=9/a', day: '2026-11-09' },
    { glob: 'year=YYYY/month=M/day=D/*', path: 'year=2026/month=1/day=19/a', day: '2026-01-19' },
    { glob: 'year=YYYY/month=M/day=D/*', path: 'year=2026/month=01/day=19/a', day: null },
    { glob: 'year=YYYY/month=M/day=D/*', path: 'year=2026/month=2/day=30/a', day: null },
    { glob: 'Data/x_YYYY-M-D*', path: 'Data/x_2026-1-29.parquet', day: '2026-01-29' },
  ])('$glob says that the day of $path is $day', ({ glob, path, day }) => {
    expect(layout(glob).dayOf(path)).toBe(day);
  });

  it.each([
    { key: 'in/dt=2026-11-19T00:00:00/_SUCCESS', rest: 'in/dt=2026-11-19/_SUCCESS' },
    // No midnight: a small t.
    { key: 'in/dt=2026-11-19t00:00:00/_SUCCESS', rest: 'in/dt=2026-11-19t00:00:00/_SUCCESS' },
  ])('$key without midnight is $rest', ({ key, rest }) => {
    expect(withoutMidnight(key)).toBe(rest);
  });

  it.each([
    { glob: 'YYYY/MM/DD/*.parquet', prefix: '2026/11/19/' },
    { glob: '**/YYYY-MM-DD/*.parquet', prefix: '' },
    { glob: 'ds=YYYY-MM-DD/*.parquet', prefix: 'ds=2026-11-19' },
    { glob: 'year=YYYY/month=M/day=D/*', prefix: 'year=2026/month=11/day=19/' },
    { glob: 'in/part*/YYYYMMDD.parquet', prefix: 'in/part' },
    { glob: 'YYYY/MM/DD/**', prefix: '2026/11/19/' },
    { glob: 'toString/YYYY/MM/DD/*valueOf', prefix: 'toString/2026/11/19/' },
    { glob: 'COMMANDS/YYYY/M/DD/*', prefix: 'COMMANDS/2026/11/19/' },
  ])(
    'paths of 2026-11-19 begin with "$prefix" by $glob, which finds the day in its own example',
    ({ glob, prefix }) => {
      const made = layout(glob);
      expect(made.prefixOf('2026-11-19')).toBe(prefix);
      expect(made.dayOf(made.exampleOf('2026-11-19'))).toBe('2026-11-19');
    },
  );

  it.each<{ readonly glob: string; readonly folder: string; readonly day: string | null }>([
    { glob: 'YYYY/MM/DD/*.parquet', folder: '2026/11/19/', day: '2026-11-19' },
    { glob: 'YYYY/MM/DD/*.parquet', folder: '2026/11/', day: null },
    { glob: 'YYYY/MM/DD/*.parquet', folder: '2026/11/31/', day: null },
    { glob: '**/dt=YYYY-MM-DD/*', folder: 'run=7/dt=2026-11-19 00:00:00/', day: '2026-11-19' },
    { glob: '**/dt=YYYY-MM-DD/*', folder: 'run=7/', day: null },
    { glob: 'in/x_YYYYMMDD.parquet', folder: 'in/x_20261119.parquet/', day: null },
  ])('$glob says that the day of the folder $folder is $day', ({ glob, folder, day }) => {
    expect(layout(glob).dayOfFolder(folder)).toBe(day);
  });

  it.each([
    { glob: 'YYYY/MM/DD/*.parquet', folder: '2026/11/', leads: true },
    { glob: 'YYYY/MM/DD/*.parquet', folder: 'year=2026/', leads: false },
    { glob: 'YYYY/MM/DD/*.parquet', folder: '2026/11/31/', leads: false },
    { glob: '**/dt=YYYY-MM-DD/*', folder: 'run=7/', leads: true },
    { glob: 'in/x_YYYYMMDD.parquet', folder: 'in/', leads: true },
    { glob: 'in/x_YYYYMMDD.parquet', folder: 'in/x_20261119.parquet/', leads: false },
  ])('that days of $glob may be below the folder $folder is $leads', ({ glob, folder, leads }) => {
    expect(layout(glob).leadsToDays(folder)).toBe(leads);
  });

  it.each([
    { glob: 'YYYY/MM/*.parquet', message: 'a glob with YYYY, MM and DD, each once' },
    { glob: 'YYYY/MM/DD/ADD/*', message: 'a glob with YYYY, MM and DD, each once' },
    { glob: 'COMMANDS/YYYY/MM/DD/*', message: 'a glob with YYYY, MM and DD, each once' },
    { glob: 'YYYY/M/D/D/*', message: 'a glob with YYYY, MM and DD, each once' },
    { glob: 'YYYYMD/*', message: 'a glob with YYYY, MM and DD, each once' },
    { glob: '/YYYY/MM/DD/*', message: 'a path without' },
    { glob: 'YYYY/MM/DD//a', message: 'a path without' },
    { glob: 'YYYY/MM/DD/../a', message: 'a path without' },
    { glob: 'YYYY/MM/DD/{a,b}', message: 'a path without' },
    { glob: 'YYYY/MM/DD/a**b', message: '**/ for any folders' },
    { glob: 'YYYY/MM/DD/a**/b', message: '**/ for any folders' },
    { glob: 'YYYY/MM/DD/***', message: '**/ for any folders' },
  ])('$glob is refused, as expected is $message', ({ glob, message }) => {
    expect(parseLayout(glob)).toEqual({ expected: expect.stringContaining(message) });
  });
});
