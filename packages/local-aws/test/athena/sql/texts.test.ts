import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openLake } from './openLake.ts';

const OPEN_X = "ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'";
const OPEN_CSV = "ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde'";
const PARQUET_INPUT = 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat';

let lake: Awaited<ReturnType<typeof openLake>>;
beforeAll(async () => {
  lake = await openLake();
});
afterAll(() => lake.close());

let tables = 0;
/** A table over files of texts, each under its own name. @returns Its name. */
async function table(
  columns: string,
  clauses: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<string> {
  tables += 1;
  const name = `t${tables}`;
  const [before, behind = ''] = clauses.split(' TBLPROPERTIES ');
  for (const [file, text] of Object.entries(files))
    await lake.store.put('lake', `${name}/${file}`, Readable.from([Buffer.from(text)]));
  const properties = behind && `TBLPROPERTIES ${behind}`;
  await lake.rows(
    `CREATE EXTERNAL TABLE ${name} (${columns}) ${before} LOCATION 's3://lake/${name}/' ${properties}`,
  );
  return name;
}

describe('tables of texts', () => {
  it('read JSON, a document a line, compressed or not, with what is no text as its JSON', async () => {
    const name = await table('id string, n bigint, more string, tags array<string>', OPEN_X, {
      'a.json': '{"id":"a","n":1,"more":{"b":[1,"x"]}}\n{"n":2,"tags":["t",null],"other":true}\n',
      'b.json.gz': gzipSync('{"id":"c"}\n'),
    });
    expect(await lake.rows(`SELECT * FROM ${name} ORDER BY n`)).toEqual([
      ['a', '1', '{"b":[1,"x"]}', undefined],
      [undefined, '2', undefined, '[t, null]'],
      ['c', undefined, undefined, undefined],
    ]);
    expect(await lake.rows(`SELECT DISTINCT "$path" FROM ${name} WHERE id = 'c'`)).toEqual([
      [`s3://lake/${name}/b.json.gz`],
    ]);
  });

  it('fail for a line that is no JSON, and for a value of another type', async () => {
    const broken = await table('a int', OPEN_X, { 'a.json': '{"a":1}\n{oops\n' });
    expect((await lake.ask(`SELECT count(a) FROM ${broken}`)).state).toBe('FAILED');
    const other = await table('a int', OPEN_X, { 'a.json': '{"a":"x"}\n' });
    expect((await lake.ask(`SELECT a FROM ${other}`)).state).toBe('FAILED');
  });

  it("read CSV of texts, and run a seed's statements, as dbt-athena writes them", async () => {
    await lake.store.put(
      'lake',
      'seed/rows.csv',
      Readable.from([Buffer.from('id,name\n1,"a ""quoted"", name"\n2,\n')]),
    );
    await lake.rows(`
      create external table \`db\`.\`seed__dbt_tmp\` (\`id\` string, \`name\` string)
      row format serde 'org.apache.hadoop.hive.serde2.OpenCSVSerde'
      location 's3://lake/seed'
      tblproperties ('skip.header.line.count'='1')`);
    await lake.rows(`create table db.seed with (format = 'parquet', external_location = 's3://lake/seed_own/') as
      select cast(nullif(id, '') as integer) as id, nullif(name, '') as name from db.seed__dbt_tmp`);
    expect(await lake.rows('SELECT * FROM seed ORDER BY id')).toEqual([
      ['1', 'a "quoted", name'],
      ['2', undefined],
    ]);
  });

  it.each([
    { columns: 'a int', clauses: OPEN_CSV, reason: /The type int of the column a with OpenCSVSerde/ },
    {
      columns: 'a string',
      clauses: `${OPEN_X} TBLPROPERTIES ('mapping.a' = 'A')`,
      reason: /The property mapping.a/,
    },
    {
      columns: 'a string',
      clauses: `${OPEN_X} TBLPROPERTIES ('skip.header.line.count' = '1')`,
      reason: /skip.header.line.count/,
    },
    {
      columns: 'a string',
      clauses: `${OPEN_CSV} TBLPROPERTIES ('separatorChar' = ';')`,
      reason: /The property separatorChar/,
    },
  ])('are refused by name when they are read: $columns $clauses', async ({ columns, clauses, reason }) => {
    const name = await table(columns, clauses, { a: 'x\n' });
    expect((await lake.failure(`SELECT * FROM ${name}`)).reason).toMatch(reason);
  });

  it('are refused by name where they are compressed otherwise, and where rows are written', async () => {
    const name = await table('a string', OPEN_CSV, { 'a.csv.bz2': 'x' });
    expect((await lake.failure(`SELECT * FROM ${name}`)).reason).toMatch(/compressed as \.bz2/);
    expect((await lake.failure(`INSERT INTO ${name} VALUES ('x')`)).reason).toMatch(/Writing texts/);
  });

  it.each([
    { clauses: "ROW FORMAT DELIMITED FIELDS TERMINATED BY ','", reason: /ROW FORMAT DELIMITED/ },
    { clauses: "ROW FORMAT SERD 'x'", reason: /SERDE/ },
    { clauses: `${OPEN_X} ${OPEN_CSV}`, reason: /A second ROW FORMAT/ },
    { clauses: `STORED AS PARQUET STORED AS TEXTFILE ${OPEN_X}`, reason: /A second STORED AS/ },
    { clauses: '', reason: /A table of texts without a SerDe/ },
    { clauses: 'STORED AS TEXTFILE', reason: /A table of texts without a SerDe/ },
    { clauses: 'STORED AS AVRO', reason: /STORED AS AVRO/ },
    {
      clauses: "ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.RegexSerDe'",
      reason: /The SerDe org\.apache\.\S+RegexSerDe/,
    },
    { clauses: `${OPEN_CSV} WITH SERDEPROPERTIES ('separatorChar' = ';')`, reason: /WITH SERDEPROPERTIES/ },
    { clauses: `${OPEN_X} STORED AS PARQUET`, reason: /The SerDe \S+JsonSerDe with STORED AS PARQUET/ },
    {
      clauses: "ROW FORMAT SERDE 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe'",
      reason: /The SerDe \S+ParquetHiveSerDe for texts/,
    },
    {
      clauses: `STORED AS INPUTFORMAT '${PARQUET_INPUT}' OUTPUTFORMAT 'org.example.ParquetOutputFormat'`,
      reason: /STORED AS INPUTFORMAT \S+ OUTPUTFORMAT org\.example\.ParquetOutputFormat/,
    },
  ])('are refused by name when they are made: $clauses', async ({ clauses, reason }) => {
    const made = lake.ask(`CREATE EXTERNAL TABLE bad (a string) ${clauses} LOCATION 's3://lake/bad/'`);
    await expect(made).rejects.toThrow(reason);
  });
});
