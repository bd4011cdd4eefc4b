import { afterAll, describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { quarantineTable } from '../../../../lib/tables/quarantineTable.ts';
import { columnOf, type DatasetInput, events, fails, MappingBench } from '../engine/MappingBench.ts';

let files = 0;
const bench = await MappingBench.open();
afterAll(() => bench.close());

/** Loads one file of rows `SELECT <columns>` with a time and whatever the kind needs besides. */
async function map(
  dataset: DatasetInput,
  query: string,
  unitIds?: Record<string, string>,
): ReturnType<MappingBench['load']> {
  files += 1;
  const file = await bench.write(`${files}.parquet`, `SELECT 1795169730 AS timestamp, * FROM (${query})`);
  return bench.load(dataset, [file], unitIds === undefined ? {} : { unitIds });
}

const event = "'purchase' AS event_name, 'u1' AS unit_id";

describe('events', () => {
  it('have every column of their table in order', async () => {
    const { rows } = await map(
      events({
        eventValue: 'price',
        unitIds: { userID: 'uid', companyID: 'company', deviceID: 'device' },
        metadata: ['plan'],
      }),
      "SELECT 'purchase' AS event_name, 12.5 AS price, 'u1' AS uid, 'acme' AS company, '' AS device, 'pro' AS plan",
      { companyID: 'company_id', workspaceID: 'workspace_id' },
    );
    expect(rows).toEqual([
      {
        timestamp: '2026-11-20 10:15:30',
        event_name: 'purchase',
        event_value: '12.5',
        user_id: 'u1',
        company_id: 'acme',
        workspace_id: null,
        unit_ids: '{"userID":"u1","companyID":"acme"}',
        event_metadata: '{"plan":"pro"}',
        source_file: `${files}.parquet`,
        row_number: '0',
        ingested_at: '2026-11-21 00:00:00',
      },
    ]);
    expect(Object.keys(rows[0] ?? {}).join(' ')).toBe(
      'timestamp event_name event_value user_id company_id workspace_id unit_ids event_metadata source_file row_number ingested_at',
    );
  });

  it('can map struct members, after columns of the same name, and names in another case', async () => {
    const { rows } = await map(
      events({
        eventName: 'context.event',
        unitIds: { companyID: 'CONTEXT.User.it"s', user_id: 'context.user.id' },
        metadata: { dotted: 'a.b', inner: 'a.c' },
      }),
      `SELECT {'event': 'purchase', 'user': {'id': 7, 'it"s': 'acme', 'x, y': 1}} AS context, 'top' AS "a.b", {'b': 'in', 'c': 'deep'} AS a`,
    );
    expect(rows[0]).toMatchObject({
      event_name: 'purchase',
      user_id: '7',
      unit_ids: '{"companyID":"acme","user_id":"7"}',
      event_metadata: '{"dotted":"top","inner":"deep"}',
    });
  });

  it('can map constants and columns that some files lack', async () => {
    const { rows } = await map(
      events({
        eventName: { constant: "it's" },
        eventValue: { column: 'nowhere', optional: true },
        unitIds: { companyID: 'unit_id' },
        metadataJson: { constant: '{"beta": false, "build": 7}' },
        metadata: {
          version: { constant: 2 },
          beta: { constant: true },
          none: { column: 'nope', optional: true },
        },
      }),
      "SELECT 'u1' AS unit_id",
    );
    expect(rows[0]).toMatchObject({
      event_name: "it's",
      event_value: null,
      user_id: null,
      event_metadata: '{"version":2,"beta":true,"build":7}',
    });
    const optional = { column: 'nowhere', optional: true };
    const { rows: none } = await map(events({ metadataJson: optional }), `SELECT ${event}`);
    expect(none[0]).toMatchObject({ user_id: 'u1', event_metadata: null });
  });

  it('collect metadata of every type, without nulls', async () => {
    const { rows } = await map(
      events({ metadata: ['t', 'i', 'd', 'f', 'b', 'n', 's', 'ts', 'nan', 'it"s', 'j'] }),
      `SELECT ${event}, 'a"b\\c' || chr(10) AS t, 9007199254740993 AS i, 1.10::DECIMAL(10,2) AS d, 0.5::FLOAT AS f, false AS b,
         NULL::VARCHAR AS n, {'a': NULL, 'b': [1]} AS s, TIMESTAMP '2026-11-20 10:00:00' AS ts, 'nan'::DOUBLE AS nan, 1 AS "it""s",
         '{"k": 1}'::JSON AS j`,
    );
    expect(rows[0]?.['event_metadata']).toBe(
      '{"t":"a\\"b\\\\c\\n","i":9007199254740993,"d":1.10,"f":0.5,"b":false,"s":{"a":null,"b":[1]},"ts":"2026-11-20 10:00:00","it\\"s":1,"j":{"k":1}}',
    );
  });

  it.each([
    { sql: '\'{"a": 1, "b": {"c": [2]}}\'', expected: '{"plan":"pro","a":1,"b":{"c":[2]}}' },
    { sql: '\'{"plan": "free", "a": null}\'', expected: '{"plan":"pro","a":null}' },
    { sql: '\'{"pl\\u0061n": "free"}\'', expected: '{"plan":"pro"}' },
    { sql: "'{}'", expected: '{"plan":"pro"}' },
    { sql: "''", expected: '{"plan":"pro"}' },
    { sql: "'null'", expected: '{"plan":"pro"}' },
    { sql: 'NULL::VARCHAR', expected: '{"plan":"pro"}' },
    { sql: "{'a': 1}", expected: '{"plan":"pro","a":1}' },
    { sql: "map {'a': 1}", expected: '{"plan":"pro","a":1}' },
    { sql: 'encode(\'{"a":1}\')', expected: '{"plan":"pro","a":1}' },
  ])('unpack $sql into the metadata', async ({ sql, expected }) => {
    const dataset: DatasetInput = events({ metadata: ['plan'], metadataJson: 'json' });
    const { rows } = await map(dataset, `SELECT ${event}, 'pro' AS plan, ${sql} AS json`);
    expect(columnOf(rows, 'event_metadata')).toEqual([expected]);
  });

  it.each([
    { what: 'metadata', mapping: { metadataJson: 'x' }, sql: '1' },
    { what: 'metadata', mapping: { metadataJson: 'x' }, sql: "TIMESTAMP '2026-11-20 10:00:00'" },
    { what: 'the name', mapping: { eventName: 'x' }, sql: "{'a': 1}" },
    { what: 'a unit', mapping: { unitIds: { userID: 'x' } }, sql: '[1]' },
  ])('refuse a file whose column for $what is $sql', async ({ mapping, sql }) => {
    await fails(map(events(mapping), `SELECT ${event}, ${sql} AS x`), 'SLUICE_INGEST_COLUMN_TYPE_UNFIT');
  });

  it('keep the value in the JSON if the column is null', async () => {
    const dataset: DatasetInput = events({ metadata: ['plan'], metadataJson: 'json' });
    const { rows } = await map(dataset, `SELECT ${event}, NULL::VARCHAR AS plan, '{"plan":"free"}' AS json`);
    expect(rows[0]?.['event_metadata']).toBe('{"plan":"free"}');
  });

  it.each([
    {
      sql: "{'x': 'nan'::DOUBLE, 'l': [1.0::DOUBLE, '-inf'::DOUBLE]}",
      expected: { x: null, l: [1, null] },
      raw: { x: 'NaN', l: [1, '-Infinity'] },
    },
    {
      sql: `{'NaN': 'nan'::FLOAT, 's': 'a "NaN", \\ inf,'}`,
      expected: { NaN: null, s: 'a "NaN", \\ inf,' },
      raw: { NaN: 'NaN', s: 'a "NaN", \\ inf,' },
    },
    { sql: "map {'a': 'inf'::DOUBLE}", expected: { a: null }, raw: { a: 'Infinity' } },
    { sql: '0.5::DECIMAL(4,4)', expected: 0.5, raw: 0.5 },
    { sql: '-0.5::DECIMAL(37,37)', expected: -0.5, raw: -0.5 },
    {
      sql: "{'a': -0.5::DECIMAL(37,37), 'b': 0.25::DECIMAL(20,20)}",
      expected: { a: -0.5, b: 0.25 },
      raw: { a: -0.5, b: 0.25 },
    },
  ])(
    'are valid JSON with $sql, as are raw rows, which keep values that are not numbers',
    async ({ sql, expected, raw }) => {
      const dataset: DatasetInput = events({ eventValue: 'x', metadata: { x: { column: 'x' } } });
      const { rows, metadata } = await map(dataset, `SELECT ${event}, ${sql} AS x`);
      expect(metadata[0]).toEqual({ x: expected });
      expect(JSON.parse(String(rows[0]?.['event_value']))).toEqual(expected);
      const { raws } = await map(dataset, `SELECT 'purchase' AS event_name, '' AS unit_id, ${sql} AS x`);
      expect(raws[0]).toEqual(expect.objectContaining({ x: raw }));
    },
  );

  it.each([
    { sql: "'nan'::JSON", raw: 'nan' },
    { sql: '\'{"a": [nan, "nan"]}\'::JSON', raw: { a: ['nan', 'nan'] } },
    { sql: '[\'{"a": [nan, "\\""]}\'::JSON]', raw: [{ a: ['nan', '"'] }] },
  ])('are refused with $sql, which JSON can not express, and kept in raw rows', async ({ sql, raw }) => {
    const { rows, refused, raws } = await map(
      events({ metadata: { x: { column: 'x' } } }),
      `SELECT ${event}, ${sql} AS x`,
    );
    expect(rows).toEqual([]);
    expect(refused[0]?.['reason']).toBe('SLUICE_INGEST_ROW_VALUE_INVALID');
    expect(raws[0]).toMatchObject({ x: raw });
  });

  it('reject rows without a name or a unit, and keep the raw row in quarantine’s columns', async () => {
    const { result, rows, refused } = await map(
      events({ unitIds: { userID: 'unit_id', companyID: 'company' } }),
      `SELECT unnest(['a', '', NULL, 'd', 'e']) AS event_name, unnest(['u', 'u', 'u', '', NULL]) AS unit_id,
         unnest([NULL, NULL, 'c', 'c', '']) AS company, 'kept' AS other, [1, 2] AS list`,
    );
    expect(columnOf(rows, 'event_name').toSorted()).toEqual(['a', 'd']);
    expect(refused.map(({ reason, detail }) => [reason, detail])).toEqual([
      ['SLUICE_INGEST_ROW_NAME_MISSING', 'row 1, event name: column "event_name"'],
      ['SLUICE_INGEST_ROW_NAME_MISSING', 'row 2, event name: column "event_name"'],
      ['SLUICE_INGEST_ROW_UNIT_MISSING', 'row 4, userID, companyID'],
    ]);
    expect(refused[2]).toEqual({
      quarantine_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      received_at: '2026-11-21 00:00:00',
      reason: 'SLUICE_INGEST_ROW_UNIT_MISSING',
      detail: 'row 4, userID, companyID',
      key_label: 'acme/drop',
      key_environment: null,
      sdk_type: null,
      sdk_version: null,
      path: `s3://acme-drops/${files}.parquet`,
      raw: '{"timestamp":1795169730,"event_name":"e","unit_id":null,"company":"","other":"kept","list":[1,2]}',
      raw_encoding: 'text',
      raw_location: null,
    });
    expect(Object.keys(refused[0] ?? {})).toEqual(
      quarantineTable(defineConfig({ bucket: 'acme' })).columns.map(({ name }) => name),
    );
    expect(new Set(columnOf(refused, 'quarantine_id')).size).toBe(3);
    expect(result).toMatchObject({
      rows: { in: 5, out: 2, refused: 3 },
      reasons: { SLUICE_INGEST_ROW_NAME_MISSING: 2, SLUICE_INGEST_ROW_UNIT_MISSING: 1 },
    });
  });
});

describe('metrics', () => {
  const metric = "'u1' AS unit_id, 'userID' AS id_type, DATE '2026-11-20' AS date, 'revenue' AS metric_name";

  it('have every column of their table in order', async () => {
    const { rows } = await map({ kind: 'metrics' }, `SELECT ${metric}, 12.5 AS metric_value`);
    expect(rows).toEqual([
      {
        unit_id: 'u1',
        id_type: 'userID',
        metric_date: '2026-11-20',
        metric_name: 'revenue',
        metric_value: 12.5,
        numerator: null,
        denominator: null,
        source_file: `${files}.parquet`,
        row_number: '0',
        ingested_at: '2026-11-21 00:00:00',
      },
    ]);
  });

  it('are a ratio if both parts exist, otherwise a value, otherwise rejected', async () => {
    const { rows, reasons } = await map(
      { kind: 'metrics', mapping: { metricValue: 'v', numerator: 'n', denominator: 'd' } },
      `SELECT ${metric.replace("'u1'", "unnest(['a','b','c','d'])")}, unnest([1.0, 2.0, NULL, NULL]) AS v,
         unnest([3, 4, 5, NULL]) AS n, unnest([6, NULL, 7, 8]) AS d`,
    );
    expect(
      rows.map((row) => [row['unit_id'], row['metric_value'], row['numerator'], row['denominator']]),
    ).toEqual([
      ['a', null, 3, 6],
      ['b', 2, null, null],
      ['c', null, 5, 7],
    ]);
    expect(reasons).toEqual(['SLUICE_INGEST_ROW_VALUE_MISSING']);
  });

  it('are read from numbers, texts and booleans, and from a file that lacks an optional one', async () => {
    const optional = { column: 'nowhere', optional: true };
    const mapping = { metricValue: 'v', numerator: optional, denominator: { constant: '2' } };
    const valuesOf = async (sql: string) => {
      const { rows } = await map({ kind: 'metrics', mapping }, `SELECT ${metric}, ${sql} AS v`);
      return rows.map((row) => [row['metric_value'], row['numerator'], row['denominator']]);
    };
    for (const sql of ["' 1 '", 'true', '1::DECIMAL(4, 2)', "encode('1')"])
      expect(await valuesOf(sql)).toEqual([[1, null, null]]);
    for (const sql of ["DATE '2026-11-20'", '[1]', "TIME '10:00:00'"])
      await fails(valuesOf(sql), 'SLUICE_INGEST_COLUMN_TYPE_UNFIT');
  });

  it('have the day of the dataset’s timezone', async () => {
    const dataset: DatasetInput = {
      kind: 'metrics',
      timezone: 'Asia/Tokyo',
      mapping: { date: 'at', metricValue: { constant: 1 }, idType: { constant: 'userID' } },
    };
    const days = async (sql: string) => {
      const { rows } = await map(dataset, `SELECT 'u' AS unit_id, 'n' AS metric_name, ${sql} AS at`);
      return columnOf(rows, 'metric_date');
    };
    expect(await days("TIMESTAMPTZ '2026-11-19 15:30:00Z'")).toEqual(['2026-11-20']);
    expect(await days("TIMESTAMP '2026-11-20 00:30:00'")).toEqual(['2026-11-20']);
    expect(await days("DATE '2026-11-20'")).toEqual(['2026-11-20']);
    expect(await days("'2026-11-20'")).toEqual(['2026-11-20']);
    // The first of the year 10000 in Tokyo, which no reader's dates have.
    expect(await days("TIMESTAMPTZ '9999-12-31 15:30:00Z'")).toEqual([]);
    expect(await days("TIMESTAMPTZ '9999-12-31 14:30:00Z'")).toEqual(['9999-12-31']);
  });
});

describe('exposures', () => {
  it('have every column of their table in order', async () => {
    const { rows, reasons } = await map(
      { kind: 'exposures', mapping: { unitType: { constant: 'companyID' }, metadata: { country: 'geo' } } },
      "SELECT 'checkout' AS experiment, unnest(['test', '']) AS group_id, 'acme' AS unit_id, 'DE' AS geo",
    );
    expect(rows).toEqual([
      {
        timestamp: '2026-11-20 10:15:30',
        experiment_id: 'checkout',
        group_id: 'test',
        unit_id: 'acme',
        unit_type: 'companyID',
        metadata: '{"country":"DE"}',
        source_file: `${files}.parquet`,
        row_number: '0',
        ingested_at: '2026-11-21 00:00:00',
      },
    ]);
    expect(reasons).toEqual(['SLUICE_INGEST_ROW_GROUP_MISSING']);
  });
});
