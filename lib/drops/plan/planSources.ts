import * as z from 'zod';
import { type Exclusive, exclusive, mapLimit } from '../../base/concurrency.ts';
import { SluiceError } from '../../base/errors.ts';
import type { ObjectStore } from '../../base/ObjectStore.ts';
import { MAX_DELAY_SECONDS, MAX_REQUEST_DAYS, type TaskQueue } from '../../base/queue.ts';
import type { UtcDay } from '../../base/time.ts';
import {
  type DatasetNotes,
  datasetNotes,
  type ListEntries,
  listedEntries,
  oldestFirst,
} from '../../ledger/ledgerStore.ts';
import type { Dataset, Source } from '../../schema/sources.ts';
import { lastLookKey } from '../../tables/ledgerKeys.ts';
import {
  MAX_OPEN_DAYS,
  MAX_ROUNDS,
  MIN_DELAY_SECONDS,
  PARALLEL_DATASETS,
  PATIENT_ROUNDS,
} from '../limits.ts';
import { dropPlace } from '../listDrops.ts';
import { SourceError } from '../SourceError.ts';
import { lookbackDays } from './decideDay.ts';
import { lookElsewhere } from './lookElsewhere.ts';
import { daySchema, type PlanRequest, type PlanRequestInput } from './messageBodies.ts';
import { findNewerFiles, type NewerFiles, newerFilesSchema } from './newerFiles.ts';
import { type DatasetPlan, type PlanPorts, planDataset } from './planDataset.ts';
import { countDays, type DayCounts, dayCountsSchema } from './planMetrics.ts';

/**
 * The last listing of a dataset: `ledger/<source>/<dataset>/last-look.json`. Members of later versions are
 * left out.
 */
const lastListingSchema = z.object({
  /** Epoch milliseconds. */
  at: z.number(),
  /** The newest listed day that has files; null if none has. */
  newestDay: z.string().nullable(),
  /** Whether no day of the lookback has files. */
  stopped: z.boolean(),
  /** Days that wait or have failed, and loaded ones whose files are missing. The next run looks at them, too, however old they are. */
  openDays: z.array(daySchema).default([]),
  /** What the folder has besides: days outside of the lookback, and names that are no day's. */
  elsewhere: z
    .object({
      /** Days outside of the lookback. */
      days: z.array(z.string()).readonly(),
      /** Names that are no day's. */
      others: z.array(z.string()).readonly(),
    })
    .optional(),
  /** Days outside of the lookback that have newer files than were loaded. */
  newer: newerFilesSchema.optional(),
  /** Where the files were looked for ({@link dropPlace}), and since when, epoch milliseconds. */
  place: z
    .object({
      /** Bucket and folder. */
      name: z.string(),
      /** Since when, epoch milliseconds. */
      since: z.number(),
    })
    .optional(),
  /** What the run has found of the days that it has listed: for the metrics of all sources. */
  counts: dayCountsSchema.optional(),
  /** Why the folder could not be listed. */
  failure: z
    .object({
      /** The stable code: SLUICE_…. */
      code: z.string(),
      /** The cause with its details. */
      message: z.string(),
      /** When the first of the failed tries in a row was, epoch milliseconds; absent in notes of earlier versions. */
      since: z.number().optional(),
      /** When the folder was listed last, epoch milliseconds; absent if it never was, and in notes of earlier versions. */
      lastGood: z.number().optional(),
    })
    .optional(),
});

/** A validated listing. */
export type LastListing = z.output<typeof lastListingSchema>;

/** Last listings. All but their open days, and how far the look for newer files is, is for display only. */
export interface LastListings extends DatasetNotes<LastListing> {
  /** The days that the ledger has. */
  readonly entries: ListEntries;
}

/** Last listings in a bucket. */
export function lastListings(store: ObjectStore): LastListings {
  return { ...datasetNotes(store, lastLookKey, lastListingSchema), entries: listedEntries(store) };
}

/** The additional ports of {@link planSources}. */
export interface PlanSourcesPorts extends PlanPorts {
  /** The plan's own queue, for waiting days. */
  readonly requests: TaskQueue;
  /** The notes of the last listings. */
  readonly looks: LastListings;
}

/** The result of one request, by dataset. */
export interface SourcesPlan {
  /** The plans of the datasets that could be planned. */
  readonly planned: readonly DatasetPlan[];
  /** Datasets that could not be planned. They do not stop the others. */
  readonly failed: readonly {
    readonly source: string;
    readonly dataset: string;
    readonly code: string;
    readonly message: string;
    /** Whether a retry may help: the failure is Sluice's own, or S3 is busy. */
    readonly transient: boolean;
  }[];
}

/** The datasets of a request, in the order of the configuration. */
export function requestedDatasets(
  sources: readonly Source[],
  {
    schedule,
    sources: names,
    datasets,
    kind,
  }: Pick<PlanRequest, 'schedule' | 'sources' | 'datasets' | 'kind'>,
): readonly { readonly source: Source; readonly dataset: Dataset }[] {
  return sources
    .filter(({ name }) => names === undefined || names.includes(name))
    .flatMap((source) => source.datasets.map((dataset) => ({ source, dataset })))
    .filter(
      ({ dataset }) =>
        (schedule === undefined || dataset.schedule === schedule) &&
        (datasets === undefined || datasets.includes(dataset.name)) &&
        (kind === undefined || dataset.kind === kind),
    );
}

/**
 * Plans every dataset of a request, several in parallel, first the one whose last look is oldest. A failure of one does not stop
 * the others. Waiting days are checked again as soon as they may have settled, for up to 24 hours. An hourly dataset waits for
 * its next run instead, unless somebody asked for the day.
 */
export async function planSources(
  ports: PlanSourcesPorts,
  sources: readonly Source[],
  request: PlanRequest,
): Promise<SourcesPlan> {
  const planned: DatasetPlan[] = [];
  const failed: SourcesPlan['failed'][number][] = [];
  const alone = exclusive();
  const inTurn = await oldestFirst(requestedDatasets(sources, request), ({ source, dataset }) =>
    ports.looks.read(source.name, dataset.name),
  );
  await mapLimit(inTurn, PARALLEL_DATASETS, async ({ item: { source, dataset }, look }) => {
    const place = { source: source.name, dataset: dataset.name };
    let counts: DayCounts | undefined;
    try {
      const last = await look;
      const openDays = request.days === undefined ? last?.openDays : [];
      const plan = await planDataset({ ...ports, alone }, { source, dataset }, request, openDays);
      counts = countDays(plan.days);
      const isWhole = request.days === undefined && plan.rest.length === 0;
      if (isWhole) await noteListing({ ...ports, alone }, { source, dataset, last }, plan);
      else await noteOpenDays(ports, plan, last);
      await askAgain(ports, dataset, plan, request);
      planned.push(plan);
      if (plan.rest.length > 0) await goOn(ports, dataset, plan, request);
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      const { code, message } = error;
      // A failure of Sluice, or a passing one, is not the bucket's. If the note fails, the next run repeats the check.
      const passes = error.fault === 'system' || code === 'SLUICE_SOURCE_UNAVAILABLE';
      const transient = passes || !(await noteFailure(ports, place, { code, message, counts }));
      failed.push({ ...place, code, message, transient });
    }
  });
  return { planned, failed };
}

/**
 * Notes which days the next run looks at, after a look at some: days that were not looked at are the first, and those that are not
 * open any more are none.
 */
async function noteOpenDays(
  { looks, clock }: PlanSourcesPorts,
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

/** Stores the listing of the whole lookback. */
async function noteListing(
  { looks, clock, bucketOf, ledger, alone }: PlanSourcesPorts & { readonly alone: Exclusive },
  listed: { readonly source: Source; readonly dataset: Dataset; readonly last: LastListing | null },
  { source, dataset, days }: DatasetPlan,
): Promise<void> {
  const newestDay =
    days.slice(-listed.dataset.lookbackDays - 1).findLast(({ files }) => files > 0)?.day ?? null;
  const stopped = newestDay === null;
  const openDays = openDaysOf(days);
  const planned = new Set(days.map(({ day }) => day));
  const until = [...planned].sort().at(-1) ?? '';
  // Days to come are looked at when they have come.
  const isOutside = (day: UtcDay) => day < until && !planned.has(day);
  const bucket = bucketOf(listed.source, listed.dataset);
  const folders = await lookElsewhere(bucket, listed.dataset);
  const name = dropPlace(listed.source, listed.dataset);
  const elsewhere = { ...folders, days: folders.days.filter(isOutside) };
  const now = clock.now();
  const { place: before } = listed.last ?? {};
  const place = before?.name === name ? before : { name, since: now };
  // Nothing has been compared at a new place.
  const hasMoved = before !== undefined && before !== place;
  const entries = elsewhere.days.length === 0 ? new Map() : await looks.entries(source, dataset);
  let newer: NewerFiles | undefined;
  if (entries.size > 0) {
    // The comparison may hold many files in memory, too.
    const release = await alone();
    const ports = { bucket, ledger, entries, now };
    newer = await findNewerFiles(
      ports,
      listed,
      isOutside,
      hasMoved ? { days: [], comparedUntil: 0 } : listed.last?.newer,
    ).finally(release);
  }
  const counts = countDays(days);
  await looks.write(source, dataset, {
    at: now,
    newestDay,
    stopped,
    openDays,
    elsewhere,
    newer,
    place,
    counts,
  });
}

/** Stores why a dataset can't be listed, and the counts of days that were. Returns whether the note was stored. */
async function noteFailure(
  { looks, clock }: PlanSourcesPorts,
  { source, dataset }: { readonly source: string; readonly dataset: string },
  { code, message, counts }: Pick<SluiceError, 'code' | 'message'> & Pick<LastListing, 'counts'>,
): Promise<boolean> {
  try {
    const before = await looks.read(source, dataset);
    const { openDays = [], newer, place } = before ?? {};
    const now = clock.now();
    const failed = before?.failure;
    // A note without a failure is of the last good listing.
    const { since = before?.at, lastGood } = failed ?? { since: now, lastGood: before?.at };
    const failure = { code, message, since, lastGood };
    await looks.write(source, dataset, { ...emptyListing(now), openDays, newer, place, counts, failure });
    return true;
  } catch (error) {
    if (error instanceof SluiceError) return false;
    throw error;
  }
}

/**
 * Asks for the days that a plan has not reached. The next run looks at those before the lookback, unless they were requested.
 *
 * @throws SourceError for a dataset that its own run has not looked at whole.
 */
async function goOn(
  { requests, clock }: PlanSourcesPorts,
  { timezone, lookbackDays: lookback }: Dataset,
  { source, dataset, rest }: DatasetPlan,
  { asked, round, days }: PlanRequest,
): Promise<void> {
  const wanted = days ?? lookbackDays(clock.now(), timezone, lookback);
  const left = rest.filter((day) => wanted.includes(day));
  const further: PlanRequestInput = {
    sluice: 'plan',
    sources: [source],
    datasets: [dataset],
    days: left.slice(-MAX_REQUEST_DAYS),
    asked,
    round,
  };
  if (left.length > 0) await requests.send([JSON.stringify(further)]);
  if (days === undefined) throw new SourceError('SLUICE_SOURCE_SLOW', `${rest.length} days are left.`);
}

/** Asks again for the days that wait, once they may have settled. */
async function askAgain(
  { requests, clock }: PlanSourcesPorts,
  { schedule }: Dataset,
  { source, dataset, days }: DatasetPlan,
  { asked, round }: PlanRequest,
): Promise<void> {
  if ((schedule === 'hourly' && asked === undefined) || round >= MAX_ROUNDS) return;
  const waiting = days.flatMap(({ day, decision }) =>
    'wait' in decision ? [{ day, until: decision.until }] : [],
  );
  if (waiting.length === 0) return;
  const first = Math.min(...waiting.map(({ until }) => until));
  const seconds = Math.ceil((first - clock.now()) / 1000);
  const again: PlanRequestInput = {
    sluice: 'plan',
    sources: [source],
    datasets: [dataset],
    days: waiting.map(({ day }) => day),
    asked,
    round: round + 1,
  };
  // Every message is a hop of one chain, so a long upload is checked less often.
  const least = round < PATIENT_ROUNDS ? MIN_DELAY_SECONDS : MAX_DELAY_SECONDS;
  const delay = Math.min(MAX_DELAY_SECONDS, Math.max(least, seconds));
  await requests.send([JSON.stringify(again)], delay);
}
