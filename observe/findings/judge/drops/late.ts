import { counted, listed, MOST_NAMED } from '../../../../lib/base/text.ts';
import { addDays, DAY_MS, HOUR_MS, isoTimestamp, type UtcDay, utcDay } from '../../../../lib/base/time.ts';
import { reportedUntil } from '../../../../lib/drops/plan/late/dueDays.ts';
import { MOST_COMMANDS } from '../../../deploymentCommands.ts';
import type { DatasetDays } from '../../../facts/days/dropDays.ts';
import type { WaitingDay } from '../../../facts/days/drops/waitingDays.ts';
import { misnamedDays, namesSinceDay } from '../../../facts/days/misnamedDays.ts';
import { finding, seenNow } from '../../catalogue.ts';
import { sinceOf } from '../days/dayTexts.ts';
import type { Findings } from '../place.ts';
import { allDays, commandDays, otherDays } from '../texts.ts';
import type { Dataset } from './dataset.ts';
import { isOfLookback, namesThere } from './folder.ts';

/** Days with files that wait for something, and should not any more. */
function unreadyOf({ waiting, late, forgotten = [] }: DatasetDays): DatasetDays['waiting'] {
  // Days that the ledger has lost are told as that.
  return waiting.filter(
    ({ day, isLacking }) =>
      !forgotten.includes(day) && (isLacking || late.some((lateDay) => lateDay.day === day)),
  );
}

/** Those days, with what they wait for. */
export function* waitingDrops(drops: DatasetDays, dataset: Dataset): Findings {
  for (const [cure, unready] of Map.groupBy(unreadyOf(drops), (day) => day.cure))
    yield* waitingOf(drops, dataset, { cure, unready });
}

/** That the folder could not be listed when runs looked for these days last, from when to when, as a sentence; null if that is not known. */
function unlistedText({ lastLook, lookbackDays }: DatasetDays, days: readonly UtcDay[]): string | null {
  const past = lastLook?.pastFailure;
  if (past === undefined) return null;
  const { code, since, until } = past;
  // Files that came before it were loaded, as were those that came while the folder was listed again, and runs looked for the day.
  const isOfLook = (day: UtcDay) => {
    const last = addDays(day, lookbackDays);
    return utcDay(since) <= last && last < utcDay(until);
  };
  if (!days.every(isOfLook)) return null;
  return ` It could not be listed from ${isoTimestamp(since)} to ${isoTimestamp(until)} (${code}).`;
}

/** Days that wait for the same. */
function* waitingOf(
  drops: DatasetDays,
  { name, run, explain, backfill, status }: Dataset,
  { cure: kind, unready }: { readonly cure: WaitingDay['cure']; readonly unready: readonly WaitingDay[] },
): Findings {
  const { late, firstDay } = drops;
  const texts = unready.toReversed().map(({ day, words: has }) => {
    const { due } = late.find((lateDay) => lateDay.day === day) ?? {};
    const expected = due === undefined ? '' : `, expected by ${isoTimestamp(due)}`;
    return `${day} ${has}${expected}`;
  });
  const days = unready.map(({ day }) => day);
  const { nextRun } = unready[0] ?? {};
  const next = nextRun === undefined ? '' : `, and the next daily run is at ${isoTimestamp(nextRun)}`;
  const lastRun =
    next === '' ? '' : `: the folder was listed last at ${isoTimestamp(drops.lastLook?.at ?? 0)}`;
  const isRun = kind === 'run' || kind === 'afterRun';
  const unlisted = kind === 'load' ? unlistedText(drops, days) : null;
  const all = status(days[0]);
  const { ranges, left } = commandDays(days, all, kind === 'load' ? days : days.slice(-MOST_COMMANDS));
  const loads = kind === 'load' ? ranges.map(({ from, to }) => backfill(from, to)) : [];
  const commands = unready
    .filter(({ cure }) => cure !== 'load')
    .slice(-MOST_COMMANDS)
    .toReversed()
    .flatMap(({ day, cure }) => {
      if (cure === 'run' || cure === 'afterRun') return [run()];
      return [explain(day), ...(cure === 'backfill' ? [backfill(day)] : [])];
    });
  yield finding(
    'SLUICE_FINDING_INGEST_WAITING',
    {
      case: unlisted === null ? kind : 'unlisted',
      title: `${name}: ${texts[0]}${next}${otherDays(unready.length)}`,
      since: sinceOf(unready.map(({ since }) => since)) ?? unready[0]?.day ?? null,
      // A run looks at all of them.
      detail: `${name}: ${listed(texts, '; ')}${next}${lastRun}.${unlisted ?? ''}${isRun ? allDays(days, all) : left}`,
    },
    [...new Set([...loads, ...commands])],
    unready.some(
      ({ day, cure }) => (day < firstDay && cure !== 'load') || late.some((lateDay) => lateDay.day === day),
    )
      ? 'problem'
      : 'warning',
  );
}

/** Runs in a row whose files came after the run before, from which it is no single delay. */
const RUNS_IN_A_ROW = 3;

/** A dataset without `expectedBy` whose files come after the daily run each day: nothing tells of any day that waits. */
export function* comingAfterRun(
  { source, dataset: known, schedule, lastLook, isLookOld }: DatasetDays,
  { name, run, place: { config } }: Dataset,
): Findings {
  const came = lastLook?.cameAfterRun ?? [];
  const { hour } = config.dailyIngest;
  const sinceRun = came.map((time) => (time - hour * HOUR_MS) % DAY_MS).toSorted((a, b) => a - b);
  const configured = config.sources
    .find((each) => each.name === source)
    ?.datasets.find((each) => each.name === known);
  // The note may be older than the configuration.
  if (schedule !== 'daily' || isLookOld || configured?.expectedBy !== undefined) return;
  if (came.length < RUNS_IN_A_ROW || sinceRun.some((since) => since > DAY_MS / 2)) return;
  const usual = isoTimestamp(hour * HOUR_MS + (sinceRun[1] ?? 0)).slice(11, 16);
  const told = {
    case: 'eachDay',
    title: `${name}: files come at about ${usual} UTC, after the daily run at ${String(hour).padStart(2, '0')}:00 UTC, as on ${came.length} days in a row, and each waits for the run of the next day`,
    since: sinceOf(came),
    detail: `${name}: files came at ${listed(came.map(isoTimestamp))}.`,
  } as const;
  yield finding('SLUICE_FINDING_INGEST_WAITING', told, [run()], 'warning');
}

/** Days whose load was requested, and whose message is gone. */
export function* lostTasks({ lost = [] }: DatasetDays, { name, backfill, status }: Dataset): Findings {
  const newest = lost.at(-1);
  if (newest === undefined) return;
  const texts = lost.toReversed().map(({ day, requestedAt }) => {
    return `${day}, requested at ${isoTimestamp(requestedAt ?? 0)}`;
  });
  const days = lost.map(({ day }) => day);
  const { ranges, left } = commandDays(days, status(days[0]));
  const told = {
    case: 'lost',
    title: `${name}: ${texts[0]}, is not loaded, and no queue has a message of it${otherDays(lost.length)}`,
    since: sinceOf(lost.map(({ requestedAt }) => requestedAt)),
    detail: `${name}: ${listed(texts, '; ')}.${left}`,
  } as const;
  yield finding(
    'SLUICE_FINDING_INGEST_WAITING',
    told,
    ranges.map(({ from, to }) => backfill(from, to)),
    'warning',
  );
}

/** Days outside of the lookback whose files have changed since. */
export function* newerDrops({ newer }: DatasetDays, { name, backfill, status }: Dataset): Findings {
  if (newer.length === 0) return;
  const [first = ''] = newer;
  const days = newer.length === 1 ? `${first} has` : `${counted(newer.length, 'day')} from ${first} on have`;
  const title = `${name}: before the lookback ${days} newer files than were loaded`;
  const { ranges, left } = commandDays(newer, status(first));
  yield finding(
    'SLUICE_FINDING_INGEST_WAITING',
    { case: 'newer', ...seenNow(title, left === '' ? title : `${title}.${left}`) },
    ranges.map(({ from, to }) => backfill(from, to)),
  );
}

/** Days of the folder that are far ahead, as with a wrong year. */
export function* daysAhead({ lastLook, folder }: DatasetDays, { name, status }: Dataset): Findings {
  const { days = [], since = 0 } = lastLook?.elsewhere?.ahead ?? {};
  if (days.length === 0) return;
  const told = {
    case: 'ahead',
    title: `${name}: its folder has files of ${counted(days.length, 'day')} more than a month ahead, the first ${days[0]}`,
    since: isoTimestamp(since),
    detail: `${name}: ${folder}, ${listed(days)}.`,
  } as const;
  yield finding('SLUICE_FINDING_INGEST_WAITING', told, [status(undefined)], 'warning');
}

/** Days of which no file has come in time. */
export function* lateDrops(drops: DatasetDays, dataset: Dataset): Findings {
  const unready = unreadyOf(drops);
  const missed = drops.lastLook?.stopped === true ? [] : (misnamedDays(drops)?.missed ?? []);
  const told = new Set([...unready.map(({ day }) => day), ...missed]);
  const isElsewhere = namesThere(drops).length > 0;
  const absent = drops.late.filter((late) => {
    return !told.has(late.day) && !(isElsewhere && isOfLookback(late, drops));
  });
  const isLeftOut = (day: string) => drops.days.some((each) => each.day === day && each.leftOut.count > 0);
  const kinds = Map.groupBy(absent, ({ day, empty }) => {
    if (day < drops.firstDay) return empty === undefined ? 'before' : 'beforeNoRows';
    if (isLeftOut(day)) return 'leftOut';
    if (empty !== undefined) return 'noRows';
    return namesBeside(drops, day).length > 0 ? 'beside' : 'noFile';
  });
  for (const [kind, days] of kinds) yield* lateOf(drops, dataset, { kind, absent: days });
}

/** Names in the folder that are no days and came since a day began, unless a finding of the folder tells of them. */
function namesBeside(drops: DatasetDays, day: string): readonly string[] {
  return misnamedDays(drops) === null ? namesSinceDay(drops.lastLook, day) : [];
}

/** Late days that lack the same. */
function* lateOf(
  drops: DatasetDays,
  { name, status, run, explain, backfill, accept }: Dataset,
  {
    kind,
    absent,
  }: {
    readonly kind: 'before' | 'beforeNoRows' | 'beside' | 'leftOut' | 'noFile' | 'noRows';
    readonly absent: DatasetDays['late'];
  },
): Findings {
  const newest = absent.at(-1);
  if (newest === undefined) return;
  const texts = absent.toReversed().map(({ day, due: expectedAt, empty }) => {
    const has = empty === undefined ? '' : ` (${empty})`;
    return `${day}${has}, expected by ${isoTimestamp(expectedAt)}, told until ${reportedUntil(drops, day)}`;
  });
  const what = absent.some(({ empty }) => empty !== undefined) ? 'no rows have' : 'no file has';
  const days = absent.map(({ day }) => day);
  // Nobody accepts a day that the detail does not name.
  const { ranges, left } = commandDays(days, status(days[0]), days.slice(-MOST_NAMED));
  const due = isoTimestamp(newest.due);
  const loaded = drops.days.filter(({ files, day }) => files > 0 && day < newest.day);
  const last = [loaded.at(-1)?.day ?? '', drops.lastLook?.newestDay ?? ''].sort().at(-1);
  const came = last === '' ? 'no earlier one is known' : `the last that came is of ${last}`;
  const beside = kind === 'beside' ? `, and the folder has ${listed(namesBeside(drops, newest.day))}` : '';
  // A listing that failed has seen nothing.
  const seenAt = drops.lastLook?.failure === undefined ? drops.lastLook?.at : drops.lastLook.failure.lastGood;
  const look = seenAt === undefined ? '' : `, and none was there at ${isoTimestamp(seenAt)}`;
  const looked = kind === 'noFile' || kind === 'beside' ? look : '';
  const has =
    newest.empty === undefined
      ? `No file of ${name} for ${newest.day} came by ${due}${looked}; ${came}${beside}`
      : `The files of ${name} for ${newest.day}, due at ${due}, have no rows (${newest.empty})`;
  const told = {
    case: kind,
    title: `${has}${otherDays(absent.length)}`,
    since: isoTimestamp(absent[0]?.due ?? newest.due),
    detail: `${name}: ${what} come of ${listed(texts, '; ')}.${left}`,
  };
  // Files that are there, and not loaded, are not to be given up.
  const isThere = kind === 'beside' || kind === 'leftOut';
  yield finding('SLUICE_FINDING_INGEST_LATE', told, [
    ...(kind === 'leftOut' ? days.slice(-MOST_COMMANDS).toReversed().map(explain) : [status(days[0])]),
    // A file may have come after the last listing.
    ...(kind === 'noFile' ? [run()] : []),
    ...ranges.flatMap(({ from, to }) => [
      ...(kind.startsWith('before') ? [backfill(from, to)] : []),
      ...(isThere ? [] : [accept('empty', from, to)]),
    ]),
  ]);
}
