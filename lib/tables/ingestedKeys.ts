import type { Config } from '../config/configSchema.ts';
import { isUtcDay, type UtcDay } from '../time/utcDay.ts';
import { ingestedFolder } from './landedFolders.ts';
import { LEDGER_FOLDER } from './ledgerFolder.ts';

type IngestedLayout = Pick<Config, 'statsigFolder'>;

/** What a version may be called: it is one segment of a key. */
const VERSION = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/** Folder of an ingested table, with the slash at its end: the table's location. */
export function ingestedTableFolder(layout: IngestedLayout, table: string): string {
  return `${ingestedFolder(layout)}${table}/`;
}

/**
 * Folder of one version of a table's day, with the slash at its end: a partition's location, which moves to another
 * version with every load. `statsig/ingested/<table>/YYYY-MM-DD/<version>/`
 *
 * @throws RangeError for a day or a version that is none: such a key could not be read back.
 */
export function versionPrefix(layout: IngestedLayout, table: string, day: UtcDay, version: string): string {
  if (!isUtcDay(day)) throw new RangeError(`${JSON.stringify(day)} is no day.`);
  if (!VERSION.test(version)) throw new RangeError(`${JSON.stringify(version)} is no version.`);
  return `${ingestedTableFolder(layout, table)}${day}/${version}/`;
}

/** What a key or prefix below an ingested table names. */
export interface IngestedKey {
  readonly table: string;
  readonly day: UtcDay;
  readonly version: string;
  /** The file's name; empty for the version's folder itself. */
  readonly file: string;
}

/** Reads a key or a version's prefix back; null for one that is none of ours. */
export function parseIngestedKey(layout: IngestedLayout, key: string): IngestedKey | null {
  const folder = ingestedFolder(layout);
  if (!key.startsWith(folder)) return null;
  const [table = '', day = '', version = '', file, ...deeper] = key.slice(folder.length).split('/');
  if (table === '' || file === undefined || deeper.length > 0) return null;
  return isUtcDay(day) && VERSION.test(version) ? { table, day, version, file } : null;
}

/** Key of the ledger entry of a dataset's day: `ledger/<source>/<dataset>/YYYY-MM-DD.json`. */
export function ledgerKey(source: string, dataset: string, day: UtcDay): string {
  return `${LEDGER_FOLDER}${source}/${dataset}/${day}.json`;
}
