import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetPartitionsCommand, GetTableCommand, GlueClient } from '@aws-sdk/client-glue';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { customerSession, loadSession } from '../../lib/access/sessionPolicies.ts';
import { DAY_MS, utcDay } from '../../lib/base/time.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import type { EngineFile } from '../../lib/parquet/FileSchema.ts';
import type { Dataset, Source } from '../../lib/schema/sources.ts';
import { refusedRowsKey } from '../../lib/tables/tableFolders.ts';
import { localAccount } from '../../local/localAccount.ts';
import { callMain } from '../harness/callMain.ts';
import { CUSTOMER, DROPS, ingestCloud } from '../harness/ingestCloud.ts';
import { MappingBench } from '../lib/drops/engine/MappingBench.ts';
import { plainPage, setChunk, setPages, widen } from '../lib/parquet/editFooter.ts';
import { longField } from '../lib/parquet/thriftWriter.ts';

/** The cloud's clock begins now. */
const daysAgo = (days: number) => utcDay(Date.now() - days * DAY_MS);
const DAY = daysAgo(5);
const [RIVAL, PARTNER] = ['222233334444', '333344445555'];
const PARTNERS_ROLE = { arn: `arn:aws:iam::${PARTNER}:role/sluice`, externalId: 'partner-7' };
const datasets = [{ name: 'events', kind: 'events' as const, lookbackDays: 10, refusedShare: 1 }];
const input = {
  bucket: 'acme-experiments',
  sources: [
    { name: 'acme', bucket: DROPS, owner: CUSTOMER, datasets },
    { name: 'rival', bucket: 'rival-drops', owner: RIVAL, datasets },
    { name: 'partner', bucket: 'partner-drops', owner: PARTNER, role: PARTNERS_ROLE, datasets },
  ],
};
const config = defineConfig(input);
const OWN = config.bucket;

const credentialsSchema = z.object({
  principal: z.string(),
  accessKeyId: z.string(),
  secretAccessKey: z.string(),
});
const callsSchema = z.object({
  calls: z.array(
    z.object({
      principal: z.string(),
      operation: z.string(),
      count: z.number(),
      permissions: z.array(z.object({ resource: z.string() })),
    }),
  ),
});
interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Three customers whose loads run as deployed, in one deployment: none reaches another, whatever becomes of its load. */
describe('the datasets of several customers in one deployment', () => {
  let ingest: Awaited<ReturnType<typeof ingestCloud>>;
  let load: z.output<typeof credentialsSchema>;
  const clients: { destroy(): void }[] = [];
  const kept = <Client extends { destroy(): void }>(client: Client): Client => {
    clients.push(client);
    return client;
  };
  const by = (credentials: Credentials) => ({
    endpoint: ingest.cloud.edge,
    region: 'us-east-1',
    credentials,
  });
  const rootOf = (account: string) => by({ accessKeyId: account, secretAccessKey: 'test' });
  const s3By = (credentials: Credentials) => kept(new S3Client({ ...by(credentials), maxAttempts: 1 }));
  const sluice = (...args: string[]) => callMain([...args, '--local'], { env: ingest.env });

  beforeAll(async () => {
    ingest = await ingestCloud(input);
    await ingest.letIn(RIVAL, 'rival-drops', 'ingest-source');
    await ingest.letIn(PARTNER, 'partner-drops', 'ingest-source', `arn:aws:iam::${PARTNER}:root`);
    const answer = await fetch(`${ingest.cloud.edge}/_sluice/credentials`, {
      method: 'POST',
      body: JSON.stringify({ principal: 'IngestLoadRole' }),
    });
    load = credentialsSchema.parse(await answer.json());
    await partnersRole();
    for (const { bucket, owner = '' } of config.sources) await drop(bucket, owner);
  }, 120_000);
  afterAll(async () => {
    for (const client of clients) client.destroy();
    await ingest.close();
  });

  /** Makes the role as our instructions say; it may do far more in the customer's account than we need. */
  async function partnersRole(): Promise<void> {
    const iam = kept(new IAMClient(rootOf(PARTNER)));
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
    await ingest.drop(`copied/${account}.parquet`, rows);
    const customer = s3By({ accessKeyId: CUSTOMER, secretAccessKey: 'test' });
    const { Body } = await customer.send(
      new GetObjectCommand({ Bucket: DROPS, Key: `copied/${account}.parquet` }),
    );
    const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
    const owner = s3By({ accessKeyId: account, secretAccessKey: 'test' });
    for (const folder of ['events', 'payroll'])
      await owner.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: `${folder}/${day}/a.parquet`,
          Body: bytes,
        }),
      );
  }

  const place = { partition: 'aws', account: localAccount.id, bucket: OWN, keyArn: null };
  const named = (name: string): { source: Source; dataset: Dataset } => {
    const source = config.sources.find((one) => one.name === name);
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
    const glue = kept(new GlueClient({ ...by(credentials), maxAttempts: 1 }));
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
    ...{ bucket: 'AccessDenied', files: 'AccessDenied', ledger: 'AccessDenied', days: 'AccessDenied' },
    ...{ settle: 'AccessDenied', version: 'AccessDenied', sweep: 'AccessDenied' },
    ...{ refused: 'AccessDenied', forget: 'AccessDenied' },
    ...{ table: 'AccessDeniedException', partitions: 'AccessDeniedException' },
  };
  // The object exists with another ETag: the call was allowed.
  const DONE = {
    ...Object.fromEntries(Object.keys(DENIED).map((what) => [what, 'done'])),
    settle: 'PreconditionFailed',
  };

  it('are all loaded, each in one session of the role', async () => {
    await ingest.jump(3_600_000);
    expect(await sluice('ingest', 'run')).toMatchObject({ code: 0 });
    await ingest.cloud.flush();
    const { stdout } = await sluice('ingest', 'status', '--days', '10');
    for (const { name } of config.sources) expect(stdout).toMatch(new RegExp(`^${name}/events .*✓`, 'm'));
    const { calls } = callsSchema.parse(await (await fetch(`${ingest.cloud.edge}/_sluice/calls`)).json());
    const own = calls.filter(
      ({ principal, operation, permissions }) =>
        principal === load.principal &&
        operation === 'AssumeRole' &&
        permissions.some(({ resource }) => resource === load.principal),
    );
    // One call a load: a day may be queued by a schedule, too.
    const log = readFileSync(join(ingest.data, 'logs', 'sluice-local-ingest-load.0.log'), 'utf8');
    const loads = log.split('\n').filter((line) => line.includes('"event":"ingest_load"')).length;
    expect(loads).toBeGreaterThanOrEqual(config.sources.length);
    expect(own.reduce((sum, { count }) => sum + count, 0)).toBe(loads);
  }, 120_000);

  it('are loaded while another customer’s files would crash or stall the load', async () => {
    const bench = await MappingBench.open();
    const rows = `SELECT TIMESTAMP '${DAY} 12:00:00' AS timestamp, name AS event_name, name AS unit_id FROM unnest(['a', 'b']) t(name)`;
    const [crashing, stalling, lying] = [daysAgo(8), daysAgo(7), daysAgo(6)];
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
    // The customer allows the functions' roles. A person who previews needs a policy that names them.
    await ingest.letIn(CUSTOMER, DROPS, 'ingest-source', `arn:aws:iam::${localAccount.id}:root`);
    const DAMAGED = 'SLUICE_INGEST_FILE_DAMAGED';
    for (const [day, code] of [
      [crashing, DAMAGED],
      [stalling, 'SLUICE_INGEST_FILE_TOO_WIDE'],
      [lying, DAMAGED],
    ] as const) {
      const failed = { state: 'failed', files: [{ fate: 'failed', reason: code }] };
      expect([day, await explained('acme', day)]).toMatchObject([day, failed]);
      const asked = ['--source', 'acme', '--dataset', 'events', '--day', day];
      const { code: exit, stderr } = await sluice('ingest', 'preview', ...asked);
      expect([exit, stderr]).toEqual([expect.any(Number), expect.stringContaining(code)]);
      expect(exit).not.toBe(0);
    }
    expect(await explained('rival', lying)).toMatchObject({ state: 'succeeded' });
  }, 120_000);

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
      const sqs = kept(new SQSClient({ ...by(session), maxAttempts: 1 }));
      const QueueUrl = `${ingest.cloud.edge}/${localAccount.id}/sluice-local-ingest-load`;
      await expect(sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }))).rejects.toThrow(
        'is not authorized to perform: sqs:sendmessage on resource: ',
      );
      await theirs.catch(() => undefined);
    }
  }, 120_000);

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
