import { DeleteObjectCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { commands } from '../../cli/main.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { curatedTables } from '../../lib/curate/curatedTables.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { relayId, relayRefusedKey } from '../../lib/tables/objectKeys.ts';
import { dayFolder } from '../../lib/tables/tableFolders.ts';
import { queueProperties } from '../../packages/local-aws/src/sqs/index.ts';
import { acmeSource, exportTo } from '../harness/configInput.ts';
import { ledgerEntry } from '../harness/ledgerEntry.ts';
import { startAws } from '../harness/startAws.ts';
import { landedKey, landedUsers } from '../lib/erase/landedUsers.ts';

const DAY = '2026-10-01';
const DAMAGED = 'damaged/2026/11/23/10/a.ndjson.gz';
const COPY = relayRefusedKey({ reason: '401', at: Date.now(), id: relayId(Date.now(), 'a'.repeat(24)) });
const ACME = ['--source', 'acme', '--dataset', 'events', '--from', DAY];
const input: ConfigInput = {
  bucket: 'sluice-cli-dry',
  relay: { statsig: true },
  sources: [acmeSource()],
  exports: [exportTo({})],
};
const config = defineConfig(input);
const GONE = `${dayFolder(config, 'events', DAY)}a.parquet`;

/** What a hand does, and can try first: a line of each command and action. */
const LINES: readonly (readonly string[])[] = [
  ['redrive', '--landing'],
  ['redrive', '--damaged'],
  ['redrive', '--discard', DAMAGED],
  ['ingest', 'run'],
  ['ingest', 'backfill', ...ACME],
  ['ingest', 'accept', 'keep', ...ACME],
  ['ingest', 'accept', 'empty', '--source', 'acme', '--from', DAY],
  ['export', 'run'],
  ['curate', 'run'],
  ['curate', 'rebuild', '--from', DAY],
  ['curate', 'accept', DAY],
  ['curate', 'accept', DAY, '--drop'],
  ['relay', 'redrive'],
  ['restore', '--table', 'events', '--from', DAY],
  ['erase', '--unit', 'user_id=gone'],
];

const aws = await startAws();
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
    const { settings } = queueProperties({});
    const ensure = (part: string, more: object = {}) =>
      queues.ensure(`sluice-local-${part}`, { ...settings, ...more });
    for (const part of ['ingest-plan', 'export', 'curate-plan', 'relay', 'relay-dead-letters']) ensure(part);
    const { arn: deadLetterTargetArn } = ensure('write-dead-letters');
    ensure('write', { RedrivePolicy: { deadLetterTargetArn, maxReceiveCount: 10 } });
    queues.byName('sluice-local-write-dead-letters').send('object');
    queues.byName('sluice-local-relay').send('copy');
    for (const [key, body] of [
      [DAMAGED, 'bytes'],
      [COPY, 'copy'],
      [landedKey(1), landedUsers('gone', 'stays')],
      [`ledger/curated/exposures/${DAY}.json`, curatedEntry()],
      [`ledger/acme/events/${DAY}.json`, JSON.stringify(ledgerEntry({ day: DAY, state: 'inputs_missing' }))],
    ] as const)
      await store.put(config.bucket, key, body);
    await store.put(config.bucket, GONE, 'rows');
    await aws.s3.send(new DeleteObjectCommand({ Bucket: config.bucket, Key: GONE }));
  });

  /** Every object and message. */
  function everything() {
    const { entries } = store.list(config.bucket, { prefix: '', limit: 1_000 });
    const objects = entries.flatMap((entry) =>
      'object' in entry ? [`${entry.object.key} ${entry.object.etag}`] : [],
    );
    return [...objects, ...queues.all().map((queue) => `${queue.name} ${queue.counts().visible}`)];
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
    const tried = LINES.map(([name = '', action]) => (hasActions.has(name) ? `${name} ${action}` : name));
    // That of keys is tried beside its service: keys.contract.
    expect([...new Set(tried), 'keys restore'].sort()).toEqual(all.sort());
  });

  it.each(LINES.map((line) => [line.join(' '), line] as const))(
    'of %s changes nothing, and without it something',
    async (_, line) => {
      const before = everything();
      const dry = await command(...line, '--json', '--dry-run');
      expect(dry.stderr).not.toContain('SLUICE_');
      expect(JSON.parse(dry.stdout)).not.toHaveProperty('error');
      expect(everything()).toEqual(before);
      expect(JSON.parse((await command(...line, '--json')).stdout)).not.toHaveProperty('error');
      expect(everything()).not.toEqual(before);
    },
  );
});

/** The ledger's entry of a curated day that keeps rows of a raw file that is gone. */
function curatedEntry(): string {
  const kept = { files: [{ name: 'a.parquet', eTag: '"1"' }], rows: 2, since: 0 };
  const { exposures: table } = config.curatedTables;
  const place = { source: 'curated', dataset: 'exposures', day: DAY, table };
  return JSON.stringify(ledgerEntry({ ...place, version: 'v1', curated: { kept } }));
}
