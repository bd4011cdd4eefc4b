import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openLake } from './openLake.ts';

let lake: Awaited<ReturnType<typeof openLake>>;
beforeAll(async () => {
  lake = await openLake();
});
afterAll(() => lake.close());

/** The numbers of the buckets that the values of a column are in. */
async function bucketsOf(name: string, values: readonly string[], type: string, count: number) {
  const rows = values.map((value) => `(CAST(${value} AS ${type}))`).join(', ');
  await lake.rows(
    `CREATE TABLE ${name} WITH (bucketed_by = ARRAY['v'], bucket_count = ${count}, external_location = 's3://lake/${name}/') AS SELECT * FROM (VALUES ${rows}) AS t(v)`,
  );
  const found = await lake.rows(
    `SELECT CAST(v AS varchar), CAST(regexp_extract("$path", '_bucket-(\\d{5})', 1) AS integer) FROM ${name}`,
  );
  return Object.fromEntries(found.map(([value, bucket]) => [value, Number(bucket)]));
}

describe('buckets', () => {
  // The hashes are those of Hive, as in awswrangler's tests of bucketing and by Java's hashCode of the same types.
  it.each([
    ['ints', 'integer', 2, { 0: 0, 1: 1, 2: 0 }],
    ['negative', 'integer', 8, { '-1': 7, '-8': 0 }],
    // 2^32 + 5: 1 xor 5. -1: -1 xor -1.
    ['longs', 'bigint', 16, { 4294967301: 4, '-1': 0, 9: 9 }],
    ['bools', 'boolean', 2, { true: 1, false: 0 }],
    // 'ab' is 97 * 31 + 98; 'é' is -61 * 31 - 87.
    ['texts', 'varchar', 1000, { ab: 105, "'é'": (-61 * 31 - 87 + 2 ** 31) % 1000 }],
    // 1.5 is 0x3FF80000 00000000, and 0x3FC00000 as a real.
    ['doubles', 'double', 1000, { '1.5': 0x3ff80000 % 1000 }],
    ['reals', 'real', 1000, { '1.5': 0x3fc00000 % 1000 }],
    ['dates', 'date', 100, { "'1970-01-12'": 11, "'1969-12-31'": (2 ** 31 - 1) % 100 }],
  ])('%s', async (name, type, count, expected) => {
    const literal = (key: string) => (type === 'varchar' && !key.startsWith("'") ? `'${key}'` : key);
    const found = await bucketsOf(name, Object.keys(expected).map(literal), type, count);
    const plain = Object.entries(expected).map(([key, bucket]) => [key.replaceAll("'", ''), bucket]);
    const shown = Object.entries(found).map(([key, bucket]) => [key.replace(/^1\.5.*/, '1.5'), bucket]);
    expect(Object.fromEntries(shown)).toEqual(Object.fromEntries(plain));
  });

  it('begins the hash of a varchar with 1', async () => {
    await lake.rows(
      "CREATE TABLE lengths WITH (bucketed_by = ARRAY['v'], bucket_count = 1000) AS SELECT CAST('ab' AS varchar(5)) AS v",
    );
    expect(await lake.rows('SELECT regexp_extract("$path", \'[0-9]{5}$\') FROM lengths')).toEqual([
      ['00066'],
    ]);
  });

  it('has the files of partitions apart, and tells Glue', async () => {
    await lake.rows(
      `CREATE TABLE apart WITH (format = 'TEXTFILE', partitioned_by = ARRAY['ds'], bucketed_by = ARRAY['name', 'id'], bucket_count = 3)
       AS SELECT id, name, ds FROM events WHERE ds > DATE '2026-11-18'`,
    );
    const paths = await lake.rows('SELECT DISTINCT "$path", ds FROM apart ORDER BY ds, 1');
    expect(paths.length).toBeGreaterThan(2);
    expect(paths.length).toBeLessThanOrEqual(6);
    expect(await lake.rows('SELECT count(*), count(DISTINCT id) FROM apart')).toEqual([['20', '10']]);
    const { input, partitions } = lake.catalog.table('db', 'apart');
    expect(input.StorageDescriptor).toMatchObject({ BucketColumns: ['name', 'id'], NumberOfBuckets: 3 });
    expect(partitions.map(({ values }) => values)).toEqual([['2026-11-19'], ['2026-11-20']]);
    expect((await lake.failure("INSERT INTO apart VALUES (1, 'a', DATE '2026-11-20')")).reason).toBe(
      'NOT_SUPPORTED: Athena does not support using INSERT INTO to add new records to bucketed tables',
    );
  });

  it('reads clustered tables and shows how they are', async () => {
    await lake.put('clustered/0.parquet', 'SELECT 1::INTEGER AS a');
    await lake.rows(
      "CREATE EXTERNAL TABLE clustered (a int, b string) CLUSTERED BY (a, B) INTO 4 BUCKETS STORED AS PARQUET LOCATION 's3://lake/clustered/'",
    );
    expect(await lake.rows('SELECT a FROM clustered')).toEqual([['1']]);
    expect(lake.catalog.table('db', 'clustered').input.StorageDescriptor).toMatchObject({
      BucketColumns: ['a', 'b'],
      NumberOfBuckets: 4,
    });
    const shown = (await lake.rows('SHOW CREATE TABLE clustered')).map(([line]) => line?.trim()).join(' ');
    expect(shown).toContain('CLUSTERED BY ( a, b) INTO 4 BUCKETS ROW FORMAT SERDE');
    expect((await lake.failure("INSERT INTO clustered VALUES (1, 'a')")).reason).toBe(
      'HIVE_PARTITION_READ_ONLY: Cannot insert into bucketed unpartitioned Hive table',
    );
  });

  it.each([
    [
      "bucketed_by = ARRAY['id']",
      'INVALID_TABLE_PROPERTY: bucketed_by and bucket_count must appear together',
    ],
    [
      "bucketed_by = ARRAY['id'], bucket_count = 0",
      'INVALID_TABLE_PROPERTY: bucket_count must be greater than zero',
    ],
    [
      "bucketed_by = ARRAY['id', 'x'], bucket_count = 2",
      'INVALID_TABLE_PROPERTY: Bucketing columns [x] not present in schema',
    ],
    [
      "bucketed_by = ARRAY['ts'], bucket_count = 2",
      'NOT_SUPPORTED: Buckets by a column of type timestamp is not emulated by the local Athena',
    ],
  ])('refuses %s', async (properties, reason) => {
    const statement = `CREATE TABLE refused WITH (${properties}) AS SELECT id, ts FROM events`;
    expect((await lake.failure(statement)).reason).toBe(reason);
  });
});
