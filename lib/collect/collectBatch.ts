import { parseBatch } from '../statsig/parseBatch.ts';
import { BatchWalk } from './BatchWalk.ts';
import type { Collected, Sender } from './Collected.ts';
import type { CollectPlan } from './CollectPlan.ts';

/**
 * Turns a body's text into documents for the streams. One bad event never spoils the others: it is refused
 * under its code and the rest goes on.
 *
 * @param outOfTime Asked now and then: whether to give up. Default never.
 * @throws RequestError `SLUICE_BODY_NOT_JSON`, `SLUICE_BODY_WRONG_SHAPE`, `SLUICE_BODY_TOO_MANY_EVENTS`: nothing of it
 *   can be used.
 * @throws CollectError `SLUICE_COLLECT_OUT_OF_TIME`.
 *
 * @example
 * const plan = collectPlan(config);
 * const { documents, refused } = collectBatch('{"events":[{"eventName":"sign_up"}]}', sender, plan);
 */
export function collectBatch(
  text: string,
  sender: Sender,
  plan: CollectPlan,
  outOfTime: () => boolean = () => false,
): Collected {
  const walk = new BatchWalk(parseBatch(text), sender, plan, outOfTime);
  const collected = walk.collect();
  if (!walk.inexact) return collected;
  // Some number has more digits than JSON.parse keeps; rare, and then worth a second, slower reading.
  return new BatchWalk(parseBatch(text, true), sender, plan, outOfTime).collect();
}
