import { mapLimit } from '../base/concurrency.ts';
import type { UtcDay } from '../base/time.ts';
import { daysToLookAt, type KnownDay, noteLooks, OPEN, turnMs } from '../ledger/turns.ts';
import { lackingSince } from '../ledger/versionFiles.ts';
import { type ForwardedKind, forwardedKinds } from '../schema/kinds.ts';
import { dayLooksKey } from '../tables/ledgerKeys.ts';
import { checkDays } from './checkDays.ts';
import { isDamagedDay, listDays, type TakenOut, takeOutJudged } from './ListedDays.ts';
import { PUBLISH_MS } from './limits.ts';
import {
  type CuratePlanner,
  type KnownTable,
  knowDays,
  type LookedDay,
  type LookTerms,
  lookAtDays,
  type SeenTable,
  seeTables,
  type TableLook,
} from './lookAtDays.ts';
import type { CurateReason, CurateRequestBody } from './messageBodies.ts';
import { publishViews } from './publishViews.ts';
import { type ChosenDay, chooseDays, queueDays } from './queueDays.ts';
import { readVersions } from './servedDays.ts';
import { firstYoungDay, windowDays } from './youngDays.ts';

/** The result of a plan for one table. */
export interface TablePlan {
  /** The kind of the curated table. */
  readonly kind: ForwardedKind;
  /** Days that were looked at. */
  readonly looked: number;
  /** Days that were queued, and why. */
  readonly queued: readonly { readonly day: UtcDay; readonly reason: CurateReason }[];
  /** Days beyond those that one night queues: they are left for the next night. */
  readonly left: number;
  /** Days that were put into the list of days that views read, because a task was killed before. */
  readonly listed: readonly UtcDay[];
  /** Days that were taken out of that list, because raw files have come or the columns have changed. */
  readonly takenOut: readonly UtcDay[];
  /** Days that can't be looked at, and why. They do not stop the others. */
  readonly unreadable: readonly { readonly day: UtcDay; readonly code: string }[];
  /** Days whose entry in that list can't be read. Views go on reading their curated rows. */
  readonly damaged: readonly UtcDay[];
  /** Named days that are too young to be curated. */
  readonly young: readonly UtcDay[];
  /** Days that there was no time left to look at. The next run begins with them. */
  readonly late: readonly UtcDay[];
}

/**
 * Looks at days of both tables, or at those that are named, and queues those to curate, the newest first. A nightly run
 * has a limit ({@link chooseDays}), so that a year of history takes some nights; days
 * that failed before come last. Days of the list whose raw files have changed are taken out of it.
 *
 * A run looks at the days that events may still arrive for, at days whose marks have changed, and at other days in
 * turns ({@link daysToLookAt}). It ends while there is time to publish and to send what it has found ({@link
 * PUBLISH_MS}). The next run goes on with the days that were looked at longest ago, also after a run that was killed:
 * looks are noted while a run goes on.
 *
 * The list is written into the views before any task is sent. Otherwise a task that is done at once could replace the
 * version of a reshaped day that a view still reads.
 *
 * Tasks are sent before the ledger notes them: a task that is sent twice is done once, but a task that is noted and not sent
 * would be late by a day.
 *
 * @param publish Writes the list into the views. It is told whether tasks are sent after it.
 * @throws CurateError SLUICE_CURATE_OUT_OF_TIME if there is no time to find out what there is to look at.
 */
export async function planDays(
  planner: CuratePlanner,
  { kinds, days: named, asked }: CurateRequestBody,
  publish: (isQueueing: boolean) => Promise<unknown> = () => publishViews(planner),
): Promise<readonly TablePlan[]> {
  const now = planner.clock.now();
  const firstYoung = firstYoungDay(planner.config, now);
  const tables = await seeTables(planner, kinds ?? forwardedKinds);
  const wanted = await mapLimit(tables, 1, async (seen): Promise<WantedDays> => {
    if (named === undefined) return daysInTurn(planner, seen, now, (day, isDue) => day < firstYoung && isDue);
    const young = named.filter((day) => day >= firstYoung);
    return { seen, days: named.filter((day) => day < firstYoung), young };
  });
  const choose = named === undefined ? chooseDays : (days: readonly ChosenDay[]) => days;
  return runPlan(planner, { wanted, terms: { now, asked }, choose, publish });
}

/**
 * Looks at the days of the list that events may still arrive for, at days whose marks have changed since a look found
 * nothing to do, and at other days in turns. A changed day is taken out of the list, so that views read its raw rows
 * until the night has curated it again. Events of new files do the same within minutes, but one may be lost. Days that
 * have lost raw files are queued at once: only once the day is curated it is known whether rows are gone with them, and
 * how many.
 *
 * @param publish as of {@link planDays}.
 */
export async function checkListedDays(
  planner: CuratePlanner,
  publish: (isQueueing: boolean) => Promise<unknown>,
): Promise<readonly TablePlan[]> {
  const now = planner.clock.now();
  const firstYoung = firstYoungDay(planner.config, now);
  const wanted = await mapLimit(await seeTables(planner, forwardedKinds), 1, (seen) =>
    daysInTurn(planner, seen, now, (day, known, before) => {
      const isListed = seen.list[day] !== undefined;
      const isAlways = isListed && known.isAlways;
      // The nightly run looks at all other days: at new ones, and at those that wait or have failed.
      const isOurs = before === undefined ? isListed : before !== '' && (isListed || day < firstYoung);
      return (isAlways || isOurs) && { ...known, isAlways };
    }),
  );
  const choose = (days: readonly ChosenDay[], { uncounted }: TakenOut) =>
    days.filter(({ day }) => uncounted.includes(day));
  return runPlan(planner, { wanted, terms: { now }, choose, publish });
}

/**
 * The days of a table that a run looks at: those that `candidate` takes, in turns.
 *
 * @param candidate Is given whether the day is in the window and whether its mark has changed, and the mark of the last
 * look. It returns false for a day that the run leaves to others.
 */
async function daysInTurn(
  planner: CuratePlanner,
  seen: SeenTable,
  now: number,
  candidate: (
    day: UtcDay,
    known: Omit<KnownDay, 'day'>,
    before: string | undefined,
  ) => Omit<KnownDay, 'day'> | false,
): Promise<WantedDays> {
  const known = await knowDays(planner, seen);
  const { looks, marks } = known;
  const window = new Set(windowDays(planner.config, now));
  const candidates = [...marks].flatMap(([day, mark]): readonly KnownDay[] => {
    const before = looks[day]?.mark;
    const accepted = candidate(day, { isAlways: window.has(day), isNamed: before !== mark }, before);
    return accepted === false ? [] : [{ day, ...accepted }];
  });
  const within = turnMs(planner.config);
  return { seen, known, days: daysToLookAt(candidates, looks, { now, within }), young: [] };
}

/** A table, and the days of it that a run looks at, in order. */
interface WantedDays {
  /** The table, with its list and its partitions. */
  readonly seen: SeenTable;
  /** Absent if the days were named: then no looks are noted. */
  readonly known?: KnownTable;
  /** The days to look at. */
  readonly days: readonly UtcDay[];
  /** Named days that are too young to be curated. */
  readonly young: readonly UtcDay[];
}

/** A run of the plan. */
interface PlanRun {
  /** The tables, each with its days. */
  readonly wanted: readonly WantedDays[];
  /** What holds for all days of the run. */
  readonly terms: Omit<LookTerms, 'until'>;
  /** Chooses the days that are queued, of those of a table that have something to do. */
  readonly choose: (days: readonly ChosenDay[], takenOut: TakenOut) => readonly ChosenDay[];
  /** Writes the list into the views, before tasks are sent. It is told whether any is sent. */
  readonly publish: (isQueueing: boolean) => Promise<unknown>;
}

/**
 * Looks at the days of a run, changes the list by what it finds, and then queues days: {@link planDays} says why in
 * this order.
 */
async function runPlan(planner: CuratePlanner, run: PlanRun): Promise<readonly TablePlan[]> {
  const { wanted, terms, publish } = run;
  const pairs = wanted.map(({ seen, days }) => ({ table: seen, days }));
  const until = planner.deadline - PUBLISH_MS;
  const looks = await lookAtDays(planner, pairs, { ...terms, until }, async (kind, look) => {
    const known = wanted.find(({ seen }) => seen.kind === kind)?.known;
    await noteLooked(planner, known, look, { now: terms.now, unsettled: OPEN });
  });
  const plans: ChosenPlan[] = [];
  for (const [i, table] of wanted.entries())
    plans.push(await planTable(planner, run, table, looks[i] ?? NO_LOOK));
  await publish(plans.some(({ chosen }) => chosen.length > 0));
  for (const { plan, chosen } of plans) await queueDays(planner, plan.kind, chosen);
  return plans.map(({ plan }) => plan);
}

/** The plan of a table, and the days to queue, of which it has the names. */
interface ChosenPlan {
  /** What the run reports of the table. */
  readonly plan: TablePlan;
  /** The days to queue, newest first. */
  readonly chosen: readonly ChosenDay[];
}

/** Changes the list of a table by a look at its days, and chooses those to queue. */
async function planTable(
  planner: CuratePlanner,
  { terms, choose }: PlanRun,
  { seen, known, young }: WantedDays,
  look: TableLook,
): Promise<ChosenPlan> {
  const { looked, failed, late } = look;
  const takenOut = await takeOutOutdated(planner, seen, looked, failed);
  const listed = await relist(planner, seen.kind, looked);
  await noteLooked(planner, known, look, { now: terms.now, unsettled: '' });
  const toQueue = looked.flatMap(({ decision, day, raw, ended }): readonly ChosenDay[] =>
    decision !== undefined && 'queue' in decision
      ? [{ day, raw, ended, reason: decision.queue, goesOn: decision.goesOn }]
      : [],
  );
  const chosen = choose(toQueue, takenOut);
  const unreadable = looked.flatMap(({ day, unreadable: code }) =>
    code === undefined ? [] : [{ day, code }],
  );
  const plan = {
    kind: seen.kind,
    looked: looked.length - unreadable.length,
    queued: chosen.map(({ day, reason }) => ({ day, reason })),
    left: toQueue.length - chosen.length,
    listed,
    takenOut: takenOut.left,
    unreadable: [...unreadable, ...failed],
    damaged: Object.entries(seen.list).flatMap(([day, entry]) => (isDamagedDay(entry) ? [day] : [])),
    young,
    late,
  };
  return { plan, chosen };
}

/**
 * Takes days out of the list that have other raw files, another shape or fewer files than their version, or that can't
 * be looked at.
 */
function takeOutOutdated(
  planner: CuratePlanner,
  { kind, shape, lacking, list }: SeenTable,
  looked: readonly LookedDay[],
  failed: TableLook['failed'],
): Promise<TakenOut> {
  const outdated = looked.flatMap(({ day, raw, listed }) => {
    if (listed === undefined) return [];
    const { version, fingerprint } = listed;
    const isSame = fingerprint === raw.fingerprint && listed.shape === shape;
    return isSame && lackingSince(lacking, { day, version }) === null ? [] : [[day, listed] as const];
  });
  // If a day has too many files to look at, its version is of fewer files, and would hide the rows of all that came
  // since. A day that keeps rows stays all the same.
  const unseen = failed.flatMap(({ day }) => {
    const listed = list[day];
    return listed === undefined ? [] : [[day, listed] as const];
  });
  const losses = new Map(
    looked.flatMap(({ day, loss }) => (loss === undefined ? [] : [[day, loss] as const])),
  );
  return takeOutJudged(planner, kind, new Map([...outdated, ...unseen]), losses);
}

/** What became of the days of a table at which the run did not look. */
const NO_LOOK: TableLook = { looked: [], failed: [], late: [] };

/**
 * Notes when days were looked at. Nothing is noted for days that were named.
 *
 * @param now When the run began, epoch milliseconds.
 * @param unsettled The mark of days with something to do. Empty once that is done, so that the next night looks at
 * these days again.
 */
async function noteLooked(
  planner: CuratePlanner,
  known: KnownTable | undefined,
  { looked, failed }: TableLook,
  { now, unsettled }: { readonly now: number; readonly unsettled: '' | typeof OPEN },
): Promise<void> {
  if (known === undefined) return;
  const { kind, marks, looks } = known;
  const isDone = ({ decision }: LookedDay) =>
    decision !== undefined && 'skip' in decision && ['current', 'no_files'].includes(decision.skip);
  const noted = (day: UtcDay, isSettled: boolean, isArchived = false) => {
    const look = { at: now, mark: isSettled ? (marks.get(day) ?? '') : unsettled };
    const { archivedSince = now } = looks[day] ?? {};
    return [day, isArchived ? { ...look, archivedSince } : look] as const;
  };
  const ends = [
    ...looked.map((look) => noted(look.day, isDone(look), look.raw.isArchived)),
    ...failed.map(({ day }) => noted(day, false)),
  ];
  await noteLooks(planner, dayLooksKey(kind), Object.fromEntries(ends), now, (day) => marks.has(day));
}

/**
 * Puts days into the list whose version the partition has. If files arrived after the days were looked at, their events
 * found nothing to take out. So raw files are listed once more, and days that were not compared in time leave the list
 * again.
 *
 * @returns The days that stay.
 */
async function relist(
  planner: CuratePlanner,
  kind: ForwardedKind,
  looked: readonly LookedDay[],
): Promise<readonly UtcDay[]> {
  const { clock, deadline } = planner;
  const decided = looked.flatMap(({ day, decision }) =>
    decision !== undefined && 'list' in decision ? [[day, decision.list] as const] : [],
  );
  if (decided.length === 0) return [];
  const versions = (await readVersions(planner))[kind];
  const entries = decided.filter(([day, { version }]) => versions.get(day) === version);
  await listDays(planner, kind, new Map(entries));
  const isLooked = (day: UtcDay) => entries.some(([listedDay]) => listedDay === day);
  const until = clock.now() + (deadline - clock.now()) / 2;
  const { left } = await checkDays(planner, kind, { isLooked, until });
  return entries.flatMap(([day]) => (left.includes(day) ? [] : [day]));
}
