import { defineErrorFamily } from '../../base/errors.ts';
import type { Dataset, Source } from '../../schema/sources.ts';

/** Why a receipt could not be sent. The load is done all the same, and the receipt is tried again every hour. */
export const ReceiptError = defineErrorFamily('user', {
  SLUICE_RECEIPT_ACCESS_DENIED: {
    cause: "The customer's bucket does not let a receipt be written.",
    cure: 'The customer applies the policy again, which allows `s3:PutObject` on the folder of receipts: `sluice policy print --for ingest-source --source …`.',
  },
  SLUICE_RECEIPT_KEY_DENIED: {
    cause: "The key of the customer's bucket does not let a receipt be encrypted.",
    cure: 'Set `kmsKeyArn` of the source. The customer applies the key policy again, which allows `kms:GenerateDataKey`: `sluice policy print --for ingest-source --source …`.',
  },
  SLUICE_RECEIPT_BUCKET_FAILED: {
    cause: "The customer's bucket could not be written.",
    cure: 'None needed for a passing error: the receipt is tried again every hour for three days. If it persists, look at the code in the detail.',
  },
  SLUICE_RECEIPT_WEBHOOK_REDIRECTS: {
    cause: 'The address of a webhook answers with a redirect. Receipts follow none.',
    cure: 'Set `receipt.webhook.url` of the source to the address that answers itself.',
  },
  SLUICE_RECEIPT_WEBHOOK_REFUSED: {
    cause: 'The address of a webhook refuses the receipt.',
    cure: 'Ask the customer by the status in the detail: 401 and 403 mean the secret or the address, 404 and 410 the address.',
  },
  SLUICE_RECEIPT_WEBHOOK_FAILED: {
    cause: 'The address of a webhook did not take the receipt.',
    cure: 'None needed for a passing error: the receipt is tried again every hour for three days. If it persists, ask the customer by the status or the error in the detail.',
  },
  SLUICE_RECEIPT_ADDRESS_REFUSED: {
    cause: 'The host of a webhook has no address of the internet.',
    cure: 'Set `receipt.webhook.url` of the source to a public host. Addresses of a machine, its network and its metadata are not called.',
  },
  SLUICE_RECEIPT_GIVEN_UP: {
    cause: 'A receipt could not be sent for three days, and is not tried any more.',
    cure: 'Correct what the code in the detail says. The next load of the day has a new receipt: `sluice ingest backfill` loads it again.',
  },
});

/** A request to a webhook. */
export interface WebhookRequest {
  /** `https://host:port` */
  readonly origin: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

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
  /**
   * Sends a request, and follows no redirect.
   *
   * @returns The status.
   * @throws ReceiptError SLUICE_RECEIPT_ADDRESS_REFUSED; the error of the network.
   */
  post(request: WebhookRequest): Promise<{ readonly status: number }>;
}
