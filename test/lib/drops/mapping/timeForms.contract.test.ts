import { afterAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { quoteText } from '../../../../lib/base/sql.ts';
import { HOUR_MS } from '../../../../lib/base/time.ts';
import { TIME_FORMS } from '../../../../lib/base/timeForms.ts';
import { readTime } from '../../../../lib/wire/eventTime.ts';
import { events, MappingBench } from '../engine/MappingBench.ts';

const bench = await MappingBench.open();
afterAll(() => bench.close());

/** Reads texts in a file, to the millisecond; null for refused texts. */
async function readInFile(texts: readonly string[]): Promise<(number | null)[]> {
  const { rows } = await bench.loadQueries(
    events({ timestamp: 'ts' }),
    `SELECT unnest([${texts.map(quoteText).join(', ')}]) AS ts, unnest(range(${texts.length})) AS event_name, 'u' AS unit_id`,
  );
  const times = new Map(rows.map((row) => [row['event_name'], String(row['timestamp'])]));
  return texts.map((_, i) => {
    const time = times.get(String(i));
    return time === undefined ? null : Math.floor(Date.parse(`${time.replace(' ', 'T')}Z`));
  });
}

const SECOND = Date.UTC(2026, 10, 20, 10, 15, 30);
const MINUTE = SECOND - 30_000;

const readable: readonly (readonly [string, number])[] = [
  ['2026-11-20 10:15:30+00', SECOND],
  ['2026-11-20 10:15:30.123+00', SECOND + 123],
  ['2026-11-20 10:15:30 UTC', SECOND],
  ['2026-11-20 10:15:30.5 utc', SECOND + 500],
  ['2026-11-20 10:15:30UTC', SECOND],
  ['2026-11-20 10:15 UTC', MINUTE],
  ['2026-11-20 10:15:30 GMT', SECOND],
  ['2026-11-20 10:15:30 +0000', SECOND],
  ['2026-11-20 10:15:30 +01:00', SECOND - HOUR_MS],
  ['2026-11-20 10:15-05', MINUTE + 5 * HOUR_MS],
  ['2026-11-20T10:15:30Z  ', SECOND],
  ['2026-11-20  ', SECOND - HOUR_MS * 10 - 930_000],
  ['2026-11-20T10:15:30+18:00', SECOND - 18 * HOUR_MS],
  ['2026-11-20T10:15:30,250Z', SECOND + 250],
  ['2026-11-20 7:05:03', Date.UTC(2026, 10, 20, 7, 5, 3)],
  ['2026-11-20T24:00:00Z', Date.UTC(2026, 10, 21)],
  ['20261120T101530Z', SECOND],
  ['20261120T101530', SECOND],
  ['20261120 101530.123456', SECOND + 123],
  ['20261120t101530,5+0100', SECOND + 500 - HOUR_MS],
  ['20261120T1015Z', MINUTE],
  ['20261120T1015 UTC', MINUTE],
  ['1969-12-31T23:59:59.9999Z', -1],
  ['0001-01-01T00:00:00Z', -62_135_596_800_000],
  ['0000-12-31T23:00:00-05:00', -62_135_596_800_000 + 4 * HOUR_MS],
];

const unreadable = [
  '2026-11-20T',
  '2026-11-20Z',
  '2026-11-20T10',
  '2026-11-20 10:',
  '20261120T10',
  '20261120T10153',
  '2026-11-20T101530Z',
  '20261120T10:15:30Z',
  '2026/11/20',
  '20/11/2026',
  ' 2026-11-20',
  '2026-W47-5',
  '2026-11-20T10:15:30+18:01',
  '2026-11-20T10:15:30+19:00',
  '2026-11-20T10:15:30+01:60',
  '2026-11-20 10:15:30  +0000',
  '2026-11-20 10:15:30 EST',
  '2026-11-20 10:15:30[UTC]',
  '2026-11-20T10:15:60Z',
  '2026-11-20T24:00:01Z',
  '2026-11-20T25:00:00Z',
  '2026-02-30T00:00:00Z',
  '2026-02-30',
  '20260230T000000Z',
  '2026-13-01',
  '0000-01-01',
  '9999-12-31T23:00:00-05:00',
  '2026-11-20, 10:15:30',
  '2026-11-20T10,15',
  '2026-11-20T10:15.5',
  '2026-11-20 10:15,50Z',
  '20261120T1015.5',
  '2026-11-20\n',
  '',
  'epoch',
  'infinity',
  'now',
  '２026-11-20',
];

describe('a text that is a time', () => {
  it('is the same time in a file and over HTTP', async () => {
    const texts = readable.map(([text]) => text);
    const times = readable.map(([, time]) => time);
    expect(texts.map(readTime)).toEqual(times);
    expect(await readInFile(texts)).toEqual(times);
  });

  it('is read in both places if the pages list it', async () => {
    const texts = TIME_FORMS.flatMap(({ examples }) => examples);
    const times = texts.map(readTime);
    expect(times).not.toContain(null);
    expect(await readInFile(texts)).toEqual(times);
  });

  it('is refused in both places otherwise', async () => {
    const none = unreadable.map(() => null);
    expect(unreadable.map(readTime)).toEqual(none);
    expect(await readInFile(unreadable)).toEqual(none);
  });

  it('is the same in both places, whatever its pieces', async () => {
    const days = fc.constantFrom(
      '2026-11-20',
      '20261120',
      '2026-02-29',
      '2024-02-29',
      '2026-1-2',
      '0001-01-01',
    );
    const gaps = fc.constantFrom('T', 't', ' ', '', '  ', ',');
    const clocks = ['10:15:30', '101530', '10:15', '1015', '7:5:3', '24:00', '10', '10:60', ''];
    const fractions = fc.constantFrom('', '', '.5', ',123456789', '.', '.9999999999');
    const zones = [
      '',
      'Z',
      ' z',
      'UTC',
      ' utc',
      ' GMT',
      '+00',
      ' +0100',
      '-05:30',
      '-18',
      '+18:30',
      '  Z',
      '+1',
    ];
    const end = fc.constantFrom('', '', ' ', '\n');
    const pieces = fc.tuple(
      days,
      gaps,
      fc.constantFrom(...clocks),
      fractions,
      fc.constantFrom(...zones),
      end,
    );
    // Digits alone are a number of milliseconds over HTTP, and of the column's unit in a file.
    const text = pieces.map((each) => each.join('')).filter((each) => !/^[\d.]+ *$/.test(each));
    const texts = fc.sample(text, { numRuns: 3_000, seed: 1 });
    const times = texts.map(readTime);
    const inFile = await readInFile(texts);
    const differ = texts.filter((_, i) => inFile[i] !== times[i]);
    expect(differ).toEqual([]);
  });
});
