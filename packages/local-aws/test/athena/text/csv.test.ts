import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OPEN_CSV, openTexts } from './openTexts.ts';

let texts: Awaited<ReturnType<typeof openTexts>>;
beforeAll(async () => {
  texts = await openTexts();
});
afterAll(() => texts.close());

describe('tables of OpenCSVSerDe', () => {
  it('reads quoted fields, with separators, doubled and escaped quotes, and lines of any ending', async () => {
    const name = await texts.table('a string, b string', OPEN_CSV, {
      '1.csv': '\ufeff"x, y",2\r\n"say ""hi""","a\\"b"\rplain,"q"\n,\n',
    });
    expect(await texts.rows(`SELECT * FROM ${name}`)).toEqual([
      ['x, y', '2'],
      ['say "hi"', 'a"b'],
      ['plain', 'q'],
      ['', ''],
    ]);
  });

  it('reads missing columns as null, drops further ones, and reads an empty line as nulls', async () => {
    const name = await texts.table('a string, b string', OPEN_CSV, { '1.csv': 'x\n1,2,3\n\n"open,4\n' });
    expect(await texts.rows(`SELECT * FROM ${name}`)).toEqual([
      ['x', undefined],
      ['1', '2'],
      [undefined, undefined],
      // A quote that stays open swallows the rest of the line, and the field with it.
      [undefined, undefined],
    ]);
  });

  it('does not read line breaks within quotes, as Athena', async () => {
    const name = await texts.table('a string, b string', OPEN_CSV, { '1.csv': '"x\ny",2\n' });
    expect(await texts.rows(`SELECT * FROM ${name}`)).toEqual([
      [undefined, undefined],
      [undefined, undefined],
    ]);
  });

  it('reads numbers, booleans, days and milliseconds', async () => {
    const name = await texts.table(
      'i int, b bigint, d double, f boolean, day date, at timestamp, n decimal(5,2)',
      OPEN_CSV,
      { '1.csv': '"-7",9223372036854775807,1.5e3,TRUE,18276,1579059880123,"1.005"\n' },
    );
    expect(await texts.rows(`SELECT * FROM ${name}`)).toEqual([
      ['-7', '9223372036854775807', '1500.0', 'true', '2020-01-15', '2020-01-15 03:44:40.123', '1.01'],
    ]);
  });

  it.each([
    ['int', '', ''],
    ['int', '2147483648', '2147483648'],
    ['bigint', '1.5', '1.5'],
    ['double', 'x', 'x'],
    ['boolean', 'yes', 'yes'],
    ['date', '2020-01-15', '2020-01-15'],
    ['timestamp', '2020-01-15 00:00:00', '2020-01-15 00:00:00'],
  ])('fails for a value that is no %s: %s', async (type, text, shown) => {
    const name = await texts.table(`a string, b ${type}`, OPEN_CSV, { '1.csv': `x,"${text}"\n` });
    expect(await texts.failure(`SELECT b FROM ${name}`)).toBe(
      `HIVE_BAD_DATA: Error parsing field value '${shown}' for field 1: For input string: "${shown}"`,
    );
    // A column that is not read does not matter.
    expect(await texts.rows(`SELECT a FROM ${name}`)).toEqual([['x']]);
    expect(await texts.rows(`SELECT count(*) FROM ${name}`)).toEqual([['1']]);
  });

  it('reads such a value as null with use.null.for.invalid.data', async () => {
    const name = await texts.table(
      'a int',
      OPEN_CSV,
      { '1.csv': 'x\n1\n' },
      "TBLPROPERTIES ('use.null.for.invalid.data' = 'true')",
    );
    expect(await texts.rows(`SELECT a FROM ${name}`)).toEqual([[undefined], ['1']]);
  });

  it('takes its characters from the properties', async () => {
    const name = await texts.table(
      'a string, b string',
      `${OPEN_CSV} WITH SERDEPROPERTIES ("separatorChar" = "|", 'quoteChar' = '\\'', "escapeChar" = "#")`,
      { '1.csv': "'x|#'y'|z\n" },
    );
    expect(await texts.rows(`SELECT * FROM ${name}`)).toEqual([["x|'y", 'z']]);
  });

  it('refuses equal characters and types that the SerDe does not have', async () => {
    const same = await texts.table(
      'a string',
      `${OPEN_CSV} WITH SERDEPROPERTIES ('quoteChar' = '"', 'escapeChar' = '"')`,
      {},
    );
    expect(await texts.failure(`SELECT * FROM ${same}`)).toBe(
      'HIVE_INVALID_METADATA: The separator, quote, and escape characters must be different!',
    );
    const nested = await texts.table('a array<int>', OPEN_CSV, { '1.csv': '1\n' });
    expect(await texts.failure(`SELECT * FROM ${nested}`)).toBe(
      'NOT_SUPPORTED: The type array of the column a with OpenCSVSerde is not emulated by the local Athena: try it in Trino or on AWS',
    );
  });

  it('skips headers of every file, compressed or not', async () => {
    const name = await texts.table(
      'a string, b int',
      OPEN_CSV,
      {
        '1.csv': 'name,number\nx,1\n',
        '2.csv.gz': gzipSync('name,number\ny,2\nz,3\n'),
        '3.csv.zst': zstdCompressSync('name,number'),
      },
      "TBLPROPERTIES ('skip.header.line.count' = '1')",
    );
    expect(await texts.rows(`SELECT a, b, "$path" FROM ${name} ORDER BY b`)).toEqual([
      ['x', '1', `s3://lake/${name}/1.csv`],
      ['y', '2', `s3://lake/${name}/2.csv.gz`],
      ['z', '3', `s3://lake/${name}/2.csv.gz`],
    ]);
    const footed = await texts.table(
      'a string',
      OPEN_CSV,
      {},
      "TBLPROPERTIES ('skip.footer.line.count' = '1')",
    );
    expect(await texts.failure(`SELECT * FROM ${footed}`)).toBe(
      'NOT_SUPPORTED: The property skip.footer.line.count is not emulated by the local Athena: try it in Trino or on AWS',
    );
    const wrong = await texts.table(
      'a string',
      OPEN_CSV,
      {},
      "TBLPROPERTIES ('skip.header.line.count' = 'one')",
    );
    expect(await texts.failure(`SELECT * FROM ${wrong}`)).toBe(
      'HIVE_INVALID_METADATA: Invalid value for skip.header.line.count property: one',
    );
  });

  it('fails for damaged files', async () => {
    const whole = gzipSync('a\n'.repeat(100_000));
    const cut = await texts.table('a string', OPEN_CSV, { '1.gz': whole.subarray(0, whole.length / 2) });
    expect(await texts.failure(`SELECT * FROM ${cut}`)).toBe(
      `HIVE_CURSOR_ERROR: Failed to read file at s3://lake/${cut}/1.gz`,
    );
    const plain = await texts.table('a string', OPEN_CSV, { '1.gz': 'not compressed' });
    expect(await texts.failure(`SELECT count(*) FROM ${plain}`)).toBe(
      `HIVE_CURSOR_ERROR: Failed to read file at s3://lake/${plain}/1.gz`,
    );
  });
});
