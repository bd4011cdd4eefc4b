import type { Config } from '../config/configSchema.ts';
import { isUtcDay } from '../time/utcDay.ts';
import { ERRORS_FOLDER, parseErrorKey } from './errorKey.ts';
import { groupsKey } from './landedFolders.ts';
import { LEDGER_FOLDER } from './ledgerFolder.ts';
import { OVERFLOW_FOLDER, parseOverflowKey } from './overflowKey.ts';
import { PARKED_FOLDER } from './parkedKey.ts';
import { QUARANTINE_LARGE_FOLDER } from './quarantineLargeKey.ts';
import { parseTableKey, tableFolder } from './tableFolders.ts';
import { parseVersionNote, VERSION_NOTES } from './versionNote.ts';

/** Athena names results, and the folders of tables that it makes, after the query's ID. */
const OF_A_QUERY = /(^|\/)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-z])/;

/**
 * Whether a key in one of our folders is one that Sluice, its streams or Athena write. Folder markers, as consoles leave
 * them, hold nothing and count as ours.
 *
 * @param key Below a prefix of lib/bucket/lifecycleRules.ts; of Statsig's folder only the forwarded tables.
 */
export function isOwnKey(layout: Pick<Config, 'statsigFolder' | 'tables'>, key: string): boolean {
  if (key.endsWith('/') || key === groupsKey(layout)) return true;
  if (key.startsWith(OVERFLOW_FOLDER)) return parseOverflowKey(key) !== null;
  if (key.startsWith(ERRORS_FOLDER)) return parseErrorKey(key) !== null;
  if (key.startsWith(PARKED_FOLDER)) return isOwnKey(layout, key.slice(PARKED_FOLDER.length));
  if (key.startsWith(VERSION_NOTES)) return parseVersionNote(key) !== null;
  if (key.startsWith(LEDGER_FOLDER)) return key.endsWith('.json');
  if (key.startsWith(QUARANTINE_LARGE_FOLDER)) {
    const [day = '', id = '', ...deeper] = key.slice(QUARANTINE_LARGE_FOLDER.length).split('/');
    return isUtcDay(day) && id !== '' && deeper.length === 0;
  }
  const table = (['quarantine', 'exposures', 'events'] as const).some((kind) =>
    key.startsWith(tableFolder(layout, kind)),
  );
  return table ? 'kind' in parseTableKey(layout, key) : OF_A_QUERY.test(key);
}
