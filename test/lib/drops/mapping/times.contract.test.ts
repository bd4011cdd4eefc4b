import { afterAll, describe, expect, it } from '@jest/globals';
import { columnOf, type DatasetInput, fails, MappingBench } from '../engine/MappingBench.ts';

const bench = await MappingBench.open();
afterAll(() => bench.close());

type Unit = 's' | 'ms' | 'us' | 'ns' | 'timestamp' | 'iso';
const events = (unit?: Unit, timezone = 'UTC'): DatasetInput => ({
  kind: 'events',
  timezone,
  mapping: { timestamp: unit === undefined ? 'ts' : { column: 'ts', unit } },
});
const write = (name: string, sql: string) =>
  bench.write(`${name}.parquet`, `SELECT ${sql} AS ts, 'purchase' AS event_name, 'u1' AS unit_id`);

const MOMENT = '2026-11-20 10:15:30.123456';
const WHOLE = '2026-11-20 10:15:30';
const BERLIN = '2026-11-20 09:15:30';

const readable: [name: string, sql: string, unit: Unit | undefined, timezone: string, expected: string][] = [
  ['seconds', '1795169730::BIGINT', undefined, 'UTC', WHOLE],
  ['seconds in an INTEGER', '1795169730::UINTEGER', 's', 'UTC', WHOLE],
  ['seconds in a HUGEINT', '1795169730::DECIMAL(38,0)', 's', 'UTC', WHOLE],
  ['broken seconds', '1795169730.123456::DOUBLE', undefined, 'UTC', MOMENT],
  ['decimal seconds', '1795169730.123456::DECIMAL(18,6)', undefined, 'UTC', MOMENT],
  ['negative seconds', '-1::BIGINT', undefined, 'UTC', '1969-12-31 23:59:59'],
  ['milliseconds', '1795169730123::BIGINT', 'ms', 'UTC', '2026-11-20 10:15:30.123'],
  ['microseconds', '1795169730123456::BIGINT', 'us', 'UTC', MOMENT],
  ['nanoseconds', '1795169730123456789::BIGINT', 'ns', 'UTC', MOMENT],
  ['seconds as text', "'1795169730'", 's', 'UTC', WHOLE],
  ['milliseconds as bytes', "'1795169730123'::BLOB", 'ms', 'UTC', '2026-11-20 10:15:30.123'],
  ['a timestamp', `TIMESTAMP '${MOMENT}'`, undefined, 'UTC', MOMENT],
  ['a timestamp of seconds', `TIMESTAMP_S '${WHOLE}'`, undefined, 'UTC', WHOLE],
  ['a timestamp of milliseconds', `TIMESTAMP_MS '${WHOLE}.123'`, 'timestamp', 'UTC', `${WHOLE}.123`],
  ['a timestamp of nanoseconds', `TIMESTAMP_NS '${MOMENT}789'`, undefined, 'UTC', MOMENT],
  ['a timestamp with a zone', `TIMESTAMPTZ '${MOMENT}+02'`, undefined, 'UTC', '2026-11-20 08:15:30.123456'],
  ['a date', "DATE '2026-11-20'", undefined, 'UTC', '2026-11-20 00:00:00'],
  ['what Ruby prints', "'2026-11-20 10:15:30 +0100'", undefined, 'America/New_York', BERLIN],
  ['a nanosecond before 1970', 'make_timestamp_ns(-1)', undefined, 'UTC', '1969-12-31 23:59:59.999999'],
  ['a nanosecond before 1970 as a number', '-1::BIGINT', 'ns', 'UTC', '1969-12-31 23:59:59.999999'],
  ['a zone-less timestamp elsewhere', `TIMESTAMP '${WHOLE}'`, undefined, 'Europe/Berlin', BERLIN],
  ['a date elsewhere', "DATE '2026-11-20'", undefined, 'America/New_York', '2026-11-20 05:00:00'],
  ['a zone-less text elsewhere', `'${WHOLE}'`, undefined, 'Europe/Berlin', BERLIN],
  ['a text with a zone elsewhere', `'${WHOLE}Z'`, undefined, 'Europe/Berlin', WHOLE],
  ['seconds elsewhere', '1795169730::BIGINT', undefined, 'Europe/Berlin', WHOLE],
  ['an instant elsewhere', `TIMESTAMPTZ '${WHOLE}Z'`, undefined, 'Europe/Berlin', WHOLE],
  ['the last moment', '253402300799::BIGINT', undefined, 'UTC', '9999-12-31 23:59:59'],
  ['the first moment', '-62135596800::BIGINT', undefined, 'UTC', '0001-01-01 00:00:00'],
];

const refused: [name: string, sql: string, unit: Unit | undefined, reason: string][] = [
  ['no number', 'NULL::BIGINT', undefined, 'MISSING'],
  ['no timestamp', 'NULL::TIMESTAMP', undefined, 'MISSING'],
  ['no text', 'NULL::VARCHAR', undefined, 'MISSING'],
  ['words', "'yesterday'", undefined, 'INVALID'],
  ['bytes that are no text', "'\\xFF'::BLOB", undefined, 'INVALID'],
  ['words for seconds', "'soon'", 's', 'INVALID'],
  ['NaN as text', "'nan'", 's', 'INVALID'],
  ['milliseconds as seconds', '1795169730123::BIGINT', undefined, 'MILLISECONDS'],
  ['milliseconds as seconds, as text', "'1795169730123'", 's', 'MILLISECONDS'],
  ['microseconds as seconds', '1795169730123456::BIGINT', undefined, 'MICROSECONDS'],
  ['microseconds as milliseconds', '1795169730123456::BIGINT', 'ms', 'MICROSECONDS'],
  ['microseconds as milliseconds, as doubles', '1795169730123456::DOUBLE', 'ms', 'MICROSECONDS'],
  ['nanoseconds as microseconds', '1795169730123456789::BIGINT', 'us', 'NANOSECONDS'],
  ['the year 2000 in microseconds', '946684800000000::BIGINT', 'ms', 'MICROSECONDS'],
  ['the last second of 2099 in microseconds', '4102444799000000::BIGINT', 'ms', 'MICROSECONDS'],
  ['the year 2100 in microseconds', '4102444800000000::BIGINT', 'ms', 'OUT_OF_RANGE'],
  ['a text for milliseconds', "'2026-11-20T10:15:30Z'", 'ms', 'TEXT'],
  ['a number for texts', "'1795169730123'", undefined, 'NUMBER'],
  ['a day in digits for texts', "'20261120'", undefined, 'INVALID'],
  ['the largest number', '9223372036854775807::BIGINT', 'ms', 'OUT_OF_RANGE'],
  ['a number that no BIGINT holds', '18446744073709551615::UBIGINT', 'ns', 'OUT_OF_RANGE'],
  ['the year 10000', '253402300800::BIGINT', undefined, 'OUT_OF_RANGE'],
  ['the year 0', '-62135596801::BIGINT', undefined, 'OUT_OF_RANGE'],
  ['infinity', "'infinity'::DOUBLE", undefined, 'OUT_OF_RANGE'],
  ['NaN', "'nan'::DOUBLE", undefined, 'OUT_OF_RANGE'],
  ['a timestamp of the year 20000', "TIMESTAMP '20000-01-01'", undefined, 'OUT_OF_RANGE'],
  ['a timestamp before Christ', "TIMESTAMP '0001-01-01 (BC)'", undefined, 'OUT_OF_RANGE'],
];

const unfit: [name: string, sql: string, unit: Unit | undefined, message: RegExp][] = [
  [
    'a struct',
    "{'a': 1}",
    undefined,
    /"ts": expected a timestamp, a date, a number or text, found STRUCT\(a INTEGER\)/,
  ],
  ['a time of day', "TIME '10:00:00'", undefined, /found TIME/],
  ['a boolean', 'true', 's', /expected a whole or broken number.*found BOOLEAN/],
  ['a number as timestamp', '1::BIGINT', 'timestamp', /expected a timestamp or a date, found BIGINT/],
  ['a timestamp as seconds', "TIMESTAMP '2026-11-20'", 's', /found TIMESTAMP/],
  ['a number as ISO 8601', '1::BIGINT', 'iso', /expected text, found BIGINT/],
];

describe('the reader of times', () => {
  it.each(readable)('reads %s', async (name, sql, unit, timezone, expected) => {
    const file = await write(name, sql);
    const { rows, refused: none } = await bench.load(events(unit, timezone), [file]);
    expect({ rows: columnOf(rows, 'timestamp'), none }).toEqual({ rows: [expected], none: [] });
  });

  it.each(refused)('rejects %s', async (name, sql, unit, reason) => {
    const { rows, refused: rest } = await bench.load(events(unit), [await write(name, sql)]);
    expect(rows).toEqual([]);
    expect(rest.map((row) => row['reason'])).toEqual([`SLUICE_INGEST_ROW_TIME_${reason}`]);
    expect(rest[0]?.['detail']).toBe('row 0, column "ts"');
  });

  it.each(unfit)('rejects a file with %s by name', async (name, sql, unit, message) => {
    const file = await write(name, sql);
    const load = bench.load(events(unit), [file]);
    await fails(load, 'INGEST_COLUMN_TYPE_UNFIT');
    await expect(load).rejects.toThrow(message);
    await expect(load).rejects.toThrow(file.name);
  });

  // pyarrow's files: Spark, Hive and Trino write INT96 in UTC, so no zone of the dataset moves it.
  it.each([
    ['int96.parquet', '2026-11-20 10:15:30.123456'],
    ['naive-ns.parquet', '2026-11-20 09:15:30.123456'],
    ['utc-us.parquet', '2026-11-20 10:15:30.123456'],
    ['berlin-ms.parquet', '2026-11-20 10:15:30.123'],
  ])('reads the timestamps of %s', async (name, expected) => {
    const dataset: DatasetInput = { kind: 'events', timezone: 'Europe/Berlin' };
    const { rows, result } = await bench.loadFixture(dataset, name);
    expect(columnOf(rows, 'timestamp')).toContain(expected);
    expect(result.reasons).toEqual({ SLUICE_INGEST_ROW_TIME_MISSING: 1 });
  });

  it('reads INT96 in the same way inside and outside a struct', async () => {
    const dataset: DatasetInput = {
      kind: 'events',
      timezone: 'America/New_York',
      mapping: { timestamp: 'p.at' },
    };
    const { rows } = await bench.loadFixture(dataset, 'nested-int96.parquet');
    expect(columnOf(rows, 'timestamp')).toEqual(['1970-01-01 00:00:00', '2026-11-20 10:15:30.123456']);
  });

  it('sorts rows by time across files', async () => {
    const files = await Promise.all(
      [3, 1, 2].map((n) =>
        bench.write(
          `sorted-${n}.parquet`,
          `SELECT 1795132800 + (hash(i * ${n}) % 86400)::BIGINT AS ts, 'a' AS event_name, i::VARCHAR AS unit_id FROM range(2000) t(i)`,
        ),
      ),
    );
    const { rows } = await bench.load(events(), files);
    const times = rows.map(({ timestamp }) => String(timestamp));
    expect(times).toHaveLength(6_000);
    expect(times).toEqual(times.toSorted());
    expect(new Set(columnOf(rows, 'source_file')).size).toBe(3);
  });
});
