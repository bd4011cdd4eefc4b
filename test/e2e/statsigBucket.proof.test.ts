import {
  DeleteObjectCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { parquetFromQuery } from '../../cli/ingest/dropFiles.ts';
import { callMain } from '../harness/callMain.ts';
import { ingestCloud } from '../harness/ingestCloud.ts';
import { readParquet } from '../harness/readParquet.ts';

const USER = 'arn:aws:iam::999689269917:user/acme-4f2a';
const BUCKET = 'acme-statsig';
const DAY = '2026-11-19';
const OWN = 'acme-experiments';
const keysSchema = z.object({ accessKeyId: z.string(), secretAccessKey: z.string() });

/** By docs/statsig-s3.md alone: Statsig's user at the bucket that the stack makes, under the deployed policies. */
describe('Statsig at a bucket of ours', () => {
  let ingest: Awaited<ReturnType<typeof ingestCloud>>;
  let statsig: S3Client;
  let ours: S3Client;
  beforeAll(async () => {
    ingest = await ingestCloud({
      bucket: OWN,
      statsigBucket: { bucket: BUCKET, user: USER, writesTo: 'exports' },
      exports: [
        {
          ...{ name: 'events', table: 'statsig_forwarded_events', format: 'statsig' },
          target: { bucket: BUCKET },
        },
      ],
      sources: [
        {
          ...{ name: 'statsig', bucket: BUCKET },
          datasets: [
            {
              ...{ name: 'exposures', kind: 'table', mapping: 'statsig-exposures' },
              ...{ folder: 'exports/exposures', layout: 'YYYY/MM/DD/*.parquet' },
            },
          ],
        },
      ],
    });
    const answer = await fetch(`${ingest.cloud.edge}/_sluice/credentials`, {
      method: 'POST',
      body: JSON.stringify({ principal: USER }),
    });
    const place = { endpoint: ingest.cloud.edge, region: 'us-east-1', maxAttempts: 1 };
    statsig = new S3Client({ ...place, credentials: keysSchema.parse(await answer.json()) });
    ours = new S3Client({ ...place, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } });
  }, 180_000);
  afterAll(async () => {
    for (const client of [statsig, ours]) client.destroy();
    await ingest.close();
  });

  const sluice = async (...args: string[]) => callMain([...args, '--local'], { env: ingest.env });
  const flush = () => fetch(`${ingest.cloud.edge}/_sluice/flush`, { method: 'POST' });
  const keys = async (client: S3Client, Bucket = BUCKET) => {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
    return Contents.map(({ Key = '' }) => Key);
  };
  const read = async (Key: string, Bucket = BUCKET) => {
    const { Body } = await statsig.send(new GetObjectCommand({ Bucket, Key }));
    return (await Body?.transformToByteArray()) ?? new Uint8Array();
  };

  it('its user lists and reads yesterday’s export, in its columns, with nothing beside the files', async () => {
    await ingest.jumpTo(`${DAY}T10:00:00Z`);
    const posted = await fetch(`${ingest.cloud.collector}/v1/log_event`, {
      method: 'POST',
      headers: { 'statsig-api-key': 'client-proof' },
      body: JSON.stringify({
        events: [
          ...['ada', 'bob'].map((userID) => ({
            eventName: 'statsig::config_exposure',
            user: { userID },
            metadata: { config: 'checkout_button', ruleID: `group-of-${userID}` },
          })),
          { eventName: 'purchase', value: 12.5, user: { userID: 'ada' }, metadata: { item: 'hat' } },
          { eventName: 'refund', user: { userID: 'bob', statsigEnvironment: { tier: 'staging' } } },
        ],
      }),
    });
    expect(posted.status).toBe(202);
    await flush();
    await ingest.jumpTo('2026-11-20T11:35:00Z');
    await flush();
    expect((await sluice('export', 'status')).stdout).toMatch(new RegExp(`events +${DAY} +succeeded +1 `));
    const there = await keys(statsig);
    expect(there).toEqual([expect.stringMatching(/^events\/2026-11-19\/sluice-[0-9a-f]{32}\.parquet$/)]);
    const { LocationConstraint } = await statsig.send(new GetBucketLocationCommand({ Bucket: BUCKET }));
    expect(LocationConstraint ?? 'us-east-1').toBe('us-east-1');
    const { rows } = await readParquet(await read(there[0] ?? ''));
    expect(rows).toEqual([
      {
        ...{ timestamp: BigInt(Date.parse(`${DAY}T10:00:00Z`) / 1000), event_name: 'purchase' },
        ...{ event_value: '12.5', user_id: 'ada', stable_id: null, metadata_json: '{"item":"hat"}' },
      },
    ]);
  });

  it('reads nothing else, and writes and deletes nothing but in its folder', async () => {
    const [own = ''] = await keys(ours, OWN);
    expect(own).not.toBe('');
    const denied = { name: 'AccessDenied' };
    await expect(keys(statsig, OWN)).rejects.toMatchObject(denied);
    await expect(read(own, OWN)).rejects.toMatchObject(denied);
    const put = (Key: string, Bucket = BUCKET) =>
      statsig.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
    await expect(put('events/2026-11-19/x.parquet')).rejects.toMatchObject(denied);
    await expect(put('exportsx/x.parquet')).rejects.toMatchObject(denied);
    await expect(put('exports/x', OWN)).rejects.toMatchObject(denied);
    const [exported = ''] = await keys(statsig);
    const remove = (Key: string) => statsig.send(new DeleteObjectCommand({ Bucket: BUCKET, Key }));
    await expect(remove(exported)).rejects.toMatchObject(denied);
    await put('exports/exposures/note.txt');
    await remove('exports/exposures/note.txt');
  });

  it('writes an export that becomes a table', async () => {
    const Body = await parquetFromQuery(`SELECT * FROM (VALUES
      ('ada', 'userID', 'get_experiment', 'checkout_button', 'Test', TIMESTAMP '2026-11-19 10:00:00', 0.5),
      ('bob', 'userID', 'get_experiment', 'checkout_button', 'Control', TIMESTAMP '2026-11-19 11:00:00', 0.5)
    ) AS rows (unit_id, unit_type, exposure_type, name, experiment_group, first_exposure_utc, percent)`);
    const Key = 'exports/exposures/2026/11/19/part-0.parquet';
    await statsig.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }));
    await ingest.jumpTo('2026-11-21T09:05:00Z');
    await flush();
    const { stdout } = await callMain(
      [
        ...['query', 'SELECT unit_id, name, experiment_group, ds FROM statsig_exposures ORDER BY 1'],
        ...['--athena', '--csv'],
      ],
      { env: ingest.env },
    );
    expect(stdout.trim().split(/\r?\n/)).toEqual([
      'unit_id,name,experiment_group,ds',
      'ada,checkout_button,Test,2026-11-19',
      'bob,checkout_button,Control,2026-11-19',
    ]);
  });

  it('is compared with the rows here by the same query on either side', async () => {
    const env = ingest.env;
    const counts = async (table: string) => {
      const sql = `SELECT CAST(CAST(first_seen AS date) AS varchar) AS day, name, count(*) AS count FROM (SELECT name, unit_id, min(first_exposure_utc) AS first_seen FROM ${table} WHERE unit_type = 'userID' GROUP BY 1, 2) GROUP BY 1, 2`;
      return (await callMain(['query', sql, '--athena', '--csv'], { env })).stdout;
    };
    const exported = await counts('statsig_exposures');
    expect(exported.trim().split(/\r?\n/)).toEqual(['day,name,count', '2026-11-19,checkout_button,2']);
    expect(await counts('statsig_first_exposures')).toBe(exported);
  });

  it('is told by the command what to enter, and which call it may make itself', async () => {
    const { stdout, code } = await sluice('connect', 'statsig-bucket');
    expect(code).toBe(0);
    for (const text of [BUCKET, USER, 'events/', 'BIGINT', 'exports/exposures', 'mark_data_ready_dwh'])
      expect(stdout).toContain(text);
    expect(stdout).toMatch(/"datestamps":"\d{4}-\d\d-\d\d","type":"events"/);
  });
});
