import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openTexts } from './openTexts.ts';

let texts: Awaited<ReturnType<typeof openTexts>>;
beforeAll(async () => {
  texts = await openTexts();
});
afterAll(() => texts.close());

const TABS = "ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\t'";
const COMMAS = "ROW FORMAT DELIMITED FIELDS TERMINATED BY ','";

describe('tables of LazySimpleSerDe', () => {
  it("reads a line of every type, as PyAthena's fixture has it", async () => {
    const name = await texts.table(
      `col_boolean BOOLEAN, col_tinyint TINYINT, col_smallint SMALLINT, col_int INT, col_bigint BIGINT, col_float FLOAT,
       col_double DOUBLE, col_string STRING, col_varchar VARCHAR(10), col_timestamp TIMESTAMP, col_date DATE,
       col_binary BINARY, col_decimal DECIMAL(10,1)`,
      `${TABS} LINES TERMINATED BY '\\n' STORED AS TEXTFILE`,
      {
        'one.gz': gzipSync(
          'true\t127\t32767\t2147483647\t9223372036854775807\t0.5\t0.25\ta string\tvarchar\t2017-01-01 00:00:00\t2017-01-02\tMTIz\t0.1\n',
        ),
      },
    );
    const { rows, types } = await texts.ask(`SELECT * FROM ${name}`);
    expect(rows).toEqual([
      [
        'true',
        '127',
        '32767',
        '2147483647',
        '9223372036854775807',
        '0.5',
        '0.25',
        'a string',
        'varchar',
        '2017-01-01 00:00:00.000',
        '2017-01-02',
        '31 32 33',
        '0.1',
      ],
    ]);
    expect(types).toEqual(
      'boolean tinyint smallint integer bigint float double varchar varchar timestamp date varbinary decimal'.split(
        ' ',
      ),
    );
  });

  it.each([
    [
      'int',
      ['1.9', '+7', '-0', '', 'x', '2147483648', '.', '1e3', '\\N'],
      ['1', '7', '0', undefined, undefined, undefined, '0', undefined, undefined],
    ],
    [
      'double',
      ['1e3', ' 2.5 ', '1d', 'NaN', '-Infinity', '1,5', ''],
      ['1000.0', '2.5', '1.0', 'NaN', '-Infinity', undefined, undefined],
    ],
    ['boolean', ['TRUE', 'False', '1', 't', ''], ['true', 'false', undefined, undefined, undefined]],
    [
      'date',
      ['2020-1-5', '2020-01-05 10:00:00', '2020-13-01', 'x', ''],
      ['2020-01-05', '2020-01-05', '2021-01-01', undefined, undefined],
    ],
    [
      'timestamp',
      [
        '2020-01-05',
        '2020-1-5 1:2:3.4567',
        '2020-01-05T10:11',
        '2020-01-05 10:11',
        '1579059880',
        '2020-01-05T10:11:12Z',
      ],
      [
        '2020-01-05 00:00:00.000',
        '2020-01-05 01:02:03.457',
        '2020-01-05 10:11:00.000',
        undefined,
        undefined,
        undefined,
      ],
    ],
    [
      'decimal(4,2)',
      ['1.005', '-0.001', '99.995', '1e1', 'x', ''],
      ['1.01', '0.00', undefined, '10.00', undefined, undefined],
    ],
    ['varchar(2)', ['abc', '\u{1f600}bc', ''], ['ab', '\u{1f600}b', '']],
    ['binary', ['MTIz', 'x-y!', ''], ['31 32 33', '78 2d 79 21', '']],
  ])('reads texts as %s, and null for what is none', async (type, given, expected) => {
    const lines = given.map((text, index) => `${index}\u0001${text}\n`).join('');
    const name = await texts.table(`id int, a ${type}`, '', { data: lines });
    const rows = await texts.rows(`SELECT a FROM ${name} ORDER BY id`);
    expect(rows.map(([value]) => value)).toEqual(Array.from(expected));
  });

  it('reads missing columns as null, drops further ones, and has a row for an empty line', async () => {
    const name = await texts.table('a string, b int', TABS, { '1.tsv': 'x\ny\t2\tz\r\n\n\t3' });
    expect(await texts.rows(`SELECT * FROM ${name}`)).toEqual([
      ['x', undefined],
      ['y', '2'],
      ['', undefined],
      ['', '3'],
    ]);
  });

  it('takes delimiters, escapes and the text of null from the clause', async () => {
    const name = await texts.table('a string, b string', `${COMMAS} ESCAPED BY '\\\\' NULL DEFINED AS '-'`, {
      data: 'x\\,y,a\\\\b\n-,-\n\\-,\\-\n',
    });
    expect(await texts.rows(`SELECT * FROM ${name}`)).toEqual([
      ['x,y', 'a\\b'],
      [undefined, undefined],
      ['-', '-'],
    ]);
  });

  it('refuses nested types, and formats of timestamps', async () => {
    const nested = await texts.table('a string, b array<int>', COMMAS, { data: 'x\n' });
    expect(await texts.failure(`SELECT a FROM ${nested}`)).toBe(
      'NOT_SUPPORTED: The type array of the column b with LazySimpleSerDe is not emulated by the local Athena: try it in Trino or on AWS',
    );
    const formats = await texts.table(
      'a timestamp',
      `${COMMAS} WITH SERDEPROPERTIES ('timestamp.formats' = 'millis')`,
      { data: '1\n' },
    );
    expect(await texts.failure(`SELECT * FROM ${formats}`)).toBe(
      'NOT_SUPPORTED: The property timestamp.formats is not emulated by the local Athena: try it in Trino or on AWS',
    );
  });

  it("reads partitions by the partition's own properties, and the keys from their folders", async () => {
    const name = await texts.table('a string, b int', `PARTITIONED BY (ds date) ${COMMAS}`, {
      'ds=2026-11-20/1': 'x,1\n',
      'ds=2026-11-21/1': 'y,2\n',
    });
    await texts.rows(`MSCK REPAIR TABLE ${name}`);
    texts.catalog.changePartitions('db', name, (table) => ({
      ...table,
      partitions: table.partitions.map((partition) =>
        partition.values[0] === '2026-11-20'
          ? partition
          : {
              ...partition,
              input: {
                ...partition.input,
                StorageDescriptor: {
                  ...partition.input.StorageDescriptor,
                  SerdeInfo: {
                    SerializationLibrary: 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe',
                    Parameters: { 'field.delim': ';' },
                  },
                },
              },
            },
      ),
    }));
    expect(await texts.rows(`SELECT a, b, ds FROM ${name} ORDER BY ds`)).toEqual([
      ['x', '1', '2026-11-20'],
      ['y,2', undefined, '2026-11-21'],
    ]);
    expect(await texts.rows(`SELECT a FROM ${name} WHERE ds = date '2026-11-20'`)).toEqual([['x']]);
  });

  it('reads lines of any length in bounded memory', async () => {
    const name = await texts.table('a string, b int', COMMAS, { data: `${'x'.repeat(20_000_000)},1\ny,2\n` });
    expect(await texts.rows(`SELECT length(a), b FROM ${name} ORDER BY b`)).toEqual([
      ['20000000', '1'],
      ['1', '2'],
    ]);
  });
});
