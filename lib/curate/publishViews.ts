import { eachAttempt } from '../base/retry.ts';
import type { UtcDay } from '../base/time.ts';
import { type Attempts, readPages, retryTransient } from '../landing/catalog/catalogCalls.ts';
import type { Config } from '../schema/config.ts';
import type { ForwardedKind } from '../schema/kinds.ts';
import { parseIngestedLocation } from '../tables/tableFolders.ts';
import { fitCuratedView, readCuratedDays, viewKinds } from '../views/curatedViews.ts';
import { prestoViewText, readPrestoView } from '../views/prestoView.ts';
import type { ViewConfig, ViewName } from '../views/View.ts';
import { viewNames } from '../views/viewNames.ts';
import { CurateError } from './CurateError.ts';
import { checkDays, type DayChecker } from './checkDays.ts';
import { curatedShape, curatedTables } from './curatedTables.ts';
import type { ListedDay } from './ListedDays.ts';
import { MOST_PARTITION_PAGES, VIEW_RETRIES } from './limits.ts';
import type { ViewCatalog } from './ViewCatalog.ts';

/** Settings that determine the views and the curated tables. */
type ViewsConfig = ViewConfig & Pick<Config, 'statsigFolder'>;

/** The ports of a publication. */
export interface ViewPublisher extends Attempts, Pick<DayChecker, 'raw' | 'listed' | 'ledger'> {
  /** The settings that the views and their days follow from. */
  readonly config: ViewsConfig & DayChecker['config'];
  /** Name of the deployment's bucket. */
  readonly bucket: string;
  /** The views in the catalog, and the partitions of curated tables. */
  readonly views: ViewCatalog;
}

/** What a publication did with a view. */
type ViewFate =
  /** The view was updated to the current list. */
  | 'published'
  /** The view was already up to date. */
  | 'current'
  /** The deployment does not curate, or does not curate any more. The view is left alone. */
  | 'off'
  /**
   * The text of the view is of another configuration, as while a deployment runs, or somebody changed it. The view is
   * left alone.
   */
  | 'other'
  /** The catalog does not have the view. */
  | 'missing';

/** Result of a publication. */
interface Publication {
  /** Outcome of each view. */
  readonly fates: Readonly<Partial<Record<ViewName, ViewFate>>>;
  /**
   * Days of each list that no view reads from the curated table, because the catalog has another version of them than
   * the list, or because the list has them in another shape. The next plan curates or lists them again. Null if no view
   * got so far that this was read.
   */
  readonly unserved: Readonly<Record<ForwardedKind, number>> | null;
}

/** How many days of the lists no view reads from the curated table; null if that is not known. */
export function countLeftOut({ unserved }: Publication): number | null {
  return unserved && unserved.exposures + unserved.events;
}

/**
 * Writes the lists of curated days into the views, each with one conditional update. What is written comes from lists
 * and partitions that are read after the view. So if two publish at once, whoever writes last has read the newer lists,
 * and the update of the other is refused.
 * Views with different lists have the same rows, so nothing needs to hold all of them together.
 *
 * A view without any curated day has the template's text. A deployment has put it there, and the deployment before it
 * may have been one that does not curate: then nothing has taken days out of the lists. So every listed day is compared
 * with its raw files before such a view gets any day.
 *
 * @param compared Tables whose listed days the caller has compared since the deployment. Default none.
 * @throws CatalogCallError; CurateError SLUICE_CURATE_BUCKET_FAILED, SLUICE_CURATE_LIST_BUSY.
 */
export async function publishViews(
  publisher: ViewPublisher,
  compared: readonly ForwardedKind[] = [],
): Promise<Publication> {
  const versions = await readVersions(publisher);
  const fates: Partial<Record<ViewName, ViewFate>> = {};
  let unserved: Publication['unserved'] = null;
  const checked = new Set(compared);
  for (const name of viewNames) {
    const view = await publishView(publisher, versions, name, checked);
    fates[name] = view.fate;
    unserved = view.unserved ?? unserved;
  }
  return { fates, unserved };
}

/** Outcome of one view. */
interface PublishedView extends Pick<Publication, 'unserved'> {
  /** What was done with the view. */
  readonly fate: ViewFate;
}

/** The versions that the partitions of both tables have, by day. */
type Versions = Readonly<Record<ForwardedKind, ReadonlyMap<UtcDay, string>>>;

/**
 * Reads which version each partition has.
 *
 * @throws CatalogCallError; CurateError `SLUICE_CURATE_CATALOG_FAILED` for too many partitions.
 */
export async function readVersions(
  publisher: Pick<ViewPublisher, keyof Attempts | 'config' | 'bucket' | 'views'>,
): Promise<Versions> {
  const versionsOf = async (kind: ForwardedKind) => {
    const { config, bucket, views: catalog } = publisher;
    const table = config.curatedTables[kind];
    const pages = await readPages(publisher, MOST_PARTITION_PAGES, (token) =>
      catalog.partitions(table, token),
    );
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

/** Writes the lists into one view, again if somebody else has changed it meanwhile. */
async function publishView(
  publisher: ViewPublisher,
  versions: Versions,
  name: ViewName,
  checked: Set<ForwardedKind>,
): Promise<PublishedView> {
  const { config, wait, random } = publisher;
  const unwritten = (fate: ViewFate): PublishedView => ({ fate, unserved: null });
  for await (const _ of eachAttempt({ ...VIEW_RETRIES, wait, random })) {
    const view = await retryTransient(publisher, () => publisher.views.read(name));
    if (view === null) return unwritten('missing');
    if (!view.isCurated) return unwritten('off');
    const definition = readPrestoView(view.text);
    const served = definition === null ? null : readCuratedDays(config, name, definition.originalSql);
    if (definition === null || served === null) return unwritten('other');
    const wanted = async (current: Versions) => {
      const { days, unserved } = await readDays(publisher, current);
      return { fitted: fitCuratedView(config, name, days).view, unserved };
    };
    const { fitted: previous, ...unchanged } = await wanted(versions);
    if (previous.sql === definition.originalSql) return { fate: 'current', ...unchanged };
    for (const kind of viewKinds[name]) {
      if (served[kind].length > 0 || checked.has(kind)) continue;
      const now = publisher.clock.now();
      await checkDays(publisher, kind, { until: now + (publisher.deadline - now) / 4 });
      checked.add(kind);
    }
    // The partitions were read before the first view, and days may have got new versions since.
    const { fitted: latest, ...left } = await wanted(await readVersions(publisher));
    if (latest.sql === definition.originalSql) return { fate: 'current', ...left };
    const text = prestoViewText(latest, config.database);
    if (await retryTransient(publisher, () => view.replaceText(text))) return { fate: 'published', ...left };
  }
  throw new CurateError('SLUICE_CURATE_LIST_BUSY', `${name}.`);
}

/**
 * The days that views read from curated tables: those of the lists that have today's shape, and whose partition has the
 * version of the list. A day that keeps rows has rows that are not in raw files. So it is read in any shape, and as
 * soon as its partition has the version of the list or a later one. A partition is missing after the table was deleted,
 * as by a rollback to a release without it.
 */
async function readDays(
  { config, listed }: Pick<ViewPublisher, 'config' | 'listed'>,
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
      return entry.keeps ? version >= entry.version : version === entry.version && entry.shape === shape;
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
