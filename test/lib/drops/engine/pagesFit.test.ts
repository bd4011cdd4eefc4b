import { describe, expect, it } from '@jest/globals';
import { requirePagesFit } from '../../../../lib/drops/engine/pagesFit.ts';
import { FileError } from '../../../../lib/parquet/FileError.ts';

const MIB = 2 ** 20;
/** What is too large of files with pages of these MiB in mapped columns, each file in so many row groups, with 1,769 MB. */
function tooLarge(pages: readonly (readonly number[])[], groups = 1, threads = 1): string | undefined {
  const files = pages.map((sizes, i) => ({
    name: `${i}.parquet`,
    columns: [
      { name: 'unmapped', leaves: [0, 1] as const },
      { name: 'c', leaves: [1, 9] as const },
    ],
    largePages: [700, ...sizes].map((size, leaf) => ({ leaf, bytes: size * MIB, groups })),
  }));
  const raws = [{ files: files.map((_, i) => i), leaves: [[1, 9] as const] }];
  const limits = { memoryMegabytes: 884, threads, temporaryDirectory: '' };
  try {
    requirePagesFit(files, { groups: [{ raws }] }, limits);
    return undefined;
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return error.detail;
  }
}

/** What is asked of {@link tooLarge}. */
interface Asked {
  readonly what: string;
  readonly pages: readonly (readonly number[])[];
  readonly groups?: number;
  readonly threads?: number;
}

describe('the pages that a function holds', () => {
  // As a load of such files held them when it was measured.
  it.each<Asked>([
    { what: 'no file', pages: [] },
    { what: 'a file without pages', pages: [[]] },
    { what: 'a page of 256 MiB', pages: [[256]] },
    { what: 'three columns', pages: [[128, 128, 128]] },
    { what: 'four row groups', pages: [[128]], groups: 4 },
    { what: 'two files', pages: [[128], [100]] },
  ])('fit with $what', ({ pages, groups, threads }) => {
    expect(tooLarge(pages, groups, threads)).toBeUndefined();
  });

  it.each<Asked>([
    { what: 'two row groups of 255 MiB', pages: [[255]], groups: 2 },
    { what: 'two files of which one has 255 MiB', pages: [[128], [255]] },
    { what: 'two threads', pages: [[128]], groups: 2, threads: 2 },
  ])('do not fit with $what', ({ pages, groups, threads }) => {
    expect(tooLarge(pages, groups, threads)).toBeDefined();
  });

  it('are told by the file and the column that has the largest of them', () => {
    expect(tooLarge([[257]])).toBe('0.parquet: column "c" has a page of 269,484,032 bytes.');
    expect(tooLarge([[20], [130, 129]], 2)).toBe('1.parquet: column "c" has a page of 136,314,880 bytes.');
  });
});
