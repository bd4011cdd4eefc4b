import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { ledgerStore } from '../../lib/ledger/ledgerStore.ts';
import { curatedSubject, exportSubject } from '../../lib/tables/ledgerKeys.ts';
import { relayId, relayRefusedKey } from '../../lib/tables/relayKeys.ts';
import { projectRoot } from '../../local/roots.ts';
import { exportTo } from '../harness/configInput.ts';
import { CUSTOMER, DROPS, ingestCloud } from '../harness/ingestCloud.ts';
import { ledgerEntry } from '../harness/ledgerEntry.ts';

const DAY = '2026-11-19';
const ACME = ['--source', 'acme', '--dataset', 'events', '--day'];

/** Commands that judge, as they are asked. */
const JUDGES: readonly (readonly string[])[] = [
  ['relay', 'status'],
  ['ingest', 'status'],
  ['ingest', 'explain', ...ACME, DAY],
  ['ingest', 'refused', ...ACME, DAY],
  ['export', 'status'],
  ['curate', 'status'],
  ['check'],
  ['reconcile'],
];

/** Those whose exit code a suite of their own holds. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'cli/commands/erase.ts': 'test/cli/erase/erase.contract.test.ts',
  'cli/commands/redrive.ts': 'test/e2e/landing.story.test.ts',
  'cli/commands/trace.ts': 'test/cli/feed.contract.test.ts',
  'cli/commands/status.ts': 'test/e2e/onCall.story.test.ts',
  'cli/commands/doctor.ts': 'test/observe/doctor/doctor.story.test.ts',
};

const drop = (name: string, unit: string) =>
  `SELECT TIMESTAMP '${DAY} 10:00:00' AS timestamp, ${name} AS event_name, '${unit}' AS unit_id`;
const exported = exportTo({}, { lookbackDays: 2 });
const story = await ingestCloud(
  {
    sources: [
      {
        name: 'acme',
        bucket: DROPS,
        owner: CUSTOMER,
        settleMinutes: 0,
        datasets: [{ name: 'events', kind: 'events', lookbackDays: 2, refusedShare: 0.9 }],
      },
    ],
    exports: [exported],
    relay: { url: 'http://127.0.0.1:9/' },
    curate: true,
    experiments: [{ name: 'button', split: { '90': 1, '10': 1 } }],
  },
  { startsAt: '2026-11-20T05:00:00Z' },
);
afterAll(() => story.close());

/** How commands end, by their words. */
async function exitCodes(): Promise<Readonly<Record<string, number>>> {
  const codes: Record<string, number> = {};
  for (const words of JUDGES) codes[words.join(' ')] = (await story.sluice(...words, '--json')).code;
  return codes;
}
const all = (code: number) => Object.fromEntries(JUDGES.map((words) => [words.join(' '), code]));

/** Makes something that is wrong for each of the commands. */
async function spoil(): Promise<void> {
  await story.drop(`events/${DAY}/b.parquet`, drop('NULL', 'b'));
  await story.sluice('ingest', 'run');
  for (const count of [90, 10])
    await story.post({
      events: Array.from({ length: count }, (_, i) => ({
        eventName: 'statsig::config_exposure',
        time: Date.parse(`${DAY}T10:00:00Z`),
        user: { userID: `${count}-${i}` },
        metadata: { config: 'button', ruleID: String(count), reason: 'Network:Recognized' },
      })),
    });
  await story.cloud.flush();
  const { config } = story.cloud;
  const ledger = ledgerStore(s3ObjectStore(story.s3By(), story.cloud.bucket));
  const table = config.sources[0]?.datasets[0]?.table ?? '';
  for (const subject of [
    exportSubject(exported, DAY),
    curatedSubject(config, 'exposures', DAY),
    { source: 'acme', dataset: 'events', day: DAY, table },
  ]) {
    const there = await ledger.read(subject);
    const failure = { code: 'SLUICE_X', message: 'm.' };
    const failed = ledgerEntry({ ...there?.entry, ...subject, state: 'failed', failure, failingSince: 1 });
    await ledger.write(failed, there?.eTag ?? null);
  }
  const id = relayId(story.clock.now(), 'a'.repeat(24));
  await story.put(relayRefusedKey({ reason: '401', at: story.clock.now(), id }), 'copy');
  const counts = { hour: 4, table_name: 'events', accepted: 9, finished: 2, missing: 7, unproved: 0 };
  const hour = { ...counts, ds: '2026-11-20', state: 'short', why: null };
  await story.put('statsig/ingested/received_hours/2026-11-20.json', JSON.stringify(hour));
}

describe('a command that judges', () => {
  /** How the commands end where nothing is wrong, and where something is. */
  let well: Readonly<Record<string, number>>;
  let spoilt: Readonly<Record<string, number>>;
  beforeAll(async () => {
    await story.drop(`events/${DAY}/a.parquet`, drop("'seen'", 'a'));
    await story.sluice('ingest', 'run');
    await story.cloud.flush();
    well = await exitCodes();
    await spoil();
    spoilt = await exitCodes();
  });

  it('ends with 0 where nothing is wrong', () => {
    expect(well).toEqual(all(0));
  });

  it('ends with 3 where something is', () => {
    expect(spoilt).toEqual(all(3));
  });

  it('is in a table', () => {
    const judging = execFileSync('git', ['grep', '-l', 'PROBLEMS_FOUND', 'cli/commands'], {
      cwd: projectRoot,
      encoding: 'utf8',
    });
    const held = [...JUDGES.map(([name]) => `cli/commands/${name}.ts`), ...Object.keys(ELSEWHERE)];
    expect(judging.trim().split('\n')).toEqual([...new Set(held)].sort());
  });
});
