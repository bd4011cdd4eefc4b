import { mapLimit } from '../base/concurrency.ts';
import { errorName } from '../base/errors.ts';
import { countMetric, emfLine, METRIC_NAMESPACE } from '../base/log.ts';
import { type ListedObject, listObjects, type ObjectHead, type ObjectStore } from '../base/ObjectStore.ts';
import { addDays, DAY_MS, HOUR_MS, isoTimestamp, MINUTE_MS, type UtcDay, utcDay } from '../base/time.ts';
import { erasures } from '../erase/Manifest.ts';
import { heldTimes } from '../landing/heldTimes.ts';
import { ListedNotes } from '../landing/LandingNotes.ts';
import type { Config } from '../schema/config.ts';
import { type TableKind, tableKinds } from '../schema/kinds.ts';
import { ERASURES_FOLDER, REDRIVEN_FOLDER, redrivenKey } from '../tables/ledgerKeys.ts';
import { DAMAGED_FOLDER, isAside, isRedriven, LANDING_FOLDER } from '../tables/objectKeys.ts';
import { receivedHoursKey } from '../tables/tableFolders.ts';
import {
  type CountedNames,
  hourCounts,
  hourlyRuns,
  hourMetrics,
  type MetricSeries,
  type MetricTime,
  oldestRecord,
  recordMetrics,
  type WantedMetric,
} from './hourCounts.ts';
import { type AskRows, type HourlyRows, readHourlyRows, rowsAt } from './hourlyRows.ts';
import { type HourRows, judgeHour, NOT_LOOKED } from './judgeHour.ts';
import { type ReceivedHour, readReceivedHours } from './receivedHours.ts';

/** Whole days before today that a night judges: three days after an hour nothing of it is open. */
const NIGHT_DAYS = 4;
/** Days before today of which a night judges what others have left, as they failed: CloudWatch has the minutes of all of them. */
const OPEN_DAYS = 14;
const OVER_MS = 3 * DAY_MS;
const DAY_HOURS = DAY_MS / HOUR_MS;
/** A record comes to Firehose so much after its request at most, so perhaps in the next hour. */
const RECORD_MS = MINUTE_MS;
/**
 * How far before a day a run of the registrar is looked for. CloudWatch has hours of 15 months:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html
 */
const LOOKBACK_MS = 15 * DAY_MS;
/** Objects that were put aside of which the metadata is read, and calls at the same time. Others may hold rows of all their time. */
const MOST_ASIDE = 10_000;
const READS = 16;

/** The metric of a night: rows of these days that are short. */
export const hoursShort = countMetric('hours_short');

/** Dependencies of a judgement. */
export interface Reconciler {
  readonly config: Pick<
    Config,
    'statsigFolder' | 'formerStatsigFolders' | 'database' | 'tables' | 'timeWindow' | 'retention'
  >;
  readonly names: CountedNames;
  /** Milliseconds after its end at which the events of an hour are in tables. */
  readonly afterMs: number;
  readonly store: ObjectStore;
  readonly readMetrics: (metrics: readonly WantedMetric[], time: MetricTime) => Promise<MetricSeries>;
  readonly ask: AskRows;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** The days that a night judges, oldest first. @param now Epoch milliseconds. @param count Default those of each night. */
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
      // Nights began before a day without rows if an earlier one has some: of that day none came.
      const isLeft = known.length === 0 ? isBegun : known.some(({ state }) => state === 'open');
      isBegun ||= known.length > 0;
      if (!isLeft && !recent.includes(day)) continue;
      const rows = await reconcileDay(reconciler, day);
      short += rows.filter(({ state }) => state === 'short').length;
    } catch (error) {
      failures.push(error);
    }
  const dimensions = { function: 'reconcile', stage: names.stage };
  const values = [[hoursShort, short]] as const;
  const line = emfLine({ namespace: METRIC_NAMESPACE, timestamp: now, dimensions, values });
  // A day that is not known must not end an alarm.
  if (line !== null && (short > 0 || failures.length === 0)) log(line);
  if (failures.length > 0) throw failures[0];
}

/**
 * Judges the hours of a day, and keeps its rows of the table.
 *
 * @param isAsked Whether a person asks: then nothing is kept of a day of which no night has kept rows.
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
  // If another run came first, its rows are as good.
  if (text !== textOf(before) && !(isAsked && eTag === null))
    await store.write(receivedHoursKey(config, day), text, { expected: eTag });
  return rows;
}

const textOf = (rows: readonly ReceivedHour[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

/**
 * Judges the hours of a day. The rows of its tables are looked at only if counts differ, or if an hour was short: whoever wrote its
 * objects again may have written others.
 *
 * @param before What an earlier night has judged. Of that stays what is unknown or proved, what is whole as long as its counts stay,
 * and what is not open as long as nobody knows better.
 * @param isAsked Whether a person asks: then rows are looked at also where events are unproved, and of unknown hours.
 * @throws What the clients of S3 and CloudWatch, and `ask`, throw.
 */
async function judgeDay(
  reconciler: Reconciler,
  day: UtcDay,
  before: readonly ReceivedHour[],
  isAsked: boolean,
): Promise<readonly ReceivedHour[]> {
  const { config, names, afterMs, store, readMetrics, ask, now } = reconciler;
  const earlierOf = (hour: number, kind: TableKind) =>
    before.find((one) => one.hour === hour && one.table_name === kind);
  const isSettled = ({ state, unproved }: ReceivedHour) =>
    state === 'unknown' ? !isAsked : state === 'whole' && unproved === 0;
  if (before.filter(isSettled).length === DAY_HOURS * tableKinds.length) return before;
  const start = Date.parse(`${day}T00:00:00Z`);
  const until = Math.floor(now / MINUTE_MS) * MINUTE_MS;
  const read = (metrics: readonly WantedMetric[], from: number, to: number) =>
    readMetrics(metrics, { start: from, end: Math.min(to, until) });
  const series = await read(hourMetrics(names), start - MINUTE_MS, start + DAY_MS + HOUR_MS);
  const isSilent = hourCounts(series, start, start).requests === null;
  const began = isSilent ? await firstRun(reconciler, start - LOOKBACK_MS) : start;
  const records = await read(recordMetrics(names.stream), until - DAY_MS, until);
  const oldest = oldestRecord(records, now) ?? now;
  const waiting = await readWaiting(store, start);
  const judged = (look: Look | null) =>
    waiting.flatMap(({ objects, unread }, hour) => {
      const from = start + hour * HOUR_MS;
      const to = from + HOUR_MS;
      const { of, ...ofHour } = hourCounts(series, from, began);
      const waitsFor = () => {
        if (now < to + afterMs) return 'its buffers are not due';
        if (unread !== null) return unread;
        if (objects > 0) return 'objects of landing/ or damaged/ may hold events of it';
        return oldest < to + RECORD_MS ? 'the stream is late' : null;
      };
      return tableKinds.map((kind) => {
        const earlier = earlierOf(hour, kind);
        const { refused, ...counts } = of(kind);
        const { accepted, finished, notDelivered } = counts;
        const isSame = earlier?.accepted === accepted && earlier.finished === finished;
        if (
          earlier !== undefined &&
          (isSettled(earlier) || (!isAsked && isSame && earlier.state === 'whole'))
        )
          return earlier;
        // Nothing is landed into quarantine again.
        const isRestored = look?.isRestored && kind !== 'quarantine';
        const rows = look && {
          ...rowsAt(look.rows, kind, hour),
          // S3 takes files of rows as their days are over, an erasure rows of any hour.
          taken: isExpired(config, kind, now - from) ? accepted : look.taken,
          restored: isRestored ? rowsAt(look.rows, 'quarantine', hour).found : 0,
          unread: look.unread,
        };
        const missingBefore = earlier?.state === 'short' ? earlier.missing : null;
        const facts = { ...counts, ...ofHour, missingBefore, waitsFor: waitsFor(), rows };
        const judgement = judgeHour(facts, now >= to + OVER_MS);
        const checked_at = isoTimestamp(now).slice(0, -1).replace('T', ' ');
        // After 15 days CloudWatch has no minutes: what a night has counted stays.
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
        };
      });
    });
  const byCounts = judged(null);
  const isUnclear = byCounts.some(
    (row) => row.why === NOT_LOOKED || (isAsked && row.state === 'whole' && row.unproved > 0),
  );
  const rows = isUnclear ? await readHourlyRows(config, ask, day, utcDay(now)) : null;
  const found = rows === null ? byCounts : judged({ rows, ...(await readSince(store, start)) });
  return found.map((row) => {
    const earlier = earlierOf(row.hour, row.table_name);
    return earlier !== undefined && earlier.state !== 'open' && row.why !== null ? earlier : row;
  });
}

/** The first hour in which the registrar ran since a time, epoch milliseconds; NaN: none is known. */
async function firstRun({ names, readMetrics, now }: Reconciler, start: number): Promise<number> {
  const hourly = { start, end: now, periodSeconds: HOUR_MS / 1_000 };
  const runs = await readMetrics([hourlyRuns(names.register)], hourly);
  return Math.min(...(runs.get('hourly')?.keys() ?? [Number.NaN]));
}

/** Whether S3 may have deleted files of rows of that age. */
function isExpired({ retention }: Pick<Config, 'retention'>, kind: TableKind, ageMs: number): boolean {
  const days = kind === 'quarantine' ? retention.quarantineDays : retention.forwardedDays;
  return days !== null && ageMs >= days * DAY_MS;
}

/** Objects that may hold events of an hour. */
interface Waiting {
  readonly objects: number;
  /** Why nobody knows better of one of them; null: it is known of all. */
  readonly unread: string | null;
}

/**
 * Counts the objects of `landing/` that wait, and those of `damaged/`, by the hours of the day of which they may hold events. A dead
 * letter's object is one of them.
 *
 * @param start When the day begins, epoch milliseconds.
 */
async function readWaiting(store: ObjectStore, start: number): Promise<readonly Waiting[]> {
  const notes = await ListedNotes.list(store);
  const waiting = Array.from({ length: DAY_HOURS }, (): Waiting => ({ objects: 0, unread: null }));
  const aside: ListedObject[] = [];
  const wait = (
    { key, modifiedAt }: ListedObject,
    unread: string | null,
    metadata?: ObjectHead['metadata'],
  ) => {
    for (const time of heldTimes(key, modifiedAt, metadata))
      for (const [hour, one] of waiting.entries()) {
        const from = start + hour * HOUR_MS;
        if (time.from < from + HOUR_MS + RECORD_MS && time.to >= from)
          waiting[hour] = { objects: one.objects + 1, unread: one.unread ?? unread };
      }
  };
  for (const folder of [LANDING_FOLDER, DAMAGED_FOLDER])
    for await (const object of listObjects(store, folder)) {
      const { key, modifiedAt } = object;
      if (key.endsWith('/') || isRedriven(key) || notes.written(object) !== undefined) continue;
      const isOfDay = heldTimes(key, modifiedAt).some(
        ({ from, to }) => to >= start && from < start + DAY_MS + RECORD_MS,
      );
      if (isOfDay && isAside(key) && aside.length < MOST_ASIDE) aside.push(object);
      else if (isOfDay) wait(object, null);
    }
  await mapLimit(aside, READS, async (object) => {
    try {
      const head = await store.head(object.key);
      if (head !== null) wait(object, null, head.metadata);
    } catch (error) {
      wait(object, unreadText(object.key, error));
    }
  });
  return waiting;
}

const unreadText = (key: string, error: unknown) => `${key} can't be read: ${errorName(error)}`;

/** Rows of a day, and what has changed rows since it began. */
interface Look extends Pick<HourRows, 'taken' | 'unread'> {
  readonly rows: HourlyRows;
  /** Whether rows of quarantine were landed again. */
  readonly isRestored: boolean;
}

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
      taken += places.reduce((sum, { rows }) => sum + rows, 0);
    } catch (error) {
      unread = unreadText(key, error);
    }
  }
  const redriven = { after: redrivenKey(isoTimestamp(since), ''), limit: 1 };
  const { items } = await store.listPage(REDRIVEN_FOLDER, redriven);
  return { taken, unread, isRestored: items.length > 0 };
}
