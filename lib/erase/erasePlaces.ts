import type { UtcDay } from '../base/time.ts';
import type { Config } from '../schema/config.ts';
import { type ForwardedKind, forwardedKinds } from '../schema/kinds.ts';
import { LOADS_FOLDER } from '../tables/ledgerKeys.ts';
import {
  chosenResultsFolders,
  DAMAGED_FOLDER,
  LANDING_FOLDER,
  MADE_TABLES_FOLDER,
  QUARANTINE_LARGE_FOLDER,
  QUERY_RESULTS_FOLDER,
  READER_TABLES_FOLDER,
} from '../tables/objectKeys.ts';
import { parseRelayRefusedKey, parseRelayWaitingKey, RELAY_FOLDER } from '../tables/relayKeys.ts';
import {
  ingestedFolders,
  ingestedTableFolders,
  parseIngestedKey,
  parseTableKey,
  tableFolders,
} from '../tables/tableFolders.ts';

/**
 * Where rows of a unit may be, in the order in which they are erased. That is the order in which data moves, so that
 * few rows move on behind the erasure.
 */
export const erasePlaces = [
  'landing',
  'relay',
  'damaged',
  'quarantine',
  'quarantine-large',
  'exposures',
  'events',
  'curated',
  'ingested',
  'query-results',
] as const;

/** One of {@link erasePlaces}. */
export type EraseStore = (typeof erasePlaces)[number];

/** What names the folders of tables and results. */
type Layout = Pick<Config, 'statsigFolder' | 'tables' | 'curatedTables' | 'readers'>;

/** The prefixes of a place, each with a slash at its end. */
export function placeFolders(config: Layout, place: EraseStore): readonly string[] {
  switch (place) {
    case 'landing':
      return [LANDING_FOLDER];
    case 'relay':
      return [RELAY_FOLDER];
    case 'damaged':
      return [DAMAGED_FOLDER];
    case 'quarantine':
    case 'exposures':
    case 'events':
      return tableFolders(config, place);
    case 'quarantine-large':
      return [QUARANTINE_LARGE_FOLDER];
    case 'curated':
      return forwardedKinds.flatMap((kind) => ingestedTableFolders(config, config.curatedTables[kind]));
    case 'ingested':
      return ingestedFolders(config);
    case 'query-results':
      // Readers that are no longer in the configuration have left their results here, except those with a folder of
      // their own choice.
      return [QUERY_RESULTS_FOLDER, LOADS_FOLDER, READER_TABLES_FOLDER, ...chosenResultsFolders(config)];
  }
}

/** The form of an object, which determines how a unit is erased from it. */
export type ObjectForm =
  /** Parquet files of a table. Rows of others stay. */
  | { readonly form: 'parquet'; readonly raw?: { readonly kind: ForwardedKind; readonly day: UtcDay } }
  /** Records of requests, and what could not be read of such records. Rows of others stay. */
  | { readonly form: 'landing' | 'damaged' }
  /** A copy of a request, or a refused item: these go as a whole. */
  | { readonly form: 'relay' | 'body' }
  | ResultForm;

/** A result of a query, or a file of a load in pieces, which may be under way: these go as a whole. */
export interface ResultForm {
  readonly form: 'result' | 'load';
}

/** The form of an object in a place; null if the object holds no rows, or is not Sluice's. */
export function objectForm(config: Layout, place: EraseStore, key: string): ObjectForm | null {
  if (key.endsWith('/')) return null;
  switch (place) {
    case 'landing':
    case 'damaged':
      return { form: place };
    case 'relay':
      return parseRelayWaitingKey(key) === null && parseRelayRefusedKey(key) === null
        ? null
        : { form: 'relay' };
    case 'quarantine-large':
      return { form: 'body' };
    case 'quarantine':
    case 'exposures':
    case 'events':
      return tableForm(config, key);
    case 'curated':
      return parseIngestedKey(config, key) === null ? null : { form: 'parquet' };
    case 'ingested':
      // Files of groups are of no day, so that their keys are none of an ingested table.
      return isCurated(config, key) || parseIngestedKey(config, key) === null ? null : { form: 'parquet' };
    case 'query-results':
      if (key.startsWith(LOADS_FOLDER)) return { form: 'load' };
      return isReadersTable(key) ? null : { form: 'result' };
  }
}

/** How the file of a forwarded table or of quarantine is read; null for a key of no such table. */
function tableForm(config: Layout, key: string): ObjectForm | null {
  const parsed = parseTableKey(config, key);
  if ('ignored' in parsed) return null;
  const { kind, day } = parsed;
  return { form: 'parquet', ...(kind === 'quarantine' ? {} : { raw: { kind, day } }) };
}

/** Whether an object is a file of a curated table. */
function isCurated(config: Layout, key: string): boolean {
  return placeFolders(config, 'curated').some((folder) => key.startsWith(folder));
}

/** Whether an object is a file of a table that a reader has made: only the reader knows what it means. */
function isReadersTable(key: string): boolean {
  if (!key.startsWith(READER_TABLES_FOLDER)) return false;
  const [, ...path] = key.slice(READER_TABLES_FOLDER.length).split('/');
  return path.join('/').startsWith(MADE_TABLES_FOLDER);
}
