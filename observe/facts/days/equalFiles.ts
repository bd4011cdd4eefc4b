import type { LedgerEntry } from '../../../lib/ledger/LedgerEntry.ts';

/** Groups of equal files that a warning has, and the names of each. */
const MOST_GROUPS = 2;
const MOST_NAMED = 4;

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
  const texts = copies.slice(0, MOST_GROUPS).map((equal) =>
    listFirst(
      equal.map(({ key }) => key),
      MOST_NAMED,
    ),
  );
  const more = copies.length > MOST_GROUPS ? `; ${copies.length - MOST_GROUPS} more such` : '';
  return `has files of equal size and ETag, whose rows count each time: ${texts.join('; ')}${more}`;
}

/** The first names of a list, and how many more there are. */
function listFirst(names: readonly string[], most: number): string {
  const first = names.slice(0, most).join(', ');
  return names.length > most ? `${first}, ${names.length - most} more` : first;
}
