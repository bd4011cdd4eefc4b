import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { claimKey } from '../../../lib/layout/claimKey.ts';
import { deliveryPrefix, errorPrefix } from '../../../lib/layout/deliveryPrefixes.ts';
import { ledgerKey } from '../../../lib/layout/ingestedKeys.ts';
import { triggerKey } from '../../../lib/layout/ingestStateKeys.ts';
import { isOwnKey } from '../../../lib/layout/isOwnKey.ts';
import { overflowKey } from '../../../lib/layout/overflowKey.ts';
import { parkedKey } from '../../../lib/layout/parkedKey.ts';
import { quarantineLargeKey } from '../../../lib/layout/quarantineLargeKey.ts';
import { tableKinds } from '../../../lib/tables/deliveredTables.ts';

const config = defineConfig({ bucket: 'acme-data', statsigFolder: 'a/b', tables: { events: 'e' } });
const QUERY = '0a1b2c3d-0000-4000-8000-0123456789ab';

const ours = [
  ...tableKinds.flatMap((kind) => [
    `${deliveryPrefix(config, kind).replace(/!\{[^}]*\}/, '2026-11-20')}part.parquet`,
    `${errorPrefix(kind).replace(/!\{[^}]*\}/, 'format-conversion-failed')}2026/11/20/08/x`,
    overflowKey(kind, '0'.repeat(64)),
  ]),
  parkedKey(overflowKey('events', '0'.repeat(64))),
  claimKey(overflowKey('events', '0'.repeat(64))),
  ledgerKey('acme', 'web', '2026-11-20'),
  triggerKey('acme'),
  quarantineLargeKey('2026-11-20', 'q-1'),
  `query-results/${QUERY}.csv`,
  `query-results/bi/${QUERY}.csv.metadata`,
  `query-results/Unsaved/2026/11/20/${QUERY}.txt`,
  `query-results/tables/${QUERY}/part-0`,
  'overflow/',
  'query-results/Unsaved/',
];

describe('isOwnKey', () => {
  it.each(ours)('knows %s', (key) => {
    expect(isOwnKey(config, key)).toBe(true);
  });

  it.each([
    'query-results/2026 report.pdf',
    `query-results/${QUERY}0/x`,
    'quarantine/suspicious.eml',
    'quarantine/2026-11-20/deeper/x.parquet',
    'quarantine-large/today/x',
    'errors/app.log',
    'errors/nginx/2026.log',
    'overflow/x.ndjson.gz',
    'parked/cars.csv',
    'ledger/2026.xlsx',
    'a/b/statsig_forwarded_events/e/readme.md',
  ])('does not take %s for its own', (key) => {
    expect(isOwnKey(config, key)).toBe(false);
  });
});
