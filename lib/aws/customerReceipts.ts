import { customerSession } from '../access/sessionPolicies.ts';
import { ReceiptError } from '../drops/load/end/sendReceipt.ts';
import type { PutReceipt } from '../drops/load/Loader.ts';
import { customerClient } from './customerClient.ts';
import { type Refusal, s3Refusal } from './customerRefusal.ts';
import type { OwnSession } from './ownSession.ts';
import { s3ObjectStore } from './s3ObjectStore.ts';
import { encryptedBy } from './writtenAs.ts';

/** Milliseconds for the answer to one attempt. The object is small, and the client tries four times. */
const ANSWER_MS = 5_000;

/** Codes of refusals that a policy causes. */
const DENIED: Partial<Record<Refusal, keyof typeof ReceiptError.entries>> = {
  access: 'SLUICE_RECEIPT_ACCESS_DENIED',
  role: 'SLUICE_RECEIPT_ACCESS_DENIED',
  key: 'SLUICE_RECEIPT_KEY_DENIED',
};

/**
 * Writes receipts into customers' buckets. With a customer's role, the session may only write the dataset's receipts.
 * Receipts have no ACL, because the customer would have to allow more for it: in a bucket with ACLs, its owner can't
 * read them.
 *
 * @param by The session of the load, which is limited to the dataset. Default: the function's role.
 */
export function customerReceipts(by?: OwnSession): PutReceipt {
  return async ({ source, dataset, folder }, key, text) => {
    const { bucket, owner, name } = source;
    const client = customerClient(source, {
      sessionName: `sluice-${name}-${dataset.name}`,
      sessionPolicy: customerSession(source, folder, 'receipt'),
      answerMs: ANSWER_MS,
      by,
    });
    try {
      await s3ObjectStore(client, bucket, owner, encryptedBy(source)).write(key, text);
    } catch (error) {
      const refused = s3Refusal(error);
      if (refused === null) throw error;
      const code = DENIED[refused.refusal] ?? 'SLUICE_RECEIPT_BUCKET_FAILED';
      throw new ReceiptError(code, `${bucket}/${key}: ${refused.detail}.`, { cause: error });
    }
  };
}
