import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { functionConfig } from '../../../lib/config/functionConfig.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import { statsigFormats } from '../../../lib/tables/exports/statsigFormat.ts';

const USER = 'arn:aws:iam::999689269917:user/acme-4f2a';
const statsigBucket = { bucket: 'acme-statsig', user: USER };
const events = {
  ...{ name: 'events', table: 'statsig_forwarded_events', format: 'statsig' as const },
  target: { bucket: 'acme-statsig' },
};
const define = (more: Partial<ConfigInput> = {}) =>
  defineConfig({ bucket: 'acme', statsigBucket, exports: [events], ...more });
const dataset = (more: object): NonNullable<ConfigInput['sources']> => [
  {
    name: 'shop',
    bucket: 'shop-drops',
    owner: '111122223333',
    datasets: [{ name: 'rows', ...more } as never],
  },
];

describe('the bucket for Statsig', () => {
  it('is made by the stack, and Statsig writes nothing, unless the configuration says so', () => {
    expect(define().statsigBucket).toEqual({ ...statsigBucket, writesTo: null, existing: false });
    expect(defineConfig({ bucket: 'acme' }).statsigBucket).toBeNull();
  });

  it('takes the table of a dataset, whoever dropped it, as it is the deployment’s own', () => {
    const { exports } = define({
      sources: dataset({ kind: 'metrics' }),
      exports: [{ ...events, table: 'shop_rows' }],
    });
    expect(exports[0]?.target.owner).toBeUndefined();
  });

  it('can be an existing one, of an account that exports name', () => {
    const existing = { ...statsigBucket, existing: true };
    const target = { ...events.target, owner: '111122223333' };
    expect(() => define({ statsigBucket: existing, exports: [{ ...events, target }] })).not.toThrow();
    expect(() => define({ statsigBucket: existing })).toThrow(
      'exports.0.target.owner: got nothing, expected an account: 12 digits, as a text.',
    );
  });

  it.each<[string, string, Partial<ConfigInput>]>([
    [
      'the bucket that everything lands in',
      'statsigBucket.bucket: got "acme", expected another bucket than `bucket`: Statsig may list all of it',
      { statsigBucket: { ...statsigBucket, bucket: 'acme' }, exports: [] },
    ],
    [
      "the bucket of OWOX's results",
      'statsigBucket.bucket: got "acme-statsig", expected another bucket than readers.0.resultsBucket',
      { readers: [{ kind: 'owox', name: 'owox', resultsBucket: 'acme-statsig' }] },
    ],
    [
      'the placeholder of the document',
      'statsigBucket.user: got "arn:aws:iam::999689269917:user/STATSIG_IAM_USER", expected the ARN',
      { statsigBucket: { ...statsigBucket, user: 'arn:aws:iam::999689269917:user/STATSIG_IAM_USER' } },
    ],
    [
      'an account in place of a user',
      'statsigBucket.user: got "999689269917", expected the ARN',
      { statsigBucket: { ...statsigBucket, user: '999689269917' } },
    ],
    [
      'a folder to write into that has exports',
      'statsigBucket.writesTo: got "events", expected a folder apart from events/, the folder of exports.0',
      { statsigBucket: { ...statsigBucket, writesTo: 'events' } },
    ],
    [
      'an owner of what the stack makes',
      'exports.0.target.owner: expected none, as the stack makes this bucket',
      { exports: [{ ...events, target: { ...events.target, owner: '111122223333' } }] },
    ],
    [
      'a key of what the stack makes',
      'exports.0.target.kmsKeyArn: expected none, as the stack makes this bucket',
      {
        exports: [
          {
            ...events,
            target: {
              ...events.target,
              kmsKeyArn: 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
            },
          },
        ],
      },
    ],
    [
      'a region of what the stack makes',
      'exports.0.target.region: expected none, as the stack makes this bucket',
      { exports: [{ ...events, target: { ...events.target, region: 'eu-west-1' } }] },
    ],
    [
      'copies, whose columns Statsig does not read',
      "exports.0.format: got 'copy', expected 'statsig' for a target in `statsigBucket`",
      { exports: [{ ...events, format: 'copy' }] },
    ],
    [
      'no owner of any other bucket',
      'exports.0.target.owner: got nothing, expected an account: 12 digits, as a text.',
      { statsigBucket: null },
    ],
    [
      'no owner of a source',
      'sources.0.owner: got nothing, expected an account: 12 digits, as a text.',
      { sources: [{ name: 'shop', bucket: 'shop-drops', datasets: [{ name: 'rows', kind: 'events' }] }] },
    ],
    [
      'a folder that is not at the top',
      'exports.0.target.folder: got "to/events", expected a folder at the top of the bucket',
      { exports: [{ ...events, target: { ...events.target, folder: 'to/events' } }] },
    ],
    [
      'properties, which have no columns for Statsig',
      'exports.0.format: got \'statsig\' for "shop_rows", expected a table of events, exposures or metrics',
      {
        sources: dataset({ kind: 'properties', mapping: { properties: ['plan'] } }),
        exports: [{ ...events, table: 'shop_rows' }],
      },
    ],
    [
      'a table of other rows',
      'exports.0.format: got \'statsig\' for "shop_rows", expected a table of events, exposures or metrics',
      {
        sources: dataset({ kind: 'table', mapping: { columns: ['id'] } }),
        exports: [{ ...events, table: 'shop_rows' }],
      },
    ],
    [
      'exposures of units of several types',
      'exports.0.format: got \'statsig\' for "shop_rows", expected a dataset whose unitType is a constant',
      {
        sources: dataset({ kind: 'exposures', mapping: { unitType: 'type' } }),
        exports: [{ ...events, table: 'shop_rows' }],
      },
    ],
    [
      'a unit column that Statsig’s columns have already',
      'exports.0.format: got \'statsig\' for "statsig_forwarded_events", expected a table without a unit column metadata_json',
      { unitIds: { blob: 'metadata_json' } },
    ],
  ])('refuses %s', (_, message, more) => {
    expect(() => define(more)).toThrow(message);
  });
});

describe('a mapping of Statsig’s exports', () => {
  const columnsOf = (mapping: 'statsig-exposures' | 'statsig-events') => {
    const [source] = define({
      sources: [
        {
          ...{ name: 'statsig', bucket: 'acme-statsig' },
          datasets: [
            { name: 'all', kind: 'table', folder: 'exports/all', layout: '**/YYYY-MM-DD*', mapping },
          ],
        },
      ],
    }).sources;
    const [made] = source?.datasets ?? [];
    return made?.kind === 'table' ? made.mapping.columns : {};
  };

  it('has the columns and types that Statsig documents, and those that say who and what are needed', () => {
    const types = (mapping: Parameters<typeof columnsOf>[0]) =>
      Object.entries(columnsOf(mapping)).map(([name, { type }]) => `${name} ${type}`);
    expect(types('statsig-exposures')).toEqual([
      ...['company_id string', 'unit_id string', 'unit_type string', 'exposure_type string', 'name string'],
      ...['rule string', 'experiment_group string', 'first_exposure_utc timestamp'],
      ...['first_exposure_pst_date date', 'as_of_pst_date date', 'percent double', 'rollout bigint'],
      ...['user_dimensions string', 'inserted_at timestamp', 'rule_name string', 'group_id string'],
      'non_analytics boolean',
    ]);
    expect(types('statsig-events')).toEqual([
      ...['user_id string', 'stable_id string', 'custom_ids string', 'timestamp timestamp'],
      ...['event_name string', 'event_value string', 'user_object string', 'statsig_metadata string'],
      'company_metadata string',
    ]);
    const needed = (mapping: Parameters<typeof columnsOf>[0]) =>
      Object.entries(columnsOf(mapping)).flatMap(([name, { optional }]) => (optional ? [] : [name]));
    expect(needed('statsig-exposures')).toEqual(['unit_id', 'name', 'first_exposure_utc']);
    expect(needed('statsig-events')).toEqual(['timestamp', 'event_name']);
  });

  it.each<[string, string, object]>([
    [
      'another name',
      'sources.0.datasets.0.mapping: got "statsig-metrics", expected',
      { mapping: 'statsig-metrics' },
    ],
    [
      'a layout without a day',
      'sources.0.datasets.0.layout: got "*.parquet", expected a glob with YYYY, MM and DD',
      { layout: '*.parquet' },
    ],
    [
      'a marker beside a layout',
      'sources.0.datasets.0.waitFor: got "_SUCCESS", expected none with `layout`',
      { layout: 'YYYY/MM/DD/*', waitFor: '_SUCCESS' },
    ],
  ])('refuses %s', (_, message, more) => {
    expect(() => define({ sources: dataset({ kind: 'table', mapping: 'statsig-events', ...more }) })).toThrow(
      message,
    );
  });
});

describe('what the export function knows for Statsig', () => {
  it('are the columns of each export, from the kinds of datasets alone', () => {
    const config = define({
      unitIds: { companyID: 'company_id' },
      sources: dataset({ kind: 'metrics' }),
      exports: [events, { ...events, name: 'metrics', table: 'shop_rows' }],
    });
    const own = functionConfig.export(config);
    expect(statsigFormats(own)).toEqual(statsigFormats(config));
    expect(JSON.stringify(own.sources)).not.toContain('shop-drops');
    expect(statsigFormats(own)['metrics']?.columns.map(({ name, type }) => [name, type])).toEqual([
      ['unit_id', 'string'],
      ['id_type', 'string'],
      ['date', 'date'],
      ['metric_name', 'string'],
      ['metric_value', 'double'],
      ['numerator', 'double'],
      ['denominator', 'double'],
    ]);
  });

  it('is nothing of sources without such an export', () => {
    const copies = define({
      sources: dataset({ kind: 'metrics' }),
      exports: [{ ...events, format: 'copy', target: { bucket: 'shop-drops', owner: '111122223333' } }],
    });
    expect(functionConfig.export(copies).sources).toEqual([]);
  });
});
