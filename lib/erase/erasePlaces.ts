import type { UtcDay } from '../base/time.ts';
import type { Config } from '../schema/config.ts';
import { type ForwardedKind, forwardedKinds, type TableKind } from '../schema/kinds.ts';
import {
  ERRORS_FOLDER,
  LOADS_FOLDER,
  MADE_TABLES_FOLDER,
  OVERFLOW_FOLDER,
  type OverflowFolder,
  PARKED_FOLDER,
  parseErrorKey,
  parseOverflowKey,
  parseRelayRefusedKey,
  parseRelayWaitingKey,
  QUARANTINE_LARGE_FOLDER,
  QUERY_RESULTS_FOLDER,
  READER_TABLES_FOLDER,
  RELAY_FOLDER,
} from '../tables/objectKeys.ts';
import {
  groupsFolder,
  ingestedFolder,
  parseIngestedKey,
  parseTableKey,
  tableFolder,
} from '../tables/tableFolders.ts';

/** Where rows of a unit may be, in the order in which they are erased: as data moves, so that little moves behind. */
export const erasePlaces = [
  'relay',
  'overflow',
  'errors',
  'parked',
  'quarantine',
  'quarantine-large',
  'exposures',
  'events',
  'curated',
  'ingested',
  'query-results',
] as const;

/** One of {@link erasePlaces}. */
export type ErasePlace = (typeof erasePlaces)[number];

type Layout = Pick<Config, 'statsigFolder' | 'tables' | 'curatedTables'>;

/** The prefixes of a place, each with a slash at its end. */
export function placeFolders(config: Layout, place: ErasePlace): readonly string[] {
  switch (place) {
    case 'relay':
      return [RELAY_FOLDER];
    case 'overflow':
      return [OVERFLOW_FOLDER];
    case 'errors':
      return [ERRORS_FOLDER];
    case 'parked':
      return [PARKED_FOLDER];
    case 'quarantine':
    case 'exposures':
    case 'events':
      return [tableFolder(config, place)];
    case 'quarantine-large':
      return [QUARANTINE_LARGE_FOLDER];
    case 'curated':
      return forwardedKinds.map((kind) => `${ingestedFolder(config)}${config.curatedTables[kind]}/`);
    case 'ingested':
      return [ingestedFolder(config)];
    case 'query-results':
      // Readers that left the configuration have left their folders.
      return [QUERY_RESULTS_FOLDER, READER_TABLES_FOLDER];
  }
}

/** What an object is, which decides how a unit is taken out of it. */
export type ObjectForm =
  /** Parquet files of a table. Rows of others stay. */
  | { readonly form: 'parquet'; readonly raw?: { readonly kind: ForwardedKind; readonly day: UtcDay } }
  /** Documents that wait for streams. Those of others stay. */
  | { readonly form: 'overflow'; readonly folder: OverflowFolder }
  /** Records that Firehose gave up. Rows of others stay. */
  | { readonly form: 'errors'; readonly kind: TableKind }
  /** A copy of a request, an item that was refused, a result of a query: these go as a whole. */
  | { readonly form: 'relay' | 'body' | 'result' }
  /** The same, of a load by Athena that may be under way. */
  | { readonly form: 'load' };

/** What an object of a place is; null for what holds no rows, or is another's. */
export function objectForm(config: Layout, place: ErasePlace, key: string): ObjectForm | null {
  if (key.endsWith('/')) return null;
  switch (place) {
    case 'relay':
      return parseRelayWaitingKey(key) === null && parseRelayRefusedKey(key) === null
        ? null
        : { form: 'relay' };
    case 'overflow': {
      const folder = parseOverflowKey(key);
      return folder === null ? null : { form: 'overflow', folder };
    }
    case 'errors': {
      const parsed = parseErrorKey(key);
      return parsed === null ? null : { form: 'errors', kind: parsed.kind };
    }
    case 'parked':
      return parkedForm(config, key.slice(PARKED_FOLDER.length));
    case 'quarantine-large':
      return { form: 'body' };
    case 'quarantine':
    case 'exposures':
    case 'events':
      return tableForm(config, key);
    case 'curated':
      return parseIngestedKey(config, key) === null ? null : { form: 'parquet' };
    case 'ingested': {
      const isOther = key.startsWith(groupsFolder(config)) || isCurated(config, key);
      return isOther || parseIngestedKey(config, key) === null ? null : { form: 'parquet' };
    }
    case 'query-results':
      if (key.startsWith(LOADS_FOLDER)) return { form: 'load' };
      return isReadersTable(key) ? null : { form: 'result' };
  }
}

function parkedForm(config: Layout, key: string): ObjectForm | null {
  if (key.startsWith(OVERFLOW_FOLDER)) return objectForm(config, 'overflow', key);
  return key.startsWith(ERRORS_FOLDER) ? objectForm(config, 'errors', key) : null;
}

function tableForm(config: Layout, key: string): ObjectForm | null {
  const parsed = parseTableKey(config, key);
  if ('ignored' in parsed) return null;
  const { kind, day } = parsed;
  return { form: 'parquet', ...(kind === 'quarantine' ? {} : { raw: { kind, day } }) };
}

function isCurated(config: Layout, key: string): boolean {
  return placeFolders(config, 'curated').some((folder) => key.startsWith(folder));
}

/** A file of a table that a reader has made: only the reader knows what it means. */
function isReadersTable(key: string): boolean {
  if (!key.startsWith(READER_TABLES_FOLDER)) return false;
  const [, ...path] = key.slice(READER_TABLES_FOLDER.length).split('/');
  return path.join('/').startsWith(MADE_TABLES_FOLDER);
}
