import { RELAY_REFUSED_FOLDER, RELAY_WAITING_FOLDER } from '../../lib/tables/objectKeys.ts';
import { bucketArn, objectsArn } from '../data/bucket.ts';
import { getAtt, type Resource } from '../template/Resource.ts';
import { relayIds, type Stack } from '../template/Stack.ts';
import {
  type AllowStatement,
  consumeQueue,
  lambdaService,
  serviceRole,
  useKey,
  useQueueKey,
  writeLogs,
} from './policies.ts';

/** Takes copies from the queue and from `relay/waiting/`, and puts those that are refused under `relay/refused/`. */
export function relayRole(stack: Stack): Resource {
  return serviceRole(lambdaService, [
    writeLogs(stack, 'relay'),
    consumeQueue(relayIds.queue),
    { Action: ['sqs:ChangeMessageVisibility'], Resource: [getAtt(relayIds.queue)] },
    { Action: ['sqs:SendMessage'], Resource: [getAtt(relayIds.deadLetters)] },
    useQueueKey(stack, 'kms:Decrypt', 'kms:GenerateDataKey'),
    {
      Action: ['s3:GetObject', 's3:DeleteObject'],
      Resource: [objectsArn(stack, RELAY_WAITING_FOLDER)],
    },
    { Action: ['s3:PutObject'], Resource: [objectsArn(stack, RELAY_REFUSED_FOLDER)] },
    {
      Action: ['s3:ListBucket'],
      Resource: [bucketArn(stack)],
      // S3 answers 404 for a copy that is gone only to whoever may list it.
      Condition: { StringLike: { 's3:prefix': [`${RELAY_WAITING_FOLDER}*`] } },
    },
    useKey(stack, 'kms:Decrypt', 'kms:GenerateDataKey'),
  ]);
}

/** Additional permissions of the collector with `relay`: it writes copies and cannot read them. */
export function keepCopies(stack: Stack): readonly AllowStatement[] {
  if (stack.config.relay === undefined) return [];
  return [
    { Action: ['sqs:SendMessage'], Resource: [getAtt(relayIds.queue)] },
    // SQS asks for both of who sends.
    useQueueKey(stack, 'kms:Decrypt', 'kms:GenerateDataKey'),
    { Action: ['s3:PutObject'], Resource: [objectsArn(stack, RELAY_WAITING_FOLDER)] },
  ];
}
