import type { Resources } from './Resource.ts';
import { logicalIds, type Stack } from './Stack.ts';
import { workQueue } from './workQueue.ts';

/** The daily run registers whatever went missing. */
const REGISTER_RECEIVES = 5;
/**
 * Tries before an object is parked: one each six minutes, so Firehose may be away for two hours. serverless.yml
 * tells the function as `SLUICE_TRIES`.
 */
export const REDRIVE_RECEIVES = 20;
/** Timeout of both functions in serverless.yml. */
const TIMEOUT_SECONDS = 60;

/** The queues of the registrar and of redrive, each with a queue of what could not be done. */
export function queues(stack: Stack): Resources {
  return {
    ...workQueue(stack, {
      part: 'register',
      queue: logicalIds.queue,
      deadLetters: logicalIds.deadLetters,
      rule: logicalIds.objectCreatedRule,
      timeoutSeconds: TIMEOUT_SECONDS,
      maxReceives: REGISTER_RECEIVES,
    }),
    ...workQueue(stack, {
      part: 'redrive',
      queue: logicalIds.redriveQueue,
      deadLetters: logicalIds.redriveDeadLetters,
      rule: logicalIds.redriveRule,
      timeoutSeconds: TIMEOUT_SECONDS,
      maxReceives: REDRIVE_RECEIVES,
    }),
  };
}
