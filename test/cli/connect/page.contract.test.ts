import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { repositoryRoot } from '../../../local/dataDirectory.ts';
import { callMain } from '../../harness/callMain.ts';

const KEY = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const config = {
  bucket: 'acme-experiments',
  account: '999988887777',
  sources: [
    {
      ...{ name: 'acme', bucket: 'acme-drops', owner: '111122223333', kmsKeyArn: KEY },
      receipt: 'sluice-receipts',
      datasets: [
        {
          ...{ name: 'events', kind: 'events', waitFor: 'DONE', refusedShare: 0.05 },
          expectedBy: { hour: 7, timezone: 'Europe/Berlin', weekdays: ['mon', 'tue'] },
          mapping: { metadata: { plan: 'plan|name' } },
        },
        {
          ...{ name: 'orders', kind: 'table', schedule: 'hourly' },
          mapping: {
            columns: { id: { column: 'order_no', required: true, comment: 'Number of the order' } },
          },
        },
      ],
    },
    {
      ...{ name: 'rival', bucket: 'rival-drops', owner: '222233334444' },
      role: { arn: 'arn:aws:iam::222233334444:role/sluice', externalId: 'rivals-id' },
      datasets: [{ name: 'clicks', kind: 'events' }],
    },
  ],
  exports: [
    { name: 'back', table: 'acme_events', target: { bucket: 'acme-drops', owner: '111122223333' } },
    { name: 'theirs', table: 'rival_clicks', target: { bucket: 'rival-house', owner: '222233334444' } },
  ],
};

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-customer-page-'));
  const file = join(directory, 'sluice.config.ts');
  const from = JSON.stringify(join(repositoryRoot, 'lib', 'config', 'defineConfig.ts'));
  writeFileSync(
    file,
    `import { defineConfig } from ${from};\nexport default defineConfig(${JSON.stringify(config)});\n`,
  );
  process.env['SLUICE_CONFIG'] = file;
});
afterAll(() => {
  delete process.env['SLUICE_CONFIG'];
  rmSync(directory, { recursive: true });
});

const page = (...args: string[]) => callMain(['connect', 'customer', ...args, '--offline', '--stage', 'dev']);

describe('the page for a customer', () => {
  it('has the policies that the deployment needs, and what the mapping says of files', async () => {
    const { code, stdout, stderr } = await page('acme');
    expect(code).toBe(0);
    for (const text of [
      '"AWS": "arn:aws:iam::999988887777:root"',
      '"arn:aws:iam::999988887777:role/sluice-dev-IngestLoadRole-*"',
      '"arn:aws:s3:::acme-drops/sluice-receipts/*"',
      '"kms:GenerateDataKey"',
      'for example `s3://acme-drops/events/',
      '/DONE` is there',
      '| `plan\\|name` | any | every file | Metadata `plan` |',
      '| `order_no` | text | every row | Number of the order |',
      '| `events` | every day at 09:00 UTC | 3 days before today | 07:00 Europe/Berlin, the day after, for the folders of mon, tue |',
      '| `orders` | every hour, at 15 minutes past |',
      '| `events` | 5 % |',
      '"type":"events","sources":["acme"]',
      's3://acme-drops/sluice-receipts/',
      '| `back` | `acme_events` | `s3://acme-drops/back/YYYY-MM-DD/` |',
      '| `SLUICE_INGEST_COLUMN_MISSING` | A file does not have a column that the mapping names. |',
    ])
      expect(stdout).toContain(text);
    expect(stderr).toContain('Placeholder left: __COLLECTOR_URL__.');
    // One policy of the bucket, whose statements have IDs of their own: of drops, receipts and exports.
    const [, policy = ''] = /```json\n(\{[\s\S]*?)\n```/.exec(stdout) ?? [];
    const sids = JSON.parse(policy).Statement.map(({ Sid }: { Sid: string }) => Sid);
    expect(new Set(sids).size).toBe(sids.length);
    expect(sids).toHaveLength(7);
  });

  it('has no secret, and nothing of another customer', async () => {
    for (const { stdout } of [await page('acme'), await page('acme', '--json')]) {
      expect(stdout).toContain('acme-drops');
      for (const text of ['rival', '222233334444', 'clicks', 'acme-experiments'])
        expect(stdout).not.toContain(text);
    }
    const { stdout } = await page('rival');
    expect(stdout).toContain('"sts:ExternalId": "rivals-id"');
    expect(stdout).not.toMatch(/acme|111122223333/);
    // Without receipts, nothing is said of them.
    expect(stdout).not.toContain('## Receipts');
  });

  it.each([
    [['acne'], 'Expected one customer of the configuration: acme, rival. Did you mean acme?'],
    [[], 'Expected one customer of the configuration: acme, rival.'],
    [['acme', 'rival'], 'Expected one customer'],
    [['acme', '--reader', 'x'], '--reader: not for a page.'],
  ])('is refused for %j', async (args, message) => {
    const { code, stderr } = await page(...args);
    expect(code).not.toBe(0);
    expect(stderr).toContain(message);
  });

  it('has options that products do not take', async () => {
    const { code, stderr } = await callMain(['connect', 'owox', '--offline']);
    expect(code).toBe(2);
    expect(stderr).toContain('--offline: only for `sluice connect customer` and `owner`.');
  });
});
