import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { forwardedKinds, tableKinds } from '../../../lib/schema/kinds.ts';
import {
  curatedDaysKey,
  dayLooksKey,
  EXPORTS_LEDGER,
  erasureKey,
  lastLookKey,
  lateNoteKey,
  ledgerKey,
  rawDaysKey,
  redrivenKey,
  triggerKey,
  versionFilesKey,
  versionLooksKey,
  versionNoteKey,
} from '../../../lib/tables/ledgerKeys.ts';
import {
  againKey,
  damagedKey,
  directRecordKey,
  isOwnKey,
  quarantineLargeKey,
} from '../../../lib/tables/objectKeys.ts';
import { relayId, relayRefusedKey, relayWaitingKey } from '../../../lib/tables/relayKeys.ts';
import {
  dayFolder,
  groupsKey,
  receivedHoursKey,
  refusedRowsKey,
  restoredKey,
} from '../../../lib/tables/tableFolders.ts';
import { projectRoot } from '../../../local/roots.ts';

const config = defineConfig({ bucket: 'acme-data', statsigFolder: 'a/b', tables: { events: 'e' } });
const QUERY = '0a1b2c3d-0000-4000-8000-0123456789ab';

const DIGEST = '0'.repeat(64);
const COPY = relayId(Date.parse('2026-11-20T07:00:00.123Z'), '0'.repeat(24));
const day = '2026-11-20';

/** A key of every function of lib/tables that makes one of what isOwnKey is asked about. */
const built: Readonly<Record<string, readonly string[]>> = {
  againKey: [againKey('damaged/direct/2026-11-20/0.ndjson.gz', 0)],
  curatedDaysKey: forwardedKinds.map(curatedDaysKey),
  damagedKey: [damagedKey('landing/direct/2026-11-20/0.ndjson.gz')],
  directRecordKey: [directRecordKey(day, DIGEST), directRecordKey(day, DIGEST, 'redriven')],
  groupsKey: [groupsKey(config)],
  lastLookKey: [lastLookKey('acme', 'web'), lastLookKey(EXPORTS_LEDGER, 'clicks')],
  lateNoteKey: [lateNoteKey('acme', 'web')],
  ledgerKey: [ledgerKey('acme', 'web', day), ledgerKey(EXPORTS_LEDGER, 'clicks', day)],
  erasureKey: [erasureKey('0a')],
  rawDaysKey: forwardedKinds.map(rawDaysKey),
  redrivenKey: [redrivenKey('2026-11-20T08:00:00.000Z', 'a')],
  quarantineLargeKey: [quarantineLargeKey(day, 'q-1')],
  refusedRowsKey: [
    refusedRowsKey(config, { table: 'acme_web', day, fingerprint: DIGEST, receivedAt: Date.parse(day) }),
  ],
  relayRefusedKey: ['401', 'expired'].map((reason) =>
    relayRefusedKey({ reason, at: Date.parse('2026-11-20T08:09:10.011Z'), id: COPY }),
  ),
  receivedHoursKey: [receivedHoursKey(config, day)],
  relayWaitingKey: [relayWaitingKey(COPY)],
  restoredKey: [restoredKey(`${dayFolder(config, 'events', day)}part.parquet`)],
  triggerKey: [triggerKey('acme')],
  versionFilesKey: [versionFilesKey('acme', 'web'), versionFilesKey('curated', 'events')],
  versionLooksKey: [versionLooksKey('acme', 'web'), versionLooksKey('curated', 'events')],
  dayLooksKey: forwardedKinds.map(dayLooksKey),
  versionNoteKey: [versionNoteKey({ due: Date.parse(day), table: 'acme_web', day, version: 'v1' })],
};

const ours = [
  ...Object.values(built).flat(),
  ...tableKinds.map((kind) => `${dayFolder(config, kind, day)}part.parquet`),
  `query-results/${QUERY}.csv`,
  `query-results/bi/${QUERY}.csv.metadata`,
  `query-results/Unsaved/2026/11/20/${QUERY}.txt`,
  `query-results/tables/${QUERY}/part-0`,
  'ledger/_loads/acme_web/2026-11-20/v1/plan.json',
  'landing/',
  'query-results/Unsaved/',
];

describe('isOwnKey', () => {
  it('is tested with a key of every function that builds one', () => {
    const folder = join(projectRoot, 'lib', 'tables');
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) =>
        [...readFileSync(join(folder, file), 'utf8').matchAll(/^export function (\w+)/gm)].map(
          ([, name = '']) => name,
        ),
      );
    const makers = names.filter((name) => /Key$/.test(name));
    expect(makers.filter((name) => !/^(parse|is)[A-Z]/.test(name)).toSorted()).toEqual(
      Object.keys(built).toSorted(),
    );
  });

  it.each(ours)('recognizes %s', (key) => {
    expect(isOwnKey(config, key)).toBe(true);
  });

  it.each([
    'query-results/2026 report.pdf',
    `query-results/${QUERY}0/x`,
    'quarantine/suspicious.eml',
    'quarantine/2026-11-20/deeper/x.parquet',
    'quarantine-large/today/x',
    'quarantine-large/2026-11-20',
    'quarantine-large/2026-11-20/a/b',
    'ledger/2026.xlsx',
    'ledger/_versions/notes.txt',
    'ledger/_versions/2026-11-20T00:00:00.000Z/acme_web/today/v1',
    'a/b/statsig_forwarded_events/e/readme.md',
    'b/ingested/experiment_groups/experiment_groups.json',
  ])('does not recognize %s', (key) => {
    expect(isOwnKey(config, key)).toBe(false);
  });

  it('recognizes files of a former Statsig folder', () => {
    const moved = {
      ...config,
      statsigFolder: 'new',
      formerStatsigFolders: [{ folder: 'a/b', until: day }],
    };
    const file = `${dayFolder(config, 'events', day)}part.parquet`;
    expect(isOwnKey(config, file)).toBe(true);
    expect(isOwnKey(moved, file)).toBe(true);
  });
});
