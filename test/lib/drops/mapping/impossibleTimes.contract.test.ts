import { afterAll, describe, expect, it } from '@jest/globals';
import { columnOf, type DatasetInput, events, fails, MappingBench } from '../engine/MappingBench.ts';

const bench = await MappingBench.open();
afterAll(() => bench.close());

/** Of both files, the first row has in each of its time columns what writers without nulls leave for none. */
const FILES = ['impossible-times.parquet', 'impossible-times-unsaid.parquet'];
const TIMES = ['us', 'us_utc', 'ns', 'ns_utc', 'struct.at'];
const ZONES = ['UTC', 'America/New_York'];

/** The smallest number of 64 bits. */
const LEAST = String(-(2n ** 63n));

const load = (file: string, dataset: DatasetInput) => bench.loadFixture(dataset, file);

describe('impossible times', () => {
  it.each(FILES)('are ignored in unmapped columns of %s', async (file) => {
    const { rows } = await load(file, events());
    expect(rows).toHaveLength(3);
  });

  it.each(TIMES.flatMap((timestamp) => ZONES.map((timezone) => ({ timestamp, timezone }))))(
    'reject only their own rows: of $timestamp, in $timezone',
    async ({ timestamp, timezone }) => {
      for (const file of FILES) {
        const { rows, refused } = await load(file, { kind: 'events', timezone, mapping: { timestamp } });
        expect(columnOf(rows, 'event_name')).toEqual(['start', 'refund']);
        expect(refused.map(({ reason, raw }) => [reason, JSON.parse(String(raw))['event_name']])).toEqual([
          ['SLUICE_INGEST_ROW_TIME_OUT_OF_RANGE', 'purchase'],
        ]);
      }
    },
  );

  it('become null as metadata and as values', async () => {
    const { rows } = await load(
      'impossible-times.parquet',
      events({
        eventValue: 'us',
        metadata: { m0: 'ns', m1: 'struct', m2: 'list', m3: 'us' },
      }),
    );
    expect(rows.map((row) => [row['event_name'], row['event_value'], row['event_metadata']])).toEqual([
      ['purchase', null, '{"m1":{"at":null},"m2":[null]}'],
      [
        'refund',
        '2026-11-20 10:15:30.123456',
        '{"m0":"2026-11-20 10:15:30.123456789","m1":{"at":"2026-11-20 10:15:30.123456"},"m2":["2026-11-20 10:15:30.123456"],"m3":"2026-11-20 10:15:30.123456"}',
      ],
      [
        'start',
        '1969-12-31 23:59:59.999999',
        '{"m0":"1969-12-31 23:59:59.999999999","m1":{"at":"1969-12-31 23:59:59.999999"},"m2":["1969-12-31 23:59:59.999999"],"m3":"1969-12-31 23:59:59.999999"}',
      ],
    ]);
  });

  it.each(FILES)('are numbers in raw rows of %s', async (file) => {
    const { rows, raws } = await load(
      file,
      events({ unitIds: { userID: { column: 'nowhere', optional: true } } }),
    );
    expect(rows).toEqual([]);
    expect(raws).toEqual([
      expect.objectContaining({
        event_name: 'purchase',
        us: LEAST,
        ns: LEAST,
        list: [LEAST],
        struct: { at: LEAST },
      }),
      expect.objectContaining({
        event_name: 'refund',
        us: '2026-11-20 10:15:30.123456',
        us_utc: '2026-11-20 10:15:30.123456+00',
        ns: '2026-11-20 10:15:30.123456789',
        struct: { at: '2026-11-20 10:15:30.123456' },
        list: ['2026-11-20 10:15:30.123456'],
      }),
      expect.objectContaining({ event_name: 'start', us: '1969-12-31 23:59:59.999999' }),
    ]);
  });

  it('fail a file by name where they are milliseconds, and are mapped', async () => {
    expect((await load('impossible-ms.parquet', events())).rows).toHaveLength(3);
    const mapped = load('impossible-ms.parquet', events({ timestamp: 'ms' }));
    await fails(mapped, 'SLUICE_INGEST_FILE_VALUE_UNREADABLE');
    await expect(mapped).rejects.toThrow('impossible-ms.parquet: ');
  });
});
