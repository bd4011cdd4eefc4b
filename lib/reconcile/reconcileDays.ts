import { emfLine, METRIC_NAMESPACE } from '../base/log.ts';
import { listObjects, type ObjectStore } from '../base/ObjectStore.ts';
import { addDays, DAY_MS, HOUR_MS, isoTimestamp, MINUTE_MS, type UtcDay, utcDay } from '../base/time.ts';
import { erasures } from '../erase/Manifest.ts';
import { ListedNotes } from '../landing/LandingNotes.ts';
import { rowsIn } from '../landing/lines/LandedObject.ts';
import type { Config } from '../schema/config.ts';
import { type TableKind, tableKinds } from '../schema/kinds.ts';
import { ERASURES_FOLDER } from '../tables/ledgerKeys.ts';
import { DAMAGED_FOLDER, isLanded, isRedriven, LANDING_FOLDER } from '../tables/objectKeys.ts';
import { receivedHoursKey } from '../tables/tableFolders.ts';
import {
  type CountedNames,
  hourCounts,
  hourMetrics,
  type MetricSeries,
  oldestRecord,
  recordMetrics,
  type WantedMetric,
} from './hourCounts.ts';
import { type AskRows, type HourlyRows, readHourlyRows, rowsAt } from './hourlyRows.ts';
import { judgeHour, NOT_LOOKED } from './judgeHour.ts';
import { type ReceivedHour, readReceivedHours } from './receivedHours.ts';

/** Whole days before today that a night judges: three days after an hour nothing of it is open. */
const NIGHT_DAYS = 4;
const OVER_MS = 3 * DAY_MS;
/** Bytes of damaged objects that are read. Of others any line may be a row. */
const MOST_DAMAGED_BYTES = 67_108_864;

/** The metric of a night: rows of these days that are short. */
export const hoursShort = { name: 'hours_short', unit: 'Count' } as const;

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
  /** Reads metrics from `start` to before `end`. */
  readonly readMetrics: (
    metrics: readonly WantedMetric[],
    about: { readonly start: number; readonly end: number; readonly periodSeconds: number },
  ) => Promise<MetricSeries>;
  readonly ask: AskRows;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** The days that a night judges, oldest first. @param now Epoch milliseconds. */
export function nightDays(now: number): UtcDay[] {
  return Array.from({ length: NIGHT_DAYS }, (_, i) => addDays(utcDay(now), i - NIGHT_DAYS));
}

/**
 * Judges every hour of the last days that is not settled, and keeps the rows of the table of received hours.
 *
 * @throws What the clients of S3 and CloudWatch throw.
 */
export async function reconcileDays(
  reconciler: Reconciler,
  log: (fields: Readonly<Record<string, unknown>>) => void,
): Promise<void> {
  const { config, store, now, names } = reconciler;
  let short = 0;
  for (const day of nightDays(now)) {
    const { rows: before, eTag } = await readReceivedHours(store, config, day);
    const rows = await judgeDay(reconciler, day, before);
    const text = textOf(rows);
    // If another run came first, its rows are as good.
    if (text !== textOf(before)) await store.write(receivedHoursKey(config, day), text, { expected: eTag });
    short += rows.filter(({ state }) => state === 'short').length;
  }
  const dimensions = { function: 'reconcile', stage: names.stage };
  const values = [[hoursShort, short]] as const;
  const line = emfLine({ namespace: METRIC_NAMESPACE, timestamp: now, dimensions, values });
  if (line !== null) log(line);
}

const textOf = (rows: readonly ReceivedHour[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

/**
 * Judges the hours of a day. The rows of its tables are looked at only if counts differ.
 *
 * @param before What an earlier night has judged: of that, what is settled stays. Default nothing.
 * @throws What the clients of S3 and CloudWatch, and `ask`, throw.
 */
export async function judgeDay(
  { config, names, afterMs, store, readMetrics, ask, now }: Reconciler,
  day: UtcDay,
  before: readonly ReceivedHour[] = [],
): Promise<readonly ReceivedHour[]> {
  const settled = before.filter(({ state }) => state !== 'open');
  if (settled.length === (DAY_MS / HOUR_MS) * tableKinds.length) return settled;
  const start = Date.parse(`${day}T00:00:00Z`);
  const periodSeconds = MINUTE_MS / 1_000;
  const until = Math.floor(now / MINUTE_MS) * MINUTE_MS;
  const end = Math.min(start + DAY_MS + HOUR_MS, until);
  const series = await readMetrics(hourMetrics(names), { start: start - MINUTE_MS, end, periodSeconds });
  const lastDay = { start: until - DAY_MS, end: until, periodSeconds };
  const oldest = oldestRecord(await readMetrics(recordMetrics(names.stream), lastDay), now) ?? now;
  const waiting = await readWaiting(store);
  const hours = Array.from({ length: DAY_MS / HOUR_MS }, (_, hour) => hour);
  const judged = (looked: HourlyRows | null, erased = 0) =>
    hours.flatMap((hour) => {
      const from = start + hour * HOUR_MS;
      const to = from + HOUR_MS;
      const { requests, isRepeated, of } = hourCounts(series, from);
      // A record comes to Firehose after its request, so perhaps in the next hour.
      const last = to + MINUTE_MS;
      const objects = waiting.filter((one) => one.from < last && one.to >= from).length;
      const waitsFor = () => {
        if (now < to + afterMs) return 'its buffers are not due';
        if (objects > 0) return 'objects of landing/ or damaged/ may hold events of it';
        return oldest < last ? 'the stream is late' : null;
      };
      return tableKinds.map((kind) => {
        const earlier = settled.find((one) => one.hour === hour && one.table_name === kind);
        if (earlier !== undefined) return earlier;
        const { refused, ...counts } = of(kind);
        const { accepted, finished, notDelivered } = counts;
        // S3 takes files of rows as their days are over, an erasure rows of any hour.
        const taken = isExpired(config, kind, now - from) ? accepted : erased;
        const rows = looked && { ...rowsAt(looked, kind, from), taken };
        const facts = { ...counts, isRepeated, requests, waitsFor: waitsFor(), rows };
        return {
          ds: day,
          hour,
          table_name: kind,
          accepted,
          finished,
          refused,
          not_delivered: notDelivered,
          waiting_objects: objects,
          ...judgeHour(facts, now >= to + OVER_MS),
          checked_at: isoTimestamp(now).slice(0, -1).replace('T', ' '),
        };
      });
    });
  const byCounts = judged(null);
  if (byCounts.every(({ why }) => why !== NOT_LOOKED)) return byCounts;
  return judged(await readHourlyRows(config, ask, day, utcDay(now)), await takenSince(store, start));
}

/** Whether S3 may have deleted files of rows of that age. */
function isExpired({ retention }: Pick<Config, 'retention'>, kind: TableKind, ageMs: number): boolean {
  const days = kind === 'quarantine' ? retention.quarantineDays : retention.forwardedDays;
  return days !== null && ageMs >= days * DAY_MS;
}

/** The day, and in Firehose's folders the hour, in which the first record of an object came: infra/streams/streams.ts. */
const FIRST = /\/(\d{4}[-/]\d\d[-/]\d\d)\/(?:(\d\d)\/)?/;

/**
 * Objects of `landing/` that wait, and those of `damaged/` with lines that begin as a row: when their events may have come, epoch
 * milliseconds. A dead letter's object is one of them.
 */
async function readWaiting(store: ObjectStore) {
  const notes = await ListedNotes.list(store);
  const waiting: { readonly from: number; readonly to: number }[] = [];
  let damagedBytes = 0;
  for (const folder of [LANDING_FOLDER, DAMAGED_FOLDER])
    for await (const object of listObjects(store, folder)) {
      const { key, size, modifiedAt } = object;
      if (isRedriven(key)) continue;
      const isDamaged = folder === DAMAGED_FOLDER && !key.endsWith('/');
      if (isDamaged) damagedBytes += size;
      const opened = isDamaged && damagedBytes <= MOST_DAMAGED_BYTES ? await store.open(key) : null;
      const rows = opened === null ? size : rowsIn(Buffer.concat(await opened.body.toArray()));
      if (!(isDamaged ? rows > 0 : isLanded(key) && notes.written(object) === undefined)) continue;
      const [, day = '', hour = '00'] = FIRST.exec(key) ?? [];
      const first = Date.parse(`${day.replaceAll('/', '-')}T${hour}:00:00Z`) || 0;
      // What the collector has put itself came just before, unless it is tried again.
      const isDirect = key.startsWith(`${LANDING_FOLDER}direct/`) || first === 0;
      waiting.push({ from: isDirect ? modifiedAt - HOUR_MS : first, to: modifiedAt });
    }
  return waiting;
}

/** Rows that erasures took since then. */
async function takenSince(store: ObjectStore, since: number): Promise<number> {
  let taken = 0;
  for await (const { key } of listObjects(store, ERASURES_FOLDER)) {
    const found = await erasures(store).read(key.slice(ERASURES_FOLDER.length, -'.json'.length));
    const { runs = [], current } = found?.manifest ?? {};
    const later = runs.filter(({ endedAt }) => endedAt >= since);
    const places = [...later, ...(current ? [current] : [])].flatMap((run) => Object.values(run.places));
    taken += places.reduce((sum, { rows }) => sum + rows, 0);
  }
  return taken;
}
