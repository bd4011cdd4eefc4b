import type { FileSchema } from '../../parquet/FileSchema.ts';
import { athenaObstacle } from '../../schema/sources.ts';
import type { Drop } from '../Drop.ts';
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
