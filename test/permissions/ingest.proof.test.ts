import { PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import { afterAll, describe, expect, it } from '@jest/globals';
import { parquetFromQuery } from '../../cli/ingest/dropFiles.ts';
import { ingestSourcePolicies } from '../../lib/access/buckets/customerBucketPolicies.ts';
import { mapLimit } from '../../lib/base/concurrency.ts';
import { addDays } from '../../lib/base/time.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { MAX_PIECE_FILES } from '../../lib/drops/limits.ts';
import { refusedRowsKey } from '../../lib/tables/tableFolders.ts';
import { localAccount } from '../../local/localAccount.ts';
import { CUSTOMER, DROPS, ingestCloud } from '../harness/ingestCloud.ts';
import { customersRole, flushUntil, makeCustomersRole, unfinishedUploads } from './deployed.ts';
import { UsedPermissions } from './usedPermissions.ts';

const HOUR_MS = 3_600_000;
const today = '2026-11-20';
const day = addDays(today, -1);
const before = addDays(day, -1);

const events = (count: number, name = "'made'", unitId = "'u' || i") =>
  `SELECT epoch(TIMESTAMP '${day} 12:00:00')::BIGINT AS timestamp, ${name} AS event_name, ${unitId} AS unit_id FROM range(${count}) t(i)`;
/** Where its bucket has what. */
const layout = defineConfig({ bucket: 'sluice-ingest-proof' });
/** Larger than a part of an upload: hashes hardly compress. */
const large = (unitId: string) => events(600_000, "md5(i::VARCHAR) || md5('more' || i)", unitId);

const kind = 'events' as const;
const daily = { name: 'events', lookbackDays: 8, refusedShare: 0.5, expectedBy: { hour: 9 } };
const permissions = new UsedPermissions();
const ingest = await ingestCloud(
  {
    bucket: 'sluice-ingest-proof',
    sources: [
      {
        name: 'acme',
        bucket: DROPS,
        owner: CUSTOMER,
        receipt: 'sluice-receipts',
        datasets: [{ kind, ...daily }],
      },
      {
        name: 'by-role',
        bucket: DROPS,
        owner: CUSTOMER,
        receipt: 'receipts-by-role',
        role: customersRole(CUSTOMER),
        datasets: [{ kind, ...daily, folder: 'shared', schedule: 'hourly' }],
      },
    ],
  },
  { startsAt: `${today}T07:30:00Z` },
);
afterAll(() => ingest.close());
const policiesFor = (principal: string, receiptFolder: string) =>
  ingestSourcePolicies({ partition: 'aws', region: 'us-east-1', bucket: DROPS, principal, receiptFolder });
const { bucketPolicy } = policiesFor(`arn:aws:iam::${localAccount.id}:root`, 'sluice-receipts/');
await ingest
  .s3By({ accessKeyId: CUSTOMER, secretAccessKey: 'test' })
  .send(new PutBucketPolicyCommand({ Bucket: DROPS, Policy: JSON.stringify(bucketPolicy) }));
await makeCustomersRole(ingest, {
  account: CUSTOMER,
  policy: policiesFor('', 'receipts-by-role/').callerPolicy,
  trusted: ['IngestPlanRole', 'IngestLoadRole'],
});

describe('the ingest, deployed, between two accounts', () => {
  it('loads new and changed days, and those that were cut off, by its policies alone', async () => {
    await ingest.drop(`events/${day}/a.parquet`, events(3));
    await ingest.drop(`shared/${day}/a.parquet`, `${events(2)} UNION ALL SELECT NULL, 'refused', 'u'`);
    // Too young: they come back after a delay.
    await run();
    await ingest.jump(HOUR_MS);
    await run();
    await settled('acme', day);
    await settled('by-role', day);

    await ingest.setFaults({ sqs: [{ fault: 'failCalls', operations: ['SendMessageBatch'], calls: 'all' }] });
    expect(await ready()).toBe(503);
    await ingest.clearFaults();
    expect([await ready(), await ready()]).toEqual([200, 429]);

    // As large as uploads in parts, which are cut off: of rows, and of refused ones.
    await ingest.drop(`events/${day}/a.parquet`, large("'u' || i"));
    await ingest.drop(`shared/${before}/a.parquet`, large("'u' || i"));
    await ingest.drop(`shared/${day}/a.parquet`, large('NULL'));
    await ingest.jump(HOUR_MS);
    const entry = `sluice-ingest-proof/ledger/by-role/events/${before}.json`;
    await ingest.setFaults({
      s3: [
        { fault: 'failCalls', code: 'AccessDenied', operations: ['UploadPart'], calls: 'all' },
        // The plan sends a task before it notes it: a load that is quicker finds no entry.
        { fault: 'delayCalls', ms: 10_000, operations: ['PutObject'], key: entry },
      ],
    });
    await run();
    await ingest.clearFaults();
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
    expect(await unfinishedUploads(ingest)).toEqual([]);
  });

  it('loads a day in pieces, which more files than one piece has make', async () => {
    const bytes = await parquetFromQuery(events(1));
    const names = Array.from({ length: MAX_PIECE_FILES + 1 }, (_, i) => `events/${before}/${i}.parquet`);
    // Each client keeps a connection: a client for each file would need more than a process may open.
    const customer = ingest.s3By({ accessKeyId: CUSTOMER, secretAccessKey: 'test' });
    await mapLimit(names, 32, (name) => ingest.put(name, bytes, DROPS, customer));
    await ingest.jump(HOUR_MS);
    await run();
    await settled('acme', before);
    // What is left of the pieces goes with old versions.
    await ingest.jump(30 * HOUR_MS);
    await run();
  });

  it('uses every permission of its roles', async () => {
    expect(await permissions.of('IngestPlanRole', 'IngestTriggerRole')).toEqual({ unused: [], refused: [] });
    // Only a load in pieces uses these that is cut off, or that takes longer than a function runs.
    const bucket = 'arn:aws:s3:::sluice-ingest-proof';
    expect(await permissions.of('IngestLoadRole')).toEqual({
      unused: [
        `s3:GetObject ${bucket}/statsig/ingested/*`,
        `s3:AbortMultipartUpload ${bucket}/ledger/_loads/*`,
        'sqs:SendMessage arn:aws:sqs:us-east-1:000000000000:sluice-local-ingest-load',
      ],
      refused: [],
    });
  });

  /** As if rows of the day's files had been refused by a mapping that was mended since. */
  async function mendMapping(): Promise<void> {
    const place = ['--source', 'acme', '--dataset', 'events'];
    const { fingerprint } = await explained([...place, '--day', day]);
    // The last file came two jumps after the one before: on one of these days.
    const received = Array.from({ length: 8 }, (_, i) => Date.parse(day) + i * 24 * HOUR_MS);
    const left = received.map((receivedAt) =>
      refusedRowsKey(layout, { table: 'acme_events', day, fingerprint, receivedAt }),
    );
    for (const key of left) await ingest.put(key, 'refused');
    await ingest.sluice('ingest', 'backfill', ...place, '--from', day);
    await flushUntil(ingest, 'the deletion of old refused rows', async () => {
      const there = await ingest.keys(left[0]?.slice(0, left[0].indexOf('/') + 1) ?? '');
      return !left.every((key) => there.includes(key));
    });
  }

  async function plan(): Promise<void> {
    expect(await ingest.sluice('ingest', 'run')).toMatchObject({ code: 0 });
  }

  async function run(): Promise<void> {
    await plan();
    await ingest.cloud.flush();
  }

  async function settled(source: string, dataset: string): Promise<void> {
    const place = ['--source', source, '--dataset', 'events', '--day', dataset];
    await flushUntil(ingest, `a load of ${source} ${dataset}`, async () => {
      return (await explained(place)).state === 'succeeded';
    });
  }

  const explained = (place: readonly string[]) => ingest.json('ingest', 'explain', ...place);

  async function ready(): Promise<number> {
    const { status } = await ingest.send({
      path: '/v1/mark_data_ready_dwh',
      headers: { 'statsig-api-key': 'secret-acme' },
      body: JSON.stringify({ datestamps: day, type: 'events' }),
    });
    return status;
  }
});
