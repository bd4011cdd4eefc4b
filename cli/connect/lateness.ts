import { setTimeout } from 'node:timers/promises';
import { AthenaClient } from '@aws-sdk/client-athena';
import { runStatement } from '../../lib/aws/athenaStatements.ts';
import { systemClock } from '../../lib/base/time.ts';
import type { Config } from '../../lib/schema/config.ts';
import { qualifiedName } from '../../lib/views/View.ts';
import { explainAwsError } from '../../observe/explainAwsError.ts';
import type { ConfiguredTarget } from '../../observe/target.ts';
import { clientOptions, type DeployedStack } from './readDeployment.ts';

/** Days that are read, in addition to those by which rows may be late. */
const HISTORY_DAYS = 30;
/** The share of rows that a lookback must cover. */
const REACH = 0.999;
/** Settled rows that are enough to measure a share of one in a thousand. */
const ENOUGH_ROWS = 1_000;

type LatenessConfig = Pick<Config, 'database' | 'timeWindow'>;

/**
 * Counts the rows of both views that Statsig reads by how late they arrived. A row's day (`ds`) is that of the event, so a
 * row that is received days later belongs to a day that Statsig may already have loaded.
 */
function latenessSql(config: LatenessConfig): string {
  const { pastDays } = config.timeWindow;
  const from = (view: string) => `SELECT "ds", "timestamp", "received_at"
  FROM ${qualifiedName(config, view)}
  WHERE "ds" >= date_add('day', -${HISTORY_DAYS + pastDays}, current_date)`;
  return `SELECT
  greatest(date_diff('day', "ds", CAST("received_at" AS date)), 0) AS "days_late",
  "ds" < date_add('day', -${pastDays}, current_date) AS "settled",
  count(*) AS "row_count",
  count_if(date_diff('second', "timestamp", "received_at") <= 60) AS "within_a_minute",
  count_if(date_diff('second', "timestamp", "received_at") <= 3600) AS "within_an_hour",
  count_if(CAST("timestamp" AS date) <> "ds") AS "under_another_day"
FROM (
  ${from('experiment_exposures')}
  UNION ALL
  ${from('product_events')}
) AS "seen"
GROUP BY 1, 2
ORDER BY 1, 2`;
}

/** Rows that arrived a number of days after their own day. */
export interface Lateness {
  readonly daysLate: number;
  /** Whether no more rows can arrive for their days. */
  readonly settled: boolean;
  readonly rows: number;
  readonly withinAMinute: number;
  readonly withinAnHour: number;
  /** Events that were too old for their own day and have the day on which they were received. */
  readonly underAnotherDay: number;
}

/** Rows of {@link latenessSql} from Athena, as texts by column name. */
export function readLateness(rows: readonly Readonly<Record<string, string | undefined>>[]): Lateness[] {
  const number = (text: string | undefined) => Number(text ?? Number.NaN);
  return rows.map((row) => ({
    daysLate: number(row['days_late']),
    settled: row['settled'] === 'true',
    rows: number(row['row_count']),
    withinAMinute: number(row['within_a_minute']),
    withinAnHour: number(row['within_an_hour']),
    underAnotherDay: number(row['under_another_day']),
  }));
}

/** How far back a daily load has to read, and why. */
export interface Lookback {
  /** Days before the day of the load: 1 reads yesterday again. */
  readonly days: number;
  /**
   * `settled`: measured on days for which no more rows can arrive. `recent`: there are too few rows of such days, so late
   * rows may be missing. `bound`: there are no rows, and it is the most that the configuration allows.
   */
  readonly basis: 'settled' | 'recent' | 'bound';
  /** Rows that it is based on. */
  readonly rows: number;
  /** Shares of `rows`, from 0 to 1, that were received on their own day, at most 1 day later, 2 days later and so on. */
  readonly receivedBy: readonly number[];
  /** Shares of all rows, settled or not, that were received this soon after the event; null without rows. */
  readonly withinAMinute: number | null;
  readonly withinAnHour: number | null;
  /** Rows whose day differs from their event's day. */
  readonly underAnotherDay: number;
  /** Days after which a row cannot have its event's own day: `timeWindow.pastDays`. */
  readonly mostDaysLate: number;
}

/**
 * The lookback that covers {@link REACH} of the rows. Rows that arrive k days late are received until the end of that day,
 * so the load of the next day is the first that sees all of them: k + 1 days. A row's day is never more than `pastDays`
 * before the day on which it was received (lib/collect), so no lookback needs more than `pastDays` + 1.
 */
export function recommendLookback(
  seen: readonly Lateness[],
  { timeWindow: { pastDays } }: LatenessConfig,
): Lookback {
  const settled = seen.filter((one) => one.settled);
  const isSettled = sum(settled, 'rows') >= ENOUGH_ROWS;
  const judged = isSettled ? settled : seen;
  const rows = sum(judged, 'rows');
  const all = sum(seen, 'rows');
  const receivedBy = Array.from({ length: pastDays + 1 }, (_, days) =>
    rows === 0
      ? 0
      : sum(
          judged.filter(({ daysLate }) => daysLate <= days),
          'rows',
        ) / rows,
  );
  const enough = receivedBy.findIndex((part) => part >= REACH);
  return {
    days: (rows === 0 || enough === -1 ? pastDays : enough) + 1,
    basis: rows === 0 ? 'bound' : isSettled ? 'settled' : 'recent',
    rows,
    receivedBy,
    withinAMinute: all === 0 ? null : sum(seen, 'withinAMinute') / all,
    withinAnHour: all === 0 ? null : sum(seen, 'withinAnHour') / all,
    underAnotherDay: sum(seen, 'underAnotherDay'),
    mostDaysLate: pastDays,
  };
}

/** The lookback for people, in notes of one or two sentences. */
export function lookbackNotes(lookback: Lookback): string[] {
  const { days, basis, rows, receivedBy, withinAMinute, withinAnHour, underAnotherDay, mostDaysLate } =
    lookback;
  if (basis === 'bound') {
    return [
      `Lookback: ${dayCount(days)}, counted back from the day of the load. That is the most that any row needs: by timeWindow.pastDays, the day of a row is at most ${dayCount(mostDaysLate)} before it was received, and the load after that is the first that sees it.`,
    ];
  }
  const late = days - 1;
  const shares = receivedBy
    .slice(0, days)
    .map((part, i) => `${percent(part)} ${i === 0 ? 'on their own day' : `at most ${dayCount(i)} later`}`);
  return [
    `Lookback: ${dayCount(days)}, counted back from the day of the load. Of ${count(rows)} rows, these shares were received: ${shares.join(', ')}. The lookback is ${late === 0 ? 'one day' : `${dayCount(late)}, which covers ${percent(REACH)} of the rows, and one more`}, because the next load is the first that sees what arrives until midnight. No row needs more than ${dayCount(mostDaysLate + 1)} (timeWindow.pastDays plus one).`,
    `Of all rows, ${percent(withinAMinute ?? 0)} were received within a minute of the event, ${percent(withinAnHour ?? 0)} within an hour.`,
    ...(basis === 'recent'
      ? [
          `Fewer than ${count(ENOUGH_ROWS)} rows belong to days older than ${dayCount(mostDaysLate)}, for which no more rows can arrive, so the figure may grow. Run the command again in ${dayCount(mostDaysLate + 1)}.`,
        ]
      : []),
    ...(underAnotherDay > 0
      ? [
          `${count(underAnotherDay)} rows were older than ${dayCount(mostDaysLate)} when they arrived (or had a time in the future) and have the day on which they were received. A load by days finds them there, with a timestamp outside of the days that it loads. Only a full reload counts them.`,
        ]
      : []),
  ];
}

function sum(
  seen: readonly Lateness[],
  member: 'rows' | 'withinAMinute' | 'withinAnHour' | 'underAnotherDay',
) {
  return seen.reduce((total, one) => total + one[member], 0);
}

function dayCount(days: number): string {
  return days === 1 ? '1 day' : `${days} days`;
}

/** Rounded down, so that 100 % means all. */
function percent(part: number): string {
  return `${Math.floor(part * 10_000 + 1e-9) / 100} %`;
}

function count(rows: number): string {
  return rows.toLocaleString('en-US');
}

/** Time limit of the query, which reads three columns and the event IDs of about forty days. */
const DEADLINE_MS = 120_000;

/** How late rows arrived and what the query read; or why it could not be measured. */
export type LatenessAnswer =
  | { readonly seen: readonly Lateness[]; readonly scannedBytes: number }
  | { readonly failed: string };

/** Asks Athena how late rows arrived. A failure is not an error: the guide can be made without the answer. */
export async function measureLateness(
  where: ConfiguredTarget,
  { outputs }: DeployedStack,
): Promise<LatenessAnswer> {
  const { config } = where;
  const client = new AthenaClient(clientOptions(where));
  try {
    const outcome = await runStatement(client, latenessSql(config), {
      workGroup: outputs.get('WorkgroupName') ?? config.athena.workgroup,
      deadlineMs: DEADLINE_MS,
      clock: systemClock,
      wait: setTimeout,
      random: Math.random,
    });
    if ('failed' in outcome) return { failed: outcome.failed };
    const { columns, rows, scannedBytes } = outcome;
    const named = rows.map((row) =>
      Object.fromEntries(columns.map((name, i) => [name, row[i] ?? undefined])),
    );
    return { seen: readLateness(named), scannedBytes };
  } catch (error) {
    const problem = explainAwsError(error);
    if (problem === undefined) throw error;
    return { failed: problem.kind === 'answered' ? problem.detail : problem.error.message };
  } finally {
    client.destroy();
  }
}
