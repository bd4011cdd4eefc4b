import type { Resources } from '../template/Resource.ts';
import { logicalIds, type Stack } from '../template/Stack.ts';
import { workQueue } from './workQueue.ts';

/** The daily run registers whatever went missing. */
const REGISTER_RECEIVES = 5;
/**
 * Tries before an object is parked: one each half hour, so Firehose may be away for ten hours. serverless.yml tells the
 * function as `SLUICE_TRIES`.
 */
const REDRIVE_RECEIVES = 20;
/** Timeouts of the functions, and the registrar's batching window, in serverless.yml. */
const REGISTER_SECONDS = 60;
const REGISTER_BATCHING_SECONDS = 10;
const REDRIVE_SECONDS = 300;

/** The queues of the registrar and of redrive, each with a queue of what could not be done. */
export function queues(stack: Stack): Resources {
  return {
    ...workQueue(stack, {
      part: 'register',
      queue: logicalIds.queue,
      deadLetters: logicalIds.deadLetters,
      rule: logicalIds.objectCreatedRule,
      timeoutSeconds: REGISTER_SECONDS,
      batchingSeconds: REGISTER_BATCHING_SECONDS,
      maxReceives: REGISTER_RECEIVES,
    }),
    ...workQueue(stack, {
      part: 'redrive',
      queue: logicalIds.redriveQueue,
      deadLetters: logicalIds.redriveDeadLetters,
      rule: logicalIds.redriveRule,
      timeoutSeconds: REDRIVE_SECONDS,
      maxReceives: REDRIVE_RECEIVES,
    }),
  };
}
