import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CreateBucketCommand, PutBucketPolicyCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetQueueUrlCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ingestSource } from '../../lib/access/otherBucket.ts';
import type { Cloud } from '../../local/cloud/Cloud.ts';
import { repositoryRoot } from '../../local/cloud/dataDirectory.ts';
import { localAccount } from '../../local/cloud/localAccount.ts';
import { startCloud } from '../../local/cloud/startCloud.ts';
import { runQuery } from '../../local/query/runQuery.ts';
import { parquetOf } from '../lib/ingest/load/startLoads.ts';

const THEIRS = '111122223333';
const DAY = '2026-11-18';
const defineConfig = pathToFileURL(join(repositoryRoot, 'lib', 'config', 'defineConfig.ts')).href;
const configText = `import { defineConfig } from '${defineConfig}';
export default defineConfig({
  bucket: 'acme-data',
  sources: [
    {
      name: 'acme',
      bucket: 'acme-drops',
      owner: '${THEIRS}',
      datasets: [
        { name: 'events', kind: 'events', refusedShare: 0.5 },
        { name: 'metrics', kind: 'metrics', mapping: { idType: { constant: 'userID' }, metricValue: 'metric_value' } },
      ],
    },
  ],
});
`;

/** The deployed function, as the local cloud runs it: bundled, in a thread of its own, with this machine's DuckDB. */
describe('the deployed load', () => {
  let scratch: string;
  let cloud: Cloud;
  let theirs: S3Client;
  let sqs: SQSClient;

  beforeAll(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'sluice-ingest-'));
    const file = join(scratch, 'acme.config.ts');
    writeFileSync(file, configText);
    process.env.SLUICE_CONFIG = file;
    cloud = await startCloud({ port: 0, edgePort: 0, data: join(scratch, 'data') });
    const options = { endpoint: cloud.edge, region: 'us-east-1' };
    theirs = new S3Client({ ...options, credentials: { accessKeyId: THEIRS, secretAccessKey: 'test' } });
    sqs = new SQSClient({ ...options, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } });
    const Bucket = 'acme-drops';
    await theirs.send(new CreateBucketCommand({ Bucket }));
    const { bucketPolicy } = ingestSource({
      partition: 'aws',
      region: 'us-east-1',
      bucket: Bucket,
      principal: `arn:aws:iam::${localAccount.id}:root`,
    });
    await theirs.send(new PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify(bucketPolicy) }));
  }, 120_000);
  afterAll(async () => {
    theirs?.destroy();
    sqs?.destroy();
    await cloud?.close();
    delete process.env.SLUICE_CONFIG;
    rmSync(scratch, { recursive: true, force: true });
  });

  const drop = async (key: string, sql: string) =>
    theirs.send(new PutObjectCommand({ Bucket: 'acme-drops', Key: key, Body: await parquetOf(sql) }));

  it('loads what tasks name, and leaves nothing on the disk', async () => {
    await drop(
      `events/${DAY}/a.parquet`,
      `SELECT TIMESTAMP '${DAY} 10:00:00' AS timestamp, e AS event_name, 'u1' AS unit_id
       FROM (VALUES ('seen'), ('bought'), (NULL)) t(e)`,
    );
    await drop(
      `metrics/${DAY}/m.parquet`,
      `SELECT 'u1' AS unit_id, DATE '${DAY}' AS date, 'revenue' AS metric_name, 1.5 AS metric_value`,
    );
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: 'sluice-local-ingest-load' }));
    for (const dataset of ['events', 'metrics']) {
      const task = { source: 'acme', dataset, day: DAY, fingerprint: 'planned', reason: 'new' };
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(task) }));
    }
    await cloud.flush();
    const log = join(cloud.data, 'logs', 'sluice-local-ingest-load.log');
    const lines = existsSync(log) ? readFileSync(log, 'utf8') : '';
    expect(lines.match(/"outcome":"succeeded"/g)).toHaveLength(2);
    expect(lines).not.toContain('"level":"error"');

    expect(
      await runQuery(cloud.data, 'SELECT event_name, user_id FROM acme_events ORDER BY event_name'),
    ).toEqual([
      { event_name: 'bought', user_id: 'u1' },
      { event_name: 'seen', user_id: 'u1' },
    ]);
    expect(await runQuery(cloud.data, 'SELECT metric_name, metric_value FROM acme_metrics')).toEqual([
      { metric_name: 'revenue', metric_value: 1.5 },
    ]);
    expect(await runQuery(cloud.data, 'SELECT reason, path FROM quarantine')).toEqual([
      { reason: 'SLUICE_INGEST_ROW_NAME_MISSING', path: `s3://acme-drops/events/${DAY}/a.parquet` },
    ]);
    const left = readdirSync(tmpdir()).filter((name) => name.startsWith(`sluice-load-${process.pid}-`));
    expect(left).toEqual([]);
  });
});
