import { RELAY_REFUSED_FOLDER, RELAY_WAITING_FOLDER } from '../../lib/tables/relayKeys.ts';
import { bucketArn, objectsArn } from '../data/bucket.ts';
import { getAtt, type Resources } from '../template/Resource.ts';
import type { Stack } from '../template/Stack.ts';
import { type AllowStatement, functionRole, sendTo, useQueueKey } from './policies.ts';

/**
 * The role that takes copies from the queue and from `relay/waiting/`. It puts those that are refused under
 * `relay/refused/`, and those that are given up on the dead-letter queue.
 */
export function relayRole(stack: Stack): Resources {
  return functionRole(stack, 'relay', [
    { Action: ['sqs:ChangeMessageVisibility'], Resource: [getAtt('RelayQueue')] },
    { Action: ['sqs:SendMessage'], Resource: [getAtt('RelayDeadLetterQueue')] },
    ...useQueueKey(stack),
    {
      Action: ['s3:GetObject', 's3:DeleteObject'],
      Resource: [objectsArn(stack, RELAY_WAITING_FOLDER)],
    },
    { Action: ['s3:PutObject'], Resource: [objectsArn(stack, RELAY_REFUSED_FOLDER)] },
    {
      Action: ['s3:ListBucket'],
      Resource: [bucketArn(stack)],
      // A read has no prefix, so S3 answers 403 for a missing copy. The relay then lists its key, which tells it from a
      // copy that the role may not read.
      Condition: { StringLike: { 's3:prefix': [`${RELAY_WAITING_FOLDER}*`] } },
    },
  ]);
}

/** Additional permissions of the collector with `relay`: it writes copies, and cannot read them. */
export function keepCopies(stack: Stack): readonly AllowStatement[] {
  if (stack.config.relay === undefined) return [];
  return [
    sendTo('relay'),
    // SQS asks senders for both actions on the key.
    ...useQueueKey(stack),
    { Action: ['s3:PutObject'], Resource: [objectsArn(stack, RELAY_WAITING_FOLDER)] },
  ];
}
