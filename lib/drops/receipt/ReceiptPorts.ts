import { defineErrorFamily } from '../../base/errors.ts';
import type { Dataset, Source } from '../../schema/sources.ts';

/** Why a receipt could not be sent. The load is done all the same, and the receipt is tried again every hour. */
export const ReceiptError = defineErrorFamily('user', {
  SLUICE_RECEIPT_ACCESS_DENIED: {
    cause: "The customer's bucket refuses to store a receipt.",
    cure: 'The customer applies the policy again, which allows `s3:PutObject` on the folder of receipts: `sluice policy print --for ingest-source --source …`.',
  },
  SLUICE_RECEIPT_KEY_DENIED: {
    cause: "The key of the customer's bucket refuses to encrypt a receipt.",
    cure: 'Set `kmsKeyArn` of the source. The customer applies the key policy again, which allows `kms:GenerateDataKey`: `sluice policy print --for ingest-source --source …`.',
  },
  SLUICE_RECEIPT_BUCKET_FAILED: {
    cause: "The customer's bucket could not be written.",
    cure: 'No action is needed for a passing error: the receipt is tried again every hour for three days. If it persists, look at the code in the detail.',
  },
  SLUICE_RECEIPT_GIVEN_UP: {
    cause: 'A receipt could not be sent for three days, and is not tried any more.',
    cure: 'Correct what the code in the detail says. The next load of the day has a new receipt: `sluice ingest backfill` loads it again.',
  },
});

/** How receipts leave. */
export interface ReceiptPorts {
  /**
   * Writes a text into the customer's bucket.
   *
   * @throws ReceiptError
   */
  put(
    place: { readonly source: Source; readonly dataset: Dataset },
    key: string,
    text: string,
  ): Promise<void>;
}
