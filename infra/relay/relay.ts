import { MAX_MESSAGE_BYTES, MAX_RECEIVES, QUEUE_SECONDS } from '../../lib/relay/limits.ts';
import { RELAY_WAITING_FOLDER } from '../../lib/tables/objectKeys.ts';
import { bucketName } from '../data/bucket.ts';
import { keyArn } from '../data/key.ts';
import { relayRole } from '../roles/relayRoles.ts';
import { objectCreatedRule } from '../streams/objectCreatedRules.ts';
import { workQueue } from '../streams/queues.ts';
import { schedule } from '../streams/schedules.ts';
import type { Resources } from '../template/Resource.ts';
import { partName, relayIds, type Stack } from '../template/Stack.ts';

/** Timeout of the function in infra/serverless/service.ts. */
const RELAY_SECONDS = 120;
/** The runs over waiting objects go on with what a message does not settle. */
const WAITING_RECEIVES = 10;

/**
 * The resources of relay, except alarms: its queues, what sends to them, and the function's role. Nothing without `relay`.
 *
 * There are two queues. Copies, which hold SDK keys, are in one that the deployment's key encrypts. Names of objects and runs
 * are in another: EventBridge and Scheduler may send to a queue with that key only if its policy names them, and the stack does
 * not write the policy of a key that is brought.
 */
export function relayResources(stack: Stack): Resources {
  if (stack.config.relay === undefined) return {};
  const waiting = { queue: relayIds.waitingQueue, deadLetters: relayIds.waitingDeadLetters };
  return {
    ...workQueue(stack, {
      part: 'relay',
      queue: relayIds.queue,
      deadLetters: relayIds.deadLetters,
      timeoutSeconds: RELAY_SECONDS,
      maxReceives: MAX_RECEIVES,
      retentionSeconds: QUEUE_SECONDS,
      key: keyArn(stack),
      messageBytes: MAX_MESSAGE_BYTES,
    }),
    ...workQueue(stack, {
      part: 'relay-waiting',
      ...waiting,
      rules: [relayIds.rule],
      timeoutSeconds: RELAY_SECONDS,
      maxReceives: WAITING_RECEIVES,
    }),
    [relayIds.rule]: objectCreatedRule({
      name: partName(stack, 'relay-waiting'),
      description: 'Copies of requests in the bucket, for relay',
      bucket: bucketName(stack),
      prefixes: [RELAY_WAITING_FOLDER],
      target: 'relay',
      ...waiting,
    }),
    ...schedule({
      id: 'RelayRun',
      name: partName(stack, 'relay-run'),
      description: 'Relays copies in the bucket that have no message any more',
      expression: 'rate(5 minutes)',
      ...waiting,
      input: { sluice: 'relay' },
      // The next run starts before a retry would help.
      oldestSeconds: 60,
      attempts: 0,
    }),
    ...schedule({
      id: 'RelaySweep',
      name: partName(stack, 'relay-sweep'),
      description: 'Deletes refused copies that are too old to be kept',
      expression: 'cron(25 2 * * ? *)',
      ...waiting,
      input: { sluice: 'relay-sweep' },
      oldestSeconds: 3_600,
      attempts: 10,
    }),
    [relayIds.role]: relayRole(stack),
  };
}
