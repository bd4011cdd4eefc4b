import { MAX_MESSAGE_BYTES, QUEUE_SECONDS } from '../../lib/relay/limits.ts';
import { keyArn } from '../data/key.ts';
import { relayRole } from '../roles/relayRoles.ts';
import { workQueue } from '../streams/queues.ts';
import type { Resources } from '../template/Resource.ts';
import type { Stack } from '../template/Stack.ts';

/**
 * The resources of relay, except alarms: its queue, that of its dead letters, and the function's role. The deployment's key
 * encrypts both queues, because copies hold SDK keys; with `encryption: 's3'` a key of SQS does. There are none without
 * `relay`.
 */
export function relayResources(stack: Stack): Resources {
  if (stack.config.relay === undefined) return {};
  return {
    ...workQueue(stack, 'relay', {
      retentionSeconds: QUEUE_SECONDS,
      key: keyArn(stack),
      messageBytes: MAX_MESSAGE_BYTES,
    }),
    ...relayRole(stack),
  };
}
