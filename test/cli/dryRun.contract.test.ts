import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
} from '@aws-sdk/client-s3';
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { commands } from '../../cli/main.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { curatedTables } from '../../lib/curate/curatedTables.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { rawDaysKey } from '../../lib/tables/ledgerKeys.ts';
import { relayId, relayRefusedKey, relayWaitingKey } from '../../lib/tables/relayKeys.ts';
import { dayFolder } from '../../lib/tables/tableFolders.ts';
import { ManualClock } from '../../packages/local-aws/src/base/index.ts';
import { queueProperties } from '../../packages/local-aws/src/sqs/index.ts';
import { acmeSource, exportTo } from '../harness/configInput.ts';
import { emptyBucket } from '../harness/emptyBucket.ts';
import { ledgerEntry } from '../harness/ledgerEntry.ts';
import { startAws } from '../harness/startAws.ts';
import { landedKey, landedUsers } from '../lib/erase/landedUsers.ts';

const DAY = '2026-10-01';
const NOW = Date.UTC(2026, 10, 24, 10);
const DAMAGED = 'damaged/2026/11/23/10/a.ndjson.gz';
const LANDED = landedKey(1);
const COPY_ID = relayId(NOW, 'a'.repeat(24));
const COPY = relayRefusedKey({ reason: '401', at: NOW, id: COPY_ID });
const CURATED = `ledger/curated/exposures/${DAY}.json`;
/** What looks have noted of raw exposures. */
const LOOKS = rawDaysKey('exposures');
const PLAN = 'sluice-local-ingest-plan';
const CURATIONS = 'sluice-local-curate-plan';
const EXPORTS = 'sluice-local-export';
const NEXT = '2026-10-02';
const RANGE = `--from ${DAY} --to ${NEXT}`;
const ACME = `--source acme --dataset events ${RANGE}`;
const input: ConfigInput = {
  bucket: 'sluice-cli-dry',
  relay: { statsig: true },
  sources: [acmeSource(), acmeSource({ name: 'other', bucket: 'other-drops' })],
  exports: [exportTo({}), exportTo({ folder: 'more' }, { name: 'more' })],
};
const config = defineConfig(input);
const GONE = `${dayFolder(config, 'events', DAY)}a.parquet`;

/** What a hand does and can try first, and the queues and objects that it changes. */
interface Line {
  /** Words of a command. */
  readonly words: string;
  /** Names of queues and keys of objects, or a matcher of one, sorted. */
  readonly changes: readonly unknown[];
  /** What it answers with `--json`, beside `dryRun`. */
  readonly answer: object;
  /** What functions are asked to do, by messages. Default: nothing. */
  readonly sent?: readonly unknown[];
}
const DAYS = { from: DAY, to: NEXT, days: 2 };
const LOOKBACK = { from: expect.any(String), to: expect.any(String), days: expect.any(Number) };
const ACCEPTED = {
  tables: [{ table: 'curated_exposures', rows: 2 }],
  rawTables: ['statsig_forwarded_exposures'],
};
const OF_ACME = { source: 'acme', dataset: 'events' };
const PLAN_ACME = { sluice: 'plan', sources: ['acme'], datasets: ['events'] };
const PLAN_OTHER = { ...PLAN_ACME, sources: ['other'] };
const LINES: readonly Line[] = [
  {
    words: 'redrive --landing',
    changes: ['sluice-local-write', 'sluice-local-write-dead-letters'],
    answer: { messages: 1, objects: 0 },
  },
  {
    words: 'redrive --damaged',
    changes: [DAMAGED, `landing/again/${NOW}/2026/11/23/10/a.ndjson.gz`],
    answer: { objects: 1, bytes: 5 },
  },
  {
    words: `redrive --discard ${DAMAGED}`,
    changes: [DAMAGED],
    answer: { key: DAMAGED, bytes: 5, begins: 'bytes' },
  },
  {
    words: 'ingest run',
    changes: [PLAN],
    answer: { asked: [{ ...OF_ACME, ...LOOKBACK }, { source: 'other' }] },
    sent: [PLAN_ACME, PLAN_OTHER],
  },
  {
    words: 'ingest run --source other --dataset events',
    changes: [PLAN],
    answer: { asked: [{ source: 'other', dataset: 'events', ...LOOKBACK }] },
    sent: [PLAN_OTHER],
  },
  {
    words: `ingest backfill ${ACME}`,
    changes: [PLAN],
    answer: { ...OF_ACME, ...DAYS, loading: [], moved: [] },
    sent: [{ ...PLAN_ACME, asked: 'backfill', days: [DAY, NEXT] }],
  },
  {
    words: `ingest accept keep ${ACME}`,
    changes: [PLAN],
    answer: { ...OF_ACME, ...DAYS },
    sent: [{ ...PLAN_ACME, asked: 'keep', days: [DAY, NEXT] }],
  },
  {
    words: `ingest accept empty --source acme ${RANGE}`,
    changes: [PLAN],
    answer: { asked: [{ ...OF_ACME, ...DAYS, days: 1 }] },
    sent: [{ ...PLAN_ACME, asked: 'empty', days: [DAY] }],
  },
  {
    words: 'export run',
    changes: [EXPORTS],
    answer: { asked: [{ export: 'out', ...LOOKBACK }, { export: 'more' }] },
    sent: [{ sluice: 'export', exports: ['out', 'more'] }],
  },
  {
    words: `export run --export out ${RANGE} --drop`,
    changes: [EXPORTS],
    answer: { asked: [{ export: 'out', ...DAYS }] },
    sent: [{ sluice: 'export', exports: ['out'], days: [DAY, NEXT], drop: true }],
  },
  {
    words: 'curate run',
    changes: [CURATIONS],
    answer: { asked: [{}, {}] },
    sent: [{ sluice: 'curate', asked: 'run', kinds: ['exposures', 'events'] }],
  },
  {
    words: `curate rebuild --table events ${RANGE}`,
    changes: [CURATIONS],
    answer: { asked: [{ table: 'curated_events', ...DAYS }] },
    sent: [{ sluice: 'curate', asked: 'rebuild', kinds: ['events'], days: [DAY, NEXT] }],
  },
  {
    words: `curate accept ${DAY}`,
    changes: [LOOKS, CURATED],
    answer: ACCEPTED,
  },
  {
    words: `curate accept ${DAY} --drop`,
    changes: [LOOKS, CURATED, CURATIONS],
    answer: ACCEPTED,
    sent: [{ sluice: 'curate', asked: 'run', kinds: ['exposures'], days: [DAY] }],
  },
  {
    words: 'relay redrive --reason 401',
    changes: [COPY, relayWaitingKey(COPY_ID), 'sluice-local-relay'],
    answer: { reason: '401', found: 1, moved: 1, tooOld: 0 },
  },
  {
    words: `restore --table events ${RANGE}`,
    changes: [GONE],
    answer: {
      table: 'events',
      days: [
        { day: DAY, deleted: [GONE], replaced: [] },
        { day: NEXT, deleted: [], replaced: [] },
      ],
    },
  },
  {
    words: 'erase --unit user_id=gone',
    changes: [LANDED, expect.stringMatching(/^ledger\/_erasures\//)],
    answer: { units: 1, run: { hasFound: true } },
  },
];

const aws = await startAws({ clock: new ManualClock(NOW) });
const { store, catalog, queues } = aws;
const command = aws.commands(input);
store.createBucket(config.bucket);
const VersioningConfiguration = { Status: 'Enabled' as const };
await aws.s3.send(new PutBucketVersioningCommand({ Bucket: config.bucket, VersioningConfiguration }));
catalog.ensureDatabase({ Name: config.database });
for (const { name: Name } of Object.values(curatedTables(config)))
  catalog.ensureTable(config.database, { Name, PartitionKeys: [{ Name: 'ds', Type: 'date' }] });
afterAll(() => aws.close());

describe('--dry-run', () => {
  beforeEach(async () => {
    for (const queue of queues.all()) queues.delete(queue.name);
    await emptyBucket(aws.s3, config.bucket);
    const { settings } = queueProperties({});
    const ensure = (part: string, more: object = {}) =>
      queues.ensure(`sluice-local-${part}`, { ...settings, ...more });
    for (const part of ['ingest-plan', 'export', 'curate-plan', 'relay', 'relay-dead-letters']) ensure(part);
    const { arn: deadLetterTargetArn } = ensure('write-dead-letters');
    ensure('write', { RedrivePolicy: { deadLetterTargetArn, maxReceiveCount: 10 } });
    queues.byName('sluice-local-write-dead-letters').send('object');
    queues.byName('sluice-local-relay').send('copy');
    const put = (key: string, body: string | Buffer) => store.put(config.bucket, key, body);
    await put(DAMAGED, 'bytes');
    await put(COPY, 'copy');
    await put(LANDED, landedUsers('gone', 'stays'));
    await put(CURATED, curatedEntry());
    await put(LOOKS, JSON.stringify({ at: NOW, days: { [DAY]: { seenAt: NOW - 1, files: 1 } } }));
    const missing = ledgerEntry({ day: DAY, state: 'inputs_missing' });
    await put(`ledger/acme/events/${DAY}.json`, JSON.stringify(missing));
    await put(GONE, 'rows');
    await aws.s3.send(new DeleteObjectCommand({ Bucket: config.bucket, Key: GONE }));
  });

  /** Every version of an object, marker and message. */
  async function everything(): Promise<ReadonlySet<string>> {
    const { Versions = [], DeleteMarkers = [] } = await aws.s3.send(
      new ListObjectVersionsCommand({ Bucket: config.bucket }),
    );
    return new Set([
      ...Versions.map(({ Key, ETag, VersionId }) => `${Key} ${ETag} ${VersionId}`),
      ...DeleteMarkers.map(({ Key, VersionId }) => `${Key} ${VersionId}`),
      ...queues.all().map((queue) => `${queue.name} ${queue.counts().visible}`),
    ]);
  }

  /** Takes the messages of a queue. */
  async function takeMessages(name: string): Promise<readonly unknown[]> {
    const QueueUrl = queues.urlOf(name, aws.options.endpoint);
    const { Messages = [] } = await aws.sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
    );
    return Messages.map(({ Body = '' }) => JSON.parse(Body));
  }

  it('is tried with every command and action that has it', () => {
    const all = commands.flatMap(({ name, actions, options }) => {
      if (actions === undefined) return 'dry-run' in options ? [name] : [];
      return Object.entries(actions).flatMap(([action, { options: own }]) =>
        own.includes('dry-run') ? [`${name} ${action}`] : [],
      );
    });
    const hasActions = new Set(
      commands.flatMap(({ name, actions }) => (actions === undefined ? [] : [name])),
    );
    const tried = LINES.map(({ words }) => {
      const [name = '', action] = words.split(' ');
      return hasActions.has(name) ? `${name} ${action}` : name;
    });
    // That of keys is tried beside its service: keys.contract.
    expect([...new Set(tried), 'keys restore'].sort()).toEqual(all.sort());
  });

  it.each(LINES)('of $words changes nothing, and without it what it is for', async (row) => {
    const { words, changes, answer, sent = [] } = row;
    const line = [...words.split(' '), '--json'];
    const before = await everything();
    const dry = await command(...line, '--dry-run');
    expect(dry.stderr).not.toContain('SLUICE_');
    expect(JSON.parse(dry.stdout)).toMatchObject(answer);
    expect(await everything()).toEqual(before);
    expect(JSON.parse((await command(...line)).stdout)).toMatchObject(answer);
    const changed = before.symmetricDifference(await everything());
    expect([...new Set([...changed].map((one) => one.split(' ')[0]))].sort()).toEqual(changes);
    const asked = await Promise.all([PLAN, CURATIONS, EXPORTS].map(takeMessages));
    expect(asked.flat()).toEqual(sent);
  });
});

/** The ledger's entry of a curated day that keeps rows of a raw file that is gone. */
function curatedEntry(): string {
  const kept = { files: [{ name: 'a.parquet', eTag: '"1"' }], rows: 2, since: 0 };
  const { exposures: table } = config.curatedTables;
  const place = { source: 'curated', dataset: 'exposures', day: DAY, table };
  return JSON.stringify(ledgerEntry({ ...place, version: 'v1', curated: { kept } }));
}
