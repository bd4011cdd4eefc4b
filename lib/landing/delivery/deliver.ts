import { billedBytes, packDocuments } from './packDocuments.ts';
import { type DeliveryContext, putRecords } from './putRecords.ts';

/** A document that was not delivered, and why. */
export interface ReturnedDocument {
  /** Its index in what was to be delivered. */
  readonly index: number;
  /**
   * `too_large` for a Firehose record; `refused` by Firehose in a way that retrying can't mend;
   * `not_acknowledged` in the time and attempts there were, though it may have been written.
   */
  readonly reason: 'too_large' | 'refused' | 'not_acknowledged';
  /** Firehose's last error code for it; absent when it was never put. */
  readonly code?: string;
}

/** Every document is either among the acknowledged or in `returned`. */
export interface Delivery {
  readonly acknowledged: number;
  readonly returned: readonly ReturnedDocument[];
  /** Firehose records made; those put again, each time; calls, retries included; bytes put once, and what AWS bills for them. */
  readonly records: number;
  readonly retried: number;
  readonly calls: number;
  readonly bytes: number;
  readonly billedBytes: number;
}

/**
 * Delivers documents to one stream: every one is acknowledged or handed back by name. It never throws.
 *
 * @param documents JSON without newlines.
 */
export async function deliver(documents: readonly string[], context: DeliveryContext): Promise<Delivery> {
  const { records, tooLarge } = packDocuments(documents);
  const { unacknowledged, retried, calls } = await putRecords(records, context);
  const returned: ReturnedDocument[] = tooLarge.map((index) => ({ index, reason: 'too_large' }));
  for (const { record, reason, code } of unacknowledged) {
    for (const index of record.documents) {
      returned.push(code === undefined ? { index, reason } : { index, reason, code });
    }
  }
  returned.sort((a, b) => a.index - b.index);
  return {
    acknowledged: documents.length - returned.length,
    returned,
    records: records.length,
    retried,
    calls,
    bytes: records.reduce((sum, { data }) => sum + data.length, 0),
    billedBytes: records.reduce((sum, { data }) => sum + billedBytes(data.length), 0),
  };
}
