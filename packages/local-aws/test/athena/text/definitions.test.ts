import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openTexts } from './openTexts.ts';

let texts: Awaited<ReturnType<typeof openTexts>>;
beforeAll(async () => {
  texts = await openTexts();
});
afterAll(() => texts.close());

const LAZY = 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe';
const TEXT = {
  InputFormat: 'org.apache.hadoop.mapred.TextInputFormat',
  OutputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
};

const define = async (name: string, clauses: string) => {
  await texts.rows(`CREATE EXTERNAL TABLE ${name} (a string, b int) ${clauses}`);
  return texts.catalog.table('db', name).input;
};

describe('CREATE EXTERNAL TABLE of text files', () => {
  it('is text by default', async () => {
    expect(await define('plain', "LOCATION 's3://lake/plain/'")).toMatchObject({
      TableType: 'EXTERNAL_TABLE',
      Parameters: { EXTERNAL: 'TRUE' },
      StorageDescriptor: {
        ...TEXT,
        Location: 's3://lake/plain',
        SerdeInfo: { SerializationLibrary: LAZY, Parameters: { 'serialization.format': '1' } },
      },
    });
  });

  it('stores the delimiters as properties of LazySimpleSerDe', async () => {
    const input = await define(
      'delimited',
      `ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' LINES TERMINATED BY '\\n' NULL DEFINED AS ''
       STORED AS TEXTFILE LOCATION 's3://lake/delimited/' TBLPROPERTIES ('skip.header.line.count' = '1', "k" = "it's")`,
    );
    expect(input.StorageDescriptor?.SerdeInfo).toEqual({
      SerializationLibrary: LAZY,
      Parameters: {
        'field.delim': '\t',
        'serialization.format': '\t',
        'escape.delim': '\\',
        'line.delim': '\n',
        'serialization.null.format': '',
      },
    });
    expect(input.Parameters).toEqual({ EXTERNAL: 'TRUE', 'skip.header.line.count': '1', k: "it's" });
  });

  it("stores a SerDe's properties, and classes of input and output, as they are written", async () => {
    const input = await define(
      'csv',
      `ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde'
       WITH SERDEPROPERTIES ("separatorChar" = ",", "quoteChar" = "\\"", "escapeChar" = "\\\\")
       STORED AS INPUTFORMAT 'org.apache.hadoop.mapred.TextInputFormat'
       OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.IgnoreKeyTextOutputFormat'
       LOCATION 's3://lake/csv/'`,
    );
    expect(input.StorageDescriptor).toMatchObject({
      InputFormat: TEXT.InputFormat,
      OutputFormat: 'org.apache.hadoop.hive.ql.io.IgnoreKeyTextOutputFormat',
      SerdeInfo: {
        SerializationLibrary: 'org.apache.hadoop.hive.serde2.OpenCSVSerde',
        Parameters: { 'serialization.format': '1', separatorChar: ',', quoteChar: '"', escapeChar: '\\' },
      },
    });
  });

  it('is shown with the backslashes and line breaks of its comments', async () => {
    const shownComment = "it\\'s a\\\\b \\n ä";
    await texts.rows(
      `CREATE EXTERNAL TABLE noted (a string COMMENT '${shownComment}') COMMENT '${shownComment}' LOCATION 's3://lake/noted/'`,
    );
    const before = texts.catalog.table('db', 'noted').input;
    expect(before.Parameters?.['comment']).toBe("it's a\\b \n ä");
    const lines = (await texts.rows('SHOW CREATE TABLE noted')).map(([line]) => line);
    await texts.rows('DROP TABLE noted');
    await texts.rows(lines.join('\n'));
    expect(texts.catalog.table('db', 'noted').input).toEqual(before);
  });

  it('is shown so that the statement can be run again', async () => {
    await define(
      'shown',
      `PARTITIONED BY (ds string) ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' NULL DEFINED AS "'"
       LOCATION 's3://lake/shown/' TBLPROPERTIES ('skip.header.line.count' = '1')`,
    );
    const lines = (await texts.rows('SHOW CREATE TABLE shown')).map(([line]) => line);
    expect(lines).toEqual([
      'CREATE EXTERNAL TABLE `shown`(',
      '  `a` string, ',
      '  `b` int)',
      'PARTITIONED BY ( ',
      '  `ds` string)',
      'ROW FORMAT SERDE ',
      `  '${LAZY}' `,
      'WITH SERDEPROPERTIES ( ',
      "  'escape.delim'='\\\\', ",
      "  'field.delim'='\\t', ",
      "  'serialization.format'='\\t', ",
      "  'serialization.null.format'='\\'')",
      'STORED AS INPUTFORMAT ',
      `  '${TEXT.InputFormat}' `,
      'OUTPUTFORMAT ',
      `  '${TEXT.OutputFormat}'`,
      'LOCATION',
      "  's3://lake/shown'",
      'TBLPROPERTIES (',
      "  'skip.header.line.count'='1')",
    ]);
    const before = texts.catalog.table('db', 'shown').input;
    await texts.rows('DROP TABLE shown');
    await texts.rows(lines.join('\n'));
    expect(texts.catalog.table('db', 'shown').input).toEqual(before);
    expect(await texts.rows('DESCRIBE shown')).toHaveLength(8);
  });

  it.each([
    [
      "ROW FORMAT DELIMITED LINES TERMINATED BY ';'",
      "FAILED: SemanticException LINES TERMINATED BY only supports newline '\\n' right now. Error encountered near token ';'",
    ],
    [
      "ROW FORMAT SERDE 'com.amazonaws.glue.serde.GrokSerDe'",
      'NOT_SUPPORTED: The SerDe com.amazonaws.glue.serde.GrokSerDe is not emulated by the local Athena: try it in Trino or on AWS',
    ],
    [
      "ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.RegexSerDe'",
      'NOT_SUPPORTED: The SerDe org.apache.hadoop.hive.serde2.RegexSerDe is not emulated by the local Athena: try it in Trino or on AWS',
    ],
    [
      "ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe'",
      'NOT_SUPPORTED: The SerDe org.apache.hive.hcatalog.data.JsonSerDe is not emulated by the local Athena: try it in Trino or on AWS',
    ],
    [
      "ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' MAP KEYS TERMINATED BY ':'",
      'NOT_SUPPORTED: Delimiters of nested values is not emulated by the local Athena: try it in Trino or on AWS',
    ],
    [
      'CLUSTERED BY (a) INTO 4 BUCKETS',
      'NOT_SUPPORTED: CLUSTERED BY is not emulated by the local Athena: try it in Trino or on AWS',
    ],
    [
      'STORED AS ORC',
      'NOT_SUPPORTED: STORED AS ORC is not emulated by the local Athena: try it in Trino or on AWS',
    ],
    [
      "ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' STORED AS PARQUET",
      'NOT_SUPPORTED: ROW FORMAT DELIMITED of Parquet files is not emulated by the local Athena: try it in Trino or on AWS',
    ],
    [
      "STORED AS INPUTFORMAT 'org.apache.hadoop.mapred.SequenceFileInputFormat' OUTPUTFORMAT 'x'",
      'NOT_SUPPORTED: The input format org.apache.hadoop.mapred.SequenceFileInputFormat is not emulated by the local Athena: try it in Trino or on AWS',
    ],
  ])('refuses %s', async (clauses, reason) => {
    expect(await texts.failure(`CREATE EXTERNAL TABLE no (a int) ${clauses} LOCATION 's3://lake/no/'`)).toBe(
      reason,
    );
  });

  it("is written by INSERT as dbt-athena's seeds have it, without escapes", async () => {
    await texts.rows(`CREATE EXTERNAL TABLE inserted (a string, b double, c date, d timestamp, e binary, f boolean)
      PARTITIONED BY (ds string) LOCATION 's3://lake/inserted/'`);
    await texts.rows(`INSERT INTO inserted VALUES
      ('say "x", y', 1e-7, DATE '2026-11-20', TIMESTAMP '2026-11-20 10:11:12.5', X'00ff', true, 'one'),
      (NULL, nan(), NULL, NULL, NULL, NULL, 'two'), ('', -infinity(), NULL, NULL, NULL, false, 'two')`);
    expect(await texts.rows('SELECT * FROM inserted ORDER BY ds, a')).toEqual([
      ['say "x", y', '1.0E-7', '2026-11-20', '2026-11-20 10:11:12.500', '00 ff', 'true', 'one'],
      ['', '-Infinity', undefined, undefined, undefined, 'false', 'two'],
      [undefined, 'NaN', undefined, undefined, undefined, undefined, 'two'],
    ]);
    expect(texts.keys('inserted/').map((key) => key.endsWith('.gz'))).toEqual([true, true]);
  });

  it('refuses to write others, and to make them', async () => {
    await define(
      'escaped',
      "ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' ESCAPED BY '\\\\' LOCATION 's3://lake/escaped/'",
    );
    expect(await texts.failure("INSERT INTO escaped VALUES ('a', 1)")).toBe(
      'NOT_SUPPORTED: Writing texts with escapes or headers is not emulated by the local Athena: try it in Trino or on AWS',
    );
    await define(
      'quoted',
      "ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde' LOCATION 's3://lake/q/'",
    );
    expect(await texts.failure("INSERT INTO quoted VALUES ('a', 1)")).toBe(
      'NOT_SUPPORTED: Writing by org.apache.hadoop.hive.serde2.OpenCSVSerde is not emulated by the local Athena: try it in Trino or on AWS',
    );
    const refused = 'which is not PARQUET, is not emulated by the local Athena: try it in Trino or on AWS';
    expect(await texts.failure("CREATE TABLE no WITH (format = 'TEXTFILE') AS SELECT 1 AS a")).toBe(
      `NOT_SUPPORTED: Writing in the format TEXTFILE, ${refused}`,
    );
    expect(await texts.failure("UNLOAD (SELECT 1 AS a) TO 's3://lake/no/' WITH (format = 'JSON')")).toBe(
      `NOT_SUPPORTED: Writing in the format JSON, ${refused}`,
    );
  });

  it("runs a seed's statements, as dbt-athena writes them", async () => {
    await texts.put('seed/rows.csv', 'id,name\n1,"a ""quoted"" name"\n2,\n');
    await texts.rows(`-- /* {"app": "dbt", "profile_name": "it's"} */
      create external table db.seed__dbt_tmp (\`id\` string, \`name\` string)
      row format serde 'org.apache.hadoop.hive.serde2.OpenCSVSerde'
      location 's3://lake/seed'
      tblproperties ('skip.header.line.count' = '1')`);
    await texts.rows(`create table db.seed with (format = 'parquet', external_location = 's3://lake/seed_own/') as
      select cast(nullif(id, '') as integer) as id, nullif(name, '') as name from db.seed__dbt_tmp`);
    expect(await texts.rows('SELECT * FROM seed ORDER BY id')).toEqual([
      ['1', 'a "quoted" name'],
      ['2', undefined],
    ]);
  });
});
