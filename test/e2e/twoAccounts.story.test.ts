import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetPartitionsCommand, GetTableCommand, GlueClient } from '@aws-sdk/client-glue';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  DeleteObjectCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { customerSession, loadSession } from '../../lib/access/sessionPolicies.ts';
import { addDays } from '../../lib/base/time.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import type { EngineFile } from '../../lib/parquet/FileSchema.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';
import type { Dataset, Source } from '../../lib/schema/sources.ts';
import { refusedRowsKey } from '../../lib/tables/tableFolders.ts';
import { localAccount } from '../../local/localAccount.ts';
import { calendarMarks } from '../harness/calendarMarks.ts';
import { CUSTOMER, DROPS, ingestCloud } from '../harness/ingestCloud.ts';
import { readParquet } from '../harness/readParquet.ts';
import type { Credentials } from '../harness/storyCloud.ts';
import { MappingBench } from '../lib/drops/engine/MappingBench.ts';
import { plainPage, setChunk, setPages, widen } from '../lib/parquet/editFooter.ts';
import { longField } from '../lib/parquet/thriftWriter.ts';

const daysAgo = (days: number) => addDays('2026-11-21', -days);
const DAY = daysAgo(5);
const RIVAL = '222233334444';
const PARTNER = '333344445555';
const PARTNERS_ROLE = { arn: `arn:aws:iam::${PARTNER}:role/sluice`, externalId: 'partner-7' };
const datasets = [{ name: 'events', kind: 'events' as const, lookbackDays: 10, refusedShare: 1 }];
/** Statsig's own user, who reads exports of ours and writes exports of Statsig's into one bucket of the stack. */
const USER = 'arn:aws:iam::999689269917:user/acme-4f2a';
const BUCKET = 'acme-statsig';
const EXPORTED = '2026-11-19';
const input: Pick<ConfigInput, 'bucket' | 'statsigBucket' | 'exports' | 'sources'> = {
  bucket: 'acme-experiments',
  statsigBucket: { bucket: BUCKET, user: USER, writesTo: 'exports' },
  exports: [
    { name: 'events', table: 'statsig_forwarded_events', format: 'statsig', target: { bucket: BUCKET } },
  ],
  sources: [
    { name: 'acme', bucket: DROPS, owner: CUSTOMER, datasets },
    { name: 'rival', bucket: 'rival-drops', owner: RIVAL, datasets },
    { name: 'partner', bucket: 'partner-drops', owner: PARTNER, role: PARTNERS_ROLE, datasets },
    {
      name: 'statsig',
      bucket: BUCKET,
      datasets: [
        {
          name: 'exposures',
          kind: 'table',
          mapping: {
            columns: {
              unit_id: 'unit_id',
              unit_type: 'unit_type',
              name: 'name',
              experiment_group: 'experiment_group',
              first_exposure_utc: { column: 'first_exposure_utc', type: 'timestamp' },
            },
          },
          folder: 'exports/exposures',
          layout: 'YYYY/MM/DD/*.parquet',
        },
      ],
    },
  ],
};
const config = defineConfig(input);
const OWN = config.bucket;

const customers = ['acme', 'rival', 'partner'];
const ingest = await ingestCloud(input, { startsAt: `${EXPORTED}T10:00:00Z` });
afterAll(() => ingest.close());

/** By docs/statsig-s3.md alone: Statsig's user at the bucket that the stack makes, under the deployed policies. */
describe('Statsig at a bucket of ours', () => {
  let statsig: S3Client;
  beforeAll(async () => {
    statsig = ingest.s3By(await ingest.credentialsOf(USER));
  });
  const keys = (bucket = BUCKET) => ingest.keys('', bucket, statsig);

  it('its user lists and reads yesterday’s export, in its columns, with nothing beside the files', async () => {
    const events = [
      ...['ada', 'bob'].map((userID) => ({
        eventName: 'statsig::config_exposure',
        user: { userID },
        metadata: { config: 'checkout_button', ruleID: `group-of-${userID}` },
      })),
      { eventName: 'purchase', value: 12.5, user: { userID: 'ada' }, metadata: { item: 'hat' } },
      { eventName: 'refund', user: { userID: 'bob', statsigEnvironment: { tier: 'staging' } } },
    ];
    expect(await ingest.post({ path: '/v1/log_event', events })).toBe(202);
    await ingest.cloud.flush();
    await ingest.jumpTo('2026-11-20T11:35:00Z');
    await ingest.cloud.flush();
    expect((await ingest.sluice('export', 'status')).stdout).toMatch(
      new RegExp(`events +${EXPORTED} +succeeded +1 `),
    );
    const there = await keys();
    expect(there).toEqual([expect.stringMatching(/^events\/2026-11-19\/sluice-[0-9a-f]{32}\.parquet$/)]);
    const { LocationConstraint } = await statsig.send(new GetBucketLocationCommand({ Bucket: BUCKET }));
    expect(LocationConstraint ?? 'us-east-1').toBe('us-east-1');
    const { rows } = await readParquet(await ingest.read(there[0] ?? '', BUCKET, statsig));
    expect(rows).toEqual([
      {
        timestamp: expect.any(BigInt),
        event_name: 'purchase',
        event_value: '12.5',
        user_id: 'ada',
        stable_id: null,
        metadata_json: '{"item":"hat"}',
      },
    ]);
  });

  it('reads nothing else, and writes and deletes nothing but in its folder', async () => {
    const [own = ''] = await ingest.keys('');
    expect(own).not.toBe('');
    const denied = { name: 'AccessDenied' };
    await expect(keys(OWN)).rejects.toMatchObject(denied);
    await expect(ingest.read(own, OWN, statsig)).rejects.toMatchObject(denied);
    const put = (key: string, bucket = BUCKET) => ingest.put(key, 'x', bucket, statsig);
    await expect(put('events/2026-11-19/x.parquet')).rejects.toMatchObject(denied);
    await expect(put('exportsx/x.parquet')).rejects.toMatchObject(denied);
    await expect(put('exports/x', OWN)).rejects.toMatchObject(denied);
    const [exported = ''] = await keys();
    const remove = (key: string) => ingest.remove(key, BUCKET, statsig);
    await expect(remove(exported)).rejects.toMatchObject(denied);
    await put('exports/exposures/note.txt');
    await remove('exports/exposures/note.txt');
  });

  it('writes an export that becomes a table', async () => {
    await ingest.drop(
      'exports/exposures/2026/11/19/part-0.parquet',
      `SELECT * FROM (VALUES
        ('ada', 'userID', 'get_experiment', 'checkout_button', 'Test', TIMESTAMP '2026-11-19 10:00:00', 0.5),
        ('bob', 'userID', 'get_experiment', 'checkout_button', 'Control', TIMESTAMP '2026-11-19 11:00:00', 0.5)
      ) AS rows (unit_id, unit_type, exposure_type, name, experiment_group, first_exposure_utc, percent)`,
      BUCKET,
      statsig,
    );
    await ingest.jumpTo('2026-11-21T09:05:00Z');
    await ingest.cloud.flush();
    const sql =
      'SELECT unit_id, name, experiment_group, CAST(ds AS varchar) AS ds FROM statsig_exposures ORDER BY 1';
    expect(await ingest.ask(sql)).toEqual([
      { unit_id: 'ada', name: 'checkout_button', experiment_group: 'Test', ds: EXPORTED },
      { unit_id: 'bob', name: 'checkout_button', experiment_group: 'Control', ds: EXPORTED },
    ]);
  });

  it('is told by the command what to enter', async () => {
    const { stdout, code } = await ingest.sluice('connect', 'statsig-bucket');
    expect(code).toBe(0);
    for (const text of [BUCKET, USER, 'events/', 'BIGINT', 'exports/exposures'])
      expect(stdout).toContain(text);
  });
});

/** Three customers whose loads run as deployed, in one deployment: none reaches another, whatever becomes of its load. */
describe('the datasets of several customers in one deployment', () => {
  let load: Awaited<ReturnType<typeof ingest.credentialsOf>>;
  const s3By = (credentials: Credentials) => ingest.s3By(credentials);
  const kept = <Client extends { destroy(): void }>(client: Client) => ingest.kept(client);
  const by = (credentials: Credentials) => ingest.clientOptions(credentials);
  const sluice = (...args: string[]) => ingest.sluice(...args);

  beforeAll(async () => {
    await ingest.letIn(RIVAL, 'rival-drops', 'ingest-source');
    await ingest.letIn(PARTNER, 'partner-drops', 'ingest-source', `arn:aws:iam::${PARTNER}:root`);
    load = await ingest.credentialsOf('IngestLoadRole');
    await partnersRole();
    for (const { name, bucket, owner = '' } of config.sources)
      if (customers.includes(name)) await drop(bucket, owner);
  });

  /** Makes the role as our instructions say; it may do far more in the customer's account than we need. */
  async function partnersRole(): Promise<void> {
    const iam = kept(new IAMClient(by({ accessKeyId: PARTNER, secretAccessKey: 'test' })));
    const trust = {
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${localAccount.id}:root` },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'sts:ExternalId': PARTNERS_ROLE.externalId } },
    };
    const RoleName = 'sluice';
    await iam.send(
      new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify({ Statement: trust }) }),
    );
    const wide = { Statement: { Effect: 'Allow', Action: ['s3:*', 'kms:*'], Resource: '*' } };
    const PolicyDocument = JSON.stringify(wide);
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'own', PolicyDocument }));
  }

  /** A good row and a refused one. */
  async function drop(bucket: string, account: string, day = DAY): Promise<void> {
    const rows = `SELECT epoch(TIMESTAMP '${day} 12:00:00')::BIGINT AS timestamp, 'made' AS event_name, 'u1' AS unit_id
      UNION ALL SELECT NULL, 'refused', 'u2'`;
    const owner = s3By({ accessKeyId: account, secretAccessKey: 'test' });
    for (const folder of ['events', 'payroll'])
      await ingest.drop(`${folder}/${day}/a.parquet`, rows, bucket, owner);
  }

  const place = {
    partition: 'aws',
    account: localAccount.id,
    bucket: OWN,
    encryption: 'kms' as const,
    keyArn: null,
  };
  const named = (name: string): { source: Source; dataset: Dataset } => {
    const source = config.sources.find((candidate) => candidate.name === name);
    const [dataset] = source?.datasets ?? [];
    if (source === undefined || dataset === undefined) throw new Error(`no ${name}`);
    return { source, dataset };
  };
  async function assume(
    credentials: Credentials,
    arn: string,
    policy: string | undefined,
    externalId?: string,
  ) {
    const sts = kept(new STSClient(by(credentials)));
    const { Credentials: made } = await sts.send(
      new AssumeRoleCommand({
        RoleArn: arn,
        RoleSessionName: 'hijacked',
        ...(policy === undefined ? {} : { Policy: policy }),
        ...(externalId === undefined ? {} : { ExternalId: externalId }),
      }),
    );
    return {
      accessKeyId: made?.AccessKeyId ?? '',
      secretAccessKey: made?.SecretAccessKey ?? '',
      sessionToken: made?.SessionToken ?? '',
    };
  }
  /** Credentials of a session that loads a customer's dataset. */
  const sessionOf = (name: string) => {
    const { source, dataset } = named(name);
    return assume(load, load.principal, loadSession(place, config, source, dataset));
  };

  /** All that is one customer's, and a call that reaches for it. */
  async function reached(credentials: Credentials, name: string): Promise<Record<string, string>> {
    const { source, dataset } = named(name);
    const { table } = dataset;
    const s3 = s3By(credentials);
    const glue = kept(new GlueClient(by(credentials)));
    const own = { Bucket: OWN };
    const ledger = { ...own, Key: `ledger/${name}/events/${DAY}.json` };
    const refused = {
      ...own,
      Key: refusedRowsKey(config, { table, day: DAY, fingerprint: 'f'.repeat(16), receivedAt: 0 }),
    };
    const version = { ...own, Key: `statsig/ingested/${table}/${DAY}/v/part-0.parquet` };
    const ofTable = { DatabaseName: config.database, TableName: table };
    const calls = {
      bucket: s3.send(new GetObjectCommand({ Bucket: source.bucket, Key: `events/${DAY}/a.parquet` })),
      files: s3.send(new ListObjectsV2Command({ Bucket: source.bucket, Prefix: 'events/' })),
      ledger: s3.send(new GetObjectCommand(ledger)),
      days: s3.send(new ListObjectsV2Command({ ...own, Prefix: `ledger/${name}/events/` })),
      settle: s3.send(new PutObjectCommand({ ...ledger, IfMatch: '"none"', Body: '{}' })),
      version: s3.send(new PutObjectCommand({ ...version, Body: 'x' })),
      sweep: s3.send(new DeleteObjectCommand(version)),
      refused: s3.send(new PutObjectCommand({ ...refused, Body: 'x' })),
      forget: s3.send(new DeleteObjectCommand(refused)),
      table: glue.send(new GetTableCommand({ DatabaseName: config.database, Name: table })),
      partitions: glue.send(new GetPartitionsCommand(ofTable)),
    };
    const outcomes = await Promise.allSettled(Object.values(calls));
    return Object.fromEntries(
      Object.keys(calls).map((what, i) => {
        const outcome = outcomes[i];
        if (outcome?.status === 'fulfilled') return [what, 'done'];
        const { name: error } = outcome?.reason instanceof Error ? outcome.reason : new Error();
        return [what, error];
      }),
    );
  }
  const DENIED = {
    bucket: 'AccessDenied',
    files: 'AccessDenied',
    ledger: 'AccessDenied',
    days: 'AccessDenied',
    settle: 'AccessDenied',
    version: 'AccessDenied',
    sweep: 'AccessDenied',
    refused: 'AccessDenied',
    forget: 'AccessDenied',
    table: 'AccessDeniedException',
    partitions: 'AccessDeniedException',
  };
  // The object exists with another ETag: the call was allowed.
  const DONE = {
    ...Object.fromEntries(Object.keys(DENIED).map((what) => [what, 'done'])),
    settle: 'PreconditionFailed',
  };

  it('are all loaded', async () => {
    await ingest.jump(3_600_000);
    expect(await sluice('ingest', 'run')).toMatchObject({ code: 0 });
    await ingest.cloud.flush();
    const { stdout } = await sluice('ingest', 'status', '--days', '10');
    const loaded = Object.fromEntries(customers.map((name) => [`${name}/events`, '✓']));
    expect(calendarMarks(stdout, DAY)).toMatchObject(loaded);
    // A day may be queued by a schedule, too.
    const log = readFileSync(join(ingest.data, 'logs', 'sluice-local-ingest-load.0.log'), 'utf8');
    const loads = log.split('\n').filter((line) => line.includes('"event":"ingest_load"')).length;
    expect(loads).toBeGreaterThanOrEqual(customers.length);
  });

  it('are loaded while another customer’s files would crash or stall the load', async () => {
    const bench = await MappingBench.open();
    const rows = `SELECT TIMESTAMP '${DAY} 12:00:00' AS timestamp, name AS event_name, name AS unit_id FROM unnest(['a', 'b']) t(name)`;
    const crashing = daysAgo(8);
    const stalling = daysAgo(7);
    const lying = daysAgo(6);
    const more = Buffer.alloc(2_000_000, 'A');
    for (const [day, edit] of [
      [crashing, (file: EngineFile) => setPages(file, 1, plainPage(['a', 'b'], { more }))],
      [stalling, (file: EngineFile) => widen(file, 200_000)],
      [lying, (file: EngineFile) => setChunk(file, 1, { 7: longField(2 ** 62) })],
    ] as const) {
      const { path } = edit(await bench.write('hostile.parquet', rows, 'COMPRESSION snappy'));
      await ingest.drop(`events/${day}/a.parquet`, readFileSync(path));
    }
    bench.close();
    await drop('rival-drops', RIVAL, lying);
    await ingest.jump(3_600_000);
    expect(await sluice('ingest', 'run')).toMatchObject({ code: 0 });
    await ingest.cloud.flush();
    const explained = async (source: string, day: string) => {
      const asked = ['--source', source, '--dataset', 'events', '--day', day, '--json'];
      return JSON.parse((await sluice('ingest', 'explain', ...asked)).stdout);
    };
    const DAMAGED = 'SLUICE_INGEST_FILE_DAMAGED';
    for (const [day, code] of [
      [crashing, DAMAGED],
      [stalling, 'SLUICE_INGEST_FILE_TOO_WIDE'],
      [lying, DAMAGED],
    ] as const) {
      const failed = { state: 'failed', files: [{ fate: 'failed', reason: code }] };
      expect([day, await explained('acme', day)]).toMatchObject([day, failed]);
    }
    expect(await explained('rival', lying)).toMatchObject({ state: 'succeeded' });
  });

  it('are out of reach of another customer’s load, even when an attacker controls it', async () => {
    // The role as a whole reaches every customer.
    expect(await reached(load, 'rival')).toEqual(DONE);
    for (const [name, others] of [
      ['acme', ['rival', 'partner']],
      ['rival', ['acme', 'partner']],
      ['partner', ['acme', 'rival']],
    ] as const) {
      const session = await sessionOf(name);
      if (name !== 'partner') expect([name, await reached(session, name)]).toEqual([name, DONE]);
      for (const other of others)
        expect([name, other, await reached(session, other)]).toEqual([name, other, DENIED]);
      // Nor does it get a wider session, another customer's role, or a word with the queue.
      await expect(assume(session, load.principal, undefined)).rejects.toMatchObject({
        name: 'AccessDenied',
      });
      const theirs = assume(session, PARTNERS_ROLE.arn, undefined, PARTNERS_ROLE.externalId);
      if (name !== 'partner') await expect(theirs).rejects.toMatchObject({ name: 'AccessDenied' });
      const sqs = kept(new SQSClient(by(session)));
      const QueueUrl = `${ingest.cloud.edge}/${localAccount.id}/sluice-local-ingest-load`;
      await expect(sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }))).rejects.toThrow(
        'is not authorized to perform: sqs:sendmessage on resource: ',
      );
      await theirs.catch(() => undefined);
    }
  });

  it('are read by a session limited to one folder, even if the customer’s role allows more', async () => {
    const { source } = named('partner');
    const policy = customerSession(source, 'events/', 'read');
    const session = await assume(
      await sessionOf('partner'),
      PARTNERS_ROLE.arn,
      policy,
      PARTNERS_ROLE.externalId,
    );
    const s3 = s3By(session);
    const get = (folder: string) =>
      s3.send(new GetObjectCommand({ Bucket: source.bucket, Key: `${folder}/${DAY}/a.parquet` }));
    await get('events');
    await expect(get('payroll')).rejects.toMatchObject({ name: 'AccessDenied' });
    await expect(s3.send(new ListObjectsV2Command({ Bucket: source.bucket }))).rejects.toMatchObject({
      name: 'AccessDenied',
    });
  });
});
