import { sum } from '../../base/sum.ts';
import { quotedName } from '../../base/text.ts';
import type { EngineLimits } from '../../parquet/DuckDbSession.ts';
import { FileError } from '../../parquet/FileError.ts';
import type { FileColumn, FileSchema } from '../../parquet/FileSchema.ts';
import type { RawRows } from '../mapping/CompiledMapping.ts';

/**
 * Part of DuckDB's memory that pages may take: beside them are the rows that are sorted and written. With 1,769 MB a load
 * holds pages of 128 MiB, and one page of 256 MiB, as measured.
 */
const PAGES_SHARE = 0.45;

/**
 * Refuses files whose mapped columns have larger pages than a load holds at once. Of each column a page is in memory, in a
 * buffer of a power of two: that of each thread, and of those before whose values are not written yet.
 *
 * @param mapping Of these files.
 * @throws FileError `SLUICE_INGEST_FILE_PAGE_TOO_LARGE`, naming the largest page.
 */
export function requirePagesFit(
  files: readonly (Pick<FileSchema, 'name' | 'largePages'> & {
    readonly columns: readonly Pick<FileColumn, 'name' | 'leaves'>[];
  })[],
  mapping: { readonly groups: readonly { readonly raws: readonly Pick<RawRows, 'files' | 'leaves'>[] }[] },
  { memoryMegabytes, threads }: EngineLimits,
): void {
  let groups = 0;
  let most = 0;
  let largest: { readonly name: string; readonly column: string; readonly bytes: number } | undefined;
  for (const { files: places, leaves } of mapping.groups.flatMap(({ raws }) => raws))
    for (const { name, columns, largePages } of places.flatMap((i) => files[i] ?? [])) {
      const held = largePages.filter(({ leaf }) =>
        leaves.some(([first, end]) => leaf >= first && leaf < end),
      );
      groups += Math.max(0, ...held.map((page) => page.groups));
      most = Math.max(most, sum(held.map(({ bytes }) => 2 ** Math.ceil(Math.log2(bytes)))));
      for (const { leaf, bytes } of held) {
        if (bytes <= (largest?.bytes ?? 0)) continue;
        const column = columns.find(({ leaves: own }) => own !== null && leaf >= own[0] && leaf < own[1]);
        largest = { name, column: column?.name ?? '', bytes };
      }
    }
  const pages = most * (groups > 1 ? threads + 2 : 1);
  if (largest === undefined || pages <= memoryMegabytes * MEBIBYTE * PAGES_SHARE) return;
  const { name, column, bytes } = largest;
  const size = bytes.toLocaleString('en-US');
  throw new FileError(
    'SLUICE_INGEST_FILE_PAGE_TOO_LARGE',
    `${name}: column ${quotedName(column)} has a page of ${size} bytes.`,
  );
}

const MEBIBYTE = 2 ** 20;
