import type { Exclusive } from '../../base/concurrency.ts';
import { SluiceError } from '../../base/errors.ts';
import { addDays, HOUR_MS, localDay, type UtcDay, utcDay } from '../../base/time.ts';
import type { Dataset, Source } from '../../schema/sources.ts';
import { dropPlace } from '../datasetFolder.ts';
import { MAX_OPEN_DAYS } from '../limits.ts';
import type { LastListing, LastListings } from './lastListings.ts';
import { lookElsewhere } from './lookElsewhere.ts';
import { findNewerFiles, type NewerFiles } from './newerFiles.ts';
import type { DatasetPlan, PlanPorts } from './planDataset.ts';
import { countDays } from './planMetrics.ts';

/** The ports of notes of listings. */
interface ListingPorts extends Pick<PlanPorts, 'clock'> {
  /** The notes of the last listings. */
  readonly looks: LastListings;
}

/** The ports of the note of a whole listing. */
interface WholeListingPorts extends ListingPorts, Pick<PlanPorts, 'bucketOf' | 'ledger'> {
  /** Held while files are compared with those that were loaded. */
  readonly alone: Exclusive;
  /**
   * Whether the first day that is expected of a dataset is still to come: no day has come, and none is due. Asked of an
   * empty folder.
   */
  readonly isToBegin: (source: Source, dataset: Dataset) => Promise<boolean>;
}

/**
 * Notes which days the next run looks at, after a look at some: first those that were not looked at, then those that
 * are open still.
 */
export async function noteOpenDays(
  { looks, clock }: ListingPorts,
  { source, dataset, days }: DatasetPlan,
  last: LastListing | null,
): Promise<void> {
  const { openDays, ...others } = last ?? emptyListing(clock.now());
  const reached = new Set(days.map(({ day }) => day));
  const open = [...openDays.filter((day) => !reached.has(day)), ...openDaysOf(days)].slice(-MAX_OPEN_DAYS);
  if (open.join() !== openDays.join()) await looks.write(source, dataset, { ...others, openDays: open });
}

/** The note of a listing that has found nothing yet. `at` is its time, epoch milliseconds. */
function emptyListing(at: number): LastListing {
  return { at, newestDay: null, stopped: false, openDays: [] };
}

/** The newest of the days that are looked at until they are loaded. */
function openDaysOf(days: DatasetPlan['days']): UtcDay[] {
  return days.flatMap(({ day, isOpen }) => (isOpen ? [day] : [])).slice(-MAX_OPEN_DAYS);
}

/** What a note of a whole listing rests on. */
interface ListedDataset {
  /** The source of the configuration. */
  readonly source: Source;
  /** The dataset of that source. */
  readonly dataset: Dataset;
  /** The note of the last listing; null if there is none. */
  readonly last: LastListing | null;
}

/** A day that is more than so many days after today is told: nobody delivers so early, and a year is easily mistyped. */
const FAR_AHEAD_DAYS = 31;

/** Stores the listing of the whole lookback, and what the folder has besides. */
export async function noteListing(
  ports: WholeListingPorts,
  listed: ListedDataset,
  { source, dataset, days }: DatasetPlan,
): Promise<void> {
  const newestDay =
    days.slice(-listed.dataset.lookbackDays - 1).findLast(({ files }) => files > 0)?.day ?? null;
  const planned = new Set(days.map(({ day }) => day));
  const until = [...planned].sort().at(-1) ?? '';
  // Days to come are looked at when they have come.
  const isOutside = (day: UtcDay) => day < until && !planned.has(day);
  const bucket = ports.bucketOf(listed.source, listed.dataset);
  const folders = await lookElsewhere(bucket, listed.dataset);
  const now = ports.clock.now();
  const aheadDays = folders.days.filter((day) => day > addDays(until, FAR_AHEAD_DAYS));
  const name = dropPlace(listed.source, listed.dataset);
  const { place: before } = listed.last ?? {};
  const hasMoved = before !== undefined && before.name !== name;
  const { since: aheadSince = now } = (hasMoved ? null : listed.last)?.elsewhere?.ahead ?? {};
  const elsewhere = {
    ...folders,
    days: folders.days.filter(isOutside),
    ...(aheadDays.length === 0 ? {} : { ahead: { days: aheadDays, since: aheadSince } }),
  };
  const place = { name, since: hasMoved ? now : (before?.since ?? now), owner: listed.source.owner };
  // Nothing has been compared at a new place.
  const lastNewer = hasMoved ? { days: [], comparedUntil: 0 } : listed.last?.newer;
  await ports.looks.write(source, dataset, {
    at: now,
    newestDay,
    stopped: newestDay === null && !(await isNew(ports, listed, folders)),
    openDays: openDaysOf(days),
    elsewhere,
    namesSince: sinceOfNames(folders.others, listed.last?.namesSince, now),
    newer:
      elsewhere.days.length === 0 ? undefined : await compareOutside(ports, listed, isOutside, lastNewer),
    place,
    counts: countDays(days),
    cameAfterRun: cameAfterRun(listed, days, now),
    pastFailure: pastFailureOf(listed.last, now),
  });
}

/** Files that came within this time after a daily run, and this time or more before the next, came after the run. */
const HALF_DAY_MS = 12 * HOUR_MS;
/** Runs in a row whose times are noted. */
const NOTED_RUNS = 3;

/**
 * The times that the note has as `cameAfterRun` ({@link LastListing}), with that of the day that this run queues: if it is
 * the only one, is new, and its files came soon after the last run. A day that came late, or several days, as of a
 * backfill, say nothing of the hour at which others come. A run that queues nothing soon after the last one keeps the times.
 *
 * @param now The time of this listing, epoch milliseconds.
 */
function cameAfterRun(
  { dataset, last }: Pick<ListedDataset, 'dataset' | 'last'>,
  days: DatasetPlan['days'],
  now: number,
): LastListing['cameAfterRun'] {
  if (last === null || last.failure !== undefined) return undefined;
  if (dataset.schedule !== 'daily' || dataset.expectedBy !== undefined) return undefined;
  const [only, ...others] = days.filter((planned) => 'queue' in planned.decision);
  if (only === undefined) return now - last.at < HALF_DAY_MS ? last.cameAfterRun : undefined;
  const { day, decision, lastModified: came } = only;
  if (others.length > 0 || came === null || !('queue' in decision) || decision.queue !== 'new')
    return undefined;
  const isInTime = day >= addDays(localDay(came, dataset.timezone), -1);
  const hasWaited = came > last.at && came - last.at <= HALF_DAY_MS && now - came >= HALF_DAY_MS;
  return isInTime && hasWaited ? [...(last.cameAfterRun ?? []), came].slice(-NOTED_RUNS) : undefined;
}

/**
 * Why the folder could not be listed before. After a failure that ended on its day runs look for each day still, so that
 * a longer one before it is what is told.
 *
 * @param last The note before this listing.
 * @param now The time of this listing, epoch milliseconds.
 */
function pastFailureOf(last: LastListing | null, now: number): LastListing['pastFailure'] {
  if (last === null) return undefined;
  const { failure, pastFailure } = last;
  if (failure?.since === undefined || utcDay(failure.since) === utcDay(now)) return pastFailure;
  return { code: failure.code, since: failure.since, until: now };
}

/** Whether a dataset has had no file ever, and its first day is not due: a customer who begins tomorrow has not stopped. */
async function isNew(
  { looks, isToBegin }: Pick<WholeListingPorts, 'looks' | 'isToBegin'>,
  { source, dataset }: ListedDataset,
  { days, others }: Awaited<ReturnType<typeof lookElsewhere>>,
): Promise<boolean> {
  if (days.length + others.length > 0 || !(await isToBegin(source, dataset))) return false;
  return (await looks.entries(source.name, dataset.name)).size === 0;
}

/** When each of some names was first found, epoch milliseconds: now if it was not known. */
function sinceOfNames(
  names: readonly string[],
  known: Readonly<Record<string, number>> = {},
  now: number,
): Readonly<Record<string, number>> {
  const since = new Map(Object.entries(known));
  return Object.fromEntries(names.map((name) => [name, since.get(name) ?? now]));
}

/** Looks for newer files of days that no run lists; undefined if the ledger has no day of the dataset. */
async function compareOutside(
  { looks, clock, bucketOf, ledger, alone }: WholeListingPorts,
  { source, dataset }: ListedDataset,
  isOutside: (day: UtcDay) => boolean,
  lastNewer: NewerFiles | undefined,
): Promise<NewerFiles | undefined> {
  const entries = await looks.entries(source.name, dataset.name);
  if (entries.size === 0) return undefined;
  const ports = { bucket: bucketOf(source, dataset), ledger, entries, now: clock.now() };
  // The comparison may hold many files in memory, as a day of many objects does.
  const release = await alone();
  return findNewerFiles(ports, { source, dataset }, isOutside, lastNewer).finally(release);
}

/**
 * Stores why a dataset can't be listed, and the counts of days that were. What is known of another place, as of a
 * bucket whose name was mistyped, says nothing of this one.
 *
 * @returns Whether the note was stored.
 */
export async function noteFailure(
  { looks, clock }: ListingPorts,
  { source, dataset }: Pick<ListedDataset, 'source' | 'dataset'>,
  { code, message, counts }: Pick<SluiceError, 'code' | 'message'> & Pick<LastListing, 'counts'>,
): Promise<boolean> {
  try {
    const before = await looks.read(source.name, dataset.name);
    const { openDays = [], newer, elsewhere, place, namesSince, pastFailure } = before ?? {};
    const now = clock.now();
    const name = dropPlace(source, dataset);
    const failed = before?.failure;
    const lastPlace = failed === undefined ? place?.name : failed.place;
    const isHere = (lastPlace ?? name) === name;
    // A note without a failure is of the last good listing.
    const known = failed ?? { since: now, lastGood: before?.at };
    const { since = before?.at, lastGood } = isHere ? known : { since: now };
    const isSame = isHere && failed?.code === code;
    const codeSince = isSame ? (failed.codeSince ?? since) : now;
    const failure = { code, message, since, codeSince, lastGood, place: name };
    const ahead = isHere ? elsewhere?.ahead : undefined;
    await looks.write(source.name, dataset.name, {
      ...emptyListing(now),
      openDays,
      ...(ahead === undefined ? {} : { elsewhere: { days: [], others: [], ahead } }),
      newer,
      namesSince,
      place,
      counts,
      failure,
      pastFailure,
    });
    return true;
  } catch (error) {
    if (error instanceof SluiceError) return false;
    throw error;
  }
}
