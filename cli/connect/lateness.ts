import { setTimeout } from 'node:timers/promises';
import { AthenaClient } from '@aws-sdk/client-athena';
import { systemClock } from '../../lib/base/time.ts';
import type { Config } from '../../lib/schema/config.ts';
import { sourceName } from '../../lib/views/View.ts';
import type { DeploymentPlace } from '../aws/deploymentPlace.ts';
import { explainAwsError } from '../aws/explainAwsError.ts';
import { runStatement } from '../aws/runStatement.ts';
import { clientOptions, type Deployment } from './readDeployment.ts';

/** Days that are looked at, besides those that rows may be late. */
const HISTORY_DAYS = 30;
/** Part of the rows that a lookback must reach. */
const REACH = 0.999;
/** Settled rows from which a part of one in a thousand can be told. */
const ENOUGH_ROWS = 1_000;

type LatenessConfig = Pick<Config, 'database' | 'timeWindow'>;

/**
 * Counts rows of both views that Statsig reads by how late they came. A row's day (`ds`) is that of the event, so a
 * row that is received days later lands among days that Statsig may have loaded already.
 */
function latenessSql(config: LatenessConfig): string {
  const { pastDays } = config.timeWindow;
  const from = (view: string) => `SELECT "ds", "timestamp", "received_at"
  FROM ${sourceName(config, view)}
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

/** Rows that came so many days after their own. */
export interface Lateness {
  readonly daysLate: number;
  /** Whether none can come any more for their days. */
  readonly settled: boolean;
  readonly rows: number;
  readonly withinAMinute: number;
  readonly withinAnHour: number;
  /** Events so old that they lie under the day on which they were received. */
  readonly underAnotherDay: number;
}

/** Rows of {@link latenessSql} as Athena answers them, texts by column name. */
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

/** How far back a daily load has to go, and why. */
export interface Lookback {
  /** Days back from the day of the load: 1 reads yesterday again. */
  readonly days: number;
  /**
   * `settled`: from days to which nothing can be added any more. `recent`: there are too few rows of such days, so later
   * ones may be missing. `bound`: no rows were seen, and it is the most that the configuration allows.
   */
  readonly basis: 'settled' | 'recent' | 'bound';
  /** Rows it is drawn from. */
  readonly rows: number;
  /** Rows received on their own day, at the latest 1 day after, 2 days after …: parts of `rows` from 0 to 1. */
  readonly receivedBy: readonly number[];
  /** Parts of all rows, settled or not, that were received so soon after the event; null without any. */
  readonly withinAMinute: number | null;
  readonly withinAnHour: number | null;
  /** Rows under another day than their event's. */
  readonly underAnotherDay: number;
  /** Days after which no row can lie under an event's own day: `timeWindow.pastDays`. */
  readonly mostDaysLate: number;
}

/**
 * The lookback that reaches {@link REACH} of the rows. What comes k days late is received until the end of that day,
 * so the load of the day after is the first that sees all of it: k + 1 days. Rows never lie under a day more than
 * `pastDays` before the one they were received on (lib/collect), so no lookback needs more than `pastDays` + 1.
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

/** What a person needs to know of it, a sentence or two each. */
export function lookbackNotes(lookback: Lookback): string[] {
  const { days, basis, rows, receivedBy, withinAMinute, withinAnHour, underAnotherDay, mostDaysLate } =
    lookback;
  if (basis === 'bound') {
    return [
      `Lookback: ${dayCount(days)}, counted back from the day of the load. That is the most that any row needs: by timeWindow.pastDays none lies under a day more than ${dayCount(mostDaysLate)} before it was received, and the load after that is the first that sees it.`,
    ];
  }
  const late = days - 1;
  const shares = receivedBy
    .slice(0, days)
    .map(
      (part, i) => `${percent(part)} ${i === 0 ? 'on their own day' : `${dayCount(i)} later at the latest`}`,
    );
  return [
    `Lookback: ${dayCount(days)}, counted back from the day of the load. Of ${count(rows)} rows were received: ${shares.join(', ')}. So ${late === 0 ? 'nothing is waited for' : `${dayCount(late)} are waited for, to have ${percent(REACH)} of them`}, and one more since what comes until midnight is first seen by the load after it. No row needs more than ${dayCount(mostDaysLate + 1)} (timeWindow.pastDays and one).`,
    `Of all rows ${percent(withinAMinute ?? 0)} were received within a minute of the event, ${percent(withinAnHour ?? 0)} within an hour.`,
    ...(basis === 'recent'
      ? [
          `Fewer than ${count(ENOUGH_ROWS)} rows are of days older than ${dayCount(mostDaysLate)}, to which nothing can be added any more: the figure may grow. Ask again in ${dayCount(mostDaysLate + 1)}.`,
        ]
      : []),
    ...(underAnotherDay > 0
      ? [
          `${count(underAnotherDay)} rows were older than ${dayCount(mostDaysLate)} when they came (or ahead of their time) and lie under the day they were received on: a load by days meets them there, with a timestamp outside of what it loads. Only a full reload counts them.`,
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

/** Rounded down, so that 100 % is said of all only. */
function percent(part: number): string {
  return `${Math.floor(part * 10_000 + 1e-9) / 100} %`;
}

function count(rows: number): string {
  return rows.toLocaleString('en-US');
}

/** How long the query may take: it reads three columns and the events' identities of some forty days. */
const DEADLINE_MS = 120_000;

/** How late rows came, and what it cost to ask; or why it can't be told. */
export type LatenessAnswer =
  | { readonly seen: readonly Lateness[]; readonly scannedBytes: number }
  | { readonly failed: string };

/** Asks Athena how late rows came. What keeps it from answering is no error: a form can be filled in without. */
export async function measureLateness(
  where: DeploymentPlace,
  { outputs }: Deployment,
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
