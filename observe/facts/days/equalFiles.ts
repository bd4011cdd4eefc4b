import type { LedgerEntry } from '../../../lib/ledger/LedgerEntry.ts';

/** The most files that a warning names. */
const MOST_NAMED = 4;

/**
 * Files of a loaded day with the same size and ETag, in words; null without any, or if a person accepted them. Files without rows
 * are often equal. With a key of KMS equal files have different ETags:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
 */
export function equalFilesWords({
  state,
  files,
  accepted,
}: Pick<LedgerEntry, 'state' | 'files' | 'accepted'>): string | null {
  if (state !== 'succeeded' || accepted === true) return null;
  const read = files.filter(({ fate, rows }) => fate === 'loaded' && rows?.in !== 0);
  const groups = Map.groupBy(read, ({ size, eTag }) => `${size} ${eTag}`);
  const copies = [...groups.values()].filter((equal) => equal.length > 1).flat();
  if (copies.length === 0) return null;
  const names = copies.slice(0, MOST_NAMED).map(({ key }) => key);
  const rest = copies.length - names.length;
  const more = rest === 0 ? '' : `, ${rest} more`;
  return `has files of equal size and ETag, whose rows count each time: ${names.join(', ')}${more}`;
}
