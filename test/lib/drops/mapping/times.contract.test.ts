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

const readable: [name: string, sql: string, expected: string, unit?: Unit | undefined, timezone?: string][] =
  [
    ['seconds', '1795169730::BIGINT', WHOLE],
    ['seconds in an INTEGER', '1795169730::UINTEGER', WHOLE, 's'],
    ['seconds in a HUGEINT', '1795169730::DECIMAL(38,0)', WHOLE, 's'],
    ['broken seconds', '1795169730.123456::DOUBLE', MOMENT],
    ['decimal seconds', '1795169730.123456::DECIMAL(18,6)', MOMENT],
    ['negative seconds', '-1::BIGINT', '1969-12-31 23:59:59'],
    ['milliseconds', '1795169730123::BIGINT', `${WHOLE}.123`, 'ms'],
    ['microseconds', '1795169730123456::BIGINT', MOMENT, 'us'],
    ['nanoseconds', '1795169730123456789::BIGINT', MOMENT, 'ns'],
    ['seconds as text', "'1795169730'", WHOLE, 's'],
    ['milliseconds as bytes', "'1795169730123'::BLOB", `${WHOLE}.123`, 'ms'],
    ['a timestamp', `TIMESTAMP '${MOMENT}'`, MOMENT],
    ['a timestamp of seconds', `TIMESTAMP_S '${WHOLE}'`, WHOLE],
    ['a timestamp of milliseconds', `TIMESTAMP_MS '${WHOLE}.123'`, `${WHOLE}.123`, 'timestamp'],
    ['a timestamp of nanoseconds', `TIMESTAMP_NS '${MOMENT}789'`, MOMENT],
    ['a timestamp with a zone', `TIMESTAMPTZ '${MOMENT}+02'`, '2026-11-20 08:15:30.123456'],
    ['a date', "DATE '2026-11-20'", '2026-11-20 00:00:00'],
    ['what Ruby prints', "'2026-11-20 10:15:30 +0100'", BERLIN, undefined, 'America/New_York'],
    ['a nanosecond before 1970', 'make_timestamp_ns(-1)', '1969-12-31 23:59:59.999999'],
    ['a nanosecond before 1970 as a number', '-1::BIGINT', '1969-12-31 23:59:59.999999', 'ns'],
    ['a zone-less timestamp elsewhere', `TIMESTAMP '${WHOLE}'`, BERLIN, undefined, 'Europe/Berlin'],
    ['a date elsewhere', "DATE '2026-11-20'", '2026-11-20 05:00:00', undefined, 'America/New_York'],
    ['a zone-less text elsewhere', `'${WHOLE}'`, BERLIN, undefined, 'Europe/Berlin'],
    ['a text with a zone elsewhere', `'${WHOLE}Z'`, WHOLE, undefined, 'Europe/Berlin'],
    ['seconds elsewhere', '1795169730::BIGINT', WHOLE, undefined, 'Europe/Berlin'],
    ['an instant elsewhere', `TIMESTAMPTZ '${WHOLE}Z'`, WHOLE, undefined, 'Europe/Berlin'],
    ['the last moment', '253402300799::BIGINT', '9999-12-31 23:59:59'],
    ['the first moment', '-62135596800::BIGINT', '0001-01-01 00:00:00'],
  ];

const refused: [name: string, sql: string, reason: string, unit?: Unit][] = [
  ['no number', 'NULL::BIGINT', 'MISSING'],
  ['no timestamp', 'NULL::TIMESTAMP', 'MISSING'],
  ['no text', 'NULL::VARCHAR', 'MISSING'],
  ['words', "'yesterday'", 'INVALID'],
  ['bytes that are no text', "'\\xFF'::BLOB", 'INVALID'],
  ['words for seconds', "'soon'", 'INVALID', 's'],
  ['NaN as text', "'nan'", 'INVALID', 's'],
  ['milliseconds as seconds', '1795169730123::BIGINT', 'MILLISECONDS'],
  ['milliseconds as seconds, as text', "'1795169730123'", 'MILLISECONDS', 's'],
  ['microseconds as seconds', '1795169730123456::BIGINT', 'MICROSECONDS'],
  ['microseconds as milliseconds', '1795169730123456::BIGINT', 'MICROSECONDS', 'ms'],
  ['microseconds as milliseconds, as doubles', '1795169730123456::DOUBLE', 'MICROSECONDS', 'ms'],
  ['nanoseconds as microseconds', '1795169730123456789::BIGINT', 'NANOSECONDS', 'us'],
  ['the year 2000 in microseconds', '946684800000000::BIGINT', 'MICROSECONDS', 'ms'],
  ['the last second of 2099 in microseconds', '4102444799000000::BIGINT', 'MICROSECONDS', 'ms'],
  ['the year 2100 in microseconds', '4102444800000000::BIGINT', 'OUT_OF_RANGE', 'ms'],
  ['a text for milliseconds', "'2026-11-20T10:15:30Z'", 'TEXT', 'ms'],
  ['a number for texts', "'1795169730123'", 'NUMBER'],
  ['a day in digits for texts', "'20261120'", 'INVALID'],
  ['the largest number', '9223372036854775807::BIGINT', 'OUT_OF_RANGE', 'ms'],
  ['a number that no BIGINT holds', '18446744073709551615::UBIGINT', 'OUT_OF_RANGE', 'ns'],
  ['the year 10000', '253402300800::BIGINT', 'OUT_OF_RANGE'],
  ['the year 0', '-62135596801::BIGINT', 'OUT_OF_RANGE'],
  ['infinity', "'infinity'::DOUBLE", 'OUT_OF_RANGE'],
  ['NaN', "'nan'::DOUBLE", 'OUT_OF_RANGE'],
  ['a timestamp of the year 20000', "TIMESTAMP '20000-01-01'", 'OUT_OF_RANGE'],
  ['a timestamp before Christ', "TIMESTAMP '0001-01-01 (BC)'", 'OUT_OF_RANGE'],
];

const unfit: [name: string, sql: string, message: RegExp, unit?: Unit][] = [
  ['a struct', "{'a': 1}", /"ts": expected a timestamp, a date, a number or text, found STRUCT\(a INTEGER\)/],
  ['a time of day', "TIME '10:00:00'", /found TIME/],
  ['a boolean', 'true', /expected a whole or broken number.*found BOOLEAN/, 's'],
  ['a number as timestamp', '1::BIGINT', /expected a timestamp or a date, found BIGINT/, 'timestamp'],
  ['a timestamp as seconds', "TIMESTAMP '2026-11-20'", /found TIMESTAMP/, 's'],
  ['a number as ISO 8601', '1::BIGINT', /expected text, found BIGINT/, 'iso'],
];

describe('the reader of times', () => {
  // Parameters that a row lacks would be Jest's callback, were they not gathered.
  it.each(readable)('reads %s', async (...[name, sql, expected, unit, timezone]) => {
    const file = await write(name, sql);
    const { rows, refused: none } = await bench.load(events(unit, timezone), [file]);
    expect({ rows: columnOf(rows, 'timestamp'), none }).toEqual({ rows: [expected], none: [] });
  });

  it.each(refused)('rejects %s', async (...[name, sql, reason, unit]) => {
    const { rows, refused: rest } = await bench.load(events(unit), [await write(name, sql)]);
    expect(rows).toEqual([]);
    expect(rest.map((row) => row['reason'])).toEqual([`SLUICE_INGEST_ROW_TIME_${reason}`]);
    expect(rest[0]?.['detail']).toBe('row 0, column "ts"');
  });

  it.each(unfit)('rejects a file with %s by name', async (...[name, sql, message, unit]) => {
    const file = await write(name, sql);
    const load = bench.load(events(unit), [file]);
    await fails(load, 'SLUICE_INGEST_COLUMN_TYPE_UNFIT');
    await expect(load).rejects.toThrow(message);
    await expect(load).rejects.toThrow(file.name);
  });

  // pyarrow's files: Spark, Hive and Trino write INT96 in UTC, so no zone of the dataset moves it.
  it.each([
    { name: 'int96.parquet', expected: MOMENT },
    { name: 'naive-ns.parquet', expected: `${BERLIN}.123456` },
    { name: 'utc-us.parquet', expected: MOMENT },
    { name: 'berlin-ms.parquet', expected: `${WHOLE}.123` },
  ])('reads the timestamps of $name', async ({ name, expected }) => {
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
    expect(columnOf(rows, 'timestamp')).toEqual(['1970-01-01 00:00:00', MOMENT]);
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
