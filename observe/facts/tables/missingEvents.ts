import { addDays, DAY_MS, isoTimestamp, utcDay } from '../../../lib/base/time.ts';
import type { Config } from '../../../lib/schema/config.ts';
import { qualifiedName } from '../../../lib/views/View.ts';
import { SDK_EVENTS } from '../../../lib/wire/readEvent.ts';
import { askAthena, type Deployment } from '../../deployment.ts';
import { readTime, timestampText } from './tracedRows.ts';

/** A name of events that came each day and stays away. */
export interface MissingEvent {
  /** The name as it was sent. */
  readonly name: string;
  /** The fewest events of a day before. */
  readonly least: number;
  /** Number of days before that are known: each had some. */
  readonly days: number;
  /** When the last was received, ISO 8601, if since yesterday; else the day after the last day that is known to have some. */
  readonly since: string;
}

/** Names that stay away. */
export interface MissingEvents {
  /** Those with the most events before first. */
  readonly names: readonly MissingEvent[];
  /** Bytes that Athena read. */
  readonly scannedBytes: number;
}

/** Curated days that are compared at most. */
const COMPARED_DAYS = 7;
/** Fewest days that show what comes each day. */
const FEWEST_DAYS = 3;
/** Events of a name that are expected, by its least share, of so many as came: none came by no chance. */
const EXPECTED = 10;
/** Names that are read: the configured lists may leave out most of them, which is judged later. */
const MOST_NAMES = 500;

/**
 * Names of events that came on each of the last curated days, and not within 24 hours, although others did. Curated files are sorted by
 * name, so that little of them is read.
 *
 * @throws ObserveError; what Athena's client throws.
 */
export async function readMissingEvents(deployment: Deployment): Promise<MissingEvents> {
  const { config, now } = deployment;
  const { rows, scannedBytes } = await askAthena(deployment, missingEventsSql(config, now));
  const names = rows.map((row): MissingEvent => {
    const { name, least, days, newest, last_at: last } = row;
    const since = last == null ? addDays(newest ?? utcDay(now), 1) : isoTimestamp(readTime(last));
    return { name: name ?? '', least: Number(least), days: Number(days), since };
  });
  return { names, scannedBytes };
}

/** The query of {@link readMissingEvents}. */
export function missingEventsSql(
  config: Pick<Config, 'database' | 'tables' | 'curatedTables' | 'curateAfter'>,
  now: number,
): string {
  const today = utcDay(now);
  const last = addDays(today, -config.curateAfter);
  return `WITH "known" AS (
  SELECT "event_name" AS "name", "ds" AS "day", count(*) AS "n"
  FROM ${qualifiedName(config, config.curatedTables.events)}
  WHERE "ds" BETWEEN DATE '${addDays(last, 1 - COMPARED_DAYS)}' AND DATE '${last}' AND "event_name" NOT LIKE '${SDK_EVENTS}%'
  GROUP BY 1, 2
), "shared" AS (
  SELECT "name", "day", "n", CAST("n" AS double) / sum("n") OVER (PARTITION BY "day") AS "share" FROM "known"
), "now" AS (
  SELECT "event_name" AS "name", count_if("received_at" >= ${timestampText(now - DAY_MS)}) AS "n", max("received_at") AS "last_at"
  FROM ${qualifiedName(config, config.tables.events)}
  WHERE "ds" BETWEEN DATE '${addDays(today, -1)}' AND DATE '${addDays(today, 1)}' AND "event_name" NOT LIKE '${SDK_EVENTS}%'
  GROUP BY 1
)
SELECT "shared"."name" AS "name", min("shared"."n") AS "least", count(*) AS "days",
  CAST(max("shared"."day") AS varchar) AS "newest", CAST(max("now"."last_at") AS varchar) AS "last_at"
FROM "shared" LEFT JOIN "now" ON "now"."name" = "shared"."name"
WHERE coalesce("now"."n", 0) = 0
GROUP BY "shared"."name"
HAVING count(*) >= ${FEWEST_DAYS} AND count(*) = (SELECT count(DISTINCT "day") FROM "known")
  AND min("shared"."share") * (SELECT coalesce(sum("n"), 0) FROM "now") >= ${EXPECTED}
ORDER BY 2 DESC, 1
LIMIT ${MOST_NAMES}`;
}
