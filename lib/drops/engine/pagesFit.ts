import { sum } from '../../base/sum.ts';
import { numbered, quotedName } from '../../base/text.ts';
import type { EngineLimits } from '../../parquet/DuckDbSession.ts';
import { FileError } from '../../parquet/FileError.ts';
import type { FileColumn, FileSchema } from '../../parquet/FileSchema.ts';
import type { RawRows } from '../mapping/CompiledMapping.ts';

/** Bytes of a MiB, in which DuckDB's memory is given. */
const MEBIBYTE = 2 ** 20;
/**
 * Part of DuckDB's memory that pages may take: beside them are the rows that are sorted and written. With 1,769 MB a load
 * holds pages of 128 MiB, and one page of 256 MiB, as measured.
 */
const PAGES_SHARE = 0.45;

/** What is known of the pages of a file. */
type FilePages = Pick<FileSchema, 'name' | 'largePages'> & {
  /** Its columns, by which a page is named. */
  readonly columns: readonly Pick<FileColumn, 'name' | 'leaves'>[];
};

/** What a mapping reads of files: for each shape its files and the ranges of its columns. */
interface MappedLeaves {
  /** Files that are read in the same way. */
  readonly groups: readonly { readonly raws: readonly Pick<RawRows, 'files' | 'leaves'>[] }[];
}

/** The large pages of a file that a mapping reads. */
interface MappedPages {
  /** The file. */
  readonly file: FilePages;
  /** The largest page of each mapped column that has large ones. */
  readonly pages: FileSchema['largePages'];
}

/**
 * Refuses files whose mapped columns have larger pages than a load holds at once. Of each column a page is in memory, in a
 * buffer of a power of two: that of each thread, and of those before whose values are not written yet.
 *
 * @param mapping Of these files.
 * @throws FileError `SLUICE_INGEST_FILE_PAGE_TOO_LARGE`, naming the largest page.
 */
export function requirePagesFit(
  files: readonly FilePages[],
  mapping: MappedLeaves,
  { memoryMegabytes, threads }: EngineLimits,
): void {
  const mapped = mappedPages(files, mapping);
  // Row groups that have large pages. Threads read several of them at the same time.
  const groups = sum(mapped.map(({ pages }) => Math.max(0, ...pages.map((page) => page.groups))));
  const buffers = mapped.map(({ pages }) =>
    sum(pages.map(({ bytes: pageBytes }) => 2 ** Math.ceil(Math.log2(pageBytes)))),
  );
  const held = Math.max(0, ...buffers) * (groups > 1 ? threads + 2 : 1);
  if (held <= memoryMegabytes * MEBIBYTE * PAGES_SHARE) return;
  const all = mapped.flatMap(({ file: mappedFile, pages }) =>
    pages.map((page) => ({ file: mappedFile, ...page })),
  );
  const [largest] = all.sort((a, b) => b.bytes - a.bytes);
  if (largest === undefined) return;
  const { file, leaf, bytes } = largest;
  const column = file.columns.find(({ leaves }) => leaves !== null && isWithin(leaf, leaves));
  throw new FileError(
    'SLUICE_INGEST_FILE_PAGE_TOO_LARGE',
    `${file.name}: column ${quotedName(column?.name ?? '')} has a page of ${numbered(bytes)} bytes.`,
  );
}

/** The large pages that a mapping reads, file by file. */
function mappedPages(files: readonly FilePages[], { groups }: MappedLeaves): readonly MappedPages[] {
  return groups
    .flatMap(({ raws }) => raws)
    .flatMap(({ files: places, leaves }) =>
      places
        .flatMap((i) => files[i] ?? [])
        .map((file) => ({
          file,
          pages: file.largePages.filter(({ leaf }) => leaves.some((range) => isWithin(leaf, range))),
        })),
    );
}

/** Whether a column chunk is in a range of them. */
function isWithin(leaf: number, [first, end]: RawRows['leaves'][number]): boolean {
  return leaf >= first && leaf < end;
}
