import { mapLimit } from '../base/concurrency.ts';
import { SluiceError } from '../base/errors.ts';
import type { TaskQueue } from '../base/queue.ts';
import { addDays, DAY_MS, type UtcDay, utcDay } from '../base/time.ts';
import { keysUnder, type LandingBucket } from '../ledger/LandingBucket.ts';
import { type Ledger, UNREADABLE } from '../ledger/Ledger.ts';
import { isFailing } from '../ledger/LedgerEntry.ts';
import { isReadVersion } from '../ledger/movePartition.ts';
import { lackingSince, parseVersionFiles } from '../ledger/versionFiles.ts';
import { versionName } from '../ledger/versions.ts';
import type { Config } from '../schema/config.ts';
import { type ForwardedKind, forwardedKinds } from '../schema/kinds.ts';
import { curatedDayOf, curatedFolder, curatedSubject, versionFilesKey } from '../tables/ledgerKeys.ts';
import { takeOutOutdated } from './checkDays.ts';
import { curatedShape, curatedTables } from './curatedTables.ts';
import { type CurateDecision, decideDay } from './decideDay.ts';
import { type ListedDay, type ListedDays, listDay, takeOutDays } from './ListedDays.ts';
import { MOST_BYTES_A_NIGHT, MOST_DAYS_A_NIGHT, PARALLEL_DAYS } from './limits.ts';
import { lostFiles } from './lostFiles.ts';
import type { CurateReason, CurateRequestBody, CurateTask } from './messageBodies.ts';
import { publishViews, readVersions, type ViewPublisher } from './publishViews.ts';
import { type RawDay, type RawDays, readRawDay } from './RawDays.ts';

/** The first day that is too young to be curated: the days before it have been over for `curateAfter` days. */
export function firstYoungDay({ curateAfter }: Pick<Config, 'curateAfter'>, now: number): UtcDay {
  return addDays(utcDay(now), -curateAfter);
}

/** The ports of the plan. */
export interface CuratePlanner extends ViewPublisher {
  readonly config: ViewPublisher['config'] & Pick<Config, 'curateAfter' | 'timeWindow'>;
  readonly wait: (ms: number) => Promise<void>;
  readonly raw: Pick<RawDays, 'days' | 'files'>;
  readonly landing: Pick<LandingBucket, 'list' | 'readText' | 'putText'>;
  readonly ledger: Pick<Ledger, 'read' | 'change'>;
  readonly catalog: Parameters<typeof isReadVersion>[0]['catalog'];
  /** The queue of `curate`. */
  readonly tasks: TaskQueue;
}

/** The result of a plan for one table. */
export interface TablePlan {
  readonly kind: ForwardedKind;
  /** Days that were looked at. */
  readonly looked: number;
  readonly queued: readonly { readonly day: UtcDay; readonly reason: CurateReason }[];
  /** Days beyond what one night queues: they are left for the next. */
  readonly left: number;
  /** Days that were put into the list of days that views read, because a task was killed before. */
  readonly listed: readonly UtcDay[];
  /** Days that were taken out of it, because raw files have come or the columns have changed. */
  readonly takenOut: readonly UtcDay[];
  /** Days that can't be looked at, and why. They do not stop the others. */
  readonly unreadable: readonly { readonly day: UtcDay; readonly code: string }[];
  /** Named days that are too young to be curated. */
  readonly young: readonly UtcDay[];
}

/** A day that was looked at. */
interface LookedDay {
  readonly day: UtcDay;
  /** Without the files, which the ledger names too: those of all days together are more than fit the memory. */
  readonly raw: Pick<RawDay, 'bytes' | 'fingerprint'>;
  /** The last version that was settled. */
  readonly ended: string | undefined;
  readonly listed: ListedDay | undefined;
  readonly decision: CurateDecision;
}

/**
 * Looks at all days of both tables, or at those that are named, and queues those to curate, the newest first. A nightly run
 * has a limit ({@link MOST_DAYS_A_NIGHT}, {@link MOST_BYTES_A_NIGHT}), so that a year of history takes some nights; days
 * that failed before come last. Days of the list whose raw files have changed are taken out of it.
 *
 * The list is written into the views before any task is sent, so that no view reads a reshaped day whose version a task that is
 * done at once replaces.
 *
 * Tasks are sent before the ledger notes them: a task that is sent twice is done once, but a task that is noted and not sent
 * would be late by a day.
 *
 * @param publish Writes the list into the views.
 */
export async function planDays(
  planner: CuratePlanner,
  request: CurateRequestBody,
  publish: () => Promise<unknown> = () => publishViews(planner),
): Promise<readonly TablePlan[]> {
  const looked: LookedTable[] = [];
  for (const kind of forwardedKinds) {
    if (request.kinds === undefined || request.kinds.includes(kind)) {
      looked.push(await lookAtTable(planner, kind, request));
    }
  }
  await publish();
  const plans: TablePlan[] = [];
  for (const { plan, chosen } of looked) {
    await queueDays(planner, plan.kind, chosen);
    plans.push(plan);
  }
  return plans;
}

/** A table whose days were looked at, and the tasks to send. */
interface LookedTable {
  readonly plan: TablePlan;
  readonly chosen: readonly ChosenDay[];
}

/** A day to queue. */
interface ChosenDay extends Pick<LookedDay, 'day' | 'raw' | 'ended'> {
  readonly reason: CurateReason;
  /** A version of it that is partly made already. */
  readonly goesOn: string | undefined;
}

async function lookAtTable(
  planner: CuratePlanner,
  kind: ForwardedKind,
  { days: named, asked }: CurateRequestBody,
): Promise<LookedTable> {
  const { config, clock, listed } = planner;
  const now = clock.now();
  const firstYoung = firstYoungDay(config, now);
  const { source, dataset } = curatedSubject(config, kind, '');
  const seen = parseVersionFiles(await planner.landing.readText(versionFilesKey(source, dataset)));
  const list = (await listed.read(kind))?.days ?? {};
  const wanted = named ?? (await knownDays(planner, kind, list));
  const days = wanted.filter((day) => day < firstYoung);
  const versions = (await readVersions(planner))[kind];
  const terms = { shape: curatedShape(curatedTables(config)[kind]), now, asked };
  const unreadable: { day: UtcDay; code: string }[] = [];
  const found = await mapLimit(days, PARALLEL_DAYS, async (day): Promise<readonly LookedDay[]> => {
    try {
      const { files, bytes, fingerprint } = await readRawDay(planner.raw, kind, day);
      const raw = { bytes, fingerprint };
      const entry = await planner.ledger.read(curatedSubject(config, kind, day));
      const lost = lostFiles(config, entry, files, now);
      const isLacking = lackingSince(seen, entry) !== null;
      const state = { raw, lost, entry, listed: list[day], version: versions.get(day), isLacking };
      const ended = entry?.curated?.ended;
      return [{ day, raw, ended, listed: list[day], decision: decideDay(state, terms) }];
    } catch (error) {
      if (!(error instanceof SluiceError) || error.code !== UNREADABLE) throw error;
      unreadable.push({ day, code: error.code });
      return [];
    }
  });
  const looked = found.flat();
  const compared = looked.flatMap(({ day, raw, listed: entry }) =>
    entry === undefined ? [] : [{ day, listed: entry, fingerprint: raw.fingerprint }],
  );
  const { left: takenOut } = await takeOutOutdated(planner, kind, compared, terms.shape);
  const relisted: UtcDay[] = [];
  for (const { day, decision } of looked) {
    if ('list' in decision && (await relist(planner, kind, day, decision.list))) relisted.push(day);
  }
  const wantedDays = looked.flatMap(({ decision, day, raw, ended }): readonly ChosenDay[] =>
    'queue' in decision ? [{ day, raw, ended, reason: decision.queue, goesOn: decision.goesOn }] : [],
  );
  const chosen = named === undefined ? chooseDays(wantedDays) : wantedDays;
  const plan = {
    kind,
    looked: looked.length,
    queued: chosen.map(({ day, reason }) => ({ day, reason })),
    left: wantedDays.length - chosen.length,
    listed: relisted,
    takenOut,
    unreadable,
    young: wanted.filter((day) => day >= firstYoung && named !== undefined),
  };
  return { plan, chosen };
}

/** Days with raw files, days of the list, and days that were ever curated, oldest first. */
async function knownDays(
  { raw, landing }: CuratePlanner,
  kind: ForwardedKind,
  list: ListedDays,
): Promise<readonly UtcDay[]> {
  const days = new Set([...(await raw.days(kind)), ...Object.keys(list)]);
  for await (const key of keysUnder(landing, curatedFolder(kind))) {
    const day = curatedDayOf(kind, key);
    if (day !== null) days.add(day);
  }
  return [...days].sort();
}

/**
 * Chooses the days that one night queues: the newest first, those that failed before last. A day that has no room left
 * does not hold up smaller ones: new days come before it every night.
 */
function chooseDays(days: readonly ChosenDay[]): readonly ChosenDay[] {
  const newestFirst = [...days].sort((left, right) => (left.day < right.day ? 1 : -1));
  const isRetry = ({ reason }: ChosenDay) => reason === 'retried';
  const inOrder = [...newestFirst.filter((day) => !isRetry(day)), ...newestFirst.filter(isRetry)];
  const chosen: ChosenDay[] = [];
  let bytes = 0;
  for (const day of inOrder) {
    if (chosen.length === MOST_DAYS_A_NIGHT) break;
    if (chosen.length > 0 && bytes + day.raw.bytes > MOST_BYTES_A_NIGHT) continue;
    bytes += day.raw.bytes;
    chosen.push(day);
  }
  return chosen;
}

async function queueDays(
  { tasks, ledger, clock, random, config }: CuratePlanner,
  kind: ForwardedKind,
  days: readonly ChosenDay[],
): Promise<void> {
  const now = clock.now();
  const bodies = days.map(({ day, reason, goesOn }): CurateTask => {
    return { sluice: 'curate-day', kind, day, reason, version: goesOn ?? versionName(now, random) };
  });
  if (bodies.length > 0) await tasks.send(bodies.map((body) => JSON.stringify(body)));
  await mapLimit(days, PARALLEL_DAYS, ({ day, raw: { fingerprint }, ended: seen, reason }) =>
    ledger.change(curatedSubject(config, kind, day), (known) => {
      // A task that has begun, or has ended, since the day was looked at knows more.
      const hasBegun = known.lease !== undefined && known.lease.until > now;
      const { ended } = known.curated ?? {};
      if (hasBegun || (ended !== undefined && ended !== seen)) return {};
      const before = known.queued?.fingerprint === fingerprint ? known.queued : undefined;
      const queued = { fingerprint, reason, at: before?.at ?? now };
      return { entry: { ...known, queued, curated: { ...known.curated, sentAt: now } } };
    }),
  );
}

/** Puts a day into the list whose version the partition has; false if it has another one. */
async function relist(
  planner: CuratePlanner,
  kind: ForwardedKind,
  day: UtcDay,
  entry: ListedDay,
): Promise<boolean> {
  const { config, deadline } = planner;
  const place = { table: config.curatedTables[kind], day, version: entry.version };
  if (!(await isReadVersion(planner, place, deadline))) return false;
  await listDay(planner, kind, day, entry);
  // Files that arrived since the day was looked at found nothing to take out.
  const now = await readRawDay(planner.raw, kind, day);
  if (now.fingerprint === entry.fingerprint) return true;
  return (await takeOutDays(planner, kind, new Map([[day, entry]]))).left.length === 0;
}

/** For how long after a day was curated the metrics are written at every run. */
const TOLD_AFTERWARDS_MS = 3 * 3_600_000;

/** Counts of the days of one table that should be curated. */
export interface CuratedCounts {
  /** Days that views read from the curated table. */
  readonly listed: number;
  /** Days whose last curation failed. */
  readonly failed: number;
  /** Days that were queued more than a day ago and have neither succeeded nor failed. */
  readonly waiting: number;
  /** The oldest day that should be curated and is not; null if there is none. */
  readonly oldest: UtcDay | null;
  /** Whether a day was curated lately, which may end what was wrong. */
  readonly hasNew: boolean;
}

/** Counts the days of a table, by the ledger and the list. No raw file is listed, except for days that failed. */
export async function countDays(
  { config, clock, raw, ledger, listed }: CuratePlanner,
  kind: ForwardedKind,
): Promise<CuratedCounts> {
  const now = clock.now();
  const firstYoung = firstYoungDay(config, now);
  const list = (await listed.read(kind))?.days ?? {};
  const newest = versionName(now - TOLD_AFTERWARDS_MS, () => 0);
  const days = (await raw.days(kind)).filter((day) => day < firstYoung && list[day] === undefined);
  const entries = await mapLimit(days, PARALLEL_DAYS, async (day) => {
    try {
      const entry = await ledger.read(curatedSubject(config, kind, day));
      // Folders without files stay when a console made them.
      if (entry?.state === 'succeeded_no_data') return [];
      return [{ day, entry, isFailed: isFailing(entry) }];
    } catch (error) {
      if (!(error instanceof SluiceError) || error.code !== UNREADABLE) throw error;
      return [{ day, entry: null, isFailed: true }];
    }
  });
  const open = entries.flat();
  const failed = open.filter((one) => one.isFailed);
  const waiting = open.filter(
    (one) => !one.isFailed && one.entry?.queued !== undefined && now - one.entry.queued.at > DAY_MS,
  );
  return {
    listed: Object.keys(list).length,
    failed: failed.length,
    waiting: waiting.length,
    oldest: open[0]?.day ?? null,
    hasNew: Object.values(list).some(({ version }) => version >= newest),
  };
}
