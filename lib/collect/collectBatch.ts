import { CostError, CostMeter } from '../base/jsonCost.ts';
import { HEAVY_UNITS, MAX_UNITS } from '../wire/limits.ts';
import { measureBody, parseBatch } from '../wire/parseBatch.ts';
import { RequestError } from '../wire/RequestError.ts';
import { BatchCollector } from './BatchWalk.ts';
import { CollectError } from './CollectError.ts';
import type { Collected, Sender } from './Collected.ts';
import type { CollectPlan } from './CollectPlan.ts';

/**
 * Turns a body's text into documents for the streams. One bad event never spoils the others: it is refused
 * under its code and the rest goes on.
 *
 * @param outOfTime Asked now and then: whether to give up. Default never.
 * @throws RequestError `SLUICE_BODY_NOT_JSON`, `SLUICE_BODY_WRONG_SHAPE`, `SLUICE_BODY_TOO_MANY_EVENTS`,
 *   `SLUICE_BODY_TOO_COSTLY`: nothing of it can be used, now or when it is sent again.
 * @throws CollectError `SLUICE_COLLECT_OUT_OF_TIME` when it is not the body that takes so long.
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
  const meter = new CostMeter(MAX_UNITS, (spent) => {
    if (!outOfTime()) return;
    if (spent > HEAVY_UNITS)
      throw new RequestError('SLUICE_BODY_TOO_COSTLY', 'It could not be looked through in time.');
    throw new CollectError('SLUICE_COLLECT_OUT_OF_TIME');
  });
  try {
    const { units, inexact } = measureBody(text);
    meter.spend(units);
    const walk = new BatchCollector(parseBatch(text, inexact, meter), sender, plan, meter);
    const collected = walk.collect();
    if (inexact || !walk.inexact) return collected;
    // Some number has more digits than JSON.parse keeps; rare, and then worth a second, slower reading.
    meter.spend(units);
    return new BatchCollector(parseBatch(text, true, meter), sender, plan, meter).collect();
  } catch (error) {
    if (error instanceof CostError) throw new RequestError('SLUICE_BODY_TOO_COSTLY', `${error.message}.`);
    throw error;
  }
}
