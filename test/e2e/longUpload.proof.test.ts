import { GetQueueAttributesCommand, ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DatasetStatus } from '../../observe/facts/days/datasetStatus.ts';
import { acme } from '../harness/acmeDrops.ts';
import { callMain } from '../harness/callMain.ts';
import { ingestCloud } from '../harness/ingestCloud.ts';

const DAY = '2026-11-19';
const STEP_MS = 5 * 60_000;
const HOURS = 6;

/**
 * The plan sends itself a message for as long as files still arrive, which Lambda takes for a recursive loop after 16
 * rounds unless the function allows it. The local cloud counts as Lambda does.
 */
describe('a drop that is uploaded for six hours', () => {
  let ingest: Awaited<ReturnType<typeof ingestCloud>>;
  beforeAll(async () => {
    ingest = await ingestCloud({ unitIds: { companyID: 'company_id' }, sources: [acme] });
    await ingest.jumpTo('2026-11-20T08:55:00Z');
  }, 120_000);
  afterAll(() => ingest.close());

  /** How many messages the plan's dead-letter queue holds. */
  async function deadLetters(): Promise<string | undefined> {
    const place = { endpoint: ingest.cloud.edge, region: 'us-east-1' };
    const sqs = new SQSClient({ ...place, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } });
    const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({}));
    const QueueUrl = QueueUrls.find((url) => /ingest-plan.*dead/.test(url));
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
    );
    sqs.destroy();
    return Attributes?.['ApproximateNumberOfMessages'];
  }

  it('is loaded completely, and leaves no message in the dead-letter queue', async () => {
    const files = (HOURS * 3_600_000) / STEP_MS;
    for (let file = 0; file < files; file += 1) {
      await ingest.drop(
        `events/${DAY}/part-${String(file).padStart(3, '0')}.parquet`,
        `SELECT TIMESTAMP '${DAY} 10:00:00' AS occurred, 'purchase' AS "action", 'u${file}' AS uid, 'co1' AS company, 1.5::DOUBLE AS price, 'pro' AS plan`,
      );
      await ingest.jump(STEP_MS);
    }
    for (let wait = 0; wait < 3; wait += 1) await ingest.jump(15 * 60_000);
    await ingest.cloud.flush();
    const { stdout } = await callMain(['ingest', 'status', '--local', '--json'], { env: ingest.env });
    const statuses: readonly DatasetStatus[] = JSON.parse(stdout).datasets;
    const days = statuses.find(({ dataset }) => dataset === 'events')?.days ?? [];
    const entry = days.find(({ day }) => day === DAY)?.entry;
    expect([entry?.state, entry?.rows.out]).toEqual(['succeeded', files]);
    expect(await deadLetters()).toBe('0');
  }, 240_000);
});
