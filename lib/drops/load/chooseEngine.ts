import { quotedName } from '../../base/text.ts';
import type { EngineLimits } from '../../parquet/DuckDbSession.ts';
import type { FileColumn, FileSchema } from '../../parquet/FileSchema.ts';
import { athenaObstacle } from '../../schema/sources.ts';
import type { Drop } from '../Drop.ts';
import type { RawRows } from '../engine/Engine.ts';
import type { Loader } from './Loader.ts';
import type { DropDay } from './publishVersion.ts';

/**
 * Files below this share of the disk are loaded by the function without a look at their footers: decoded rows take up to ten
 * times their files.
 */
const SURE_SHARE = 1 / 16;

/**
 * Decides whether Athena loads a day: if its files, and what their footers declare of their rows, do not fit the function's
 * disk. There DuckDB holds the rows while it sorts them, and then the version's files.
 *
 * @param readSchemas Reads the footers of all files, if the sizes of the files do not decide.
 * @returns Why Athena loads it, in words; null if the function does.
 */
export async function whyByAthena(
  loader: Pick<Loader, 'config' | 'freeBytes'>,
  { source, dataset }: DropDay,
  drop: Drop,
  readSchemas: () => Promise<readonly Pick<FileSchema, 'decodedBytes'>[]>,
): Promise<string | null> {
  const { engine } = dataset;
  if (engine === 'lambda' || drop.files.length === 0) return null;
  if (athenaObstacle(source, loader.config.region) !== null) return null;
  if (engine === 'athena') return "the dataset's `engine` is athena";
  const bytes = drop.files.reduce((sum, { size }) => sum + size, 0);
  const room = await loader.freeBytes();
  if (bytes > room) return `its files have ${bytes} bytes, and the function has room for ${room}`;
  if (bytes < room * SURE_SHARE) return null;
  const decoded = (await readSchemas()).reduce((sum, { decodedBytes }) => sum + decodedBytes, 0);
  return bytes + decoded > room
    ? `its files have ${bytes} bytes and ${decoded} when decoded, and the function has room for ${room}`
    : null;
}

/**
 * Part of DuckDB's memory that pages may take: beside them are the rows that are sorted and written. With 1,769 MB a load
 * holds pages of 128 MiB, and one page of 256 MiB, as measured.
 */
const PAGES_SHARE = 0.45;

/**
 * The largest page of mapped columns, in words, if they are more than a load holds at once; null if it holds them. Of each
 * column a page is in memory, in a buffer of a power of two: that of each thread, and of those before whose values are not
 * written yet.
 *
 * @param mapping Of these files.
 */
export function whyPagesTooLarge(
  files: readonly (Pick<FileSchema, 'name' | 'largePages'> & {
    readonly columns: readonly Pick<FileColumn, 'name' | 'leaves'>[];
  })[],
  mapping: { readonly groups: readonly { readonly raws: readonly Pick<RawRows, 'files' | 'leaves'>[] }[] },
  { memoryMegabytes, threads }: EngineLimits,
): { readonly name: string; readonly words: string } | null {
  let [groups, most] = [0, 0];
  let largest: { readonly name: string; readonly column: string; readonly bytes: number } | undefined;
  for (const { files: places, leaves } of mapping.groups.flatMap(({ raws }) => raws))
    for (const { name, columns, largePages } of places.flatMap((i) => files[i] ?? [])) {
      const held = largePages.filter(({ leaf }) =>
        leaves.some(([first, end]) => leaf >= first && leaf < end),
      );
      groups += Math.max(0, ...held.map((page) => page.groups));
      most = Math.max(
        most,
        held.reduce((sum, { bytes }) => sum + 2 ** Math.ceil(Math.log2(bytes)), 0),
      );
      for (const { leaf, bytes } of held) {
        if (bytes <= (largest?.bytes ?? 0)) continue;
        const of = columns.find(({ leaves: own }) => own !== null && leaf >= own[0] && leaf < own[1]);
        largest = { name, column: of?.name ?? '', bytes };
      }
    }
  const pages = most * (groups > 1 ? threads + 2 : 1);
  if (largest === undefined || pages <= memoryMegabytes * MEBIBYTE * PAGES_SHARE) return null;
  const { name, column, bytes } = largest;
  return { name, words: `column ${quotedName(column)} has a page of ${bytes.toLocaleString('en-US')} bytes` };
}

const MEBIBYTE = 2 ** 20;

/** Why Athena does not load a day that the function can't hold, as the end of a sentence; empty if it is not asked. */
export function whyNotByAthena(
  { athena, config }: Pick<Loader, 'athena' | 'config'>,
  { source, dataset }: DropDay,
): string {
  const obstacle = athenaObstacle(source, config.region);
  if (dataset.engine === 'lambda') return ", and the dataset's `engine` is lambda";
  if (obstacle !== null) return `, and Athena can't load it: ${obstacle}`;
  return athena === undefined ? ', and Athena is not set up' : '';
}
