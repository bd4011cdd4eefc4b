import { GlueClient } from '@aws-sdk/client-glue';
import { GetQueueUrlCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, describe, expect, it } from '@jest/globals';
import { gluePartitionCatalog } from '../../lib/aws/gluePartitionCatalog.ts';
import { encodeLines } from '../../lib/landing/store/encodeLines.ts';
import { writeRelayedKey } from '../../lib/relay/RelayCopy.ts';
import { MAX_RECORD_BYTES } from '../../lib/schema/deliveryLimits.ts';
import { tableKinds } from '../../lib/schema/kinds.ts';
import { relayId, relayWaitingKey } from '../../lib/tables/objectKeys.ts';
import { groupsKey } from '../../lib/tables/tableFolders.ts';
import { recordingTarget, status, taken } from '../harness/recordingTarget.ts';
import { storyCloud } from '../harness/storyCloud.ts';
import { UsedPermissions } from './usedPermissions.ts';

const DAY = '2026-11-20';
const HOUR_MS = 3_600_000;

/** What AWS says that Firehose needs besides, and the local one does not: https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#using-iam-s3 */
const BY_FIREHOSE = [
  's3:GetBucketLocation',
  's3:ListBucket',
  's3:ListBucketMultipartUploads',
  's3:AbortMultipartUpload',
  's3:GetObject',
  'kms:Decrypt',
  'logs:PutLogEvents',
];

const permissions = new UsedPermissions();
const target = await recordingTarget();
const story = await storyCloud({ relay: { url: target.url } }, { startsAt: `${DAY}T05:10:00Z` });
afterAll(async () => {
  await story.close();
  await target.close();
});

/** A row of each table: an event, an exposure, and what has no name. */
const post = (value = '') =>
  story.post({
    events: [
      { eventName: 'seen', value },
      { eventName: 'statsig::gate_exposure', metadata: { gate: 'g', gateValue: 'true', ruleID: 'r' } },
      { value: 1 },
    ],
  });
const s3Fault = (operations: readonly string[], key: string, calls: number | 'all' = 'all') =>
  story.setFaults({
    s3: [
      { fault: 'failCalls', code: 'AccessDenied', operations, key: `${story.cloud.bucket}/${key}`, calls },
    ],
  });

describe('requests, their rows and their copies', () => {
  it('come into tables, and what is not taken is put aside, by the policies of the functions', async () => {
    target.behave(taken);
    const { config } = story.cloud;
    await story.put(groupsKey(config), '');
    expect([await post(), await post('x'.repeat(MAX_RECORD_BYTES))]).toEqual([202, 202]);
    expect(await story.post({ body: `no JSON ${'x'.repeat(2 * MAX_RECORD_BYTES)}` })).toBe(400);
    await story.cloud.flush();
    await story.setFaults({ firehose: [{ fault: 'failCalls', calls: 'all' }] });
    expect(await post()).toBe(202);
    await story.clearFaults();

    // A row that its table does not take, and that is too large for quarantine.
    const row = { event_id: 'e', event_name: 'seen', timestamp: 'never', page: 'x'.repeat(MAX_RECORD_BYTES) };
    const unfit = encodeLines({ events: [{ day: DAY, json: JSON.stringify(row) }] }) ?? Buffer.of();
    await story.put(`landing/${DAY}/unfit`, unfit);
    for (const bytes of ['foreign', 'others']) {
      await story.put(`landing/${DAY}/foreign`, bytes);
      await story.cloud.flush();
    }

    // A round of which a file cannot be put takes back the others.
    await s3Fault(['PutObject'], 'statsig/*', 1);
    await post();
    await story.cloud.flush();
    await story.clearFaults();
    // What cannot be deleted is noted, and deleted later with its note.
    await story.setFaults({
      s3: [{ fault: 'failCalls', code: 'AccessDenied', operations: ['DeleteObjects'], calls: 'all' }],
    });
    await post();
    await story.cloud.flush();
    await story.clearFaults();
    await story.jump(2 * HOUR_MS);
    await story.cloud.flush();
    // What nobody could read for hours is told of again.
    await s3Fault(['GetObject'], 'landing/*');
    await story.put(`landing/${DAY}/unread`, 'unread');
    await story.cloud.flush();
    await story.advance(8 * HOUR_MS);
    await story.clearFaults();

    // Partitions from before the tables had some columns.
    const glue = story.kept(new GlueClient(story.clientOptions()));
    const catalog = gluePartitionCatalog(glue);
    for (const kind of tableKinds) {
      const name = config.tables[kind];
      const { items } = await catalog.listPage(config.database, name, undefined, [DAY]);
      const older = items.map(({ values, storage }) => ({ values, storage: { ...storage, Columns: [] } }));
      expect(await catalog.batchUpdate(config.database, name, older)).toEqual([]);
    }
    await story.advance(2 * HOUR_MS);
    await story.cloud.flush();

    // Copies that the target refuses, a large one among them, and one that is no copy.
    target.behave(status(401));
    expect([await post(), await post('y'.repeat(MAX_RECORD_BYTES))]).toEqual([202, 202]);
    await story.cloud.flush();
    target.behave(status(500));
    await post();
    await story.cloud.flush();
    const sqs = story.kept(new SQSClient(story.clientOptions()));
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: 'sluice-local-relay' }));
    const gone = relayWaitingKey(relayId(story.clock.now(), 'a'.repeat(24)));
    for (const MessageBody of ['no copy', writeRelayedKey(gone)])
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
    await story.cloud.flush();
  });

  it.each([
    ['CollectRole', [], []],
    ['WriteRole', [], []],
    ['RegisterRole', [], []],
    ['RelayRole', [], []],
    ['LandingDeliveryRole', BY_FIREHOSE, []],
  ])('use every permission of %s', async (role, others, refusals) => {
    const { unused, refused } = await permissions.of(role);
    expect([unused.map((permission) => permission.split(' ')[0]), refused]).toEqual([others, refusals]);
  });
});
