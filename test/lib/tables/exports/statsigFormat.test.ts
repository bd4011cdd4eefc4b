import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { statsigFormat, statsigFormats } from '../../../../lib/tables/exports/statsigFormat.ts';
import { acmeSource, type DatasetInput, eventsDataset } from '../../../harness/configInput.ts';

/** A configuration with a dataset whose table is `shop_rows`. */
const configOf = (dataset: Partial<DatasetInput> = {}, unitIds = { companyID: 'company_id' }) =>
  defineConfig({
    bucket: 'acme',
    curate: true,
    unitIds,
    sources: [acmeSource({ name: 'shop', datasets: [eventsDataset({ name: 'rows', ...dataset })] })],
  });

describe('the format of a table for Statsig', () => {
  it('has columns of the types that Statsig expects of metrics', () => {
    expect(statsigFormat(configOf({ kind: 'metrics' }), 'shop_rows')).toEqual({
      format: {
        kind: 'metrics',
        columns: [
          { name: 'unit_id', type: 'string', from: 'unit_id' },
          { name: 'id_type', type: 'string', from: 'id_type' },
          { name: 'date', type: 'date', from: 'metric_date' },
          { name: 'metric_name', type: 'string', from: 'metric_name' },
          { name: 'metric_value', type: 'double', from: 'metric_value' },
          { name: 'numerator', type: 'double', from: 'numerator' },
          { name: 'denominator', type: 'double', from: 'denominator' },
        ],
        units: ['unit_id'],
        required: ['id_type', 'date', 'metric_name'],
        short: ['metric_name'],
        only: {},
      },
    });
  });

  it.each([
    {
      dataset: { kind: 'events' as const },
      columns: ['timestamp', 'event_name', 'event_value', 'user_id', 'company_id', 'event_metadata'],
      units: ['user_id', 'company_id'],
      required: ['timestamp', 'event_name'],
      short: ['event_name', 'event_value'],
    },
    {
      dataset: { kind: 'exposures' as const, mapping: { unitType: { constant: 'userID' } } },
      columns: ['timestamp', 'experiment_id', 'group_id', 'unit_id', 'metadata'],
      units: ['unit_id'],
      required: ['timestamp', 'experiment', 'group_id'],
      short: ['experiment'],
    },
  ])(
    "has every row of a dataset of $dataset.kind, in the dataset's columns",
    ({ dataset, columns, ...rest }) => {
      const made = statsigFormat(configOf(dataset), 'shop_rows');
      const formatColumns = 'format' in made ? made.format.columns : [];
      expect(formatColumns.map(({ from }) => from)).toEqual(columns);
      expect(made).toEqual({ format: { kind: dataset.kind, columns: formatColumns, ...rest, only: {} } });
    },
  );

  const production = { environment: 'production' };
  it.each([
    { table: 'statsig_forwarded_events', metadata: 'company_metadata', only: production },
    { table: 'curated_events', metadata: 'company_metadata', only: { ...production, copy: 1 } },
    {
      table: 'statsig_forwarded_exposures',
      metadata: 'user_dimensions',
      only: { ...production, is_assignment: true },
    },
    {
      table: 'curated_exposures',
      metadata: 'user_dimensions',
      only: { ...production, is_assignment: true, copy: 1 },
    },
  ])('has the rows of $table that are of production', ({ table, metadata, only }) => {
    const made = statsigFormat(configOf(), table);
    const format = 'format' in made ? made.format : undefined;
    expect(format?.columns.at(-1)).toEqual({ name: 'metadata_json', type: 'string', from: metadata });
    expect(format?.units).toEqual(['user_id', 'stable_id', 'company_id']);
    expect(format?.only).toEqual(only);
  });

  it.each([
    { what: 'quarantine', config: configOf(), table: 'statsig_forwarded_quarantine' },
    { what: 'a table that nobody configured', config: configOf(), table: 'shop_row' },
    {
      what: 'a dataset of other rows',
      config: configOf({ kind: 'table', mapping: { columns: ['id'] } }),
      table: 'shop_rows',
    },
    {
      what: 'exposures of units of several types',
      config: configOf({ kind: 'exposures', mapping: { unitType: 'type' } }),
      table: 'shop_rows',
    },
    {
      what: 'a table with a unit column that Statsig has, too',
      config: configOf({}, { companyID: 'metadata_json' }),
      table: 'curated_events',
    },
  ])('is none for $what, and an export of its rows throws', ({ config, table }) => {
    expect(statsigFormat(config, table)).toEqual({ expected: expect.any(String) });
    const exported = { ...config, exports: [{ name: 'rows', table, format: 'statsig' as const }] };
    expect(() => statsigFormats(exported)).toThrow('export rows');
  });
});
