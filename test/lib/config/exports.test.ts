import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import { acmeSource, eventsDataset } from '../../harness/configInput.ts';
import { byPath, problemPaths } from './problemPaths.ts';

type ExportInput = NonNullable<ConfigInput['exports']>[number];

const baseExport: ExportInput = {
  name: 'events',
  table: 'statsig_forwarded_events',
  target: { bucket: 'acme-warehouse', owner: '111122223333' },
};
const KEY = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const HERE = KEY.replace('eu-west-1', 'us-east-1');
const ROLE = 'arn:aws:iam::111122223333:role/sluice';
const define = (...exports: ExportInput[]) => defineConfig({ bucket: 'acme', exports });

describe('exports in the configuration', () => {
  it('have defaults for everything except name, table, bucket and owner', () => {
    expect(define(baseExport).exports).toEqual([
      { ...baseExport, format: 'copy', lookbackDays: 8, schedule: 'daily' },
    ]);
  });

  it('look back as far as rows can be late, and see the last of them the day after, for 90 days at most', () => {
    const lookback = (pastDays: number, own: Partial<ExportInput> = {}) =>
      defineConfig({ bucket: 'acme', timeWindow: { pastDays }, exports: [{ ...baseExport, ...own }] })
        .exports[0]?.lookbackDays;
    expect([0, 30, 88, 89, 90, 365].map((days) => lookback(days))).toEqual([1, 31, 89, 90, 90, 90]);
    expect(lookback(30, { lookbackDays: 3 })).toBe(3);
  });

  it('can export each curated table, which has no resends, if days are curated, and each raw one', () => {
    for (const table of ['curated_events', 'curated_exposures']) {
      const curated = { ...baseExport, table };
      expect(define(curated).exports[0]?.table).toBe(table);
      expect(problemPaths({ curate: false, exports: [curated] })).toEqual(['exports.0.table']);
    }
    expect(problemPaths({ exports: [{ ...baseExport, table: 'statsig_forwarded_exposures' }] })).toEqual([]);
  });

  it('can export the table of a dataset, to the account that fills it', () => {
    const sources = [acmeSource({ owner: '111122223333' })];
    const table = 'acme_events';
    expect(problemPaths({ sources, exports: [{ ...baseExport, table }] })).toEqual([]);
    const target = { owner: '444455556666', bucket: 'others-warehouse' };
    expect(problemPaths({ sources, exports: [{ ...baseExport, table, target }] })).toEqual([
      'exports.0.table',
    ]);
  });

  const to = (target: object) => [{ ...baseExport, target: { ...baseExport.target, ...target } }];
  /** A second export to the same bucket. */
  const more = (target: object) => [
    baseExport,
    { ...baseExport, name: 'raw', target: { ...baseExport.target, ...target } },
  ];
  const role = { arn: ROLE, externalId: 'made-by-us' };
  const owner = '444455556666';

  it.each(
    byPath({
      '0.table': {
        'a table that is none of ours': [{ ...baseExport, table: 'theirs' }],
        'the quarantine': [{ ...baseExport, table: 'quarantine' }],
      },
      '0.target.role.externalId': { 'a role without an external ID': to({ role: { arn: ROLE } }) },
      '0.target.role.arn': { 'a role of another account': to({ owner, role }) },
      '1.name': { 'a name that comes twice': [baseExport, ...to({ folder: 'x' })] },
      '0.target.bucket': { 'our own bucket': to({ bucket: 'acme' }) },
      '1.target.folder': { 'a folder in another’s': more({ folder: 'events/raw' }) },
      '0.target.kmsKeyArn': {
        'a key of another region than the bucket’s': to({ kmsKeyArn: KEY }),
        'an alias for a key': to({ kmsKeyArn: 'alias/x' }),
      },
      '1.target.owner': { 'the bucket of another under another owner': more({ owner }) },
      '0.target.owner': { 'an owner that is no account': to({ owner: 'acme' }) },
      '0.target.folder': { 'a folder that ends in a slash': to({ folder: 'x/' }) },
      '0.target.encryption': {
        'a key beside S3’s own encryption': to({ encryption: 'AES256', kmsKeyArn: HERE }),
        'aws:kms with a key that its owner cannot use': to({ encryption: 'aws:kms' }),
        'an encryption that S3 does not have': to({ encryption: 'aws:kms:dsse' }),
      },
    }),
  )('are rejected with $what', ({ path, input }) => {
    expect(problemPaths({ exports: input }, 'exports.')).toEqual([path]);
  });

  it('take aws:kms without a key where the key aws/s3 is of the owner', () => {
    const exports = to({ encryption: 'aws:kms' });
    const { owner: account } = baseExport.target;
    expect(problemPaths({ exports, account: '444455556666' }, 'exports.')).toEqual(['0.target.encryption']);
    expect(problemPaths({ exports, account }, 'exports.')).toEqual([]);
    expect(problemPaths({ exports: to({ encryption: 'aws:kms', role }) }, 'exports.')).toEqual([]);
    expect(problemPaths({ exports: to({ encryption: 'aws:kms', kmsKeyArn: HERE }) }, 'exports.')).toEqual([]);
  });

  it.each(['drops', 'drops/orders', 'drops/orders/raw'])(
    'must be outside the datasets of sources, not in %s, or they would be ingested again',
    (folder) => {
      const shop = { bucket: 'shop-drops', owner: '111122223333' };
      const datasets = [eventsDataset({ name: 'orders', folder: 'drops/orders' })];
      const sources = [acmeSource({ ...shop, name: 'shop', datasets })];
      const paths = (target: object) => problemPaths({ sources, exports: [{ ...baseExport, target }] });
      expect(paths({ ...shop, folder })).toEqual(['exports.0.target.folder']);
      expect(paths({ ...shop, bucket: 'other', folder })).toEqual([]);
      expect(paths({ ...shop, folder: 'drops/orders-back' })).toEqual([]);
    },
  );
});
