import { addDays, DAY_MS, isoTimestamp, utcDay } from '../../../lib/base/time.ts';
import { firstYoungDay } from '../../../lib/curate/curateDays.ts';
import type { Config } from '../../../lib/schema/config.ts';
import type { ForwardedKind } from '../../../lib/schema/kinds.ts';
import { productionOnly, qualifiedName } from '../../../lib/views/View.ts';
import { SDK_EVENTS } from '../../../lib/wire/readEvent.ts';
import { askAthena, type Deployment } from '../../deployment.ts';
import { readTime, timestampText } from './tracedRows.ts';

/**
 * What is compared: names of events, of experiments, groups of an experiment; events of an SDK without `user_id`, and by their
 * environment; units of an experiment that saw several groups.
 */
export type ComparedPart = 'event' | 'experiment' | 'group' | 'unit' | 'environment' | 'crossover';

/** How what came within 24 hours differs from each of some days before. */
export interface ContentChange {
  /** What is compared. */
  readonly what: ComparedPart;
  /**
   * `missing`: a value that each of these days had came no more, although others did. `names`: many more names came than on any of them.
   * `more`: a value has a far larger share of what somebody sent.
   */
  readonly kind: 'missing' | 'names' | 'more';
  /** What it is of: the experiment, or the type of the SDK; empty of names of events and experiments. */
  readonly subject: string;
  /** The value: a name, the ID of a group, an environment. Of `names` one of the new names. */
  readonly value: string;
  /** Name of the group; null of all else, and while it is not known. */
  readonly label: string | null;
  /** Type and version of the SDK that sent it; null where it is not told by sender. */
  readonly sdk: string | null;
  /** Rows, or units of `crossover`, within 24 hours: of `more` those of the sender with the value, of `names` those with a new name, of `missing` 0. */
  readonly count: number;
  /** What `count` is of: of `more` all of the sender, of `names` the names that came, of `missing` the fewest rows of a day before. */
  readonly of: number;
  /** Of `more` the largest share of a day before, from 0 to 1; of `names` the most names of a day before; of `missing` 0. */
  readonly usual: number;
  /** Number of days before that are known. */
  readonly days: number;
  /**
   * When it began, ISO 8601: of `more` the first row of the first hour with such a share, or of `crossover` the first second group of a
   * unit; of `names` the first new name. Of `missing`
   * when the last was received, if since yesterday; else the day after the last day that is known to have some.
   */
  readonly since: string;
}

/** The changes of 24 hours. */
export interface ContentChanges {
  /** What is missing comes first, that of the most rows before. */
  readonly changes: readonly ContentChange[];
  /** Bytes that Athena read. */
  readonly scannedBytes: number;
}

/**
 * Days that are compared at most, of names and of what is read by its unit: those columns are large. One more than are needed, because
 * the newest is curated some time after midnight.
 */
const COMPARED_DAYS = { names: 7, units: 4 } as const;
/** Fewest days that show what comes each day. */
const FEWEST_DAYS = 3;
/** Rows that are expected by the shares of days before, or that are above them: fewer may be chance. */
const EXPECTED = 10;
/** A share is another if it is so many times the largest of a day before, or larger by so much. */
const MORE = { times: 3, share: 0.15 } as const;
/** Names within 24 hours that are many, and how many times the most of a day before. */
const MANY_NAMES = { least: 50, times: 3 } as const;
/** Changes that are read of each kind and part: the configured lists may leave out most names, which is judged later. */
const MOST_CHANGES = 100;

/** The value of each part of which a larger share says nothing. */
const USUAL = { unit: 'some', environment: 'production', crossover: 'one' } as const;

type Tables = Pick<Config, 'database' | 'tables' | 'curatedTables' | 'curateAfter'>;

/**
 * How the content of 24 hours differs from that of the last curated days: names and groups that stay away, names that are too many, and
 * shares that have grown. One query, whose large columns are those of units. Curated files are sorted by name, so that little of
 * them is read for names.
 *
 * @throws ObserveError; what Athena's client throws.
 */
export async function readContentChanges(deployment: Deployment): Promise<ContentChanges> {
  const { config, now } = deployment;
  const { rows, scannedBytes } = await askAthena(deployment, contentChangesSql(config, now));
  const changes = rows.map((row): ContentChange => {
    const { what, kind, subject, value, label, sdk, newest, since } = row;
    return {
      what: what as ComparedPart,
      kind: kind as ContentChange['kind'],
      subject: subject ?? '',
      value: value ?? '',
      label: label ?? null,
      sdk: sdk || null,
      count: Number(row['count']),
      of: Number(row['whole']),
      usual: Number(row['usual']),
      days: Number(row['days']),
      since: since == null ? addDays(newest ?? utcDay(now), 1) : isoTimestamp(readTime(since)),
    };
  });
  return { changes, scannedBytes };
}

/** The query of {@link readContentChanges}. */
export function contentChangesSql(config: Tables, now: number): string {
  const of = 'PARTITION BY "what", "subject"';
  const unusual = Object.entries(USUAL).map(
    ([what, value]) => `"what" = '${what}' AND "value" <> '${value}'`,
  );
  const isMore = `(${unusual.join(' OR ')})`;
  const isCounted = `"day" IS NOT NULL OR "received_at" >= ${timestampText(now - DAY_MS)}`;
  return `WITH "seen" AS (
  SELECT "what", "subject", "value", max("label") AS "label", "sdk", "day", "hour", count_if(${isCounted}) AS "n",
    min(CASE WHEN ${isCounted} THEN "received_at" END) AS "first_at", max("received_at") AS "last_at"
  FROM (
  ${branchesOf(config, now).join('\n  UNION ALL\n  ')}
  ) AS "rows"
  GROUP BY "what", "subject", "value", "sdk", "day", "hour"
), "shared" AS (
  SELECT *,
    sum("n") OVER (${of}, "value", "sdk", "day") AS "own", sum("n") OVER (${of}, "sdk", "day") AS "own_all",
    sum("n") OVER (${of}, "value", "day") AS "part", sum("n") OVER (${of}, "day") AS "whole",
    CAST("n" AS double) / nullif(sum("n") OVER (${of}, "sdk", "day", "hour"), 0) AS "hour_share",
    sum(CASE WHEN "n" > 0 THEN 1 ELSE 0 END) OVER (${of}, "day") AS "names",
    dense_rank() OVER (${of} ORDER BY "day") AS "place"
  FROM "seen"
), "compared" AS (
  SELECT *,
    max(CASE WHEN "day" IS NOT NULL THEN "place" END) OVER (${of}) AS "known",
    count("day") OVER (${of}, "value") AS "days",
    count("day") OVER (${of}, "sdk") AS "sdk_days",
    min(CASE WHEN "day" IS NOT NULL THEN "part" END) OVER (${of}, "value") AS "least",
    min(CASE WHEN "day" IS NOT NULL THEN CAST("part" AS double) / "whole" END) OVER (${of}, "value") AS "least_share",
    coalesce(max(CASE WHEN "day" IS NOT NULL THEN CAST("part" AS double) / "whole" END) OVER (${of}, "value"), 0) AS "most_share",
    coalesce(max(CASE WHEN "day" IS NOT NULL THEN CAST("own" AS double) / "own_all" END) OVER (${of}, "value", "sdk"), 0) AS "own_most",
    max(CASE WHEN "day" IS NOT NULL THEN "names" END) OVER (${of}) AS "most_names",
    max(CASE WHEN "day" IS NULL THEN "whole" ELSE 0 END) OVER (${of}) AS "now_whole",
    max(CASE WHEN "day" IS NULL THEN "part" ELSE 0 END) OVER (${of}, "value") AS "now_part",
    max(CASE WHEN "day" IS NULL THEN "last_at" END) OVER (${of}, "value") AS "last_seen"
  FROM "shared"
), "usual" AS (
  SELECT *, CASE WHEN "sdk_days" > 0 THEN "own_most" ELSE "most_share" END AS "usual_share" FROM "compared" WHERE "known" >= ${FEWEST_DAYS}
), "told" AS (
  SELECT *, CASE
    WHEN "what" IN ('event', 'experiment', 'group') AND "day" IS NOT NULL AND "place" = "known" AND "days" = "known"
      AND "now_part" = 0 AND "least_share" * "now_whole" >= ${EXPECTED} THEN 'missing'
    WHEN "what" IN ('event', 'experiment') AND "day" IS NULL AND "days" = 0 AND "n" > 0
      AND "names" >= ${MANY_NAMES.least} AND "names" >= ${MANY_NAMES.times} * "most_names" THEN 'names'
    WHEN ${isMore} AND "day" IS NULL AND "own" - "usual_share" * "own_all" >= ${EXPECTED}
      AND ("own" >= ${MORE.times} * "usual_share" * "own_all" OR "own" - "usual_share" * "own_all" >= ${MORE.share} * "own_all")
      AND "part" - "most_share" * "whole" >= ${EXPECTED} THEN 'more'
  END AS "kind"
  FROM "usual"
), "grouped" AS (
SELECT "what", "kind", "subject", min("value") AS "value", max("label") AS "label", "sdk",
  CASE "kind" WHEN 'more' THEN max("own") WHEN 'names' THEN sum("n") ELSE 0 END AS "count",
  CASE "kind" WHEN 'more' THEN max("own_all") WHEN 'names' THEN max("names") ELSE max("least") END AS "whole",
  CASE "kind" WHEN 'more' THEN max("usual_share") WHEN 'names' THEN max("most_names") ELSE 0 END AS "usual",
  max("known") AS "days", CAST(max("day") AS varchar) AS "newest",
  CAST(CASE "kind"
    WHEN 'more' THEN min(CASE WHEN "hour_share" * 2 >= "usual_share" + CAST("own" AS double) / "own_all" THEN "first_at" END)
    WHEN 'names' THEN min("first_at") ELSE max("last_seen")
  END AS varchar) AS "since"
FROM "told" WHERE "kind" IS NOT NULL
GROUP BY "what", "kind", "subject", CASE WHEN "kind" = 'names' THEN '' ELSE "value" END, "sdk"
)
SELECT * FROM (
  SELECT *, row_number() OVER (PARTITION BY "what", "kind" ORDER BY "whole" DESC, "value", "sdk") AS "place" FROM "grouped"
) AS "ordered" WHERE "place" <= ${MOST_CHANGES}
ORDER BY "kind", "whole" DESC, "value", "sdk"`;
}

/** What a branch of the query selects. All is SQL. */
interface Branch {
  /** What is compared; a word. */
  readonly what: ComparedPart;
  /** The tables; a word. */
  readonly kind: ForwardedKind;
  /** What it is of. */
  readonly subject: string;
  /** The value. */
  readonly value: string;
  /** The name that a person knows the value by. Default none. */
  readonly label?: string;
  /** Whether it is told by SDK and hour. Default false. */
  readonly isBySender?: boolean;
  /** The rows that count. */
  readonly where: string;
}

const NO_TEXT = 'CAST(NULL AS varchar)';
const NO_TIME = 'CAST(NULL AS timestamp)';
const NO_DAY = 'CAST(NULL AS date)';
/** What views show of experiments. */
const IS_EXPERIMENT = `"is_assignment" AND "exposure_type" <> 'gate' AND ${productionOnly}`;

/** What is compared, but crossovers. */
const BRANCHES: readonly Branch[] = [
  {
    what: 'event',
    kind: 'events',
    subject: "''",
    value: '"event_name"',
    where: `"event_name" NOT LIKE '${SDK_EVENTS}%'`,
  },
  {
    what: 'experiment',
    kind: 'exposures',
    subject: "''",
    value: '"experiment_id"',
    where: IS_EXPERIMENT,
  },
  {
    what: 'group',
    kind: 'exposures',
    subject: '"experiment_id"',
    value: '"group_id"',
    label: '"group_name"',
    where: IS_EXPERIMENT,
  },
  {
    what: 'environment',
    kind: 'events',
    subject: '"sdk_type"',
    value: '"environment"',
    isBySender: true,
    where: '"sdk_type" IS NOT NULL',
  },
  {
    what: 'unit',
    kind: 'events',
    subject: '"sdk_type"',
    value: `CASE WHEN "user_id" IS NULL THEN 'none' ELSE '${USUAL.unit}' END`,
    isBySender: true,
    where: '"sdk_type" IS NOT NULL',
  },
];

/** The rows that are compared: those of curated days with their `day`, those of the last days with their `received_at`. */
function branchesOf(config: Tables, now: number): readonly string[] {
  const today = utcDay(now);
  const last = addDays(firstYoungDay(config, now), -1);
  const isRecent = `"received_at" >= ${timestampText(now - DAY_MS)}`;
  const curated = (kind: ForwardedKind, days: number) =>
    `${qualifiedName(config, config.curatedTables[kind])} WHERE "ds" BETWEEN DATE '${addDays(last, 1 - days)}' AND DATE '${last}'`;
  const raw = (kind: ForwardedKind) =>
    `${qualifiedName(config, config.tables[kind])} WHERE "ds" BETWEEN DATE '${addDays(today, -1)}' AND DATE '${addDays(today, 1)}'`;
  const ofDay = `"ds" AS "day", ${NO_TIME} AS "hour", ${NO_TIME} AS "received_at"`;
  const parts = BRANCHES.flatMap(
    ({ what, kind, subject, value, label = NO_TEXT, isBySender = false, where }) => {
      const sdk = isBySender ? `concat_ws(' ', "sdk_type", "sdk_version")` : NO_TEXT;
      const named = `SELECT '${what}' AS "what", ${subject} AS "subject", ${value} AS "value", ${label} AS "label", ${sdk} AS "sdk"`;
      const hour = isBySender ? `date_trunc('hour', "received_at")` : NO_TIME;
      // Of a name that stays away the last row says since when, also if it was received before.
      const whereRecent = isBySender ? `${where} AND ${isRecent}` : where;
      const days = isBySender ? COMPARED_DAYS.units : COMPARED_DAYS.names;
      return [
        `${named}, ${ofDay} FROM ${curated(kind, days)} AND ${where}`,
        `${named}, ${NO_DAY} AS "day", ${hour} AS "hour", "received_at" FROM ${raw(kind)} AND ${whereRecent}`,
      ];
    },
  );
  const before = unitsOf(curated('exposures', COMPARED_DAYS.units), '"ds"');
  const recent = unitsOf(`${raw('exposures')} AND ${isRecent}`, NO_DAY);
  const crossed = `SELECT 'crossover' AS "what", "experiment_id" AS "subject", CASE WHEN "one" = "other" THEN '${USUAL.crossover}' ELSE 'several' END AS "value", ${NO_TEXT} AS "label", ${NO_TEXT} AS "sdk"`;
  return [
    ...parts,
    `${crossed}, "day", ${NO_TIME} AS "hour", ${NO_TIME} AS "received_at" FROM ${before}`,
    `${crossed}, "day", ${NO_TIME} AS "hour", "second_at" AS "received_at" FROM ${recent}`,
  ];
}

/**
 * The first and the last group of each unit of an experiment by their IDs, and when it saw the last of its groups first.
 *
 * @param from A table with conditions.
 * @param day SQL of the day.
 */
function unitsOf(from: string, day: string): string {
  const unit = 'coalesce("user_id", "stable_id")';
  return `(
    SELECT "experiment_id", "unit", "day", min("group_id") AS "one", max("group_id") AS "other", max("group_at") AS "second_at"
    FROM (
      SELECT "experiment_id", ${unit} AS "unit", ${day} AS "day", "group_id", min("received_at") AS "group_at"
      FROM ${from} AND ${IS_EXPERIMENT} AND ${unit} IS NOT NULL
      GROUP BY ${['"experiment_id"', unit, '"group_id"', day].filter((column) => column !== NO_DAY).join(', ')}
    ) AS "placed"
    GROUP BY "experiment_id", "unit", "day"
  ) AS "units"`;
}
