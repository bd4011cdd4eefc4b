import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import { acmeSource } from '../../harness/configInput.ts';
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

  it('can export a curated table, which has no resends, if days are curated', () => {
    const curated = { ...baseExport, table: 'curated_events' };
    expect(define(curated).exports[0]?.table).toBe('curated_events');
    expect(() => defineConfig({ bucket: 'acme', curate: false, exports: [curated] })).toThrow(
      'exports.0.table: got "curated_events", expected one of',
    );
  });

  it('can export the table of a dataset', () => {
    const config = defineConfig({
      bucket: 'acme',
      sources: [acmeSource({ owner: '111122223333' })],
      exports: [{ ...baseExport, table: 'acme_events' }],
    });
    expect(config.exports[0]?.table).toBe('acme_events');
    const others = { ...baseExport.target, owner: '444455556666', bucket: 'others-warehouse' };
    expect(() =>
      defineConfig({
        ...config,
        endpoint: {},
        exports: [{ ...baseExport, table: 'acme_events', target: others }],
      }),
    ).toThrow(
      'exports.0.table: got "acme_events", which a source of 111122223333 fills, expected a table of 444455556666\'s',
    );
  });

  const to = (target: object) => [{ ...baseExport, target: { ...baseExport.target, ...target } }];
  /** A second export to the same bucket. */
  const more = (target: object) => [
    baseExport,
    { ...baseExport, name: 'raw', target: { ...baseExport.target, ...target } },
  ];
  const role = { arn: ROLE, externalId: 'made-by-us' };
  const owner = '444455556666';

  it.each<[string, string, ExportInput[]]>([
    ['a table that is none of ours', '0.table', [{ ...baseExport, table: 'theirs' }]],
    ['the quarantine', '0.table', [{ ...baseExport, table: 'quarantine' }]],
    ['a role without an external ID', '0.target.role.externalId', to({ role: { arn: ROLE } })],
    ['a role of another account', '0.target.role.arn', to({ owner, role })],
    ['a name that comes twice', '1.name', [baseExport, ...to({ folder: 'x' })]],
    ['our own bucket', '0.target.bucket', to({ bucket: 'acme' })],
    ['a folder in another’s', '1.target.folder', more({ folder: 'events/raw' })],
    ['a key of another region than the bucket’s', '0.target.kmsKeyArn', to({ kmsKeyArn: KEY })],
    ['the bucket of another under another owner', '1.target.owner', more({ owner })],
    ['an owner that is no account', '0.target.owner', to({ owner: 'acme' })],
    ['a folder that ends in a slash', '0.target.folder', to({ folder: 'x/' })],
    [
      'a key beside S3’s own encryption',
      '0.target.encryption',
      to({ encryption: 'AES256', kmsKeyArn: HERE }),
    ],
    ['aws:kms with a key that its owner cannot use', '0.target.encryption', to({ encryption: 'aws:kms' })],
    ['an encryption that S3 does not have', '0.target.encryption', to({ encryption: 'aws:kms:dsse' })],
    ['an alias for a key', '0.target.kmsKeyArn', to({ kmsKeyArn: 'alias/x' })],
  ])('are rejected with %s', (_, path, exports) => {
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
      const datasets = [{ name: 'orders', kind: 'events', folder: 'drops/orders' }] as const;
      const configured = (target: ExportInput['target']) => () =>
        defineConfig({
          bucket: 'acme',
          sources: [{ ...shop, name: 'shop', datasets: [...datasets] }],
          exports: [{ ...baseExport, target }],
        });
      expect(configured({ ...shop, folder })).toThrow(
        `exports.0.target.folder: got ${folder}/, expected a folder apart from sources.0.datasets.0's.`,
      );
      expect(configured({ ...shop, bucket: 'other', folder })).not.toThrow();
      expect(configured({ ...shop, folder: 'drops/orders-back' })).not.toThrow();
    },
  );

  it('reserve their names in the ledger', () => {
    const sources = [acmeSource({ name: 'exports' })];
    let stderr = '';
    try {
      defineConfig({ bucket: 'acme', sources });
    } catch (error) {
      stderr = String(error);
    }
    // In one sentence.
    expect(stderr.match(/sources\.0\.name: got "exports"/g)).toHaveLength(1);
  });
});
