import { countMetric, metricsLine } from '../base/log.ts';
import type { MetricSeries, MetricTime, WantedMetric } from '../base/metrics.ts';
import { listObjects, type ObjectStore } from '../base/ObjectStore.ts';
import { sum } from '../base/sum.ts';
import {
  addDays,
  DAY_MS,
  HOUR_MS,
  isoTimestamp,
  MINUTE_MS,
  sqlTimestamp,
  type UtcDay,
  utcDay,
} from '../base/time.ts';
import { erasures } from '../erase/Manifest.ts';
import { RECORD_MS } from '../landing/heldTimes.ts';
import type { Config } from '../schema/config.ts';
import { type TableKind, tableKinds } from '../schema/kinds.ts';
import { ERASURES_FOLDER, REDRIVEN_FOLDER, redrivenKey } from '../tables/ledgerKeys.ts';
import type { ReceivedHoursColumn } from '../tables/receivedHoursTable.ts';
import { receivedHoursKey } from '../tables/tableFolders.ts';
import {
  type CountedNames,
  type HourCounts,
  hourCounts,
  hourlyRuns,
  hourMetrics,
  type TableCounts,
} from './hourCounts.ts';
import { type AskRows, type HourlyRows, readHourlyRows, rowsAt } from './hourlyRows.ts';
import { type HourRows, judgeHour, NOT_LOOKED } from './judgeHour.ts';
import { type ReceivedHour, readReceivedHours } from './receivedHours.ts';
import { oldestRecord, recordMetrics } from './streamDelivery.ts';
import { DAY_HOURS, readWaiting, unreadText, type Waiting } from './waitingObjects.ts';

/** Whole days before today that a night judges: three days after an hour nothing of the hour is open any more. */
const NIGHT_DAYS = 4;
/**
 * Days before today of which a night judges what failed nights have left open: CloudWatch still has the minutes of all
 * these days.
 */
const OPEN_DAYS = 14;
/** Milliseconds after its end from which on nothing of an hour is open any more. */
const OVER_MS = 3 * DAY_MS;
/**
 * How far before a day a run of the registrar is looked for. CloudWatch has hours of 15 months:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html
 */
const LOOKBACK_MS = 15 * DAY_MS;
/** The metric of a night: how many rows of these days are short. */
export const hoursShort = countMetric('reconcile', 'hours_short');

/** Dependencies of a judgement. */
export interface Reconciler {
  /** The settings that name the tables and their folders, and say how long rows are kept. */
  readonly config: Pick<
    Config,
    'statsigFolder' | 'formerStatsigFolders' | 'database' | 'tables' | 'timeWindow'
  > & {
    readonly retention: Pick<Config['retention'], 'forwardedDays' | 'quarantineDays'>;
  };
  /** The names in CloudWatch of what is counted. */
  readonly names: CountedNames;
  /** Milliseconds after its end at which the events of an hour are in tables. */
  readonly afterMs: number;
  /** The deployment's bucket. */
  readonly store: ObjectStore;
  /** Reads values of metrics from CloudWatch. */
  readonly readMetrics: (metrics: readonly WantedMetric[], time: MetricTime) => Promise<MetricSeries>;
  /** Counts rows of tables. */
  readonly ask: AskRows;
  /** Epoch milliseconds. */
  readonly now: number;
}

/**
 * The days that a night judges, oldest first.
 *
 * @param now Epoch milliseconds.
 * @param count How many. Default as many as each night judges.
 */
export function nightDays(now: number, count = NIGHT_DAYS): UtcDay[] {
  return Array.from({ length: count }, (_, i) => addDays(utcDay(now), i - count));
}

/**
 * Judges every hour of the last days that is not settled, and keeps the rows of the table of received hours.
 *
 * @throws What the clients of S3 and CloudWatch throw, once all other days are judged.
 */
export async function reconcileDays(
  reconciler: Reconciler,
  log: (fields: Readonly<Record<string, unknown>>) => void,
): Promise<void> {
  const { now, names, store, config } = reconciler;
  const failures: unknown[] = [];
  let short = 0;
  let isBegun = false;
  const recent = nightDays(now);
  for (const day of nightDays(now, OPEN_DAYS))
    try {
      const { rows: known } = await readReceivedHours(store, config, day);
      // A day without rows was missed by its nights if an earlier day has rows; otherwise nights had not begun.
      const isLeft = known.length === 0 ? isBegun : known.some(({ state }) => state === 'open');
      isBegun ||= known.length > 0;
      if (!isLeft && !recent.includes(day)) continue;
      const rows = await reconcileDay(reconciler, day);
      short += rows.filter(({ state }) => state === 'short').length;
    } catch (error) {
      failures.push(error);
    }
  // The metric would end an alarm, so it is not written when a day could not be judged.
  if (short > 0 || failures.length === 0)
    log(metricsLine([[hoursShort, short]], { stage: names.stage }, now));
  if (failures.length > 0) throw failures[0];
}

/**
 * Judges the hours of a day, and keeps its rows of the table.
 *
 * @param isAsked Whether a person asks. Then nothing is kept for a day of which no night has kept rows.
 * @throws What the clients of S3 and CloudWatch, and `ask`, throw.
 */
export async function reconcileDay(
  reconciler: Reconciler,
  day: UtcDay,
  isAsked = false,
): Promise<readonly ReceivedHour[]> {
  const { config, store } = reconciler;
  const { rows: before, eTag } = await readReceivedHours(store, config, day);
  const rows = await judgeDay(reconciler, day, before, isAsked);
  const text = textOf(rows);
  // If another run has kept rows meanwhile, its rows are as good.
  if (text !== textOf(before) && !(isAsked && eTag === null))
    await store.write(receivedHoursKey(config, day), text, { expected: eTag });
  return rows;
}

/** The rows as lines of JSON. */
const textOf = (rows: readonly ReceivedHour[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

/**
 * Judges the hours of a day. Rows are looked at only if counts differ, or if an hour was short: whoever has written its
 * objects again may have written others, too.
 *
 * @param before What an earlier night has judged. It stays if it is unknown, or whole with nothing unproved; if it is
 * whole and the counts are the same; and if it is not open and this run could not judge the hour.
 * @param isAsked Whether a person asks. Then rows are also looked at for unknown hours, and for those with unproved
 * events.
 * @throws What the clients of S3 and CloudWatch, and `ask`, throw.
 */
async function judgeDay(
  reconciler: Reconciler,
  day: UtcDay,
  before: readonly ReceivedHour[],
  isAsked: boolean,
): Promise<readonly ReceivedHour[]> {
  const { config, store, ask, now } = reconciler;
  if (before.filter((row) => isSettled(row, isAsked)).length === DAY_HOURS * tableKinds.length) return before;
  const facts = await readDayFacts(reconciler, day, before, isAsked);
  const byCounts = judgeRows(reconciler, facts, null);
  const isUnclear = byCounts.some(
    (row) => row.why === NOT_LOOKED || (isAsked && row.state === 'whole' && row.unproved > 0),
  );
  const rows = isUnclear ? await readHourlyRows(config, ask, day, utcDay(now)) : null;
  const found =
    rows === null
      ? byCounts
      : judgeRows(reconciler, facts, { rows, ...(await readSince(store, facts.start)) });
  return found.map((row) => {
    const earlier = earlierRow(before, row.hour, row.table_name);
    return earlier !== undefined && earlier.state !== 'open' && row.why !== null ? earlier : row;
  });
}

/** What is known of a day before its rows are looked at. */
interface DayFacts {
  /** The day. */
  readonly day: UtcDay;
  /** When the day begins, epoch milliseconds. */
  readonly start: number;
  /** What an earlier night has judged. */
  readonly before: readonly ReceivedHour[];
  /** Whether a person asks. */
  readonly isAsked: boolean;
  /** The counts of the day's minutes. */
  readonly series: MetricSeries;
  /** When the pipeline began to count, epoch milliseconds; NaN if it is not known. */
  readonly began: number;
  /** When the oldest record came that the stream has not delivered, epoch milliseconds. */
  readonly oldest: number;
  /** Objects that may hold events, by the hours of the day. */
  readonly waiting: readonly Waiting[];
}

/** Reads the counts of a day's minutes, and what may still hold events of it. */
async function readDayFacts(
  reconciler: Reconciler,
  day: UtcDay,
  before: readonly ReceivedHour[],
  isAsked: boolean,
): Promise<DayFacts> {
  const { names, store, readMetrics, now } = reconciler;
  const start = Date.parse(`${day}T00:00:00Z`);
  const until = Math.floor(now / MINUTE_MS) * MINUTE_MS;
  const read = (metrics: readonly WantedMetric[], from: number, to: number) =>
    readMetrics(metrics, { start: from, end: Math.min(to, until) });
  const series = await read(hourMetrics(names), start - MINUTE_MS, start + DAY_MS + HOUR_MS);
  const isSilent = hourCounts(series, { hour: start, began: start }).requests === null;
  const began = isSilent ? await firstRun(reconciler, start - LOOKBACK_MS) : start;
  const records = await read(recordMetrics(names.stream), until - DAY_MS, until);
  const oldest = oldestRecord(records, now) ?? now;
  return { day, start, before, isAsked, series, began, oldest, waiting: await readWaiting(store, start) };
}

/** The rows of a day, by its hours and by tables. @param look The rows of tables; null: only counts are compared. */
function judgeRows(reconciler: Reconciler, facts: DayFacts, look: Look | null): readonly ReceivedHour[] {
  return facts.waiting.flatMap(({ objects, unread }, hour) => {
    const from = facts.start + hour * HOUR_MS;
    const { ofTable, ...ofHour } = hourCounts(facts.series, { hour: from, began: facts.began });
    const to = from + HOUR_MS;
    const waitsFor = () => {
      if (reconciler.now < to + reconciler.afterMs) return 'its buffers are not due';
      if (unread !== null) return unread;
      if (objects > 0) return 'objects of landing/ or damaged/ may hold events of it';
      return facts.oldest < to + RECORD_MS ? 'the stream is late' : null;
    };
    return tableKinds.map((kind) =>
      judgeTable(reconciler, facts, look, {
        kind,
        hour,
        counts: ofTable(kind),
        ofHour,
        objects,
        waitsFor: waitsFor(),
      }),
    );
  });
}

/** One table in one hour. */
interface TableHour {
  /** The kind of the table. */
  readonly kind: TableKind;
  /** From 0 to 23. */
  readonly hour: number;
  /** What was counted of the table's rows. */
  readonly counts: TableCounts;
  /** The counts of all tables together. */
  readonly ofHour: Omit<HourCounts, 'ofTable'>;
  /** How many objects may hold events of the hour. */
  readonly objects: number;
  /** Why the hour can't be judged yet; null if it can. */
  readonly waitsFor: string | null;
}

/** The row of a table in an hour: the one of an earlier night if it stays. */
function judgeTable(
  { config, now }: Reconciler,
  { day, start, before, isAsked }: DayFacts,
  look: Look | null,
  { kind, hour, counts: allCounts, ofHour, objects, waitsFor }: TableHour,
): ReceivedHour {
  const earlier = earlierRow(before, hour, kind);
  const { refused, ...counts } = allCounts;
  const { accepted, finished, notDelivered } = counts;
  const isSame = earlier?.accepted === accepted && earlier.finished === finished;
  const stays = (row: ReceivedHour) =>
    isSettled(row, isAsked) || (!isAsked && isSame && row.state === 'whole');
  if (earlier !== undefined && stays(earlier)) return earlier;
  const from = start + hour * HOUR_MS;
  // Rows that were redriven land in the other tables, never in quarantine.
  const isRestored = look?.isRestored && kind !== 'quarantine';
  const rows = look && {
    ...rowsAt(look.rows, kind, hour),
    // S3 deletes files of rows once their days are over, and an erasure deletes rows of any hour.
    taken: isExpired(config, kind, now - from) ? accepted : look.taken,
    restored: isRestored ? rowsAt(look.rows, 'quarantine', hour).found : 0,
    unread: look.unread,
  };
  const missingBefore = earlier?.state === 'short' ? earlier.missing : null;
  const facts = { ...counts, ...ofHour, missingBefore, waitsFor, rows };
  const judgement = judgeHour(facts, now >= from + HOUR_MS + OVER_MS);
  const checked_at = sqlTimestamp(now);
  // After 15 days CloudWatch has no minutes any more, so the counts of an earlier night stay.
  if (ofHour.requests === null && earlier !== undefined && now - from > LOOKBACK_MS)
    return { ...earlier, state: judgement.state, why: judgement.why, checked_at };
  return {
    ds: day,
    hour,
    table_name: kind,
    accepted,
    finished,
    refused,
    not_delivered: notDelivered,
    waiting_objects: objects,
    ...judgement,
    checked_at,
  } satisfies Readonly<Record<ReceivedHoursColumn, unknown>>;
}

/** Whether a row needs no further judgement. */
function isSettled({ state, unproved }: ReceivedHour, isAsked: boolean): boolean {
  return state === 'unknown' ? !isAsked : state === 'whole' && unproved === 0;
}

/** The row of an earlier night for a table in an hour. */
function earlierRow(
  before: readonly ReceivedHour[],
  hour: number,
  kind: TableKind,
): ReceivedHour | undefined {
  return before.find((row) => row.hour === hour && row.table_name === kind);
}

/** The first hour in which the registrar ran since a time, epoch milliseconds; NaN if it did not run. */
async function firstRun({ names, readMetrics, now }: Reconciler, start: number): Promise<number> {
  const hourly = { start, end: now, periodSeconds: HOUR_MS / 1_000 };
  const runs = await readMetrics([hourlyRuns(names.register)], hourly);
  return Math.min(...(runs.get('hourly')?.keys() ?? [Number.NaN]));
}

/** Whether S3 may have deleted files of rows of that age. */
function isExpired(
  { retention }: Pick<Reconciler['config'], 'retention'>,
  kind: TableKind,
  ageMs: number,
): boolean {
  const days = kind === 'quarantine' ? retention.quarantineDays : retention.forwardedDays;
  return days !== null && ageMs >= days * DAY_MS;
}

/** The rows of a day, and what has changed rows since the day began. */
interface Look extends Pick<HourRows, 'taken' | 'unread'> {
  /** The rows of the day, by table and hour. */
  readonly rows: HourlyRows;
  /** Whether rows of quarantine were landed again since. */
  readonly isRestored: boolean;
}

/** What has changed rows since a time, epoch milliseconds. */
async function readSince(store: ObjectStore, since: number): Promise<Omit<Look, 'rows'>> {
  let taken = 0;
  let unread: string | null = null;
  for await (const { key, modifiedAt } of listObjects(store, ERASURES_FOLDER)) {
    if (modifiedAt < since) continue;
    try {
      const found = await erasures(store).read(key.slice(ERASURES_FOLDER.length, -'.json'.length));
      const { runs = [], current } = found?.manifest ?? {};
      const later = runs.filter(({ endedAt }) => endedAt >= since);
      const places = [...later, ...(current ? [current] : [])].flatMap((run) => Object.values(run.places));
      taken += sum(places.map(({ rows }) => rows));
    } catch (error) {
      unread = unreadText(key, error);
    }
  }
  const redriven = { after: redrivenKey(isoTimestamp(since), ''), limit: 1 };
  const { items } = await store.listPage(REDRIVEN_FOLDER, redriven);
  return { taken, unread, isRestored: items.length > 0 };
}
