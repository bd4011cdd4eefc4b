import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { exampleKey, exampleQuery } from '../../../../cli/connect/customer/exampleFiles.ts';
import { fileColumns } from '../../../../cli/connect/customer/fileColumns.ts';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import type { Dataset } from '../../../../lib/schema/sources.ts';
import { type DatasetInput, MappingBench } from '../../../lib/drops/engine/MappingBench.ts';

const DAY = '2026-11-20';
let bench: MappingBench;
beforeAll(async () => {
  bench = await MappingBench.open();
});
afterAll(() => bench.close());

function datasetOf(input: DatasetInput): Dataset {
  const [source] = defineConfig({
    bucket: 'acme-experiments',
    sources: [
      { name: 'acme', bucket: 'acme-drops', owner: '111122223333', datasets: [{ ...input, name: 'x' }] },
    ],
  }).sources;
  const [dataset] = source?.datasets ?? [];
  if (dataset === undefined) throw new Error('no dataset');
  return dataset;
}

const time = (timestamp: object): DatasetInput => ({ kind: 'events', mapping: { timestamp } as never });

const NOON = `${DAY} 12:00:00`;

describe('the example file of a dataset', () => {
  it.each<[string, DatasetInput, string]>([
    ['events by default', { kind: 'events' }, NOON],
    ['events in seconds', time({ column: 't', unit: 's' }), NOON],
    ['events in milliseconds', time({ column: 't', unit: 'ms' }), NOON],
    ['events in microseconds', time({ column: 't', unit: 'us' }), NOON],
    ['events in nanoseconds', time({ column: 't', unit: 'ns' }), NOON],
    ['events as timestamps', time({ column: 't', unit: 'timestamp' }), NOON],
    ['events as ISO 8601', time({ column: 't', unit: 'iso' }), NOON],
    ['events of a folder', time({ folder: 'date' }), `${DAY} 00:00:00`],
    ['events of a folder with a format', time({ folder: 'date', format: 'dd/MM/yyyy' }), `${DAY} 00:00:00`],
    ['events of a folder in seconds', time({ folder: 'at', unit: 's' }), NOON],
    ...[
      'EEE, dd MMM yyyy HH:mm:ss[.SSS] XXX',
      'EEEE d MMMM uuuu h:m:s a x',
      "yy/M/dd hh 'o''clock' a mm:ss.SSSSSS Z",
      "yyyy-MM-dd'T'HH:mm:ss z",
      'yyyy.MM.dd HH:mm xxx',
      'yyyyMMdd HHmmss XX',
    ].map((format): [string, DatasetInput, string] => [
      `events as ${format}`,
      time({ column: 't', format }),
      NOON,
    ]),
    ['metrics by default', { kind: 'metrics' }, `${DAY}`],
    [
      'metrics of a ratio, of the day of their folder',
      {
        kind: 'metrics',
        dayFormat: 'ds=YYYY-MM-DD',
        mapping: { date: { folder: 'ds' }, idType: { constant: 'userID' }, numerator: 'n', denominator: 'd' },
      },
      DAY,
    ],
    ['exposures by default', { kind: 'exposures' }, NOON],
    [
      'properties of every type',
      {
        kind: 'properties',
        mapping: {
          date: 'day',
          properties: {
            ...{ plan: 'plan', seats: { column: 'seats', type: 'bigint' } },
            ...{ score: { column: 'score', type: 'double' }, paid: { column: 'paid', type: 'boolean' } },
            since: { column: 'since', type: 'date', format: 'yyyyMMdd' },
            seen: { column: 'seen', type: 'timestamp', unit: 'ms', required: true },
            country: { folder: 'country' },
          },
        },
      },
      DAY,
    ],
    ['a table of a folder alone', { kind: 'table', mapping: { columns: { region: { folder: 'r' } } } }, ''],
    [
      'events with casts, a member of a struct, and a column with quotes',
      {
        kind: 'events',
        timezone: 'America/Los_Angeles',
        mapping: {
          eventName: { column: 'a.b', cast: 'bigint' },
          eventValue: { column: 'it\'s "x"', cast: 'double', optional: true },
          unitIds: { userID: { column: 'u', cast: 'uuid' }, companyID: { column: 'c', optional: true } },
          metadata: { at: { column: 'at', cast: 'timestamp' }, on: { column: 'on', cast: 'date' }, f: 'u' },
          metadataJson: 'props',
        },
      },
      NOON,
    ],
  ])('of %s is loaded without a refusal, at its own time', async (_, input, expected) => {
    const dataset = datasetOf(input);
    const file = await bench.write('example.parquet', exampleQuery(dataset, DAY));
    const { result, rows } = await bench.load(input, [{ ...file, name: exampleKey(dataset, DAY) }]);
    expect(result.rows).toEqual({ in: 2, out: 2, refused: 0 });
    const own = rows.map((row) => row['timestamp'] ?? row['metric_date'] ?? row['property_date'] ?? '');
    expect(own).toEqual([expected, expected]);
  });
});

describe('the columns of a dataset', () => {
  const needs = (input: DatasetInput) =>
    Object.fromEntries(fileColumns(datasetOf(input)).map(({ name, need }) => [name, need]));

  it('are needed as loads need them', async () => {
    const input: DatasetInput = {
      kind: 'events',
      mapping: {
        eventName: 'name',
        unitIds: { userID: 'u', companyID: { column: 'c', optional: true } },
        eventValue: 'v',
        metadata: { plan: { column: 'plan', optional: true } },
      },
    };
    expect(needs(input)).toEqual({
      ...{ timestamp: 'every row', name: 'every row', u: 'every file', c: 'no', v: 'every file', plan: 'no' },
    });
    const columns: Record<string, string> = {
      timestamp: `TIMESTAMP '${NOON}'`,
      ...{ name: "'n'", u: "'u'", c: "'c'", v: '1', plan: "'p'" },
    };
    const query = (of: Record<string, string>) =>
      `SELECT ${Object.entries(of)
        .map(([name, sql]) => `${sql} AS ${name}`)
        .join(', ')}`;
    for (const [name, need] of Object.entries(needs(input))) {
      const { [name]: without, ...others } = columns;
      const lacking = await bench.write('lacking.parquet', query(others));
      const nulls = await bench.write('null.parquet', query({ ...others, [name]: 'CAST(NULL AS VARCHAR)' }));
      const lacks = await bench.load(input, [lacking]).then(
        ({ result }) => result.rows.refused,
        () => 'failed',
      );
      const { result } = await bench.load(input, [nulls]);
      expect([name, lacks, result.rows.refused]).toEqual([
        name,
        need === 'no' ? 0 : 'failed',
        need === 'every row' ? 1 : 0,
      ]);
      expect(without).toBeDefined();
    }
  });

  it('that are read twice are one, with both meanings and the stronger need', () => {
    const input: DatasetInput = {
      kind: 'exposures',
      mapping: { unitId: 'id', metadata: { unit: { column: 'id', optional: true } } },
    };
    const columns = fileColumns(datasetOf(input));
    expect(columns.filter(({ name }) => name === 'id')).toMatchObject([
      { need: 'every row', meaning: 'Unit that was exposed; Metadata `unit`' },
    ]);
  });

  it('of ratios and values are needed as far as a row has neither', () => {
    const ratio = { numerator: 'n', denominator: 'd' };
    expect(needs({ kind: 'metrics', mapping: ratio })).toMatchObject({ n: 'every row', d: 'every row' });
    expect(needs({ kind: 'metrics', mapping: { ...ratio, metricValue: 'v' } })).toMatchObject({
      ...{ v: 'every file', n: 'every file', d: 'every file' },
    });
    expect(needs({ kind: 'metrics' })).toMatchObject({ metric_value: 'every row' });
  });
});
