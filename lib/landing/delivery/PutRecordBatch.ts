/** What came of one call. Adapters answer with it instead of throwing, so that no failure can be missed. */
export type PutOutcome =
  | {
      /** Firehose took the call; it may still have failed some of its records. */
      readonly kind: 'answered';
      /** For each record, in order: null when it was acknowledged, else Firehose's `ErrorCode`. */
      readonly errorCodes: readonly (string | null)[];
    }
  | {
      /** The whole call failed: throttled, refused, timed out. */
      readonly kind: 'failed';
      /** AWS's name of the error, e.g. `ServiceUnavailableException`. */
      readonly code: string;
      /** Whether the same call may succeed later. */
      readonly retryable: boolean;
    };

/**
 * Puts records into one delivery stream, once: no retries of its own, or they would multiply with ours.
 *
 * @param timeoutMs Give up after this long. The records may have been written nevertheless.
 */
export type PutRecordBatch = (records: readonly Uint8Array[], timeoutMs: number) => Promise<PutOutcome>;
