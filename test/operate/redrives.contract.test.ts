import { type CopyObjectCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import {
  CreateQueueCommand,
  type GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { addDays } from '../../lib/base/time.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { writeNote } from '../../lib/landing/LandingNotes.ts';
import type { LedgerEntry } from '../../lib/ledger/LedgerEntry.ts';
import { MAX_AGE_MS } from '../../lib/relay/limits.ts';
import { writeRelayCopy, writeRelayedKey } from '../../lib/relay/RelayCopy.ts';
import { lateNoteKey } from '../../lib/tables/ledgerKeys.ts';
import { relayId, relayRefusedKey, relayWaitingKey } from '../../lib/tables/relayKeys.ts';
import { type Deployment, openDeployment } from '../../observe/deployment.ts';
import { requestCuration, requestRebuild } from '../../operate/curate/requests.ts';
import {
  laterDays,
  requestAcceptance,
  requestBackfill,
  requestExport,
  requestIngest,
} from '../../operate/ingest/requests.ts';
import { discardDamaged, redriveDamaged } from '../../operate/redriveDamaged.ts';
import { redriveLanding } from '../../operate/redriveLanding.ts';
import { redriveCopies } from '../../operate/relay/redriveCopies.ts';
import { ManualClock } from '../../packages/local-aws/src/base/index.ts';
import { acmeSource, eventsDataset, exportTo } from '../harness/configInput.ts';
import { ledgerEntry, loadRun } from '../harness/ledgerEntry.ts';
import { queueClient } from '../harness/queueClient.ts';
import { startAws } from '../harness/startAws.ts';

const NOW = Date.UTC(2026, 10, 24, 10);
/** 14 hours ahead of UTC: there it is the day after. */
const EARLY = 'Pacific/Kiritimati';

let buckets = 0;
const clock = new ManualClock(NOW);
const aws = await startAws({ clock });
const { store: objects, queues, faults } = aws;
let deployment: Deployment;
let urls: Record<string, string>;

afterAll(() => aws.close());

/** A deployment with a bucket and queues of its own. */
beforeEach(async () => {
  buckets += 1;
  const stage = `s${buckets}`;
  const config = defineConfig({
    bucket: `sluice-own-${buckets}`,
    relay: { statsig: true },
    sources: ['acme', 'beta'].map((source) =>
      acmeSource({
        name: source,
        bucket: `${source}-drops`,
        datasets: [
          eventsDataset({
            lookbackDays: 3,
            ...(source === 'beta' ? { timezone: EARLY } : { expectedBy: { hour: 6 } }),
          }),
        ],
      }),
    ),
    exports: [exportTo({ bucket: 'out' }, { name: 'raw', lookbackDays: 2 })],
  });
  objects.createBucket(config.bucket);
  const { endpoint, region, credentials } = aws.options;
  deployment = openDeployment(
    { config, stack: { service: 'sluice', stage }, isLocal: false, now: NOW },
    { endpoint, region, credentials },
  );
  urls = {};
  const create = async (part: string) => {
    const QueueName = `sluice-${stage}-${part}`;
    urls[part] = (await deployment.sqs.send(new CreateQueueCommand({ QueueName }))).QueueUrl ?? '';
    return queues.byName(QueueName);
  };
  for (const part of ['relay', 'relay-dead-letters', 'ingest-plan', 'export', 'curate-plan'])
    await create(part);
  const { arn: deadLetterTargetArn } = await create('write-dead-letters');
  const { name, settings } = await create('write');
  queues.ensure(name, { ...settings, RedrivePolicy: { deadLetterTargetArn, maxReceiveCount: 10 } });
});
afterEach(() => {
  faults.clear();
  deployment.close();
});

const store = () => s3ObjectStore(deployment.s3, deployment.config.bucket);
const keys = async () => (await store().listPage('')).items.map(({ key }) => key);
async function bodies(part: string): Promise<string[]> {
  const receive = new ReceiveMessageCommand({
    QueueUrl: urls[part],
    MaxNumberOfMessages: 10,
    VisibilityTimeout: 0,
  });
  const { Messages = [] } = await deployment.sqs.send(receive);
  return Messages.map(({ Body = '' }) => Body);
}
const requests = async (part: string) => (await bodies(part)).map((body): unknown => JSON.parse(body));
const send = (part: string, MessageBody: string) =>
  deployment.sqs.send(new SendMessageCommand({ QueueUrl: urls[part], MessageBody }));

/** The deployment, in which something is done each time that a call of this name is about to be sent to S3. */
function doingBefore(call: string, act: () => Promise<unknown>): Deployment {
  const sendAfterAct = async (command: object) => {
    if (command.constructor.name === call) await act();
    return deployment.s3.send(command as CopyObjectCommand);
  };
  return { ...deployment, s3: Object.assign(Object.create(deployment.s3), { send: sendAfterAct }) };
}
/** A request for days that nobody may ask for. */
const daysRefused = (request: Promise<unknown>) =>
  expect(request).rejects.toMatchObject({ code: 'SLUICE_DAYS_INVALID' });

describe('refused copies that are sent again', () => {
  const idOf = (keptAt: number, nonce: string) => relayId(keptAt, nonce.repeat(24));
  const young = idOf(NOW - MAX_AGE_MS + 1, 'a');
  const refused = (reason: string, id: string) => relayRefusedKey({ reason, at: NOW - 1_000, id });

  beforeEach(async () => {
    await store().write(refused('401', young), 'copy');
    await store().write(refused('413', idOf(NOW, 'b')), 'other');
    await store().write(refused('401', idOf(NOW - MAX_AGE_MS, 'c')), 'old');
    await store().write('relay/refused/401/of-somebody', 'else');
  });

  it('wait again, each with its message, and the others stay', async () => {
    const before = await keys();
    expect(await redriveCopies(deployment, '401', false)).toEqual({
      found: 2,
      stranded: 0,
      moved: 1,
      tooOld: 1,
    });
    expect(await keys()).toEqual(
      [...before.filter((key) => key !== refused('401', young)), relayWaitingKey(young)].sort(),
    );
    expect((await store().read(relayWaitingKey(young)))?.text).toBe('copy');
    expect(await bodies('relay')).toEqual([writeRelayedKey(relayWaitingKey(young))]);
    expect(await redriveCopies(deployment, null, false)).toMatchObject({ found: 2, moved: 1 });
    expect(await bodies('relay')).toHaveLength(2);
  });

  describe('and large ones that have no message', () => {
    const LARGE = writeRelayCopy({
      id: idOf(NOW - 3_600_000, 'd'),
      keptAt: NOW - 3_600_000,
      path: '/v1/rgstr',
      query: '',
      headers: {},
      body: Buffer.from('large'),
    });
    const hourOld = relayWaitingKey(idOf(NOW - 3_600_000, 'd'));
    beforeEach(async () => {
      await store().write(hourOld, LARGE);
      await store().write(relayWaitingKey(idOf(NOW - 3_600_000, 'f')), 'no copy');
      await store().write(relayWaitingKey(idOf(NOW - 3_600_000, '0')), '');
      await store().write(relayWaitingKey(idOf(NOW - 3_599_999, 'e')), 'younger');
    });

    it('get a message each, if no queue has one', async () => {
      expect(await redriveCopies(deployment, null, false)).toEqual({
        found: 4,
        stranded: 1,
        moved: 3,
        tooOld: 1,
      });
      expect(await bodies('relay')).toContain(writeRelayedKey(hourOld));
      expect(await bodies('relay')).toHaveLength(3);
      expect((await store().read(hourOld))?.text).toBe(LARGE);
      // They have messages now.
      expect(await redriveCopies(deployment, null, true)).toMatchObject({ found: 1, moved: 0 });
    });

    it.each([
      { what: 'in a dry run', queue: 'export', reason: null, dryRun: true, moved: 3 },
      { what: 'of a reason', queue: 'export', reason: '401', dryRun: false, moved: 1 },
      { what: 'while the queue has one', queue: 'relay', reason: null, dryRun: false, moved: 2 },
      {
        what: 'while a dead letter is there',
        queue: 'relay-dead-letters',
        reason: null,
        dryRun: false,
        moved: 2,
      },
    ])('get none $what', async ({ queue, reason, dryRun, moved }) => {
      await send(queue, 'message');
      expect(await redriveCopies(deployment, reason, dryRun)).toMatchObject({ moved });
      expect(await bodies('relay')).not.toContain(writeRelayedKey(hourOld));
    });
  });

  it('that change once they are listed do not wait again', async () => {
    const changing = doingBefore('CopyObjectCommand', () => store().write(refused('401', young), 'new'));
    await expect(redriveCopies(changing, '401', false)).rejects.toMatchObject({ name: 'PreconditionFailed' });
    expect(await store().read(relayWaitingKey(young))).toBe(null);
    expect(await bodies('relay')).toEqual([]);
  });

  it('leave what somebody puts in the place of one while it is moved', async () => {
    deployment.sqs.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (commandName === 'SendMessageCommand') await store().write(refused('401', young), 'another');
          return next(args);
        },
      { step: 'initialize' },
    );
    expect(await redriveCopies(deployment, '401', false)).toMatchObject({ moved: 1 });
    expect((await store().read(refused('401', young)))?.text).toBe('another');
    expect((await store().read(relayWaitingKey(young)))?.text).toBe('copy');
  });

  it('stay as they are in a dry run', async () => {
    const before = await keys();
    expect(await redriveCopies(deployment, '401', true)).toMatchObject({ found: 2, moved: 1, tooOld: 1 });
    expect(await keys()).toEqual(before);
    expect(await bodies('relay')).toEqual([]);
  });

  it.each([
    { what: 'the queue takes no message', service: 'sqs', operation: 'SendMessage' },
    { what: 'the bucket copies nothing', service: 's3', operation: 'CopyObject' },
  ] as const)('stay while $what', async ({ service, operation }) => {
    const code = service === 's3' ? 'AccessDenied' : 'AccessDeniedException';
    faults.set({ [service]: [{ fault: 'failCalls', code, operations: [operation], calls: 'all' }] });
    await expect(redriveCopies(deployment, '401', false)).rejects.toMatchObject({ name: 'AccessDenied' });
    faults.clear();
    expect(await keys()).toContain(refused('401', young));
    expect(await bodies('relay')).toEqual([]);
  });

  it('are refused by name without relay', async () => {
    const { relay: _, ...config } = deployment.config;
    await expect(redriveCopies({ ...deployment, config }, null, false)).rejects.toMatchObject({
      code: 'SLUICE_RELAY_OFF',
    });
  });
});

describe('dead letters of the writer', () => {
  it('are its messages again, and in a dry run stay', async () => {
    await send('write-dead-letters', 'object');
    expect(await redriveLanding(deployment, true)).toMatchObject({ messages: 1, underWay: false });
    expect(await bodies('write')).toEqual([]);
    expect(await bodies('write-dead-letters')).toEqual(['object']);
    expect(await redriveLanding(deployment, false)).toMatchObject({ messages: 1, underWay: false });
    expect(await bodies('write')).toEqual(['object']);
    expect(await bodies('write-dead-letters')).toEqual([]);
    expect(await redriveLanding(deployment, false)).toMatchObject({
      messages: 0,
      underWay: false,
      objects: 0,
    });
  });

  it('that are none: objects that wait have messages of their own, but for young and written ones', async () => {
    for (const name of ['a', 'b']) await store().write(`landing/${name}`, 'x');
    const later = { ...deployment, now: NOW + 300_000 };
    expect(await redriveLanding(deployment, false)).toMatchObject({ objects: 0 });
    expect(await redriveLanding({ ...deployment, now: NOW + 299_999 }, true)).toMatchObject({ objects: 0 });
    const busy = { ...deployment, sqs: queueClient([999, 1]), now: NOW + 300_000 };
    expect(await redriveLanding(busy, true)).toMatchObject({ waiting: 1_000, objects: 0 });
    expect(await redriveLanding({ ...busy, sqs: queueClient([999, 0]) }, true)).toMatchObject({ objects: 2 });
    // Dead letters are not what the writer works on.
    const dead = queueClient([0, 0], { 'write-dead-letters': [1_000, 0] });
    expect(await redriveLanding({ ...busy, sqs: dead }, true)).toMatchObject({ messages: 1_000, objects: 2 });
    for (const a of (await store().listPage('landing/')).items.slice(0, 1))
      await writeNote(store(), a, { written: true, why: '' });
    expect(await redriveLanding(later, true)).toMatchObject({ objects: 1 });
    expect(await bodies('write')).toEqual([]);
    expect(await redriveLanding(later, false)).toMatchObject({ messages: 0, underWay: false, objects: 1 });
    expect(await bodies('write')).toEqual([expect.stringContaining('"landing/b"')]);
  });

  it('that are moved already are as good, which is said, also of none left, and any other refusal is not', async () => {
    const run = (message: string) => {
      const refuseMove = (command: object) =>
        command.constructor.name === 'StartMessageMoveTaskCommand'
          ? Promise.reject(Object.assign(new Error(message), { name: 'InvalidParameterValue' }))
          : deployment.sqs.send(command as GetQueueAttributesCommand);
      const sqs = Object.assign(Object.create(deployment.sqs), { send: refuseMove });
      return redriveLanding({ ...deployment, sqs }, false);
    };
    const moving = 'There is already a task running.';
    expect(await run(moving)).toMatchObject({ messages: 0, underWay: true });
    await send('write-dead-letters', 'object');
    expect(await run(moving)).toMatchObject({ messages: 1, underWay: true });
    await expect(run('No such queue.')).rejects.toThrow('No such queue.');
  });
});

describe('objects of damaged/', () => {
  const KEY = 'damaged/2026/11/23/10/a.ndjson.gz';

  it('are put into the landing again', async () => {
    for (const key of [KEY, 'damaged/folder/']) await store().write(key, 'bytes');
    expect(await redriveDamaged(deployment, false)).toEqual({ objects: 1, bytes: 5 });
    const [folder, landed = ''] = await keys();
    expect(folder).toBe('damaged/folder/');
    expect((await store().read(landed))?.text).toBe('bytes');
    expect(landed).toMatch(/^landing\//);
    // What the writer puts aside of this very run is not tried again by it.
    await store().write(landed.replace('landing/', 'damaged/'), 'bytes');
    expect(await redriveDamaged(deployment, false)).toEqual({ objects: 0, bytes: 0 });
  });

  /** The deployment, in which the object is put anew when a call of this name is about to be sent. */
  const renewing = (call = 'DeleteObjectCommand') => doingBefore(call, () => store().write(KEY, 'newer'));

  it('that the writer has just put anew are not deleted', async () => {
    await store().write(KEY, 'bytes');
    await redriveDamaged(renewing(), false);
    expect((await store().read(KEY))?.text).toBe('newer');
    expect(await keys()).toHaveLength(2);
  });

  it('that change once they are listed are not put into the landing', async () => {
    await store().write(KEY, 'bytes');
    const redriven = redriveDamaged(renewing('CopyObjectCommand'), false);
    await expect(redriven).rejects.toMatchObject({ name: 'PreconditionFailed' });
    expect(await keys()).toEqual([KEY]);
  });

  it('can be copied back for as long as the bucket keeps versions of data', async () => {
    const Bucket = deployment.config.bucket;
    const VersioningConfiguration = { Status: 'Enabled' } as const;
    await deployment.s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
    await store().write(KEY, 'hello');
    const { retention } = deployment.config;
    const config = {
      ...deployment.config,
      retention: { ...retention, dataVersionDays: 9, landingVersionDays: 4 },
    };
    expect(await discardDamaged({ ...deployment, config }, KEY, false)).toMatchObject({
      key: KEY,
      bytes: 5,
      keptUntil: '2026-12-03',
    });
  });

  it('are not deleted if they change once they are shown', async () => {
    await store().write(KEY, 'hello');
    await expect(discardDamaged(renewing(), KEY, false)).rejects.toMatchObject({
      code: 'SLUICE_DAMAGED_CHANGED',
    });
  });
});

describe('a request', () => {
  const today = '2026-11-24';
  const dataset = { source: 'acme', dataset: 'events' };
  const sent = { sluice: 'plan', sources: ['acme'], datasets: ['events'] };

  it('to look for changes names each source, and nothing is sent in a dry run', async () => {
    // Three days, and today in the timezone of each.
    const asked = [
      { ...dataset, from: '2026-11-21', to: today, days: 4 },
      { ...dataset, source: 'beta', from: '2026-11-22', to: '2026-11-25', days: 4 },
    ];
    expect(await requestIngest(deployment, { dryRun: true })).toEqual({ dryRun: true, asked });
    expect(await requests('ingest-plan')).toEqual([]);
    expect(await requestIngest(deployment, { dryRun: false })).toEqual({ dryRun: false, asked });
    expect(await requests('ingest-plan')).toEqual([sent, { ...sent, sources: ['beta'] }]);
  });

  it('to accept days of a source has those of each dataset that have something to accept', async () => {
    const write = (day: string, more: Partial<LedgerEntry>) =>
      store().write(
        `ledger/acme/events/${day}.json`,
        JSON.stringify(ledgerEntry({ day, version: 'v1', ...more })),
      );
    const failed = { state: 'failed', failure: { code: 'SLUICE_X', message: 'x.' } } as const;
    const noRows = { key: 'a', size: 1, eTag: '"a"', fate: 'left_out', reason: 'no_rows' } as const;
    const late = [{ day: '2026-11-15', due: NOW }];
    await store().write(lateNoteKey('acme', 'events'), JSON.stringify({ at: NOW, late }));
    await write('2026-11-16', { rows: { in: 1, out: 1, refused: 0 }, usualRows: 40 });
    await write('2026-11-17', { state: 'succeeded_no_data', files: [noRows], version: undefined });
    await write('2026-11-18', failed);
    await write('2026-11-19', { ...failed, version: undefined });
    await write('2026-11-20', {});
    await write('2026-11-21', { state: 'inputs_missing', missingSince: NOW });
    await write('2026-11-22', { place: 's3://acme-old/events/YYYY-MM-DD' });
    await write('2026-11-23', { run: loadRun() });
    await write('2026-11-24', { lease: { owner: 'o', until: NOW + 1 } });
    await write('2026-11-25', { lease: { owner: 'o', until: NOW } });
    const range = { from: '2026-11-15', to: '2026-11-25' };
    const days = ['2026-11-20', '2026-11-21', '2026-11-22', '2026-11-23', '2026-11-24', '2026-11-25'];
    expect(await laterDays(deployment, dataset, days)).toEqual({
      loading: ['2026-11-23', '2026-11-24'],
      moved: ['2026-11-22'],
    });
    const tooLate = { ...range, to: '2026-11-26', asked: 'keep', source: 'acme', dryRun: true } as const;
    await daysRefused(requestAcceptance(deployment, tooLate));
    for (const [asked, count] of [
      ['keep', 3],
      ['empty', 5],
    ] as const) {
      const all = { ...range, asked, source: 'acme' };
      const report = { dryRun: true, asked: [{ ...dataset, ...range, days: count }] };
      expect(await requestAcceptance(deployment, { ...all, dryRun: true })).toEqual(report);
      expect(await requestAcceptance(deployment, { ...all, source: 'beta', dryRun: false })).toMatchObject({
        asked: [{ source: 'beta', days: 0 }],
      });
      await requestAcceptance(deployment, { ...all, dryRun: false });
    }
    expect(await requests('ingest-plan')).toEqual([
      { ...sent, asked: 'keep', days: ['2026-11-16', '2026-11-18', '2026-11-21'] },
      {
        ...sent,
        asked: 'empty',
        days: ['2026-11-15', '2026-11-17', '2026-11-18', '2026-11-19', '2026-11-21'],
      },
    ]);
  });

  it('to load days has 31 of them at most, up to today, and nothing is sent in a dry run', async () => {
    const range = { ...dataset, from: '2026-10-20', to: '2026-11-20' };
    const report = { ...range, dryRun: true, days: 32 };
    expect(await requestBackfill(deployment, { ...range, dryRun: true })).toEqual(report);
    expect(await requests('ingest-plan')).toEqual([]);
    await requestBackfill(deployment, { ...range, dryRun: false });
    const loads = (await requests('ingest-plan')) as { days: string[]; asked: string }[];
    expect(loads.map(({ days }) => [days[0], days.at(-1), days.length])).toEqual([
      ['2026-10-20', '2026-11-19', 31],
      ['2026-11-20', '2026-11-20', 1],
    ]);
    expect(loads[0]?.asked).toBe('backfill');
    const request = { ...dataset, dryRun: false, from: today };
    expect(await requestBackfill(deployment, { ...request, asked: 'empty' })).toMatchObject({
      days: 1,
      to: today,
    });
    expect(await requests('ingest-plan')).toContainEqual(
      expect.objectContaining({ asked: 'empty', days: [today] }),
    );
    const most = { ...dataset, dryRun: true, from: addDays(today, -3_659), to: today };
    expect(await requestBackfill(deployment, most)).toMatchObject({ days: 3_660 });
    for (const days of [
      { from: '2026-11-25' },
      { from: today, to: '2026-11-23' },
      { from: addDays(today, -3_660), to: today },
    ])
      await daysRefused(requestBackfill(deployment, { ...dataset, dryRun: false, ...days }));
  });

  it('to load days has the day that has begun in the timezone of the dataset, and no later one', async () => {
    const asked = { ...dataset, source: 'beta', dryRun: true };
    expect(await requestBackfill(deployment, { ...asked, from: '2026-11-25' })).toMatchObject({ days: 1 });
    await daysRefused(requestBackfill(deployment, { ...asked, from: '2026-11-26' }));
  });

  it('to export days names them, up to yesterday, and drops only with days', async () => {
    const asked = { dryRun: false, export: 'raw' };
    expect(await requestExport(deployment, { ...asked, dryRun: true, from: '2026-11-23' })).toMatchObject({
      asked: [{ export: 'raw', days: 1 }],
    });
    expect(await requestExport(deployment, { dryRun: true })).toEqual({
      dryRun: true,
      asked: [{ export: 'raw', from: '2026-11-22', to: '2026-11-23', days: 2 }],
    });
    expect(await requests('export')).toEqual([]);
    await requestExport(deployment, { ...asked, drop: true });
    await requestExport(deployment, { ...asked, from: '2026-11-22', to: '2026-11-23', drop: true });
    await requestExport(deployment, { ...asked, from: '2026-11-23', drop: false });
    expect(await requests('export')).toEqual([
      { sluice: 'export', exports: ['raw'] },
      { sluice: 'export', exports: ['raw'], days: ['2026-11-22', '2026-11-23'], drop: true },
      { sluice: 'export', exports: ['raw'], days: ['2026-11-23'] },
    ]);
    for (const days of [{ from: today }, { to: '2026-11-23' }])
      await daysRefused(requestExport(deployment, { ...asked, ...days }));
  });

  it('to curate days again names kinds and days that are over long enough', async () => {
    const range = { from: '2026-11-20', to: '2026-11-21', kinds: ['events' as const] };
    await requestRebuild(deployment, { ...range, dryRun: true });
    expect(await requests('curate-plan')).toEqual([]);
    await requestRebuild(deployment, { ...range, dryRun: false });
    expect(await requests('curate-plan')).toEqual([
      { sluice: 'curate', asked: 'rebuild', kinds: ['events'], days: ['2026-11-20', '2026-11-21'] },
    ]);
    await requestRebuild(deployment, { ...range, from: '2026-10-21', dryRun: false });
    const rebuilt = (await requests('curate-plan')).slice(1) as { days: string[] }[];
    expect(rebuilt.map(({ days }) => [days[0], days.length])).toEqual([
      ['2026-10-21', 31],
      ['2026-11-21', 1],
    ]);
    const late = { ...range, dryRun: false, to: '2026-11-22' };
    expect(await requestRebuild(deployment, { ...range, dryRun: true })).toEqual({
      dryRun: true,
      asked: [{ kind: 'events', table: 'curated_events', from: '2026-11-20', to: '2026-11-21', days: 2 }],
    });
    await daysRefused(requestRebuild(deployment, late));
    const off = { ...deployment, config: { ...deployment.config, curate: false } };
    for (const request of [requestRebuild, requestCuration])
      await expect(request(off, { ...range, dryRun: true })).rejects.toMatchObject({
        code: 'SLUICE_CURATE_OFF',
      });
  });

  it('is told from one that AWS did not take', async () => {
    const code = 'AccessDeniedException';
    faults.set({ sqs: [{ fault: 'failCalls', code, operations: ['SendMessageBatch'], calls: 'all' }] });
    await expect(requestIngest(deployment, { dryRun: false })).rejects.toMatchObject({
      code: 'SLUICE_QUEUE_NOT_SENT',
    });
  });
});
