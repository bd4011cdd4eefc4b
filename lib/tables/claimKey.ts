/** Folder of claims on overflow and error objects. */
export const CLAIM_FOLDER = 'ledger/redrive/';

/** Key of the claim on an object. */
export function claimKey(key: string): string {
  return `${CLAIM_FOLDER}${key}.json`;
}
