import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readParquet } from '../harness/readParquet.ts';
import { ACCOUNT, conversion, convertingStream, FirehoseFixture, REGION, START } from './FirehoseFixture.ts';

let fixture: FirehoseFixture;
beforeEach(async () => {
  fixture = new FirehoseFixture();
  await fixture.start();
});
afterEach(() => fixture.end());

/** Converts values to a column type. Returns the column read back, or the failures' codes. */
async function convert(type: string, values: readonly string[], serDe: object = {}) {
  fixture.tables.set('db.events', { columns: [{ name: 'v', type }] });
  const InputFormatConfiguration = { Deserializer: { OpenXJsonSerDe: serDe } };
  await fixture.firehose.createStream(
    's',
    convertingStream({ DataFormatConversionConfiguration: { ...conversion, InputFormatConfiguration } }),
  );
  await fixture.put('s', ...values.map((value) => `{"v":${value}}`));
  await fixture.firehose.flush();
  const failed = fixture.errors('errors/format-conversion-failed/');
  return { values: (await fixture.rows()).map((row) => row['v'] ?? null), failed };
}

const micros = (...time: [number, number, number, number?, number?, number?]) => new Date(Date.UTC(...time));

describe('a column', () => {
  it('of strings accepts scalars as written and nested JSON as compact text', async () => {
    const { values, failed } = await convert('string', [
      '"text é \\ud83d\\ude00 \\n"',
      '1.50',
      '12345678901234567890',
      'true',
      '{"b" : [1.0, "x y"], "a": null }',
      '[ ]',
      '"half \\ud83d pair"',
      'null',
      '""',
    ]);
    expect(values).toEqual([
      'text é 😀 \n',
      '1.50',
      '12345678901234567890',
      'true',
      '{"b":[1.0,"x y"],"a":null}',
      '[]',
      'half \ufffd pair',
      null,
      '',
    ]);
    expect(failed).toEqual([]);
  });

  it('of strings takes a value that is longer when it is escaped than any record', async () => {
    const nested = `["${'\\\\'.repeat(511_000)}"]`;
    const { values, failed } = await convert('string', ['"a"', nested, '"b"']);
    expect(values).toEqual(['a', nested, 'b']);
    expect(failed).toEqual([]);
  });

  it('of booleans also accepts booleans written as text', async () => {
    const { values, failed } = await convert('boolean', ['true', '"FALSE"', '1', '"yes"', '[]']);
    expect(values).toEqual([true, false]);
    expect(failed.length).toBe(3);
  });

  it.each([
    ['tinyint', ['-128', '"127"'], ['128', '1.5', '1e2', '"x"', 'true', '{}', '""']],
    ['smallint', ['-32768', '32767'], ['32768']],
    ['int', ['-2147483648', ' 2147483647'], ['2147483648', '99999999999999999999999999999999999999999999']],
  ])('of %s accepts values within its range', async (type, good, bad) => {
    const { values, failed } = await convert(type, [...good, ...bad]);
    expect(values).toEqual(good.map((value) => Number(JSON.parse(value))));
    expect(failed.map(({ text }) => text)).toEqual(bad.map((value) => `{"v":${value}}`));
    for (const { lastErrorCode } of failed) expect(lastErrorCode).toBe('DataFormatConversion.MalformedData');
  });

  it('of bigint keeps every digit', async () => {
    const { values, failed } = await convert('bigint', [
      '9223372036854775807',
      '"-9223372036854775808"',
      '9223372036854775808',
    ]);
    expect(values).toEqual([9223372036854775807n, -9223372036854775808n]);
    expect(failed.length).toBe(1);
  });

  it('of double or float accepts numbers, also written as text', async () => {
    const { values, failed } = await convert('double', ['1.5', '"2.5e3"', '-0.1', '1e309', '"NaN"', '"x"']);
    expect(values).toEqual([1.5, 2500, -0.1]);
    expect(failed.map(({ lastErrorMessage }) => lastErrorMessage)).toEqual([
      'Data does not match the schema. Value 1e309 is out of range for type DOUBLE.',
      'Data does not match the schema. For input string: "NaN"',
      'Data does not match the schema. For input string: "x"',
    ]);
  });

  it('of timestamps accepts every format that Firehose reads', async () => {
    const { values, failed } = await convert('timestamp', [
      '"2026-11-20T07:32:01.5Z"',
      '"2026-9-7 1:2:3"',
      '1790000000',
      '1790000000.25',
      '1790000000123',
      '"1790000000"',
      '-1',
      '999999999999',
      '"2026-11-20 07:32:01.123456789"',
      '"2026-9-7T12:00:02Z"',
      '"2026-02-30 00:00:00"',
      '"tomorrow"',
      'true',
    ]);
    expect(values).toEqual([
      new Date('2026-11-20T07:32:01.500Z'),
      micros(2026, 8, 7, 1, 2, 3),
      new Date(1790000000000),
      new Date(1790000000250),
      new Date(1790000000123),
      new Date(1790000000000),
      new Date(-1000),
      // Wraps around 64 bits of nanoseconds, as seen on AWS.
      new Date('2092-10-26T00:40:18.684Z'),
      new Date('2026-11-20T07:32:01.123Z'),
    ]);
    expect(failed.length).toBe(4);
  });

  it('of dates accepts calendar days only', async () => {
    const { values, failed } = await convert('date', [
      '"2026-11-20"',
      '"2026-9-7"',
      '"2026-02-30"',
      '20260101',
    ]);
    expect(values).toEqual([micros(2026, 10, 20), micros(2026, 8, 7)]);
    expect(failed.length).toBe(2);
  });

  it('is found whatever the case of its key, unless the stream is case-sensitive', async () => {
    expect((await convert('string', ['"a","V":"b"', '"c"'])).values).toEqual(['c']);
    expect(fixture.errors()).toMatchObject([
      {
        lastErrorCode: 'DataFormatConversion.ParseError',
        lastErrorMessage: 'Encountered malformed JSON. Duplicate key "v"',
      },
    ]);
  });

  it('is found by its exact key, by a mapped key, or with dots in place of underscores', async () => {
    fixture.tables.set('db.events', {
      columns: ['v', 'ts', 'a_b'].map((name) => ({ name, type: 'string' })),
    });
    const OpenXJsonSerDe = {
      CaseInsensitive: false,
      ConvertDotsInJsonKeysToUnderscores: true,
      ColumnToJsonKeyMappings: { ts: 'Timestamp' },
    };
    const InputFormatConfiguration = { Deserializer: { OpenXJsonSerDe } };
    await fixture.firehose.createStream(
      's',
      convertingStream({ DataFormatConversionConfiguration: { ...conversion, InputFormatConfiguration } }),
    );
    await fixture.put('s', '{"V":"no","v":"1","Timestamp":"2","ts":"no","a.b":"3"}');
    await fixture.firehose.flush();
    expect(await fixture.rows()).toEqual([{ v: '1', ts: '2', a_b: '3' }]);
  });
});

describe('a file', () => {
  it('has the columns of the table in order, without other members and with null for absent ones', async () => {
    fixture.tables.set('db.events', {
      columns: [
        { name: 'timestamp', type: 'timestamp' },
        { name: 'select', type: 'string' },
        { name: 'a', type: 'string' },
      ],
      partitionKeys: [{ name: 'ds', type: 'date' }],
    });
    await fixture.firehose.createStream('s', convertingStream());
    await fixture.put('s', '{"ds":"2026-11-20","a":"x","unknown":[{"deep":1}]}', '{}');
    await fixture.firehose.flush();
    const { columns, rows } = await readParquet([...fixture.objects.values()][0] ?? new Uint8Array());
    expect(columns).toEqual(['timestamp', 'select', 'a']);
    expect(rows.map((row) => row['a'] ?? null)).toEqual(['x', null]);
  });

  it('has the types of the table also for columns without any value', async () => {
    const types = ['string', 'boolean', 'double', 'bigint', 'timestamp', 'date', 'float'];
    fixture.tables.set('db.events', { columns: types.map((type) => ({ name: `v_${type}`, type })) });
    await fixture.firehose.createStream('s', convertingStream());
    await fixture.put('s', '{"v_string":null}', '{}');
    await fixture.firehose.flush();
    const { types: written } = await readParquet([...fixture.objects.values()][0] ?? new Uint8Array());
    expect(written).toEqual(['BYTE_ARRAY', 'BOOLEAN', 'DOUBLE', 'INT64', 'INT64', 'INT32', 'FLOAT']);
  });

  it('has the schema that the table has at delivery', async () => {
    fixture.tables.set('db.events', { columns: [{ name: 'a', type: 'string' }] });
    await fixture.firehose.createStream('s', convertingStream());
    await fixture.put('s', '{"a":"x","b":"y"}');
    fixture.tables.set('db.events', { columns: ['a', 'b'].map((name) => ({ name, type: 'string' })) });
    await fixture.firehose.flush();
    expect(await fixture.rows()).toEqual([{ a: 'x', b: 'y' }]);
  });
});

describe('a record that does not convert', () => {
  it('goes to the error output by itself, with the members that AWS writes', async () => {
    fixture.tables.set('db.events', { columns: [{ name: 'v', type: 'double' }] });
    await fixture.firehose.createStream('s', convertingStream());
    const bad = ['{"v":"oops"}', '{"v":1', '', '[{"v":1}]', '7', '\ufeff{"v":1}'];
    await fixture.put('s', '{"v":1}', ...bad, Buffer.of(0x22, 0xff, 0x22), '{"v":2}');
    fixture.clock.advance(1500);
    await fixture.firehose.flush();
    expect(await fixture.rows()).toEqual([{ v: 1 }, { v: 2 }]);
    const errors = fixture.errors('errors/format-conversion-failed/s-1-2026-11-20-12-00-00-');
    expect(fixture.keys().filter((key) => key.startsWith('errors/'))[0]).not.toMatch(/\.parquet$/);
    expect(errors[0]).toEqual({
      attemptsMade: 1,
      arrivalTimestamp: START,
      lastErrorCode: 'DataFormatConversion.MalformedData',
      lastErrorMessage: 'Data does not match the schema. For input string: "oops"',
      attemptEndingTimestamp: START + 1500,
      rawData: Buffer.from('{"v":"oops"}').toString('base64'),
      sequenceNumber: null,
      subSequenceNumber: null,
      dataCatalogTable: {
        catalogId: ACCOUNT,
        databaseName: 'db',
        tableName: 'events',
        region: REGION,
        versionId: 'LATEST',
        roleArn: 'arn:aws:iam::000000000000:role/delivery',
      },
      text: '{"v":"oops"}',
    });
    expect(
      errors.map(({ lastErrorCode }) => String(lastErrorCode).replace('DataFormatConversion.', '')),
    ).toEqual([
      'MalformedData',
      'ParseError',
      'MalformedData',
      'MalformedData',
      'MalformedData',
      'ParseError',
      'ParseError',
    ]);
    expect(errors[6]?.rawData).toBe(Buffer.of(0x22, 0xff, 0x22).toString('base64'));
  });

  it.each([
    ['no table', undefined, 'DataFormatConversion.EntityNotFound', /could not be found/],
    ['no columns', [], 'DataFormatConversion.InvalidSchema', /has no columns/],
    [
      'a nested type',
      [{ name: 'm', type: 'map<string,string>' }],
      'DataFormatConversion.InvalidSchema',
      /map<string,string>/,
    ],
    [
      'a decimal that is none',
      [{ name: 'm', type: 'decimal(39,0)' }],
      'DataFormatConversion.InvalidSchema',
      /decimal\(39,0\)/,
    ],
  ])('goes there with its whole batch when the catalog has %s', async (_what, columns, code, message) => {
    if (columns !== undefined) fixture.tables.set('db.events', { columns });
    await fixture.firehose.createStream('s', convertingStream());
    await fixture.put('s', '{"v":1}', '{"v":2}');
    await fixture.firehose.flush();
    expect(fixture.errors()).toMatchObject([
      { lastErrorCode: code, lastErrorMessage: expect.stringMatching(message), text: '{"v":1}' },
      { text: '{"v":2}' },
    ]);
    expect(fixture.keys().length).toBe(1);
  });

  it('goes there when no Parquet file can be written from it, and does not block the stream', async () => {
    // No catalog has a column without a name; DuckDB can't write one.
    fixture.tables.set('db.events', { columns: [{ name: '', type: 'string' }] });
    await fixture.firehose.createStream('s', convertingStream());
    await fixture.put('s', '{"v":1}');
    for (let tries = 0; tries < 3; tries += 1) {
      await expect(fixture.firehose.flush()).rejects.toMatchObject({
        code: 'LOCAL_AWS_FIREHOSE_UNDELIVERED',
      });
    }
    await fixture.firehose.flush();
    expect(fixture.errors()).toMatchObject([
      { lastErrorCode: 'DataFormatConversion.ConversionFailureException', text: '{"v":1}' },
    ]);
  });
});

it('does not hold it against the rows when the folder for the conversion can not be made', async () => {
  fixture.tables.set('db.events', { columns: [{ name: 'n', type: 'int' }] });
  await fixture.firehose.createStream('s', convertingStream());
  await fixture.put('s', '{"n":1}');
  const folder = join(fixture.directory, 'scratch', 'duckdb');
  writeFileSync(folder, 'in the way');
  for (let attempt = 0; attempt < 4; attempt += 1)
    await expect(fixture.firehose.flush()).rejects.toMatchObject({
      code: 'LOCAL_AWS_FIREHOSE_UNDELIVERED',
    });
  rmSync(folder);
  await fixture.firehose.flush();
  expect(await fixture.rows()).toEqual([{ n: 1 }]);
  expect(fixture.errors()).toEqual([]);
});
