import { setTimeout as pause } from 'node:timers/promises';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { HeadObjectCommand, PutBucketPolicyCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ingestSourcePolicies } from '../../lib/access/buckets/customerBucketPolicies.ts';
import { addDays, utcDay } from '../../lib/base/time.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { refusedRowsKey } from '../../lib/tables/tableFolders.ts';
import { localAccount } from '../../local/localAccount.ts';
import { callMain } from '../harness/callMain.ts';
import { CUSTOMER, DROPS, ingestCloud } from '../harness/ingestCloud.ts';
import { control, deployed, unfinishedUploads } from './deployed.ts';
import type { Policies } from './Policies.ts';

const HOUR_MS = 3_600_000;
const CUSTOMERS_ROLE = `arn:aws:iam::${CUSTOMER}:role/sluice`;
const day = addDays(utcDay(Date.now()), -1);
const before = addDays(day, -1);

const events = (count: number, name = "'made'", unitId = "'u' || i") =>
  `SELECT epoch(TIMESTAMP '${day} 12:00:00')::BIGINT AS timestamp, ${name} AS event_name, ${unitId} AS unit_id FROM range(${count}) t(i)`;
/** Where its bucket has what. */
const layout = defineConfig({ bucket: 'sluice-ingest-proof' });
/** Larger than a part of an upload: hashes hardly compress. */
const large = (unitId: string) => events(600_000, "md5(i::VARCHAR) || md5('more' || i)", unitId);

describe('the ingest, deployed, between two accounts', () => {
  let ingest: Awaited<ReturnType<typeof ingestCloud>>;
  let policies: Policies;

  beforeAll(async () => {
    const expectedBy = { hour: 9 };
    const datasets = [
      { name: 'events', kind: 'events' as const, lookbackDays: 8, refusedShare: 0.5, expectedBy },
    ];
    const byAthena = { ...datasets[0], name: 'large', kind: 'events' as const, engine: 'athena' as const };
    ingest = await ingestCloud({
      bucket: 'sluice-ingest-proof',
      sources: [
        {
          ...{ name: 'acme', bucket: DROPS, owner: CUSTOMER, receipt: 'sluice-receipts' },
          datasets: [...datasets, byAthena],
        },
        {
          name: 'by-role',
          bucket: DROPS,
          owner: CUSTOMER,
          role: { arn: CUSTOMERS_ROLE, externalId: 'acme-7' },
          receipt: 'receipts-by-role',
          datasets: [
            { ...datasets[0], name: 'events', kind: 'events', folder: 'shared', schedule: 'hourly' },
          ],
        },
      ],
    });
    ({ policies } = await deployed());
    await lettingReceiptsIn();
    await customersRole();
  }, 120_000);
  afterAll(() => ingest.close());

  const roleOf = (id: string) => {
    const role = policies.roles.find(({ logicalId }) => logicalId === id);
    if (role === undefined) throw new Error(`the template has no ${id}`);
    return role;
  };

  async function lettingReceiptsIn(): Promise<void> {
    const s3 = new S3Client({
      endpoint: ingest.cloud.edge,
      region: 'us-east-1',
      credentials: { accessKeyId: CUSTOMER, secretAccessKey: 'test' },
    });
    const { bucketPolicy } = ingestSourcePolicies({
      ...{ partition: 'aws', region: 'us-east-1', bucket: DROPS },
      principal: `arn:aws:iam::${localAccount.id}:root`,
      receiptFolder: 'sluice-receipts/',
    });
    await s3.send(new PutBucketPolicyCommand({ Bucket: DROPS, Policy: JSON.stringify(bucketPolicy) }));
    s3.destroy();
  }

  async function customersRole(): Promise<void> {
    const iam = new IAMClient({
      endpoint: ingest.cloud.edge,
      region: 'us-east-1',
      credentials: { accessKeyId: CUSTOMER, secretAccessKey: 'test' },
    });
    const trust = {
      Effect: 'Allow',
      Principal: { AWS: [roleOf('IngestPlanRole').arn, roleOf('IngestLoadRole').arn] },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'sts:ExternalId': 'acme-7' } },
    };
    await iam.send(
      new CreateRoleCommand({
        RoleName: 'sluice',
        AssumeRolePolicyDocument: JSON.stringify({ Statement: trust }),
      }),
    );
    const { callerPolicy } = ingestSourcePolicies({
      partition: 'aws',
      region: 'us-east-1',
      bucket: DROPS,
      principal: '',
      receiptFolder: 'receipts-by-role/',
    });
    const PolicyDocument = JSON.stringify(callerPolicy);
    await iam.send(new PutRolePolicyCommand({ RoleName: 'sluice', PolicyName: 'own', PolicyDocument }));
    iam.destroy();
  }

  it('loads new and changed days, those that were cut off, and by Athena, by its policies alone', async () => {
    await ingest.drop(`events/${day}/a.parquet`, events(3));
    await ingest.drop(`shared/${day}/a.parquet`, `${events(2)} UNION ALL SELECT NULL, 'refused', 'u'`);
    // Too young: they come back after a delay.
    await run();
    await ingest.jump(HOUR_MS);
    await run();
    await settled('acme', day);
    await settled('by-role', day);

    await faults({ sqs: [{ fault: 'failCalls', operations: ['SendMessageBatch'], calls: 'all' }] });
    expect(await ready()).toBe(503);
    await control(ingest.cloud.edge, 'faults', 'DELETE');
    expect([await ready(), await ready()]).toEqual([200, 429]);

    // As large as uploads in parts, which are cut off: of rows, and of refused ones.
    await ingest.drop(`events/${day}/a.parquet`, large("'u' || i"));
    await ingest.drop(`shared/${before}/a.parquet`, large("'u' || i"));
    await ingest.drop(`shared/${day}/a.parquet`, large('NULL'));
    await ingest.jump(HOUR_MS);
    const entry = `sluice-ingest-proof/ledger/by-role/events/${before}.json`;
    await faults({
      s3: [
        { fault: 'failCalls', code: 'AccessDenied', operations: ['UploadPart'], calls: 'all' },
        // The plan sends a task before it notes it: a load that is quicker finds no entry.
        { fault: 'delayCalls', ms: 10_000, operations: ['PutObject'], key: entry },
      ],
    });
    await run();
    await control(ingest.cloud.edge, 'faults', 'DELETE');
    // Past the time for which their messages are hidden.
    await ingest.jump(2 * HOUR_MS);
    await settled('acme', day);
    await settled('by-role', before);

    // Old versions go after a day, by the hourly sweep or with the next load.
    for (const rows of [5, 6]) {
      await ingest.drop(`events/${day}/a.parquet`, events(rows));
      await ingest.drop(`shared/${day}/a.parquet`, events(rows));
      await ingest.jump(30 * HOUR_MS);
      await run();
      await settled('acme', day);
      await settled('by-role', day);
    }

    await mendMapping();
    await loadByAthena();
    expect(await unfinishedUploads(ingest.cloud.edge, 'sluice-ingest-proof')).toEqual([]);
  }, 240_000);

  /** A day that is loaded by Athena, one whose files change while a statement runs, and the schedule that looks at both. */
  async function loadByAthena(): Promise<void> {
    const refused = " UNION ALL SELECT NULL, 'refused', 'u'";
    await ingest.drop(`large/${day}/a.parquet`, `${events(2)}${refused}`);
    await ingest.jump(HOUR_MS);
    await run();
    const place = ['--source', 'acme', '--dataset', 'large'];
    // A flush waits for queries.
    expect((await explained([...place, '--day', day])).state).not.toBe('loading');
    await settled('acme', day, 'large');
    await faults({
      s3: [
        { fault: 'delayCalls', ms: 5_000, operations: ['PutObject'], key: 'statsig/ingested/acme_large/*' },
      ],
    });
    await ingest.drop(`large/${day}/a.parquet`, `${events(3)}${refused}`);
    await ingest.jump(HOUR_MS);
    await plan();
    const flushes: Promise<unknown>[] = [];
    while ((await explained([...place, '--day', day])).athena?.step === undefined) {
      flushes.push(ingest.cloud.flush());
      await pause(100);
    }
    await ingest.drop(`large/${day}/a.parquet`, `${events(4)}${refused}`);
    await callMain(['ingest', 'backfill', ...place, '--from', day, '--local'], { env: ingest.env });
    await ingest.cloud.flush();
    await control(ingest.cloud.edge, 'faults', 'DELETE');
    await Promise.all(flushes);
    await ingest.jump(2 * HOUR_MS);
    await settled('acme', day, 'large');
  }

  /** As if rows of the day's files had been refused by a mapping that was mended since. */
  async function mendMapping(): Promise<void> {
    const s3 = new S3Client({
      endpoint: ingest.cloud.edge,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    const place = ['--source', 'acme', '--dataset', 'events'];
    const { fingerprint } = await explained([...place, '--day', day]);
    // The last file came two jumps after the one before: on one of these days.
    const received = Array.from({ length: 8 }, (_, i) => Date.parse(day) + i * 24 * HOUR_MS);
    const left = received.map((receivedAt) => ({
      Bucket: 'sluice-ingest-proof',
      Key: refusedRowsKey(layout, { table: 'acme_events', day, fingerprint, receivedAt }),
    }));
    for (const object of left) await s3.send(new PutObjectCommand({ ...object, Body: 'refused' }));
    await callMain(['ingest', 'backfill', ...place, '--from', day, '--local'], { env: ingest.env });
    await until(async () => {
      const there = await Promise.all(
        left.map((object) =>
          s3.send(new HeadObjectCommand(object)).then(
            () => true,
            () => false,
          ),
        ),
      );
      return there.includes(false);
    }, 'what was refused before is still there');
    s3.destroy();
  }

  async function plan(): Promise<void> {
    expect(await callMain(['ingest', 'run', '--local'], { env: ingest.env })).toMatchObject({ code: 0 });
  }

  async function run(): Promise<void> {
    await plan();
    await ingest.cloud.flush();
  }

  async function settled(source: string, of: string, dataset = 'events'): Promise<void> {
    const place = ['--source', source, '--dataset', dataset, '--day', of];
    await until(async () => (await explained(place)).state === 'succeeded', `${source} has not succeeded`);
  }

  async function explained(place: readonly string[]) {
    const { stdout } = await callMain(['ingest', 'explain', ...place, '--local', '--json'], {
      env: ingest.env,
    });
    return JSON.parse(stdout === '' ? '{}' : stdout);
  }

  async function until(holds: () => Promise<boolean>, otherwise: string): Promise<void> {
    const deadline = Date.now() + 60_000;
    while (!(await holds())) {
      if (Date.now() > deadline) throw new Error(otherwise);
      await ingest.cloud.flush();
      await pause(100);
    }
  }

  async function ready(): Promise<number> {
    const { status } = await fetch(`${ingest.cloud.collector}/v1/mark_data_ready_dwh`, {
      method: 'POST',
      headers: { 'statsig-api-key': 'secret-acme' },
      body: JSON.stringify({ datestamps: day, type: 'events' }),
    });
    return status;
  }

  const faults = (wanted: object) => control(ingest.cloud.edge, 'faults', 'POST', wanted);
});
