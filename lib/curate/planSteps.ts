import { sum } from '../base/sum.ts';
import { DAY_MS, type UtcDay } from '../base/time.ts';
import { UNREADABLE } from '../ledger/Ledger.ts';
import { noteLooks } from '../ledger/turns.ts';
import { lookAtVersions } from '../ledger/versionFiles.ts';
import { type ForwardedKind, forwardedKinds } from '../schema/kinds.ts';
import { curatedSubject, dayLooksKey } from '../tables/ledgerKeys.ts';
import { CurateError } from './CurateError.ts';
import { checkDays } from './checkDays.ts';
import { countDays } from './countDays.ts';
import { curateMetricsLine } from './curateMetrics.ts';
import type { TakenOut } from './ListedDays.ts';
import { PUBLISH_MS } from './limits.ts';
import type { CuratePlanner } from './lookAtDays.ts';
import type { CurateRequestBody } from './messageBodies.ts';
import { checkListedDays, planDays, type TablePlan } from './planDays.ts';
import { countLeftOut, publishViews } from './publishViews.ts';
import { windowDays } from './youngDays.ts';

/** The dependencies of one invocation. */
export interface CuratePlanFunction extends CuratePlanner {
  /** The stage of the deployment: a dimension of its metrics. */
  readonly stage: string;
  /** Writes one line of the log. */
  readonly log: (fields: Record<string, unknown>) => void;
}

/** Maximum of days that the log names. The ledger has all of them. */
const MOST_NAMED = 50;

/**
 * Takes days with new files out of the list, and has the next night look at those that must stay in it.
 *
 * @param days Of each table, the days that have new files.
 */
export async function checkFiles(
  planner: CuratePlanFunction,
  days: Readonly<Record<ForwardedKind, ReadonlySet<UtcDay>>>,
): Promise<void> {
  const { listed, clock } = planner;
  const now = clock.now();
  for (const kind of forwardedKinds) {
    const wanted = days[kind];
    if (wanted.size === 0) continue;
    logTakenOut(planner, kind, await checkDays(planner, kind, { isLooked: (day) => wanted.has(day) }));
    // A day that keeps rows stays in the list, so its mark does not change. An empty mark makes the night look at it.
    const { days: list = {} } = (await listed.read(kind)) ?? {};
    const kept = [...wanted].filter((day) => list[day]?.keeps === true);
    const looks = Object.fromEntries(kept.map((day) => [day, { at: now, mark: '' }]));
    await noteLooks(planner, dayLooksKey(kind), looks, now);
  }
}

/**
 * Compares all days of the list: files may have arrived while nobody took days out. Each table has half of the time.
 */
export async function checkAll(planner: CuratePlanFunction): Promise<void> {
  const { clock, deadline } = planner;
  for (const [i, kind] of forwardedKinds.entries()) {
    const now = clock.now();
    const until = now + (deadline - PUBLISH_MS - now) / (forwardedKinds.length - i);
    logTakenOut(planner, kind, await checkDays(planner, kind, { until }));
  }
}

/** Looks whether versions have their files, and then at days of the list: {@link checkListedDays}. */
export async function checkWindow(planner: CuratePlanFunction): Promise<void> {
  const { config, clock, deadline, log } = planner;
  const began = clock.now();
  const window = windowDays(config, began);
  for (const [i, kind] of forwardedKinds.entries()) {
    // Comparing the days, which comes afterwards, has at least half of the time.
    const now = clock.now();
    const until = now + (deadline - PUBLISH_MS - now) / (2 * forwardedKinds.length - i);
    const { late } = await lookAtVersions(planner, curatedSubject(config, kind, ''), window, until);
    if (late > 0) log({ level: 'info', event: 'curate_files', kind, late });
  }
  const plans = await checkListedDays(planner, async (isQueueing) => {
    // Without tasks the list is written into the views after all checks of the batch.
    if (isQueueing) await publish(planner);
  });
  for (const { kind, takenOut } of plans) logTakenOut(planner, kind, { left: takenOut });
  const isQueued = plans.some(({ queued }) => queued.length > 0);
  const late = sum(plans.map(({ late: days }) => days.length));
  const hasDamage = plans.some(({ damaged }) => damaged.length > 0);
  if (isQueued || late > 0 || hasDamage) logPlan(planner, plans, { began });
  requireProgress(plans);
}

/** Logs the days that have left the list, if there are any. */
function logTakenOut(
  { log }: CuratePlanFunction,
  kind: ForwardedKind,
  { left }: Pick<TakenOut, 'left'>,
): void {
  if (left.length > 0)
    log({ level: 'info', event: 'curate_check', kind, taken_out: left.slice(0, MOST_NAMED) });
}

/**
 * Requires that a run has looked at a day at least. The next run looks at the days that are left.
 *
 * @throws CurateError `SLUICE_CURATE_OUT_OF_TIME` if there was no time for any day: the message comes again.
 */
function requireProgress(plans: readonly TablePlan[]): void {
  const late = plans.flatMap(({ late: days }) => days);
  const hasLooked = plans.some(({ looked, unreadable }) => looked + unreadable.length > 0);
  if (late.length > 0 && !hasLooked)
    throw new CurateError('SLUICE_CURATE_OUT_OF_TIME', `${late.length} days.`);
}

/**
 * Publishes the lists of curated days in the views, and logs what has changed.
 *
 * @returns How many days of the lists some view reads raw all the same; null if that is not known.
 */
export async function publish(
  planner: CuratePlanFunction,
  compared: readonly ForwardedKind[] = [],
): Promise<number | null> {
  const publication = await publishViews(planner, compared);
  const { fates, unserved } = publication;
  const changed = Object.entries(fates).filter(([, fate]) => fate !== 'current');
  const leftOut = countLeftOut(publication);
  const hasLeftOut = leftOut !== null && leftOut > 0;
  if (changed.length > 0 || hasLeftOut)
    planner.log({
      level: 'info',
      event: 'curate_views',
      views: Object.fromEntries(changed),
      ...(hasLeftOut ? { unserved } : {}),
    });
  return leftOut;
}

/**
 * Plans days. Meanwhile the list is written into the views, as days were taken out of it, or put into it.
 *
 * @returns How many days this publication left out; null if that is not known.
 */
export async function plan(planner: CuratePlanFunction, request: CurateRequestBody): Promise<number | null> {
  const began = planner.clock.now();
  const { asked } = request;
  let leftOut: number | null = null;
  const plans = await planDays(planner, request, async () => {
    leftOut = await publish(planner);
  });
  logPlan(planner, plans, { asked, began });
  const late = plans.flatMap(({ late: days }) => days);
  // Nobody else looks at the days that a person has named.
  if (request.days !== undefined && late.length > 0)
    throw new CurateError('SLUICE_CURATE_OUT_OF_TIME', `${late.length} days.`);
  requireProgress(plans);
  return leftOut;
}

/** Logs what a run has found and queued. */
function logPlan(
  { clock, log }: CuratePlanFunction,
  plans: readonly TablePlan[],
  { asked, began }: { readonly asked?: CurateRequestBody['asked']; readonly began: number },
): void {
  log({
    level: plans.some(({ unreadable, damaged }) => unreadable.length + damaged.length > 0) ? 'error' : 'info',
    event: 'curate_plan',
    asked,
    tables: plans.map(
      ({ kind, looked, queued, left, listed, takenOut, unreadable, damaged, young, late }) => ({
        kind,
        looked,
        late: late.length,
        queued: queued.slice(0, MOST_NAMED),
        left,
        listed: listed.slice(0, MOST_NAMED),
        taken_out: takenOut.slice(0, MOST_NAMED),
        unreadable: unreadable.slice(0, MOST_NAMED),
        ...(damaged.length === 0
          ? {}
          : { damaged: { code: UNREADABLE, days: damaged.slice(0, MOST_NAMED) } }),
        young: young.slice(0, MOST_NAMED),
      }),
    ),
    duration_ms: clock.now() - began,
  });
}

/**
 * Writes the metrics once a day, while something is wrong, and after days were curated, so that an alarm ends:
 * CloudWatch bills a metric by the hours in which it has values. https://aws.amazon.com/cloudwatch/pricing/
 */
export async function count(
  planner: CuratePlanFunction,
  leftOut: number | null,
  isDaily: boolean,
): Promise<void> {
  const { stage, clock, log } = planner;
  const now = clock.now();
  const counts = [await countDays(planner, 'exposures'), await countDays(planner, 'events')];
  const sumOf = (numberOf: (table: (typeof counts)[number]) => number) => sum(counts.map(numberOf));
  if (!isDaily && counts.every(({ failed, waiting, hasNew }) => failed + waiting === 0 && !hasNew)) return;
  const oldest = counts.flatMap((table) => table.oldest ?? []).sort()[0];
  const line = curateMetricsLine(
    {
      curated: sumOf(({ listed }) => listed),
      leftOut,
      failed: sumOf(({ failed }) => failed),
      waiting: sumOf(({ waiting }) => waiting),
      oldestDays: oldest === undefined ? 0 : Math.floor((now - Date.parse(oldest)) / DAY_MS),
    },
    { stage, timestamp: now },
  );
  if (line !== null) log(line);
}
