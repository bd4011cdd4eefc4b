import { parseBatch } from '../statsig/parseBatch.ts';
import { BatchWalk } from './BatchWalk.ts';
import type { Collected, Sender } from './Collected.ts';
import type { CollectPlan } from './CollectPlan.ts';

/**
 * Turns a body's text into documents for the streams. One bad event never spoils the others: it is refused
 * under its code and the rest goes on.
 *
 * @throws RequestError `SLUICE_BODY_NOT_JSON`, `SLUICE_BODY_WRONG_SHAPE`: nothing of it can be used.
 *
 * @example
 * const plan = collectPlan(config);
 * const { documents, refused } = collectBatch('{"events":[{"eventName":"sign_up"}]}', sender, plan);
 */
export function collectBatch(text: string, sender: Sender, plan: CollectPlan): Collected {
  const walk = new BatchWalk(parseBatch(text), sender, plan);
  const collected = walk.collect();
  if (!walk.inexact) return collected;
  // Some number has more digits than JSON.parse keeps; rare, and then worth a second, slower reading.
  return new BatchWalk(parseBatch(text, true), sender, plan).collect();
}
