import { setTimeout as pause } from 'node:timers/promises';
import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Receipt } from '../../lib/drops/load/sendReceipt.ts';
import { localAccount } from '../../local/localAccount.ts';
import { callMain } from '../harness/callMain.ts';
import { CUSTOMER, DROPS, ingestCloud } from '../harness/ingestCloud.ts';

const [D16, D17, D18] = ['2026-11-16', '2026-11-17', '2026-11-18'] as const;
const HOUR = 3_600_000;

/** A row of Statsig's own names; one without a name is refused. */
const row = (day: string, name: string | null, unit: string) =>
  `SELECT TIMESTAMP '${day} 10:00' AS timestamp, ${name === null ? 'NULL' : `'${name}'`} AS event_name, '${unit}' AS unit_id`;

describe('receipts', () => {
  let ingest: Awaited<ReturnType<typeof ingestCloud>>;
  let customer: S3Client;
  beforeAll(async () => {
    ingest = await ingestCloud({
      sources: [
        {
          ...{ name: 'acme', bucket: DROPS, owner: CUSTOMER, schedule: 'hourly', settleMinutes: 0 },
          receipt: 'sluice-receipts',
          datasets: [{ name: 'events', kind: 'events', lookbackDays: 8, refusedShare: 0.5 }],
        },
      ],
    });
    customer = new S3Client({
      ...{ endpoint: ingest.cloud.edge, region: 'us-east-1' },
      credentials: { accessKeyId: CUSTOMER, secretAccessKey: 'test' },
    });
    // A policy of before there were receipts.
    await apply(await print('--bucket', DROPS, '--principal', `arn:aws:iam::${localAccount.id}:root`));
    await ingest.jumpTo(`${D18}T12:00:00Z`);
  }, 120_000);
  afterAll(async () => {
    customer.destroy();
    await ingest.close();
  });

  const print = async (...of: string[]) => {
    const words = ['policy', 'print', '--for', 'ingest-source', ...of, '--stage', 'local', '--json'];
    return JSON.parse((await callMain(words, { env: ingest.env })).stdout).bucketPolicy;
  };
  const apply = (policy: unknown) =>
    customer.send(new PutBucketPolicyCommand({ Bucket: DROPS, Policy: JSON.stringify(policy) }));
  const sluice = (...args: string[]) => callMain([...args, '--local'], { env: ingest.env });
  const eventually = async <Result>(look: () => Promise<Result>, isIt: (one: Result) => boolean) => {
    const until = Date.now() + 60_000;
    for (;;) {
      await ingest.cloud.flush();
      const found = await look();
      if (isIt(found) || Date.now() > until) return found;
      await pause(50);
    }
  };
  const keys = async (): Promise<readonly string[]> => {
    const { Contents = [] } = await customer.send(
      new ListObjectsV2Command({ Bucket: DROPS, Prefix: 'sluice-receipts/' }),
    );
    return Contents.map(({ Key = '' }) => Key);
  };
  const written = async (day: string, count = 1): Promise<readonly Receipt[]> => {
    const found = await eventually(
      async () => (await keys()).filter((key) => key.includes(`/${day}/`)),
      (all) => all.length >= count,
    );
    return Promise.all(
      found.map(async (Key) => {
        const { Body } = await customer.send(new GetObjectCommand({ Bucket: DROPS, Key }));
        return JSON.parse((await Body?.transformToString()) ?? '') as Receipt;
      }),
    );
  };
  const problems = async () => (await sluice('ingest', 'status', '--days', '4')).stdout;

  it('that the bucket refuses leave the load as it is', async () => {
    await ingest.drop(
      `events/${D16}/a.parquet`,
      `${row(D16, 'seen', 'u1')} UNION ALL ${row(D16, null, 'u-secret')}`,
    );
    await ingest.jump(HOUR);
    const failed = await eventually(problems, (text) => text.includes('receipt'));
    expect(await keys()).toEqual([]);
    expect(failed).toContain(
      `acme/events ${D16} has a receipt that the bucket did not take: SLUICE_RECEIPT_ACCESS_DENIED`,
    );
  }, 120_000);

  it('are written by the next load, once the bucket has the printed policy', async () => {
    const bucketPolicy = await print('--source', 'acme', '--account', localAccount.id);
    expect(bucketPolicy.Statement).toContainEqual(
      expect.objectContaining({
        Action: ['s3:PutObject'],
        Resource: [`arn:aws:s3:::${DROPS}/sluice-receipts/*`],
      }),
    );
    await apply(bucketPolicy);
    await sluice('ingest', 'backfill', '--source', 'acme', '--dataset', 'events', '--from', D16);
    const [receipt] = await written(D16);
    expect(receipt).toMatchObject({
      ...{ receipt: 1, source: 'acme', dataset: 'events', day: D16, state: 'succeeded', failure: null },
      ...{ rows: { in: 2, out: 1, refused: 1 }, moreFiles: 0 },
      files: [{ key: `events/${D16}/a.parquet`, fate: 'loaded', rows: { in: 2, out: 1, refused: 1 } }],
    });
    expect(await eventually(problems, (text) => !text.includes('receipt'))).not.toContain('receipt');
  }, 120_000);

  it('name a file that holds a day up', async () => {
    await ingest.drop(
      `events/${D17}/a.parquet`,
      `${row(D17, 'seen', 'u1')} UNION ALL ${row(D17, null, 'u-secret')}`,
    );
    await ingest.drop(`events/${D17}/b.parquet`, "SELECT 'x' AS other");
    await ingest.drop(`events/${D17}/notes.csv`, Buffer.from('a,b\n'));
    await ingest.jump(HOUR);
    const [failed] = await written(D17);
    expect(failed).toMatchObject({
      ...{ state: 'failed', version: null, failure: { code: 'SLUICE_INGEST_COLUMN_MISSING' } },
      files: expect.arrayContaining([
        expect.objectContaining({ key: `events/${D17}/b.parquet`, fate: 'failed' }),
        expect.objectContaining({ key: `events/${D17}/a.parquet`, fate: 'held' }),
        expect.objectContaining({ key: `events/${D17}/notes.csv`, reason: 'not_parquet' }),
      ]),
    });
    expect(failed?.failure?.message).toContain(`events/${D17}/b.parquet, column "timestamp"`);
    await ingest.removeDrop(`events/${D17}/b.parquet`);
    await ingest.jump(HOUR);
    const [, loaded] = await written(D17, 2);
    expect(loaded).toMatchObject({ state: 'succeeded', rows: { in: 2, out: 1, refused: 1 } });
  }, 120_000);

  it('are all that our session may write, and load nothing', async () => {
    await ingest.drop(`events/${D18}/a.parquet`, row(D18, 'seen', 'u1'));
    await ingest.jump(HOUR);
    const [receipt] = await written(D18);
    expect(receipt).toMatchObject({ state: 'succeeded' });
    const before = await keys();
    // Whoever has our session writes nothing elsewhere: the policy allows the folder of receipts alone.
    const ours = new S3Client({
      ...{ endpoint: ingest.cloud.edge, region: 'us-east-1' },
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    const put = (Key: string) => ours.send(new PutObjectCommand({ Bucket: DROPS, Key, Body: 'x' }));
    await expect(put(`events/${D18}/x.parquet`)).rejects.toMatchObject({ name: 'AccessDenied' });
    ours.destroy();
    await ingest.jump(HOUR);
    await ingest.cloud.flush();
    // No load because of a receipt.
    expect(await keys()).toEqual(before);
    const { stdout } = await callMain([
      ...['query', 'SELECT count(*) AS n FROM acme_events', '--json', '--data', ingest.data],
    ]);
    expect(JSON.parse(stdout)).toEqual([{ n: 3 }]);
  }, 120_000);
});
