import { listed } from '../../../../lib/base/text.ts';
import type { LedgerEntry } from '../../../../lib/ledger/LedgerEntry.ts';

/** What is read of a day's entry. */
type LoadedFiles = Pick<LedgerEntry, 'state' | 'files' | 'accepted'>;

/**
 * Files of a loaded day with the same size and ETag, equal ones together; none if a person accepted them. Files without rows are often
 * equal. With a key of KMS equal files have different ETags: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
 */
export function equalFiles({ state, files, accepted }: LoadedFiles): readonly LoadedFiles['files'][] {
  if (state !== 'succeeded' || accepted === true) return [];
  const read = files.filter(({ fate, rows }) => fate === 'loaded' && rows?.out !== 0);
  const groups = Map.groupBy(read, ({ size, eTag }) => `${size} ${eTag}`);
  return [...groups.values()].filter((equal) => equal.length > 1);
}

/** {@link equalFiles} in words; null without any. */
export function equalFilesWords(day: LoadedFiles): string | null {
  const copies = equalFiles(day);
  if (copies.length === 0) return null;
  const texts = copies.map((equal) => listed(equal.map(({ key }) => key)));
  return `has files of equal size and ETag, whose rows count each time: ${listed(texts, '; ')}`;
}
