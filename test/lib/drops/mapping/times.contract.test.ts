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

/** A time as files have it. */
interface WrittenTime {
  readonly name: string;
  /** SQL of the value of the column `ts`. */
  readonly sql: string;
  /** What the mapping says of the column; absent if it says nothing. */
  readonly unit?: Unit;
}

/** A time that is read. */
interface ReadTime extends WrittenTime {
  readonly expected: string;
  /** The dataset's zone. Default UTC. */
  readonly timezone?: string;
}

/** A time whose row is refused. */
interface RefusedTime extends WrittenTime {
  /** The code, without `SLUICE_INGEST_ROW_TIME_`. */
  readonly reason: string;
}

/** A column whose file is refused. */
interface UnfitColumn extends WrittenTime {
  readonly message: RegExp;
}

const MOMENT = '2026-11-20 10:15:30.123456';
const WHOLE = '2026-11-20 10:15:30';
const BERLIN = '2026-11-20 09:15:30';

const readable: readonly ReadTime[] = [
  { name: 'seconds', sql: '1795169730::BIGINT', expected: WHOLE },
  { name: 'seconds in an INTEGER', sql: '1795169730::UINTEGER', expected: WHOLE, unit: 's' },
  { name: 'seconds in a HUGEINT', sql: '1795169730::DECIMAL(38,0)', expected: WHOLE, unit: 's' },
  { name: 'broken seconds', sql: '1795169730.123456::DOUBLE', expected: MOMENT },
  { name: 'decimal seconds', sql: '1795169730.123456::DECIMAL(18,6)', expected: MOMENT },
  { name: 'negative seconds', sql: '-1::BIGINT', expected: '1969-12-31 23:59:59' },
  { name: 'milliseconds', sql: '1795169730123::BIGINT', expected: `${WHOLE}.123`, unit: 'ms' },
  { name: 'microseconds', sql: '1795169730123456::BIGINT', expected: MOMENT, unit: 'us' },
  { name: 'nanoseconds', sql: '1795169730123456789::BIGINT', expected: MOMENT, unit: 'ns' },
  { name: 'seconds as text', sql: "'1795169730'", expected: WHOLE, unit: 's' },
  { name: 'milliseconds as bytes', sql: "'1795169730123'::BLOB", expected: `${WHOLE}.123`, unit: 'ms' },
  { name: 'a timestamp', sql: `TIMESTAMP '${MOMENT}'`, expected: MOMENT },
  { name: 'a timestamp of seconds', sql: `TIMESTAMP_S '${WHOLE}'`, expected: WHOLE },
  {
    name: 'a timestamp of milliseconds',
    sql: `TIMESTAMP_MS '${WHOLE}.123'`,
    expected: `${WHOLE}.123`,
    unit: 'timestamp',
  },
  { name: 'a timestamp of nanoseconds', sql: `TIMESTAMP_NS '${MOMENT}789'`, expected: MOMENT },
  {
    name: 'a timestamp with a zone',
    sql: `TIMESTAMPTZ '${MOMENT}+02'`,
    expected: '2026-11-20 08:15:30.123456',
  },
  { name: 'a date', sql: "DATE '2026-11-20'", expected: '2026-11-20 00:00:00' },
  {
    name: 'what Ruby prints',
    sql: "'2026-11-20 10:15:30 +0100'",
    expected: BERLIN,
    timezone: 'America/New_York',
  },
  { name: 'a nanosecond before 1970', sql: 'make_timestamp_ns(-1)', expected: '1969-12-31 23:59:59.999999' },
  {
    name: 'a nanosecond before 1970 as a number',
    sql: '-1::BIGINT',
    expected: '1969-12-31 23:59:59.999999',
    unit: 'ns',
  },
  {
    name: 'a zone-less timestamp elsewhere',
    sql: `TIMESTAMP '${WHOLE}'`,
    expected: BERLIN,
    timezone: 'Europe/Berlin',
  },
  {
    name: 'a date elsewhere',
    sql: "DATE '2026-11-20'",
    expected: '2026-11-20 05:00:00',
    timezone: 'America/New_York',
  },
  { name: 'a zone-less text elsewhere', sql: `'${WHOLE}'`, expected: BERLIN, timezone: 'Europe/Berlin' },
  { name: 'a text with a zone elsewhere', sql: `'${WHOLE}Z'`, expected: WHOLE, timezone: 'Europe/Berlin' },
  { name: 'seconds elsewhere', sql: '1795169730::BIGINT', expected: WHOLE, timezone: 'Europe/Berlin' },
  {
    name: 'an instant elsewhere',
    sql: `TIMESTAMPTZ '${WHOLE}Z'`,
    expected: WHOLE,
    timezone: 'Europe/Berlin',
  },
  { name: 'the last moment', sql: '253402300799::BIGINT', expected: '9999-12-31 23:59:59' },
  { name: 'the first moment', sql: '-62135596800::BIGINT', expected: '0001-01-01 00:00:00' },
];

const refused: readonly RefusedTime[] = [
  { name: 'no number', sql: 'NULL::BIGINT', reason: 'MISSING' },
  { name: 'no timestamp', sql: 'NULL::TIMESTAMP', reason: 'MISSING' },
  { name: 'no text', sql: 'NULL::VARCHAR', reason: 'MISSING' },
  { name: 'words', sql: "'yesterday'", reason: 'INVALID' },
  { name: 'bytes that are no text', sql: "'\\xFF'::BLOB", reason: 'INVALID' },
  { name: 'words for seconds', sql: "'soon'", reason: 'INVALID', unit: 's' },
  { name: 'NaN as text', sql: "'nan'", reason: 'INVALID', unit: 's' },
  { name: 'milliseconds as seconds', sql: '1795169730123::BIGINT', reason: 'MILLISECONDS' },
  { name: 'milliseconds as seconds, as text', sql: "'1795169730123'", reason: 'MILLISECONDS', unit: 's' },
  { name: 'microseconds as seconds', sql: '1795169730123456::BIGINT', reason: 'MICROSECONDS' },
  {
    name: 'microseconds as milliseconds',
    sql: '1795169730123456::BIGINT',
    reason: 'MICROSECONDS',
    unit: 'ms',
  },
  {
    name: 'microseconds as milliseconds, as doubles',
    sql: '1795169730123456::DOUBLE',
    reason: 'MICROSECONDS',
    unit: 'ms',
  },
  {
    name: 'nanoseconds as microseconds',
    sql: '1795169730123456789::BIGINT',
    reason: 'NANOSECONDS',
    unit: 'us',
  },
  {
    name: 'the year 2000 in microseconds',
    sql: '946684800000000::BIGINT',
    reason: 'MICROSECONDS',
    unit: 'ms',
  },
  {
    name: 'the last second of 2099 in microseconds',
    sql: '4102444799000000::BIGINT',
    reason: 'MICROSECONDS',
    unit: 'ms',
  },
  {
    name: 'the year 2100 in microseconds',
    sql: '4102444800000000::BIGINT',
    reason: 'OUT_OF_RANGE',
    unit: 'ms',
  },
  { name: 'a text for milliseconds', sql: "'2026-11-20T10:15:30Z'", reason: 'TEXT', unit: 'ms' },
  { name: 'a number for texts', sql: "'1795169730123'", reason: 'NUMBER' },
  { name: 'a day in digits for texts', sql: "'20261120'", reason: 'INVALID' },
  { name: 'the largest number', sql: '9223372036854775807::BIGINT', reason: 'OUT_OF_RANGE', unit: 'ms' },
  {
    name: 'a number that no BIGINT holds',
    sql: '18446744073709551615::UBIGINT',
    reason: 'OUT_OF_RANGE',
    unit: 'ns',
  },
  { name: 'the year 10000', sql: '253402300800::BIGINT', reason: 'OUT_OF_RANGE' },
  { name: 'the year 0', sql: '-62135596801::BIGINT', reason: 'OUT_OF_RANGE' },
  { name: 'infinity', sql: "'infinity'::DOUBLE", reason: 'OUT_OF_RANGE' },
  { name: 'NaN', sql: "'nan'::DOUBLE", reason: 'OUT_OF_RANGE' },
  { name: 'a timestamp of the year 20000', sql: "TIMESTAMP '20000-01-01'", reason: 'OUT_OF_RANGE' },
  { name: 'a timestamp before Christ', sql: "TIMESTAMP '0001-01-01 (BC)'", reason: 'OUT_OF_RANGE' },
];

const unfit: readonly UnfitColumn[] = [
  {
    name: 'a struct',
    sql: "{'a': 1}",
    message: /"ts": expected a timestamp, a date, a number or text, found STRUCT\(a INTEGER\)/,
  },
  { name: 'a time of day', sql: "TIME '10:00:00'", message: /found TIME/ },
  { name: 'a boolean', sql: 'true', message: /expected a whole or broken number.*found BOOLEAN/, unit: 's' },
  {
    name: 'a number as timestamp',
    sql: '1::BIGINT',
    message: /expected a timestamp or a date, found BIGINT/,
    unit: 'timestamp',
  },
  { name: 'a timestamp as seconds', sql: "TIMESTAMP '2026-11-20'", message: /found TIMESTAMP/, unit: 's' },
  { name: 'a number as ISO 8601', sql: '1::BIGINT', message: /expected text, found BIGINT/, unit: 'iso' },
];

describe('the reader of times', () => {
  it.each(readable)('reads $name', async ({ name, sql, expected, unit, timezone }) => {
    const file = await write(name, sql);
    const { rows, refused: none } = await bench.load(events(unit, timezone), [file]);
    expect({ rows: columnOf(rows, 'timestamp'), none }).toEqual({ rows: [expected], none: [] });
  });

  it.each(refused)('rejects $name', async ({ name, sql, reason, unit }) => {
    const { rows, refused: rest } = await bench.load(events(unit), [await write(name, sql)]);
    expect(rows).toEqual([]);
    expect(rest.map((row) => row['reason'])).toEqual([`SLUICE_INGEST_ROW_TIME_${reason}`]);
    expect(rest[0]?.['detail']).toBe('row 0, column "ts"');
  });

  it.each(unfit)('rejects a file with $name by name', async ({ name, sql, message, unit }) => {
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
