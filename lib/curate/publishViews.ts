import { eachAttempt } from '../base/retry.ts';
import { retryTransient } from '../landing/catalog/catalogCalls.ts';
import type { ForwardedKind } from '../schema/kinds.ts';
import { fitCuratedView, readCuratedDays, viewKinds } from '../views/curatedViews.ts';
import { prestoViewText, readPrestoView } from '../views/prestoView.ts';
import type { ViewName } from '../views/View.ts';
import { viewNames } from '../views/viewNames.ts';
import { CurateError } from './CurateError.ts';
import { checkDays, type DayChecker } from './checkDays.ts';
import { VIEW_RETRIES } from './limits.ts';
import { readServedDays, readVersions, type ServedDaysReader, type Versions } from './servedDays.ts';

/** The ports of a publication. */
export interface ViewPublisher extends ServedDaysReader, Pick<DayChecker, 'raw' | 'ledger'> {}

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
 * @throws CatalogCallError; CurateError SLUICE_CURATE_BUCKET_FAILED, SLUICE_CURATE_LIST_BUSY; LedgerError.
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
      const { days, unserved } = await readServedDays(publisher, current);
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
