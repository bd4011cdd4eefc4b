import { OVERFLOW_MS, SPILL_AT_LEAST_MS } from '../../schema/deliveryLimits.ts';
import type { TableKind } from '../../schema/kinds.ts';
import { type Delivery, deliver } from './deliver.ts';
import { overflowObject } from './overflowObject.ts';
import type { PutOverflow } from './PutOverflow.ts';
import type { DeliveryContext } from './putRecords.ts';

/** What {@link deliverOrSpill} needs. */
export interface SpillContext extends DeliveryContext {
  readonly putOverflow: PutOverflow;
}

/** A delivery, and what became of the documents that the stream handed back. */
export interface Kept extends Delivery {
  /** Whether every document is with Firehose or in overflow: only then may anybody be told so. */
  readonly kept: boolean;
  /** Documents in overflow: all that were returned, or none. */
  readonly overflowed: number;
  /** Why they could not be spilled: the name of what was thrown, or `OutOfTime`. */
  readonly overflowError?: string;
}

/**
 * Delivers documents to one stream and spills what it hands back, whatever the reason, into one overflow object,
 * from which functions/redrive puts it on the stream later. It never throws. The last moments before the deadline
 * are the spill's, so that a stream that hangs doesn't take the bucket's time too.
 */
export async function deliverOrSpill(
  kind: TableKind,
  documents: readonly string[],
  context: SpillContext,
): Promise<Kept> {
  const { clock, deadline } = context;
  const reserved = Math.min(OVERFLOW_MS, Math.floor(Math.max(0, deadline - clock.now()) / 2));
  const delivery = await deliver(documents, { ...context, deadline: deadline - reserved });
  const { returned } = delivery;
  if (returned.length === 0) return { ...delivery, kept: true, overflowed: 0 };
  if (deadline - clock.now() < SPILL_AT_LEAST_MS) {
    return { ...delivery, kept: false, overflowed: 0, overflowError: 'OutOfTime' };
  }
  try {
    const object = await overflowObject(kind, documents, returned, clock.now());
    await context.putOverflow(object, Math.max(1, deadline - clock.now()));
    return { ...delivery, kept: true, overflowed: returned.length };
  } catch (error) {
    const overflowError = error instanceof Error ? error.name : 'Error';
    return { ...delivery, kept: false, overflowed: 0, overflowError };
  }
}
