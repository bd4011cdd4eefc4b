import type { UtcDay } from '../base/time.ts';
import { type Attempts, readPages } from '../landing/catalog/catalogCalls.ts';
import type { Config } from '../schema/config.ts';
import type { ForwardedKind } from '../schema/kinds.ts';
import { parseIngestedLocation } from '../tables/tableFolders.ts';
import type { ViewConfig } from '../views/View.ts';
import { CurateError } from './CurateError.ts';
import type { DayChecker } from './checkDays.ts';
import { curatedShape, curatedTables } from './curatedTables.ts';
import type { ListedDay } from './ListedDays.ts';
import { MOST_PARTITION_PAGES } from './limits.ts';
import type { ViewCatalog } from './ViewCatalog.ts';

/** Settings that determine the views and the curated tables. */
type ViewsConfig = ViewConfig & Pick<Config, 'statsigFolder'>;

/** The ports by which it is known which days views read. */
export interface ServedDaysReader extends Attempts, Pick<DayChecker, 'listed'> {
  /** The settings that the views and their days follow from. */
  readonly config: ViewsConfig & DayChecker['config'];
  /** Name of the deployment's bucket. */
  readonly bucket: string;
  /** The views in the catalog, and the partitions of curated tables. */
  readonly views: ViewCatalog;
}

/** The versions that the partitions of both tables have, by day. */
export type Versions = Readonly<Record<ForwardedKind, ReadonlyMap<UtcDay, string>>>;

/**
 * Reads which version each partition has.
 *
 * @throws CatalogCallError; CurateError `SLUICE_CURATE_CATALOG_FAILED` for too many partitions.
 */
export async function readVersions(
  reader: Pick<ServedDaysReader, keyof Attempts | 'config' | 'bucket' | 'views'>,
): Promise<Versions> {
  const versionsOf = async (kind: ForwardedKind) => {
    const { config, bucket, views: catalog } = reader;
    const table = config.curatedTables[kind];
    const pages = await readPages(reader, MOST_PARTITION_PAGES, (token) => catalog.partitions(table, token));
    if (pages === undefined)
      throw new CurateError('SLUICE_CURATE_CATALOG_FAILED', `${table}: too many partitions.`);
    return new Map(
      pages.flatMap(({ day, location }) => {
        const key = parseIngestedLocation(config, bucket, location);
        return key?.table === table && key.day === day ? [[day, key.version] as const] : [];
      }),
    );
  };
  return { exposures: await versionsOf('exposures'), events: await versionsOf('events') };
}

/**
 * The days that views read from curated tables: those of the lists that have today's shape, and whose partition has the
 * version of the list. A day that keeps rows has rows that are not in raw files. So it is read in any shape, and as
 * soon as its partition has the version of the list or a later one. A partition is missing after the table was deleted,
 * as by a rollback to a release without it.
 */
export async function readServedDays(
  { config, listed }: Pick<ServedDaysReader, 'config' | 'listed'>,
  versions: Versions,
): Promise<{
  /** The days of each list that are read. */
  readonly days: Readonly<Record<ForwardedKind, readonly UtcDay[]>>;
  /** How many days of each list are left out. */
  readonly unserved: Readonly<Record<ForwardedKind, number>>;
}> {
  const tables = curatedTables(config);
  const servedDays = async (kind: ForwardedKind) => {
    const shape = curatedShape(tables[kind]);
    const { days: all = {} } = (await listed.read(kind)) ?? {};
    const isServed = (day: UtcDay, entry: ListedDay): boolean => {
      const version = versions[kind].get(day) ?? '';
      if (entry.keeps) return version !== '' && version >= entry.version;
      return version === entry.version && entry.shape === shape;
    };
    const days = Object.entries(all).flatMap(([day, entry]) => (isServed(day, entry) ? [day] : []));
    return { days, unserved: Object.keys(all).length - days.length };
  };
  const exposures = await servedDays('exposures');
  const events = await servedDays('events');
  return {
    days: { exposures: exposures.days, events: events.days },
    unserved: { exposures: exposures.unserved, events: events.unserved },
  };
}
