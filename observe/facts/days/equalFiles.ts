import { listed } from '../../../lib/base/text.ts';
import type { LedgerEntry } from '../../../lib/ledger/LedgerEntry.ts';

/** What is read of a day's entry. */
type LoadedFiles = Pick<LedgerEntry, 'state' | 'files' | 'accepted'>;

/**
 * Files of a loaded day with the same size and ETag, in words; null without any, or if a person accepted them. Files without rows
 * are often equal. With a key of KMS equal files have different ETags:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
 */
export function equalFilesWords({ state, files, accepted }: LoadedFiles): string | null {
  if (state !== 'succeeded' || accepted === true) return null;
  const read = files.filter(({ fate, rows }) => fate === 'loaded' && rows?.out !== 0);
  const groups = Map.groupBy(read, ({ size, eTag }) => `${size} ${eTag}`);
  const copies = [...groups.values()].filter((equal) => equal.length > 1);
  if (copies.length === 0) return null;
  const texts = copies.map((equal) => listed(equal.map(({ key }) => key)));
  return `has files of equal size and ETag, whose rows count each time: ${listed(texts, '; ')}`;
}
