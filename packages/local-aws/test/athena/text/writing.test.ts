import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HIVE_JSON, OPEN_CSV, OPEN_X, openTexts } from './openTexts.ts';

let texts: Awaited<ReturnType<typeof openTexts>>;
beforeAll(async () => {
  texts = await openTexts();
});
afterAll(() => texts.close());

/** A value of every type, and a row of nulls. */
const EVERY = `SELECT * FROM (VALUES (true, CAST(1 AS tinyint), 9223372036854775807, CAST(0.1 AS real), 1e10, CAST('1.50' AS decimal(5,2)), 'a,"b', CAST('x' AS char(3)),
  date '2020-01-05', timestamp '2020-01-05 10:11:12.120', to_utf8('é'), ARRAY[1, NULL], MAP(ARRAY['k'], ARRAY[2]), CAST(ROW('v', ARRAY['w']) AS ROW(m varchar, n array(varchar)))),
  (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)) AS t(a, b, c, d, e, f, g, h, i, j, k, l, m, n)`;

/** The text of the only object below a folder, and its name's ending. */
const only = async (prefix: string) => {
  const [key = '', ...more] = texts.keys(prefix);
  expect(more).toEqual([]);
  return { key, bytes: await texts.content(key) };
};

describe('CREATE TABLE AS in text formats', () => {
  it('writes TEXTFILE, compressed with GZIP and divided by ^A, and reads it', async () => {
    await texts.rows(
      `CREATE TABLE every WITH (format = 'TEXTFILE', external_location = 's3://lake/every/') AS ${EVERY}`,
    );
    const { key, bytes } = await only('every/');
    expect(key).toMatch(/\.gz$/);
    expect(gunzipSync(bytes).toString()).toBe(
      [
        'true|1|9223372036854775807|0.1|1.0E10|1.50|a,"b|x  |2020-01-05|2020-01-05 10:11:12.12|w6k=|1~\\N|k^2|v~w\n',
        `${Array.from({ length: 14 }, () => '\\N').join('|')}\n`,
      ]
        .join('')
        .replaceAll('|', '\u0001')
        .replaceAll('~', '\u0002')
        .replaceAll('^', '\u0003'),
    );
    expect(await texts.rows('SELECT * FROM every ORDER BY a')).toEqual(
      await texts.rows(`${EVERY} ORDER BY a`),
    );
    expect(texts.catalog.table('db', 'every').input.StorageDescriptor).toMatchObject({
      InputFormat: 'org.apache.hadoop.mapred.TextInputFormat',
      SerdeInfo: {
        SerializationLibrary: 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe',
        Parameters: { 'serialization.format': '1' },
      },
    });
  });

  it('writes JSON, and reads it', async () => {
    await texts.rows(
      `CREATE TABLE documents WITH (format = 'JSON', write_compression = 'NONE', external_location = 's3://lake/documents/') AS ${EVERY}`,
    );
    const { key, bytes } = await only('documents/');
    expect(key).toMatch(/_0$/);
    expect(bytes.toString().split('\n')[0]).toBe(
      '{"a":true,"b":1,"c":9223372036854775807,"d":0.1,"e":1.0E10,"f":1.50,"g":"a,\\"b","h":"x  ","i":"2020-01-05","j":"2020-01-05 10:11:12.12","k":"é","l":[1,null],"m":{"k":2},"n":{"m":"v","n":["w"]}}',
    );
    expect(await texts.rows('SELECT * FROM documents ORDER BY a')).toEqual(
      await texts.rows(`${EVERY} ORDER BY a`),
    );
    await texts.rows('INSERT INTO documents SELECT * FROM documents');
    expect(texts.keys('documents/').map((name) => name.replace(/.*_/, ''))).toEqual(['0', '0']);
  });

  it('takes a delimiter, a compression and partitions', async () => {
    await texts.rows(`CREATE TABLE parts WITH (format = 'TEXTFILE', field_delimiter = ',', write_compression = 'ZSTD', compression_level = 1,
      partitioned_by = ARRAY['ds'], external_location = 's3://lake/parts/') AS
      SELECT * FROM (VALUES (1, 'x', '2020-01-05'), (2, 'y', '2020-01-06'), (3, NULL, NULL)) AS t(id, name, ds)`);
    const keys = texts.keys('parts/').sort();
    expect(keys.map((key) => key.replace(/[\w-]+(?=_\d)/, 'id').replace(/_\d/, '_n'))).toEqual([
      'parts/ds=2020-01-05/id_n.zst',
      'parts/ds=2020-01-06/id_n.zst',
      'parts/ds=__HIVE_DEFAULT_PARTITION__/id_n.zst',
    ]);
    expect(zstdDecompressSync(await texts.content(keys[0] ?? '')).toString()).toBe('1,x\n');
    await texts.rows("INSERT INTO parts VALUES (4, 'z', '2020-01-05')");
    expect(await texts.rows('SELECT * FROM parts WHERE id <> 2 ORDER BY id')).toEqual([
      ['1', 'x', '2020-01-05'],
      ['3', undefined, undefined],
      ['4', 'z', '2020-01-05'],
    ]);
  });

  // pyarrow decompresses both chunks to the line.
  it.each([
    ['SNAPPY', '.snappy', '000000650000001065046162fe020076020010616261620a'],
    ['LZ4', '.lz4', '000000650000000c2f616202004b50616261620a'],
  ])('writes %s in the frames of Hadoop', async (compression, ending, hex) => {
    const name = `blocks_${compression.toLowerCase()}`;
    await texts.rows(
      `CREATE TABLE ${name} WITH (format = 'TEXTFILE', write_compression = '${compression}', external_location = 's3://lake/${name}/') AS SELECT rpad('', 100, 'ab') AS a`,
    );
    const { key, bytes } = await only(`${name}/`);
    expect([key.slice(-ending.length), bytes.toString('hex')]).toEqual([ending, hex]);
    // A line that spans blocks.
    const long = "array_join(sequence(1, 40000), ',')";
    await texts.rows(`INSERT INTO ${name} SELECT ${long}`);
    expect(await texts.rows(`SELECT length(a) FROM ${name} WHERE a = ${long}`)).toEqual([['228893']]);
  });

  it.each([
    [
      "format = 'ORC'",
      'NOT_SUPPORTED: Writing in the format ORC is not emulated by the local Athena, which writes PARQUET, TEXTFILE and JSON',
    ],
    [
      "format = 'AVRO'",
      'NOT_SUPPORTED: Writing in the format AVRO is not emulated by the local Athena, which writes PARQUET, TEXTFILE and JSON',
    ],
    [
      "format = 'JSON', field_delimiter = ','",
      'INVALID_TABLE_PROPERTY: Cannot specify field_delimiter property for storage format: JSON',
    ],
    [
      "format = 'TEXTFILE', field_delimiter = '||'",
      'INVALID_TABLE_PROPERTY: field_delimiter must be a single character',
    ],
    [
      "format = 'TEXTFILE', write_compression = 'BZIP2'",
      'NOT_SUPPORTED: The compression BZIP2 of text files is not emulated by the local Athena',
    ],
  ])('refuses %s', async (properties, reason) => {
    expect(await texts.failure(`CREATE TABLE no WITH (${properties}) AS SELECT 1 AS a`)).toBe(reason);
  });

  it('writes at most 100 partitions', async () => {
    expect(
      await texts.failure(
        "CREATE TABLE many WITH (format = 'JSON', partitioned_by = ARRAY['p']) AS SELECT 1 AS a, n AS p FROM UNNEST(sequence(1, 101)) AS t(n)",
      ),
    ).toBe('HIVE_TOO_MANY_OPEN_PARTITIONS: Exceeded limit of 100 open writers for partitions/buckets');
  });
});

describe('INSERT INTO text tables', () => {
  it('writes CSV with quotes, its header, and no field for null', async () => {
    const name = await texts.table(
      'a string, b string',
      OPEN_CSV,
      {},
      "TBLPROPERTIES ('skip.header.line.count' = '1')",
    );
    await texts.rows(`INSERT INTO ${name} VALUES ('x,"y"', 'back\\slash'), (NULL, '')`);
    const { bytes } = await only(`${name}/`);
    expect(gunzipSync(bytes).toString()).toBe('"a","b"\n"x,\\"y\\"","back\\\\slash"\n,""\n');
    expect(await texts.rows(`SELECT * FROM ${name}`)).toEqual([
      ['x,"y"', 'back\\slash'],
      ['', ''],
    ]);
  });

  it('escapes what divides fields, if there is an escape', async () => {
    const name = await texts.table(
      'a string, b array<string>',
      "ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' ESCAPED BY '\\\\' COLLECTION ITEMS TERMINATED BY '|'",
      {},
      "TBLPROPERTIES ('write.compression' = 'NONE')",
    );
    await texts.rows(`INSERT INTO ${name} VALUES ('x,y\\', ARRAY['a|b', NULL])`);
    expect((await only(`${name}/`)).bytes.toString()).toBe('x\\,y\\\\,a\\|b|\\N\n');
    expect(await texts.rows(`SELECT * FROM ${name}`)).toEqual([['x,y\\', '[a|b, null]']]);
  });

  it('writes NULL into a column of any type', async () => {
    const name = await texts.table('a int, b string, c array<int>', '', {});
    await texts.rows(`INSERT INTO ${name} VALUES (1, NULL, NULL)`);
    await texts.rows(`INSERT INTO ${name} (b, a) SELECT NULL, 2 AS a`);
    await texts.rows(`INSERT INTO ${name} VALUES (3, 'x', NULL), (4, NULL, NULL)`);
    expect(await texts.rows(`SELECT * FROM ${name} ORDER BY a`)).toEqual([
      ['1', undefined, undefined],
      ['2', undefined, undefined],
      ['3', 'x', undefined],
      ['4', undefined, undefined],
    ]);
    expect(await texts.failure(`INSERT INTO ${name} (b) VALUES (NULL), (1)`)).toBe(
      'TYPE_MISMATCH: Insert query has mismatched column types: Table: [varchar], Query: [integer]',
    );
  });

  it('refuses what Athena does not write', async () => {
    const numbers = await texts.table('a string, b int', OPEN_CSV, {});
    expect(await texts.failure(`INSERT INTO ${numbers} VALUES ('x', 1)`)).toBe(
      'NOT_SUPPORTED: Hive CSV storage format only supports VARCHAR (unbounded). Unsupported columns: b int',
    );
    const openX = await texts.table('a string', OPEN_X, {});
    expect(await texts.failure(`INSERT INTO ${openX} VALUES ('x')`)).toMatch(
      /^NOT_SUPPORTED: Athena does not write files of org\.openx/,
    );
    const headers = await texts.table(
      'a string',
      HIVE_JSON,
      {},
      "TBLPROPERTIES ('skip.header.line.count' = '2')",
    );
    expect(await texts.failure(`INSERT INTO ${headers} VALUES ('x')`)).toBe(
      'NOT_SUPPORTED: Inserting into Hive table with value of skip.header.line.count property greater than 1 is not supported',
    );
    expect(texts.keys(`${numbers}/`)).toEqual([]);
  });

  it('leaves nothing behind when the query fails', async () => {
    const name = await texts.table('a string', '', {});
    expect(
      await texts.failure(
        `INSERT INTO ${name} SELECT CAST(1 / n AS varchar) FROM UNNEST(ARRAY[1, 0]) AS t(n)`,
      ),
    ).toMatch(/^DIVISION_BY_ZERO/);
    expect(texts.keys(`${name}/`)).toEqual([]);
  });
});

describe('UNLOAD in text formats', () => {
  it('writes TEXTFILE and JSON, compressed with GZIP', async () => {
    await texts.rows(
      "UNLOAD (SELECT 1 AS a, 'x' AS b) TO 's3://lake/unload/text/' WITH (format = 'TEXTFILE', field_delimiter = '|')",
    );
    const text = await only('unload/text/');
    expect([gunzipSync(text.bytes).toString(), text.key.slice(-3)]).toEqual(['1|x\n', '.gz']);
    await texts.rows("UNLOAD (SELECT 1, 'x' AS b) TO 's3://lake/unload/json/' WITH (format = 'JSON')");
    expect(gunzipSync((await only('unload/json/')).bytes).toString()).toBe('{"_col0":1,"b":"x"}\n');
    await texts.rows(
      "UNLOAD (SELECT 1 AS a, 'x' AS p) TO 's3://lake/unload/plain/' WITH (format = 'JSON', compression = 'NONE', partitioned_by = ARRAY['p'])",
    );
    const plain = await only('unload/plain/');
    expect([plain.bytes.toString(), plain.key.split('/')[2]]).toEqual(['{"a":1}\n', 'p=x']);
    expect(
      await texts.failure("UNLOAD (SELECT 1 AS a) TO 's3://lake/unload/orc/' WITH (format = 'ORC')"),
    ).toMatch(/^NOT_SUPPORTED: Writing in the format ORC/);
  });
});
