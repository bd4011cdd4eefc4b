import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type StorageClass,
} from '@aws-sdk/client-s3';
import {
  CreateQueueCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { afterAll, describe, expect, it } from '@jest/globals';
import { addDays, type Clock, isoTimestamp, utcDay } from '../../lib/base/time.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import type { EraseFaultPoint } from '../../lib/erase/ObjectEraser.ts';
import { erasureId, parseUnit } from '../../lib/erase/Unit.ts';
import { writeRelayCopy } from '../../lib/relay/RelayCopy.ts';
import type { Config, ConfigInput } from '../../lib/schema/config.ts';
import { LOADS_FOLDER } from '../../lib/tables/ledgerKeys.ts';
import { relayId, relayRefusedKey, relayWaitingKey } from '../../lib/tables/objectKeys.ts';
import { Redaction } from '../../lib/wire/Redaction.ts';
import { openDeployment } from '../../observe/deployment.ts';
import { erase } from '../../operate/erase/erase.ts';
import { ManualClock, seededRandom } from '../../packages/local-aws/src/base/index.ts';
import { LANDING_STREAM, landingStack } from '../harness/landingStack.ts';
import { ledgerEntry, loadRun } from '../harness/ledgerEntry.ts';
import { startAws } from '../harness/startAws.ts';
import { EraseLake } from '../lib/erase/EraseLake.ts';
import { landedKey, landedRows, landedUsers } from '../lib/erase/landedUsers.ts';

const OWNER = '444455556666';
const HOUR_MS = 3_600_000;
const target = { bucket: 'acme-warehouse', owner: OWNER, folder: 'out' };

/** Bytes of a record without rows. */
const EMPTY = gzipSync('').length;

/** Age of the oldest record of the stream of the landing, seconds; null without a metric. */
let age: number | null = null;
const metrics = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { MetricDataQueries = [], EndTime } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  const MetricDataResults = MetricDataQueries.map(
    ({ Id, MetricStat: { Metric } }: { Id: string; MetricStat: { Metric: Metric } }) => {
      const isAsked =
        Metric.MetricName === 'DeliveryToS3.DataFreshness' && Metric.Dimensions[0]?.Value === LANDING_STREAM;
      const Values = isAsked && age !== null ? [age] : [];
      return { Id, StatusCode: 'Complete', Values, Timestamps: Values.map(() => EndTime - 60) };
    },
  );
  response.setHeader('content-type', 'application/x-amz-json-1.0');
  response.end(JSON.stringify({ MetricDataResults }));
});

await new Promise<void>((resolve) => metrics.listen(0, '127.0.0.1', resolve));
const aws = await startAws({ more: [landingStack()] });
const { s3, sqs, store, options } = aws;
const { port } = metrics.address() as AddressInfo;
const cloudwatch = new CloudWatchClient({ ...options, endpoint: `http://127.0.0.1:${port}` });
afterAll(async () => {
  cloudwatch.destroy();
  await aws.close();
  metrics.close();
  metrics.closeAllConnections();
});

describe('erasing a deployment', () => {
  let buckets = 0;
  /** A deployment with a bucket of its own. */
  async function deployment(input: Omit<ConfigInput, 'bucket'> = {}) {
    buckets += 1;
    const config = defineConfig({ curate: false, ...input, bucket: `sluice-erase-${buckets}` });
    const Bucket = config.bucket;
    store.createBucket(Bucket);
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
    return {
      config,
      put: async (Key: string, Body: Uint8Array | string, StorageClass?: StorageClass) => {
        await s3.send(new PutObjectCommand({ Bucket, Key, Body, StorageClass }));
      },
      delete: (Key: string) => s3.send(new DeleteObjectCommand({ Bucket, Key })),
      deny: (Action: string, key: string) =>
        s3.send(
          new PutBucketPolicyCommand({
            Bucket,
            Policy: JSON.stringify({
              Version: '2012-10-17',
              Statement: [
                { Effect: 'Deny', Principal: '*', Action, Resource: `arn:aws:s3:::${Bucket}/${key}` },
              ],
            }),
          }),
        ),
      read: async (Key: string) => {
        const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
        return Buffer.from((await Body?.transformToByteArray()) ?? []);
      },
      /** Keys of all versions, without the records, markers, and what the writer deletes as it has no rows. */
      versions: async () => {
        const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
        const withRows = Versions.filter(
          ({ Key = '', Size }) => !Key.startsWith('landing/') || Size !== EMPTY,
        );
        return withRows.map(({ Key = '' }) => Key).filter((key) => !key.startsWith('ledger/'));
      },
      /** Keys that readers get, without the records. */
      keys: async () => {
        const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
        return Versions.filter(({ IsLatest }) => IsLatest)
          .map(({ Key = '' }) => Key)
          .filter((key) => key.startsWith(LOADS_FOLDER) || !key.startsWith('ledger/'));
      },
      run: (
        units: readonly string[],
        now = Date.now(),
        faultPoint?: (step: EraseFaultPoint) => unknown,
        more?: Parameters<typeof run>[4],
      ) => run(config, units, now, faultPoint, more),
    };
  }

  async function run(
    config: Config,
    units: readonly string[],
    now: number,
    faultPoint?: (step: EraseFaultPoint) => unknown,
    more: { readonly dryRun?: boolean; readonly clock?: Clock } = {},
  ) {
    const { endpoint, region, credentials } = options;
    const about = { config, stack: { service: 'sluice', stage: 'prod' }, isLocal: false, now };
    const deployment = openDeployment(about, { endpoint, region, credentials });
    try {
      return await erase(
        { ...deployment, cloudwatch, ...(more.clock === undefined ? {} : { clock: more.clock }) },
        {
          units: units.map((unit) => parseUnit(unit, config)),
          dryRun: more.dryRun === true,
          ...(faultPoint === undefined
            ? {}
            : {
                faultPoint: async (step) => {
                  await faultPoint(step);
                },
              }),
        },
      );
    } finally {
      deployment.close();
    }
  }

  const queue = async (part: string) => {
    const QueueName = `sluice-prod-${part}`;
    await sqs.send(new CreateQueueCommand({ QueueName }));
    const { QueueUrl = '' } = await sqs.send(new GetQueueUrlCommand({ QueueName }));
    return QueueUrl;
  };

  /** Deletes the messages of a queue. SQS purges one only once a minute. */
  const empty = (part: string) => {
    const messages = aws.queues.byName(`sluice-prod-${part}`);
    for (const { receipt } of messages.receive(10, 900_000)) messages.delete(receipt);
  };

  it('asks exports for the changed days that they have exported, however long ago, but today', async () => {
    const now = Date.now();
    const day = addDays(utcDay(now), -200);
    // Half of it is still to come: the next run of an export sends it whole.
    const today = utcDay(now);
    const QueueUrl = await queue('export');
    const { config, put, run } = await deployment({
      sources: [
        { name: 'acme', bucket: 'acme-drops', owner: OWNER, datasets: [{ name: 'events', kind: 'events' }] },
      ],
      exports: [
        { name: 'raw', table: 'statsig_forwarded_events', target },
        { name: 'ingested', table: 'acme_events', target: { ...target, folder: 'ingested' } },
        { name: 'later', table: 'statsig_forwarded_events', target: { ...target, folder: 'later' } },
        { name: 'other', table: 'statsig_forwarded_exposures', target: { ...target, folder: 'other' } },
      ],
    });
    const lake = new EraseLake(s3, config, aws.directory, 4, seededRandom(4));
    for (const each of [day, today]) {
      await lake.landRaw('events', each);
      await lake.landIngested(each);
    }
    for (const [dataset, table] of [
      ['raw', 'statsig_forwarded_events'],
      ['ingested', 'acme_events'],
      ['other', 'statsig_forwarded_exposures'],
    ] as const)
      for (const each of [day, today])
        await put(
          `ledger/exports/${dataset}/${each}.json`,
          JSON.stringify(ledgerEntry({ source: 'exports', dataset, day: each, table })),
        );
    const units = lake.victims.map(({ column, value }) => `${column}=${value}`);
    await expect(
      run(
        units.map((unit) => unit.replace('company_id', 'custom_ids.companyID')),
        now,
        (step) => {
          if (step === 'removed') throw new Error('killed');
        },
      ),
    ).rejects.toThrow('killed');
    await run(
      units.map((unit) => unit.replace('company_id', 'custom_ids.companyID')),
      now,
    );
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
    );
    expect(Messages.map(({ Body = '' }) => JSON.parse(Body))).toEqual([
      { sluice: 'export', exports: ['raw'], days: [day] },
      { sluice: 'export', exports: ['ingested'], days: [day] },
    ]);
  });

  it('is complete only after what functions and streams may still write, and while nothing is late', async () => {
    const QueueUrl = await queue('relay');
    const deadLetters = await queue('relay-dead-letters');
    const { put, run } = await deployment({ relay: { url: 'https://relay.example.org' } });
    await put(landedKey(1), landedUsers('gone'));
    const from = Date.now();
    const first = await run(['user_id=gone'], from);
    expect(first.state).toBe('again');
    expect(first.run.hasFound).toBe(true);
    // Fifteen minutes of a function, then two buffers and the retries of Firehose.
    expect((first.completeFrom ?? 0) - from).toBeGreaterThanOrEqual(22 * 60_000);
    const at = (first.completeFrom ?? 0) + 1_000;
    expect((await run(['user_id=gone'], at - 120_000)).state).toBe('again');

    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'a copy' }));
    age = 3_600;
    // The metric is of a minute ago, in seconds.
    const oldest = isoTimestamp(at - (60 + age) * 1_000);
    const waits = await run(['user_id=gone'], at);
    expect(waits.state).toBe('again');
    expect(waits.run).toMatchObject({
      hasFound: false,
      onTheWay: [
        'the queues of relay hold about 1 messages',
        `the stream ${LANDING_STREAM} is late: its oldest record is of ${oldest}`,
      ],
    });
    // Objects that were in transit when the run began are not forgotten when another process continues it.
    await expect(
      run(['user_id=gone'], at, (step) => {
        if (step === 'begun') throw new Error('killed');
      }),
    ).rejects.toThrow('killed');
    empty('relay');
    age = 60;
    const resumed = await run(['user_id=gone'], at);
    expect(resumed.state).toBe('again');
    expect(resumed.run.resumed).toBe(1);
    expect(resumed.run.onTheWay).toHaveLength(2);
    // A copy that waits for its next try is hidden, and one that relay could not read waits for a person.
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'a copy' }));
    const copies = aws.queues.byName('sluice-prod-relay');
    const [hiddenCopy] = copies.receive(1, 900_000);
    await sqs.send(new SendMessageCommand({ QueueUrl: deadLetters, MessageBody: 'a copy' }));
    const hidden = await run(['user_id=gone'], at);
    expect(hidden.state).toBe('again');
    expect(hidden.run.onTheWay).toEqual(['the queues of relay hold about 2 messages']);
    copies.delete(hiddenCopy?.receipt ?? '');
    empty('relay-dead-letters');
    const done = await run(['user_id=gone'], at);
    expect(done.state).toBe('complete');
    expect(done.run.onTheWay).toEqual([]);
  });

  it('is complete without a person whose ID was escaped and cut, also in older versions, and without bytes that nobody can read', async () => {
    const { put, keys, versions, run } = await deployment();
    const id = `zoë "O'Brien" <x>\\ 漢字`;
    const json = JSON.stringify({ events: [{ user: { userID: id } }] });
    const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
    const ascii = json.replaceAll(/[\u0080-\uffff]/g, escaped);
    const cut = ascii.slice(0, -4);
    const bodies = [
      json,
      ascii,
      cut,
      `${cut}"x":"\\u00`,
      JSON.stringify(cut).slice(0, -1),
      JSON.stringify({ cut }),
      `data=${encodeURIComponent(cut)}`,
      new URLSearchParams({ id }).toString(),
      btoa(ascii),
      gzipSync(cut),
      zstdCompressSync(cut),
      brotliCompressSync(cut),
      gzipSync(`${cut}${' '.repeat(9)}`).subarray(0, -9),
    ];
    const large = 'quarantine-large/2026-11-20/';
    for (const [i, body] of bodies.entries()) {
      await put(`${large}${i}`, body);
      // An older version of an object of somebody else.
      await put(`${large}over-${i}`, body);
      await put(`${large}over-${i}`, '{"user":{"userID":"zoë"}}');
      const raw = typeof body === 'string' ? body : body.toString('base64');
      const row = { reason: 'SLUICE_BODY_NOT_JSON', raw, raw_encoding: raw === body ? 'text' : 'base64' };
      await put(landedKey(i), landedRows('quarantine', row));
      await put(`query-results/${i}.csv`, `"raw"\n"${raw.replaceAll('"', '""')}"\n`);
    }
    await put(`${large}noise`, Buffer.from('93a1f0c8d2e6bb17ff02849c5d', 'hex'));
    const first = await run([`user_id=${id}`]);
    // What nobody can read, and arrives meanwhile, goes as well, and does not keep the erasure open.
    await put(`${large}later`, 'cut off {');
    const done = await run([`user_id=${id}`], (first.completeFrom ?? 0) + 1_000);
    expect(done.state).toBe('complete');
    expect(done.run.leftCount).toBe(0);
    expect(done.run.hasFound).toBe(false);
    const others = [...bodies.keys()].map((i) => `${large}over-${i}`);
    const encoded = (await keys()).filter((key) => key.startsWith('query-results/'));
    // Results are not decoded from base64.
    expect((await versions()).sort()).toEqual([...others, ...encoded].sort());
    expect(encoded.length).toBeLessThan(6);
  });

  it('is complete by a run that began late enough, not by one that only ended so', async () => {
    const { put, run } = await deployment();
    await put(landedKey(1), landedUsers('gone'));
    const from = Date.now();
    const { completeFrom } = await run(['user_id=gone'], from);
    const at = completeFrom ?? 0;
    const slow = new ManualClock(0);
    const pass = (step: EraseFaultPoint) => {
      if (step === 'begun') slow.advance(60_000);
    };
    expect((await run(['user_id=gone'], at - 1_000, pass, { clock: slow })).state).toBe('again');
    expect((await run(['user_id=gone'], at)).state).toBe('complete');
  });

  it('notes what it has found before it changes anything, and stops beside another run of the same units', async () => {
    const { config, put, read, versions, run } = await deployment();
    await put(landedKey(1), landedUsers('gone', 'stays'));
    const record = async (id: string) => JSON.parse((await read(`ledger/_erasures/${id}.json`)).toString());
    const units = ['user_id=gone'];
    const id = erasureId(
      config.bucket,
      units.map((unit) => parseUnit(unit, config)),
    );
    const seen: unknown[] = [];
    const pass = async (step: EraseFaultPoint) => {
      if (step === 'noted') seen.push((await record(id)).current.hasFound, await versions());
      if (step === 'noted') throw new Error('killed');
    };
    await expect(run(units, Date.now(), pass)).rejects.toThrow('killed');
    expect(seen).toEqual([true, [landedKey(1)]]);
    expect((await read(landedKey(1))).equals(landedUsers('gone', 'stays'))).toBe(true);
    const beside = async (step: EraseFaultPoint) => {
      if (step === 'replaced') await run(units);
    };
    await expect(run(units, Date.now(), beside)).rejects.toMatchObject({ code: 'SLUICE_ERASE_BUSY' });
    expect((await read(landedKey(1))).equals(landedUsers('stays'))).toBe(true);
    expect((await record(id)).runs).toMatchObject([{ hasFound: true, resumed: 2 }]);
  });

  it('takes copies that the target has refused, and in a dry run takes and notes nothing', async () => {
    const { put, keys, versions, read, run } = await deployment();
    const id = relayId(Date.now(), 'b'.repeat(24));
    const copyOf = (userID: string) =>
      writeRelayCopy({
        id,
        keptAt: Date.now(),
        path: '/v1/rgstr',
        query: '',
        headers: {},
        body: Buffer.from(JSON.stringify({ events: [{ eventName: 'e', user: { userID } }] })),
      });
    const refused = (reason: string) => relayRefusedKey({ reason, at: Date.now(), id });
    const own = refused('401');
    const others = refused('413');
    await put(own, copyOf('gone'));
    await put(others, copyOf('stays'));
    await put(landedKey(1), landedUsers('gone', 'stays'));
    const before = await versions();
    const dry = await run(['user_id=gone'], Date.now(), undefined, { dryRun: true });
    expect(dry).toMatchObject({
      state: 'dry',
      record: null,
      total: { relay: { rows: 1 }, landing: { rows: 1 } },
    });
    expect(await versions()).toEqual(before);
    expect((await read(landedKey(1))).equals(landedUsers('gone', 'stays'))).toBe(true);
    const { record, state } = await run(['user_id=gone']);
    expect(state).toBe('again');
    expect(await keys()).toEqual([landedKey(1), others]);
    expect(record).toMatch(/^ledger\/_erasures\//);
  });

  it('finds an ID and its hash where redaction hashes it', async () => {
    const privacy = { redact: { 'user.userID': 'hash' as const }, salt: 'sixteen characters' };
    const { put, keys, read, run } = await deployment({ privacy });
    const hash = new Redaction(privacy.redact, privacy.salt).hash('gone');
    const copy = relayWaitingKey(relayId(Date.now(), 'b'.repeat(24)));
    await put(
      copy,
      writeRelayCopy({
        id: relayId(Date.now(), 'b'.repeat(24)),
        keptAt: Date.now(),
        path: '/v1/rgstr',
        query: '',
        headers: {},
        body: Buffer.from(JSON.stringify({ events: [{ eventName: 'e', user: { userID: 'gone' } }] })),
      }),
    );
    await put(landedKey(1), landedUsers(hash, 'f'.repeat(64)));
    const receipt = await run(['user_id=gone']);
    expect(receipt.units).toBe(1);
    expect(await keys()).toEqual([landedKey(1)]);
    expect((await read(landedKey(1))).equals(landedUsers('f'.repeat(64)))).toBe(true);
  });

  it('keeps what somebody else writes while an object is replaced', async () => {
    const { put, read, run } = await deployment();
    await put(landedKey(1), landedUsers('gone', 'stays'));
    const receipt = await run(['user_id=gone'], Date.now(), async (step) => {
      if (step === 'noted') await put(landedKey(1), landedUsers('gone', 'arrives'));
    });
    expect(receipt.total.landing).toMatchObject({ rewritten: 1, rows: 1 });
    expect((await read(landedKey(1))).equals(landedUsers('arrives'))).toBe(true);
  });

  it('waits for a load in pieces for as long as the ledger has it, and leaves what is archived', async () => {
    const { put, keys, run } = await deployment({
      sources: [
        { name: 'acme', bucket: 'acme-drops', owner: OWNER, datasets: [{ name: 'events', kind: 'events' }] },
      ],
    });
    const day = '2026-11-01';
    const refused = (version: string) => `${LOADS_FOLDER}acme_events/${day}/${version}/refused-00001.parquet`;
    const note = (version?: string) =>
      put(
        `ledger/acme/events/${day}.json`,
        JSON.stringify(
          ledgerEntry({
            day,
            state: 'waiting',
            ...(version === undefined ? {} : { run: loadRun({ version }) }),
          }),
        ),
      );
    await note('now');
    for (const version of ['before', 'now']) await put(refused(version), '"gone"');
    await put('query-results/0002.csv', '"gone"', 'GLACIER');
    const young = await run(['user_id=gone']);
    expect(young.run.left.map(({ key, why }) => [key, why])).toEqual([
      ['query-results/0002.csv', 'archived'],
    ]);
    const left = [refused('now'), 'query-results/0002.csv'];
    expect(young.run.hasFound).toBe(true);
    expect(young.total['query-results']?.waiting).toBe(1);
    expect(await keys()).toEqual(left);
    const later = await run(['user_id=gone'], Date.now() + 49 * HOUR_MS);
    expect(later.state).toBe('again');
    expect(later.total['query-results']?.waiting).toBe(1);
    expect(await keys()).toEqual(left);
    await note();
    const ended = await run(['user_id=gone'], Date.now() + 50 * HOUR_MS);
    expect(ended.total['query-results']?.waiting).toBe(0);
    expect(await keys()).toEqual(['query-results/0002.csv']);
  });

  it.each([
    ['s3:GetObjectVersion', 2],
    ['s3:PutObject', 2],
    ['s3:DeleteObjectVersion', 2],
  ])('goes on behind an object of which %s is denied', async (action, denied) => {
    const { put, read, deny, run } = await deployment();
    for (const n of [1, 2, 3]) await put(landedKey(n), landedUsers('gone', 'stays'));
    await deny(action, landedKey(denied));
    const receipt = await run(['user_id=gone']);
    expect(receipt.run.left.map(({ key, why }) => [key, why])).toEqual([[landedKey(denied), 'denied']]);
    expect(receipt.state).toBe('again');
    for (const n of [1, 3]) expect((await read(landedKey(n))).equals(landedUsers('stays'))).toBe(true);
  });

  it('stops if the first object of a run is denied', async () => {
    const { put, deny, run } = await deployment();
    await put(landedKey(1), landedUsers('gone', 'stays'));
    await deny('s3:GetObjectVersion', '*');
    await expect(run(['user_id=gone'])).rejects.toMatchObject({
      code: 'SLUICE_ERASE_DENIED',
      message: expect.stringContaining(`${landedKey(1)}: AccessDenied`),
    });
  });
});

interface Metric {
  readonly MetricName: string;
  readonly Dimensions: readonly { readonly Value: string }[];
}
