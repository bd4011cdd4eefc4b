import type { FlushReport, PendingDelivery } from '../control/status.ts';
import type { Engines } from './openEngines.ts';
import type { Triggers } from './startTriggers.ts';

/**
 * Rounds of one flush: records that functions write to a stream while queues are drained are buffered again. The last
 * rounds are for streams that keep failing.
 */
const FLUSH_ROUNDS = 6;
/** Times that one round waits for queries: the function that reads a result may start another query. */
const MOST_QUERIES = 100;

/** What a flush empties. */
interface Flushed extends Pick<Engines, 'firehose' | 'athena'> {
  /** Queues that functions are invoked for. */
  readonly triggers: Triggers;
}

/**
 * Delivers all buffers and drains the queues of functions, until nothing that functions wrote in response waits either.
 *
 * @param options.waitsForQueries False while the cloud ends: its queries are aborted afterwards.
 * @throws FirehoseError `FIREHOSE_UNDELIVERED` when S3 refuses a delivery.
 */
export async function flushAll(
  { firehose, athena, triggers }: Flushed,
  { waitsForQueries }: { readonly waitsForQueries: boolean },
): Promise<FlushReport> {
  const delivered: PendingDelivery[] = [];
  let undrained = 0;
  for (let round = 0; round < FLUSH_ROUNDS; round += 1) {
    const pending = firehose.pending();
    if (round > 0 && pending.length === 0) break;
    delivered.push(...pending);
    await firehose.flush();
    undrained = await triggers.drain();
    if (!waitsForQueries) continue;
    for (let wait = 0; wait < MOST_QUERIES && athena.pending().running > 0; wait += 1) {
      await athena.idle();
      undrained = await triggers.drain();
    }
  }
  return { delivered: sumByStream(delivered), undrained };
}

/** The deliveries with those of one stream added up. */
function sumByStream(deliveries: readonly PendingDelivery[]): PendingDelivery[] {
  const sums = new Map<string, PendingDelivery>();
  for (const { stream, documents, bytes } of deliveries) {
    const before = sums.get(stream) ?? { documents: 0, bytes: 0 };
    sums.set(stream, { stream, documents: before.documents + documents, bytes: before.bytes + bytes });
  }
  return [...sums.values()];
}
