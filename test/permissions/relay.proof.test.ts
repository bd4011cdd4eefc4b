import { GetQueueUrlCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { writeRelayedKey } from '../../lib/relay/RelayCopy.ts';
import { relayId, relayWaitingKey } from '../../lib/tables/objectKeys.ts';
import { localAccount } from '../../local/localAccount.ts';
import type { RecordedCall } from '../../packages/local-aws/src/iam/index.ts';
import { type RecordingTarget, recordingTarget, status, taken } from '../harness/recordingTarget.ts';
import { type StoryCloud, storyCloud } from '../harness/storyCloud.ts';
import { deployed, itGives } from './deployed.ts';
import { judgeRole } from './judgeRole.ts';
import type { Policies } from './Policies.ts';

const ROLES = ['RelayRole'] as const;
const DAY_MS = 86_400_000;
const batch = (eventName: string, value = '') => JSON.stringify({ events: [{ eventName, value }] });
const LARGE = 'x'.repeat(1_500_000);

describe('relay, deployed', () => {
  let target: RecordingTarget;
  let world: StoryCloud;
  let policies: Policies;
  let calls: readonly RecordedCall[];

  beforeAll(async () => {
    target = await recordingTarget();
    world = await storyCloud({ relay: { url: target.url } });
    ({ policies } = await deployed());
    await walk();
    calls = await world.calls();
  }, 300_000);
  afterAll(async () => {
    await world?.close();
    await target?.close();
  });

  /** Copies in the queue and in the bucket: taken late, refused, expired and deleted. A strange message. */
  async function walk(): Promise<void> {
    const client = {
      endpoint: world.cloud.edge,
      region: localAccount.region,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    };
    target.behave(status(500));
    expect([
      await world.post({ body: batch('late') }),
      await world.post({ body: batch('late', LARGE) }),
    ]).toEqual([202, 202]);
    await target.received(2);
    target.behave(taken);
    await world.cloud.flush();
    target.behave(status(401));
    expect([await world.post({ body: batch('no') }), await world.post({ body: batch('no', LARGE) })]).toEqual(
      [202, 202],
    );
    await world.cloud.flush();

    const sqs = new SQSClient(client);
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: 'sluice-local-relay' }));
    // And one of a copy that is gone.
    const gone = writeRelayedKey(relayWaitingKey(relayId(Date.now(), '0'.repeat(24))));
    for (const MessageBody of ['{}', gone]) await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
    sqs.destroy();
    await world.advance(301_000);
    await world.cloud.flush();

    target.behave(status(500));
    expect(await world.post({ body: batch('never') })).toBe(202);
    await world.cloud.flush();
    await world.jump(6.6 * DAY_MS);
    await world.cloud.flush();
    await world.jump(5 * DAY_MS);
    await world.cloud.flush();
  }

  itGives(ROLES, () => ({ policies, calls, bucket: world.cloud.bucket }));

  it('gives the collector no more for it than its calls need', async () => {
    const { denied, idle } = await judgeRole(policies, 'CollectRole', calls);
    expect(denied).toEqual([]);
    expect(idle.filter((one) => /relay\/waiting|sqs/.test(one))).toEqual([]);
  });
});
