import { describe, expect, it } from '@jest/globals';
import { parseLayout, withoutMidnight } from '../../../../lib/schema/fields/layout.ts';

function layout(text: string) {
  const parsed = parseLayout(text);
  if ('expected' in parsed) throw new Error(parsed.expected);
  return parsed.layout;
}

describe('a layout of keys', () => {
  it.each<[string, string, string | null]>([
    ['YYYY/MM/DD/*.parquet', '2026/11/19/a.parquet', '2026-11-19'],
    ['YYYY/MM/DD/*.parquet', '2026/11/19/b/a.parquet', null],
    ['YYYY/MM/DD/*.parquet', '2026/02/30/a.parquet', null],
    ['YYYY/MM/DD/**', '2026/11/19/b/a.parquet', '2026-11-19'],
    ['YYYY/MM/DD/**', '2026/11/19/b\n/a\n.parquet', '2026-11-19'],
    ['**/dt=YYYY-MM-DD/*', 'run=7/x/dt=2026-11-19/a', '2026-11-19'],
    ['**/dt=YYYY-MM-DD/*', 'dt=2026-11-19/a', '2026-11-19'],
    ['exposures_YYYYMMDD*.parquet', 'exposures_20261119-0.parquet', '2026-11-19'],
    ['exposures_YYYYMMDD*.parquet', 'xexposures_20261119.parquet', null],
    ['a.b/DD.MM.YYYY', 'a.b/19.11.2026', '2026-11-19'],
    ['a.b/DD.MM.YYYY', 'aXb/19.11.2026', null],
    // Letters of a word, and names that objects have.
    ['COMMANDS/YYYY/M/DD/*', 'COMMANDS/2026/1/19/a', '2026-01-19'],
    ['ADDS/YYYY/MM/D/*', 'ADDS/2026/01/9/a', '2026-01-09'],
    ['yYYYY/mMM/dDD/*', 'y2026/m01/d19/a', '2026-01-19'],
    ['M/D/x_YYYYMMDDT*', 'M/D/x_20260119T01', '2026-01-19'],
    ['YYYY/MM/DD/*constructor', '2026/11/19/a.constructor', '2026-11-19'],
    // A column of times as a partition.
    ...[
      ' 00:00:00',
      ' 00%3A00%3A00',
      '%2000%3a00%3a00.000000',
      'T00:00:00Z',
      ' 00:00:00+00:00',
      ' 00:00:00.0',
    ].flatMap((midnight): [string, string, string][] => [
      ['**/dt=YYYY-MM-DD/*', `country=DE/dt=2026-11-19${midnight}/a`, '2026-11-19'],
      ['YYYY-MM-DD/**', `2026-11-19${midnight}/b/a.parquet`, '2026-11-19'],
      ['dt=YYYY-M-D/*', `dt=2026-11-19${midnight}/a`, '2026-11-19'],
    ]),
    ['dt=YYYY-MM-DD/*', 'dt=2026-11-19t00:00:00/a', null],
    ['dt=YYYY-MM-DD/*', 'dt=2026-11-19 01:00:00/a', null],
    ['dt=YYYY-MM-DD/*', 'dt=2026-11-19-old/a', null],
    ['YYYY-MM-DD*', '2026-11-19 00:00:00/a', null],
    ['YYYYMMDD/*', '20261119 00:00:00/a', null],
    // Numbers without zeros in front.
    ['year=YYYY/month=M/day=D/*', 'year=2026/month=11/day=9/a', '2026-11-09'],
    ['year=YYYY/month=M/day=D/*', 'year=2026/month=1/day=19/a', '2026-01-19'],
    ['year=YYYY/month=M/day=D/*', 'year=2026/month=01/day=19/a', null],
    ['year=YYYY/month=MM/day=D/**', 'year=2026/month=01/day=9/c=DE/a', '2026-01-09'],
    ['year=YYYY/month=M/day=D/*', 'year=2026/month=2/day=30/a', null],
    ['Data/x_YYYY-M-D*', 'Data/x_2026-1-29.parquet', '2026-01-29'],
  ])('%s finds the day of %s', (glob, path, day) => {
    expect(layout(glob).dayOf(path)).toBe(day);
  });

  it('leaves only the midnights out of a key that a layout finds', () => {
    expect(withoutMidnight('in/dt=2026-11-19T00:00:00/_SUCCESS')).toBe('in/dt=2026-11-19/_SUCCESS');
    const other = 'in/dt=2026-11-19t00:00:00/_SUCCESS';
    expect(withoutMidnight(other)).toBe(other);
  });

  it('knows what the paths of a day begin with, and an example that it finds again', () => {
    for (const [glob, prefix] of [
      ['YYYY/MM/DD/*.parquet', '2026/11/19/'],
      ['**/YYYY-MM-DD/*.parquet', ''],
      ['ds=YYYY-MM-DD/*.parquet', 'ds=2026-11-19'],
      ['year=YYYY/month=M/day=D/*', 'year=2026/month=11/day=19/'],
      ['in/part*/YYYYMMDD.parquet', 'in/part'],
      ['YYYY/MM/DD/**', '2026/11/19/'],
      ['toString/YYYY/MM/DD/*valueOf', 'toString/2026/11/19/'],
      ['COMMANDS/YYYY/M/DD/*', 'COMMANDS/2026/11/19/'],
    ] as const) {
      const made = layout(glob);
      expect(made.prefixOf('2026-11-19')).toBe(prefix);
      expect(made.dayOf(made.exampleOf('2026-11-19'))).toBe('2026-11-19');
    }
  });

  it('knows the folders of days, and those above them', () => {
    const dayIn = (glob: string, folder: string) => {
      const made = layout(glob);
      return made.dayOfFolder(folder) ?? made.leadsToDays(folder);
    };
    expect(dayIn('YYYY/MM/DD/*.parquet', '2026/11/19/')).toBe('2026-11-19');
    expect(dayIn('YYYY/MM/DD/*.parquet', '2026/11/')).toBe(true);
    expect(dayIn('YYYY/MM/DD/*.parquet', 'year=2026/')).toBe(false);
    expect(dayIn('YYYY/MM/DD/*.parquet', '2026/11/31/')).toBe(false);
    expect(dayIn('**/dt=YYYY-MM-DD/*', 'run=7/')).toBe(true);
    expect(dayIn('**/dt=YYYY-MM-DD/*', 'run=7/dt=2026-11-19 00:00:00/')).toBe('2026-11-19');
    expect(dayIn('in/x_YYYYMMDD.parquet', 'in/')).toBe(true);
    expect(dayIn('in/x_YYYYMMDD.parquet', 'in/x_20261119.parquet/')).toBe(false);
  });

  it.each([
    ['YYYY/MM/*.parquet', 'a glob with YYYY, MM and DD, each once'],
    ['YYYY/MM/DD/ADD/*', 'a glob with YYYY, MM and DD, each once'],
    ['COMMANDS/YYYY/MM/DD/*', 'a glob with YYYY, MM and DD, each once'],
    ['YYYY/M/D/D/*', 'a glob with YYYY, MM and DD, each once'],
    ['YYYYMD/*', 'a glob with YYYY, MM and DD, each once'],
    ['/YYYY/MM/DD/*', 'a path without'],
    ['YYYY/MM/DD//a', 'a path without'],
    ['YYYY/MM/DD/../a', 'a path without'],
    ['YYYY/MM/DD/{a,b}', 'a path without'],
    ['YYYY/MM/DD/a**b', '**/ for any folders'],
    ['YYYY/MM/DD/a**/b', '**/ for any folders'],
    ['YYYY/MM/DD/***', '**/ for any folders'],
  ])('%s is refused', (glob, message) => {
    expect(parseLayout(glob)).toEqual({ expected: expect.stringContaining(message) });
  });
});
