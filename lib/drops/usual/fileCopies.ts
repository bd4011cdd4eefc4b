import { areDigests } from '../../base/ObjectStore.ts';
import { listed } from '../../base/text.ts';
import type { DayContent } from '../../ledger/DayContent.ts';
import type { FileFate } from '../../ledger/LedgerEntry.ts';
import { type DayBefore, isUsual } from './daysBefore.ts';

/** A file of a day by its key, and the file of another day that it is, or may be. */
export interface Copy {
  /** The key of the day's file. */
  readonly key: string;
  /** The key of the other day's file. */
  readonly original: string;
  /** Whether the files surely are the same. Otherwise only their sizes and rows are. */
  readonly isSure: boolean;
}

/**
 * Loaded files of a day that are those of another day. Equal ETags are of equal files. Unequal ones tell files apart
 * where both are digests of the bytes: those of multipart uploads, with a hyphen, and of files with a key of KMS are
 * none. Then files of the same size and rows may be the same.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
 *
 * @param hasKmsKey Whether the files are encrypted with a key of KMS.
 */
export function copiesOf(
  files: readonly FileFate[],
  others: readonly FileFate[],
  hasKmsKey: boolean,
): readonly Copy[] {
  const sizes = new Set(files.map(({ size }) => size));
  const read = others.filter(({ fate, size }) => fate === 'loaded' && sizes.has(size));
  const tagged = new Map(read.map((other) => [`${other.size} ${other.eTag}`, other]));
  const sized = new Map(read.map((other) => [`${other.size} ${other.rows?.in}`, other]));
  const loaded = files.filter(({ fate, rows }) => fate === 'loaded' && (rows?.out ?? 0) > 0);
  const copies = loaded.flatMap((file): readonly Copy[] => {
    const { key, size, eTag, rows } = file;
    const same = tagged.get(`${size} ${eTag}`);
    if (same !== undefined) return [{ key, original: same.key, isSure: true }];
    const alike = sized.get(`${size} ${rows?.in}`);
    const isOther = alike === undefined || areDigests([eTag, alike.eTag], hasKmsKey);
    return isOther ? [] : [{ key, original: alike.key, isSure: false }];
  });
  // Of many small files some have the size and the rows of others by chance.
  const isLikely = copies.length > loaded.length / 2;
  return copies.filter(({ isSure }) => isSure || isLikely);
}

/** Files that are those of other days, where days before had none. */
export function unusualCopies(copies: readonly Copy[], before: readonly DayBefore[]): DayContent['unusual'] {
  if (copies.length === 0 || isUsual(before, (content) => content.copies > 0)) return [];
  const texts = copies.map(({ key, original, isSure }) => `${key} ${isSure ? 'is' : 'may be'} ${original}`);
  return [{ kind: 'copies', words: `files are those of other days: ${listed(texts)}` }];
}
