import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import { acmeSource, eventsDataset } from '../../harness/configInput.ts';
import { problemPaths } from './problemPaths.ts';

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

  it('look back as far as rows can be late, and see the last of them the day after', () => {
    const lookback = (pastDays: number, own: Partial<ExportInput> = {}) =>
      defineConfig({ bucket: 'acme', timeWindow: { pastDays }, exports: [{ ...baseExport, ...own }] })
        .exports[0]?.lookbackDays;
    expect([0, 30, 89, 90].map((days) => lookback(days))).toEqual([1, 31, 90, 90]);
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

  it.each<{ readonly what: string; readonly path: string; readonly exports: ExportInput[] }>([
    { what: 'a table that is none of ours', path: '0.table', exports: [{ ...baseExport, table: 'theirs' }] },
    { what: 'the quarantine', path: '0.table', exports: [{ ...baseExport, table: 'quarantine' }] },
    {
      what: 'a role without an external ID',
      path: '0.target.role.externalId',
      exports: to({ role: { arn: ROLE } }),
    },
    { what: 'a role of another account', path: '0.target.role.arn', exports: to({ owner, role }) },
    { what: 'a name that comes twice', path: '1.name', exports: [baseExport, ...to({ folder: 'x' })] },
    { what: 'our own bucket', path: '0.target.bucket', exports: to({ bucket: 'acme' }) },
    { what: 'a folder in another’s', path: '1.target.folder', exports: more({ folder: 'events/raw' }) },
    {
      what: 'a key of another region than the bucket’s',
      path: '0.target.kmsKeyArn',
      exports: to({ kmsKeyArn: KEY }),
    },
    { what: 'the bucket of another under another owner', path: '1.target.owner', exports: more({ owner }) },
    { what: 'an owner that is no account', path: '0.target.owner', exports: to({ owner: 'acme' }) },
    { what: 'a folder that ends in a slash', path: '0.target.folder', exports: to({ folder: 'x/' }) },
    {
      what: 'a key beside S3’s own encryption',
      path: '0.target.encryption',
      exports: to({ encryption: 'AES256', kmsKeyArn: HERE }),
    },
    {
      what: 'aws:kms with a key that its owner cannot use',
      path: '0.target.encryption',
      exports: to({ encryption: 'aws:kms' }),
    },
    {
      what: 'an encryption that S3 does not have',
      path: '0.target.encryption',
      exports: to({ encryption: 'aws:kms:dsse' }),
    },
    { what: 'an alias for a key', path: '0.target.kmsKeyArn', exports: to({ kmsKeyArn: 'alias/x' }) },
  ])('are rejected with $what', ({ path, exports }) => {
    expect(problemPaths({ exports }, 'exports.')).toEqual([path]);
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
