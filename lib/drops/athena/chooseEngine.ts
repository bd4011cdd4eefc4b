import { athenaObstacle } from '../../schema/sources.ts';
import type { Drop } from '../Drop.ts';
import type { FileSchema } from '../engine/Engine.ts';
import { estimateLoad } from '../engine/estimateLoad.ts';
import type { Loader } from '../load/Loader.ts';
import type { DropDay } from '../load/publishVersion.ts';

/**
 * Files below this share of the disk are loaded by the function without a look at their footers: sorted rows take up to ten
 * times their files (lib/drops/engine/estimateLoad.ts).
 */
const SURE_SHARE = 1 / 16;

/**
 * Decides whether Athena loads a day.
 *
 * @param readSchemas Reads the footers of all files, if the sizes of the files do not decide.
 * @returns Why Athena loads it, in words; null if the function does.
 */
export async function whyByAthena(
  loader: Pick<Loader, 'athena' | 'config' | 'limits' | 'freeBytes'>,
  { source, dataset }: DropDay,
  drop: Drop,
  readSchemas: () => Promise<readonly FileSchema[]>,
): Promise<string | null> {
  const { engine, lambdaLimit = {} } = dataset;
  if (loader.athena === undefined || engine === 'lambda' || drop.files.length === 0) return null;
  if (athenaObstacle(source, loader.config.region) !== null) return null;
  if (engine === 'athena') return "the dataset's `engine` is athena";
  const bytes = drop.files.reduce((sum, { size }) => sum + size, 0);
  if (lambdaLimit.bytes !== undefined && bytes > lambdaLimit.bytes)
    return `its files have ${bytes} bytes, and \`lambdaLimit\` is ${lambdaLimit.bytes}`;
  const room = await loader.freeBytes();
  if (bytes > room) return `its files have ${bytes} bytes, and the function has room for ${room}`;
  if (lambdaLimit.rows === undefined && bytes < room * SURE_SHARE) return null;
  const schemas = await readSchemas();
  const rows = schemas.reduce((sum, schema) => sum + schema.rows, 0);
  if (lambdaLimit.rows !== undefined && rows > lambdaLimit.rows)
    return `its files have ${rows} rows, and \`lambdaLimit\` is ${lambdaLimit.rows}`;
  const subject = { source, dataset, unitIds: loader.config.unitIds };
  const { diskBytes } = estimateLoad(subject, schemas, loader.limits);
  return diskBytes > room
    ? `a load would take an estimated ${Math.round(diskBytes)} bytes of disk, and the function has room for ${room}`
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
