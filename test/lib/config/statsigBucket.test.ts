import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { functionConfig } from '../../../lib/config/functionConfig.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import { statsigFormats } from '../../../lib/tables/exports/statsigFormat.ts';
import { acmeSource, type DatasetInput, eventsDataset } from '../../harness/configInput.ts';
import { byPath, problemPaths } from './problemPaths.ts';

const USER = 'arn:aws:iam::999689269917:user/acme-4f2a';
const statsigBucket = { bucket: 'acme-statsig', user: USER };
const events = {
  name: 'events',
  table: 'statsig_forwarded_events',
  format: 'statsig' as const,
  target: { bucket: 'acme-statsig' },
};
const define = (more: Partial<ConfigInput> = {}) =>
  defineConfig({ bucket: 'acme', statsigBucket, exports: [events], ...more });
/** The export to another target. */
const to = (target: Partial<NonNullable<ConfigInput['exports']>[number]['target']>) => ({
  exports: [{ ...events, target: { ...events.target, ...target } }],
});
const dataset = (more: Partial<DatasetInput>): NonNullable<ConfigInput['sources']> => [
  acmeSource({
    name: 'shop',
    bucket: 'shop-drops',
    owner: '111122223333',
    datasets: [eventsDataset({ name: 'rows', ...more })],
  }),
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
    expect(problemPaths({ statsigBucket: existing, exports: [events] })).toEqual(['exports.0.target.owner']);
  });

  const bucket = (more: Partial<NonNullable<ConfigInput['statsigBucket']>>) => ({
    statsigBucket: { ...statsigBucket, ...more },
  });
  const KEY = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
  const PLACEHOLDER = 'arn:aws:iam::999689269917:user/STATSIG_IAM_USER';
  /** The export of a dataset of the kind. */
  const rowsOf = (more: Partial<DatasetInput>) => ({
    sources: dataset(more),
    exports: [{ ...events, table: 'shop_rows' }],
  });
  const OWOX = { kind: 'owox' as const, name: 'owox', resultsBucket: 'acme-statsig' };
  const [{ owner: _, ...unowned } = { name: '' }] = dataset({ kind: 'events' });

  it.each(
    byPath<object>({
      'statsigBucket.bucket': { 'the landing bucket': { ...bucket({ bucket: 'acme' }), exports: [] } },
      'readers.0.resultsBucket,statsigBucket.bucket': { "OWOX's bucket": { readers: [OWOX] } },
      'statsigBucket.user': {
        'the placeholder of the document': bucket({ user: PLACEHOLDER }),
        'an account in place of a user': bucket({ user: '999689269917' }),
      },
      'statsigBucket.writesTo': { 'a folder to write into that has exports': bucket({ writesTo: 'events' }) },
      'exports.0.table': {
        'an unknown table, and not its format': { exports: [{ ...events, table: 'none' }] },
      },
      'exports.0.target.owner': {
        'an owner of what the stack makes': to({ owner: '111122223333' }),
        'no owner of any other bucket': { statsigBucket: null },
      },
      'exports.0.target.kmsKeyArn': { 'a key of what the stack makes': to({ kmsKeyArn: KEY }) },
      'exports.0.target.encryption': {
        'an encryption of what the stack makes': to({ encryption: 'AES256' }),
      },
      'exports.0.target.role': {
        'a role to what the stack makes': to({
          role: { arn: 'arn:aws:iam::111122223333:role/x', externalId: 'made-by-us' },
        }),
      },
      'exports.0.target.region': { 'a region of what the stack makes': to({ region: 'eu-west-1' }) },
      'exports.0.format': {
        // Statsig does not read their columns.
        copies: { exports: [{ ...events, format: 'copy' }] },
        // Without columns for Statsig.
        'a table of other rows': rowsOf({ kind: 'table', mapping: { columns: ['id'] } }),
        // Units of several types.
        exposures: rowsOf({ kind: 'exposures', mapping: { unitType: 'type' } }),
        'a unit column that Statsig’s columns have': { unitIds: { blob: 'metadata_json' } },
      },
      'sources.0.owner': { 'no owner of a source': { sources: [unowned] } },
      'exports.0.target.folder': { 'a folder that is not at the top': to({ folder: 'to/events' }) },
    }),
  )('refuses $what', ({ path, input }) => {
    expect(String(problemPaths({ statsigBucket, exports: [events], ...input }))).toBe(path);
  });

  it('takes a folder to write into whose name begins as that of an export', () => {
    expect(problemPaths({ exports: [events], ...bucket({ writesTo: 'event' }) })).toEqual([]);
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
    expect([...statsigFormats(own).keys()]).toEqual(['events', 'metrics']);
    expect(statsigFormats(own)).toEqual(statsigFormats(config));
    expect(JSON.stringify(own.sources)).not.toContain('shop-drops');
  });

  it('is nothing of sources without such an export', () => {
    const copies = define({
      sources: dataset({ kind: 'metrics' }),
      exports: [{ ...events, format: 'copy', target: { bucket: 'shop-drops', owner: '111122223333' } }],
    });
    expect(functionConfig.export(copies).sources).toEqual([]);
  });
});
