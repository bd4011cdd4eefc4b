import { qualifiedName } from '../../../lib/base/sql.ts';
import { NEW_TEXT_FORM } from '../../../lib/base/textForms.ts';
import { addDays, DAY_MS, type UtcDay, utcDay } from '../../../lib/base/time.ts';
import { firstYoungDay } from '../../../lib/curate/youngDays.ts';
import type { Config } from '../../../lib/schema/config.ts';
import type { ForwardedKind } from '../../../lib/schema/kinds.ts';
import { GROUPS_TABLE } from '../../../lib/tables/groupsTable.ts';
import {
  areUsersHashed,
  eachIdForm,
  eachUsualKey,
  metadataRows,
  newHashesSql,
  numberSql,
} from './contentNumbers.ts';
import {
  awayColumnPart,
  BETWEEN,
  COMPARED_DAYS,
  earlierPart,
  FEWEST_DAYS,
  type From,
  ID_FORMS,
  IS_EXPERIMENT,
  IS_OF_ID,
  METADATA_PARTS,
  NO_DAY,
  NO_EXPERIMENT,
  NO_NUMBER,
  NO_TEXT,
  NO_TIME,
  ONE,
  ofCuratedDays,
  PART,
  PARTS,
  type Part,
  type Parts,
  PRESENT,
  UNIT_COLUMN,
  UNITS,
  USUAL,
  unitColumnPart,
  unitIdPart,
  withEarlier,
  withLateness,
} from './contentParts.ts';
import { timestampText } from './tracedRows.ts';

/** Days before today of whose receipt raw rows are read: as a rule those that are not curated, so that the last row of a name is known. */
export const RAW_DAYS = 2;
/** The most days of `timeWindow` before and after the days of receipt whose folders are read: of each file there the times of receipt are read. */
const MOST_WINDOW_DAYS = 14;
/** Days before today of whose folders rows are compared. */
export const READ_DAYS = RAW_DAYS + MOST_WINDOW_DAYS;
/** The fewest rows that are missed, or that are more than the shares of the days before let expect: fewer may be chance. */
const EXPECTED = 10;
/**
 * Names that still come are told as less if they are fewer than a third of the fewest of a day before, and as more if they are thrice the most:
 * both by their number, and by what it is to the number of all others.
 */
const TIMES = 3;
/**
 * A share of more than a third cannot be thrice as large. So a name is also told if its number is `times` the most of a day before, and
 * grew `faster` times as much as that of all others: at a launch, all grow alike.
 */
const MANY = { times: 5, faster: 2 } as const;
/** A share is told if it is `times` the largest of a day before, or larger by `share`. */
const MORE = { times: 3, share: 0.15 } as const;
/** A form of user IDs, or one time of many events, is told if its share was below `before` and is at least `now`: that of some senders always moves a little. */
const JUMP = { before: 0.05, now: 0.25 } as const;
/**
 * How many events of one time that is not the present one are no chance, as phones that were offline each have their own: `now` within 24 hours,
 * and `share` of what their sender sent. As many as `before` on a day before show that it is usual.
 */
const ONE_TIME = { now: 10, share: 0.001, before: 2 } as const;
/**
 * Times of another zone are told of an SDK of which on each day before at least the share `present` came at once, and of which at most
 * the share `between` of their number lies between: those of a queue do that grows late. They are of `users` and came in as many `hours`, as
 * a phone that was offline sends what it has at once.
 */
const OTHER_ZONE = { present: 0.9, between: 0.1, users: 3, hours: 3 } as const;
/** Fewest different IDs or e-mail addresses of a form that are no single user, tenant, or address of a link. */
const DIFFERENT = 10;
/**
 * New IDs are told if they are `times` as many as different ones came on any day before, by their number and by that of the events that have
 * one, and if at least the share `share` of these has one of its own, while they are at most `events` as many: more visitors log more events,
 * also those of a campaign, who leave again, beside those who come each day.
 */
const MANY_IDS = { times: 3, share: 0.8, events: 1.5 } as const;
/** An experiment that one SDK does not send is told while another one sends this part of the fewest of its days, or more. */
const OTHERS = '0.5e0';
/** Names are told as many if they are `least` within 24 hours, and `times` the most of a day before. */
const MANY_NAMES = { least: 50, times: 3 } as const;
/** The kind of a row of the query that tells events from before `timeWindow`. */
export const EARLIER = 'earlier';
/** SQL of whether a row is of the column of a unit ID: who has it in `custom_ids` alone is told, however few they are of all. */
const IS_OF_COLUMN = `${PART} = 'unitColumn'`;
/** Changes that are read of each kind and part: the configured lists may leave out most names, which is judged later. */
const MOST_CHANGES = 100;

/** The configuration that the queries are made of. */
type ContentConfig = Pick<
  Config,
  'database' | 'tables' | 'curatedTables' | 'curateAfter' | 'timeWindow' | 'unitIds' | 'privacy'
>;

/**
 * The query of the changes of a table: names and groups that stay away or become rare, names that are too many, and shares that have grown.
 * It scans the table at most four times.
 *
 * @param now Epoch milliseconds.
 */
export function contentChangesSql(config: ContentConfig, table: ForwardedKind, now: number): string {
  return comparisonSql(rowsOf(config, table, now), now);
}

/** The query of the changes of the metadata of events: how large they are, which forms their texts have, and whether events come again at once. @param now Epoch milliseconds. */
export function metadataChangesSql(config: ContentConfig, now: number): string {
  const { curated, before, raw } = rangesOf(config, 'events', now);
  const ofDays = `"ds" AS "day", date_trunc('hour', "timestamp") AS "hour", ${NO_TIME} AS "received_at"`;
  const scans = [
    scanOf(METADATA_PARTS, ofDays, { table: metadataRows(before(COMPARED_DAYS.units)), where: 'true' }),
    scanOf(METADATA_PARTS, OF_HOUR, { table: metadataRows(raw), where: 'true' }),
  ];
  const firstReceived = Date.parse(addDays(utcDay(now), -RAW_DAYS));
  const ranges = { curated: curated(COMPARED_DAYS.units), raw };
  return comparisonSql(scans, now, {
    eachOf: (from) => eachUsualKey(`(${eachIdForm(from)}) AS "formed"`),
    beside: areUsersHashed(config) ? newHashesSql(ranges, firstReceived, now) : undefined,
  });
}

/** What a comparison has besides its usual steps. Both are SQL. */
interface MoreSteps {
  /** A step that makes several rows of one, after `counted`. */
  readonly eachOf?: (from: string) => string;
  /** Rows with the columns of `grouped` that are told beside its own. */
  readonly beside?: string | undefined;
}

/** SQL of the partition of rows of one subject of what is compared. */
const OF = 'PARTITION BY "what", "subject"';
/** SQL of the partition of rows of one sender and day. */
const OF_SENDER = 'PARTITION BY "what", "subject", "sdk", "day"';
/** SQL of whether a row is of names that are told of one SDK. */
const IS_OF_ONE_SDK = `"what" IN ('sdkEvent', 'sdkExperiment')`;
/** SQL of rows without those that have a number. Of names these are from before the time window: a history that is sent is no growth. */
const fresh = (rows: string, numbers: string) => `("${rows}" - "${numbers}")`;
const FRESH_PART = fresh('part', 'day_numbers');

/**
 * The query that compares the rows of scans. Each step adds columns: `counted` and `seen` count rows by value, sender and hour, `shared` and
 * `compared` have the shares of days and of 24 hours, `told` has the kind of each change, and `grouped` one row a change.
 *
 * @param scans Of {@link scanOf}.
 * @param now Epoch milliseconds.
 * @param more Default none.
 */
function comparisonSql(scans: readonly string[], now: number, { eachOf, beside }: MoreSteps = {}): string {
  const each = eachOf === undefined ? '' : `, "each" AS (\n  ${eachOf('"counted"')}\n)`;
  const andBeside = beside === undefined ? '' : ` UNION ALL ${beside}`;
  return `WITH "counted" AS (${countedSql(scans, now)}
)${each}, "timed" AS (${timedSql(eachOf === undefined ? 'counted' : 'each')}
), "seen" AS (${SEEN}
), "shared" AS (${SHARED}
), "compared" AS (${COMPARED}
), "usual" AS (${usualSql(now)}
), "differing" AS (
  SELECT *, ${numberSql.differs}
  FROM "usual"
), "told" AS (${toldSql()}
), "grouped" AS (${GROUPED}
)
SELECT * FROM (
  SELECT *, CAST("newest_day" AS varchar) AS "newest", CAST("fell_day" AS varchar) AS "fell", CAST("since_at" AS varchar) AS "since",
    row_number() OVER (PARTITION BY ${PART}, "kind" ORDER BY "whole" DESC, "value", "sdk") AS "place"
  FROM (SELECT * FROM "grouped"${andBeside}) AS "all_told"
) AS "ordered" WHERE "place" <= ${MOST_CHANGES}
ORDER BY "kind", "whole" DESC, "value", "sdk", "what"`;
}

/** Counts rows by value, sender, day and hour. @param now Epoch milliseconds. */
function countedSql(scans: readonly string[], now: number): string {
  const isCounted = `"day" IS NOT NULL OR "received_at" >= ${timestampText(now - DAY_MS)}`;
  // A name that several SDKs sent has none of them as label.
  const label = `CASE WHEN "what" <> 'event' OR min("label") = max("label") THEN max("label") END`;
  return `
  SELECT "what", "subject", "value", ${label} AS "label", "sdk", "sign", "day", "hour", count_if(${isCounted}) AS "n", count(*) AS "all",
    ${numberSql.counted(isCounted)},
    min(CASE WHEN ${isCounted} THEN "received_at" END) AS "first_at", max("received_at") AS "last_at"
  FROM (
  ${scans.join('\n  UNION ALL\n  ')}
  ) AS "rows"
  GROUP BY "what", "subject", "value", "sdk", "sign", "day", "hour", CASE WHEN "what" IN ('time', 'key') OR ${IS_OF_ID} THEN "label" END`;
}

/** Takes a time that few events have for the present one, and marks the first row of each sign. @param from Name of the step before. */
function timedSql(from: string): string {
  const leastOfTime = `CASE WHEN "day" IS NOT NULL THEN ${ONE_TIME.before} ELSE greatest(${ONE_TIME.now}, ${ONE_TIME.share} * sum("n") OVER (${OF_SENDER})) END`;
  return `
  SELECT *, CASE WHEN "value" = '${ONE}' AND sum("n") OVER (${OF_SENDER}, "value", "label") < ${leastOfTime} THEN '${PRESENT}' ELSE "value" END AS "form",
    CASE WHEN "sign" IS NOT NULL AND "n" > 0 AND row_number() OVER (${OF_SENDER}, "value", "sign", "n" > 0 ORDER BY "hour") = 1 THEN 1 ELSE 0 END AS "differs"
  FROM "${from}"`;
}

/** Counts them again by the form of their value. */
const SEEN = `
  SELECT "what", "subject", "form" AS "value", max("label") AS "label", "sdk", "day", "hour", sum("n") AS "n", sum("all") AS "all", sum("differs") AS "differs",
    ${numberSql.seen}, min("first_at") AS "first_at", max("last_at") AS "last_at"
  FROM "timed"
  GROUP BY "what", "subject", "form", "sdk", "day", "hour", CASE WHEN "form" = '${ONE}' THEN "label" END`;

/** Sums them by day: `own` of the value and sender, `part` of the value, `whole` of all; `own_all` all of the sender. */
const SHARED = `
  SELECT *,
    sum("n") OVER (${OF}, "value", "sdk", "day") AS "own", sum("n") OVER (${OF}, "sdk", "day") AS "own_all",
    sum("n") OVER (${OF}, "value", "day") AS "part", sum("n") OVER (${OF}, "day") AS "whole",
    sum("all") OVER (${OF}, "value", "day" ORDER BY "hour") AS "until_hour",
    sum("n") OVER (${OF}, "value", "sdk", "day", "label") AS "label_n",
    sum("differs") OVER (${OF}, "value", "sdk", "day") AS "different", count(CASE WHEN "n" > 0 THEN 1 END) OVER (${OF}, "value", "sdk", "day") AS "own_hours",
    1e0 * sum(${fresh('n', 'numbers')}) OVER (${OF}, "value", "sdk", "day", "hour") / nullif(sum(${fresh('n', 'numbers')}) OVER (${OF}, "sdk", "day", "hour"), 0) AS "hour_share",
    sum("numbers") OVER (${OF}, "sdk", "day") AS "all_numbers",
    sum(CASE WHEN "value" = '${BETWEEN}' THEN "n" ELSE 0 END) OVER (${OF}, "sdk", "day") AS "between",
    row_number() OVER (${OF}, "value", "day" ORDER BY "hour") AS "nth",
    dense_rank() OVER (${OF} ORDER BY "day") AS "place",
    ${numberSql.shared}
  FROM "seen"`;

/** Has beside each row what the days before had of it, and what the last 24 hours have. */
const COMPARED = `
  SELECT *,
    max(CASE WHEN "day" IS NOT NULL THEN "place" END) OVER (${OF}) AS "known",
    max("day") OVER (${OF}) AS "newest",
    count("day") OVER (${OF}, "value") AS "days",
    count("day") OVER (${OF}, "sdk") AS "sdk_days",
    sum(CASE WHEN "nth" = 1 AND "part" > 0 THEN 1 ELSE 0 END) OVER (${OF}, "day") AS "names",
    min(CASE WHEN "day" IS NOT NULL THEN "part" END) OVER (${OF}, "value") AS "least",
    max(CASE WHEN "day" IS NOT NULL THEN "part" END) OVER (${OF}, "value") AS "most",
    min(CASE WHEN "day" IS NOT NULL THEN 1e0 * "part" / "whole" END) OVER (${OF}, "value") AS "least_share",
    coalesce(max(CASE WHEN "day" IS NOT NULL THEN 1e0 * "part" / "whole" END) OVER (${OF}, "value"), 0) AS "most_share",
    coalesce(max(CASE WHEN "day" IS NOT NULL THEN 1e0 * "own" / "own_all" END) OVER (${OF}, "value", "sdk"), 0) AS "own_most",
    min(CASE WHEN "day" IS NOT NULL AND "value" = '${PRESENT}' THEN 1e0 * "part" / "whole" END) OVER (${OF}) AS "present_share",
    max(CASE WHEN "day" IS NULL THEN "whole" ELSE 0 END) OVER (${OF}) AS "now_whole",
    max(CASE WHEN "day" IS NOT NULL THEN "whole" ELSE 0 END) OVER (${OF}) AS "most_whole",
    max(CASE WHEN "day" IS NULL THEN "part" ELSE 0 END) OVER (${OF}, "value") AS "now_part",
    max(CASE WHEN "day" IS NULL THEN "last_at" END) OVER (${OF}, "value") AS "last_seen",
    max(CASE WHEN "day" IS NULL THEN "label" END) OVER (${OF}, "value") AS "last_label",
    sum(CASE WHEN "day" IS NULL THEN "n" ELSE 0 END) OVER (PARTITION BY "what", "value") AS "now_value",
    ${numberSql.compared}
  FROM "shared"`;

/**
 * Has what is expected of each name, how far it is above the rate that is usual, and whether an SDK sends it as usual: what ends in all at
 * once, as an experiment does, goes with each at another hour of its day. Of subjects with too few days nothing. @param now Epoch milliseconds.
 */
function usualSql(now: number): string {
  const start = timestampText(Date.parse(addDays(utcDay(now), -RAW_DAYS)));
  // Above this rate it comes as usual: half between the fewest that are usual and the most that are told as less.
  const rate = `1e0 * "least" / ${(48 * TIMES) / (TIMES + 1)}`;
  // A history that is sent has many rows, and makes no name usual: no more are expected than on the fullest of the days before.
  const expected = '"least_share" * least("now_whole", "most_whole")';
  return `
  SELECT *, CASE WHEN "sdk_days" > 0 THEN "own_most" ELSE "most_share" END AS "usual_share",
    max(CASE WHEN "day" IS NOT NULL THEN "names" ELSE 0 END) OVER (${OF}) AS "most_names",
    ${expected} AS "expected",
    max(CASE WHEN "now_part" >= greatest(${EXPECTED}, ${OTHERS} * coalesce("least", 0)) THEN 1 ELSE 0 END) OVER (PARTITION BY "what", "value") AS "comes",
    CASE WHEN "day" IS NULL THEN "until_hour" - ${rate} * (1 + date_diff('hour', ${start}, "hour")) END AS "surplus",
    ${numberSql.usual}
  FROM "compared" WHERE "known" >= ${FEWEST_DAYS} OR "what" = 'age'`;
}

/** Has the kind of change that a row is; null of one that is as on the days before. */
function toldSql(): string {
  const unusual = Object.entries(USUAL).map(([what, value]) => {
    const isOf = `${what === 'unitId' ? PART : '"what"'} = '${what}'`;
    return value === null ? isOf : `${isOf} AND "value" <> '${value}'`;
  });
  return `
  SELECT *, CASE
    WHEN ${IS_OF_ONE_SDK} AND "now_value" - "now_part" < ${EXPECTED} THEN NULL
    WHEN "what" = 'sdkExperiment' AND ("value" = '${NO_EXPERIMENT}' OR "comes" = 0) THEN NULL
    WHEN (${IS_OF_ONE_SDK} OR "what" IN ('event', 'sdk', 'experiment', 'group')) AND "day" IS NOT NULL AND "place" = "known" AND "days" = "known"
      AND "expected" >= ${EXPECTED} AND ("now_part" = 0 OR "what" <> 'group' AND "expected" >= ${TIMES * EXPECTED}
        AND "now_part" * ${TIMES} * (1 - "least_share") < "least_share" * ("now_whole" - "now_part") AND "now_part" * ${TIMES} <= "least") THEN 'less'
    WHEN "what" IN ('event', 'sdk', 'experiment') AND "day" IS NULL AND "days" = "known" AND ${FRESH_PART} >= ${TIMES * EXPECTED}
      AND ${FRESH_PART} * (1 - "most_share") > ${TIMES} * "most_share" * (${fresh('whole', 'all_numbers')} - ${FRESH_PART}) AND ${FRESH_PART} >= ${TIMES} * "most" THEN 'more'
    WHEN "what" IN ('event', 'sdk') AND "day" IS NULL AND "days" = "known" AND ${FRESH_PART} >= ${TIMES * EXPECTED} AND ${FRESH_PART} >= ${MANY.times} * "most"
      AND ${FRESH_PART} * (1 - "most_share") > ${MANY.faster} * "most_share" * (${fresh('whole', 'all_numbers')} - ${FRESH_PART}) THEN 'many'
    WHEN "what" IN ('event', 'experiment') AND "day" IS NULL AND "days" = 0 AND "n" > 0
      AND "names" >= ${MANY_NAMES.least} AND "names" >= ${MANY_NAMES.times} * "most_names" THEN 'names'
    WHEN (${unusual.join(' OR ')}) AND "day" IS NULL AND "own" - "usual_share" * "own_all" >= ${EXPECTED}
      AND ("own" >= ${MORE.times} * "usual_share" * "own_all" OR "own" - "usual_share" * "own_all" >= ${MORE.share} * "own_all")
      AND "part" - "most_share" * "whole" >= ${EXPECTED} THEN 'more'
    WHEN (${PART} = 'idForm' AND "different" >= ${DIFFERENT} OR "what" = 'time') AND "day" IS NULL AND "value" <> '${PRESENT}' AND "own" >= ${EXPECTED} AND "usual_share" < ${JUMP.before}
      AND "own" >= ${JUMP.now} * "own_all" AND "part" - "most_share" * "whole" >= ${EXPECTED} THEN 'more'
    WHEN "what" = 'textForm' AND "day" IS NULL AND ("value" = 'mojibake' OR "value" = 'email' AND "different" >= ${DIFFERENT}) AND "own" >= ${NEW_TEXT_FORM.texts} AND "usual_share" < ${NEW_TEXT_FORM.before}
      AND "own" >= ${NEW_TEXT_FORM.now} * "own_all" AND "part" - "most_share" * "whole" >= ${NEW_TEXT_FORM.texts} THEN 'more'
    WHEN "what" = 'offset' AND "day" IS NULL AND "value" NOT IN ('${PRESENT}', '${BETWEEN}') AND "present_share" >= ${OTHER_ZONE.present}
      AND "different" >= ${OTHER_ZONE.users} AND "own_hours" >= ${OTHER_ZONE.hours}
      AND "own" >= ${EXPECTED} AND "own" >= ${JUMP.now} * "own_all" AND "usual_share" < ${JUMP.before} AND "between" <= ${OTHER_ZONE.between} * "own" THEN 'more'
    WHEN ${IS_OF_ID} AND "day" IS NULL AND "value" = '${ID_FORMS.new}' AND "part" - "most" >= ${TIMES * EXPECTED} AND "part" >= ${MANY_IDS.times} * "most"
      AND "part" >= ${MANY_IDS.share} * "whole" AND "part" >= ${MANY_IDS.times} * "most_share" * "whole" AND "whole" <= ${MANY_IDS.events} * "most_whole" THEN 'more'
    WHEN ${IS_OF_COLUMN} AND "day" IS NULL AND "value" = '${UNIT_COLUMN.away}' AND "part" >= ${EXPECTED} THEN 'more'
    WHEN ${numberSql.isOther} THEN 'other'
    WHEN "what" = 'age' AND "n" > 0 THEN '${EARLIER}'
  END AS "kind",
    max_by("hour", "surplus") OVER (${OF}, "value") AS "fell_at", max("surplus") OVER (${OF}, "value") AS "most_surplus"
  FROM "differing"`;
}

/** A curated day with less than this part of the largest share of a name is the one on which the name became less. */
const FELL_BELOW = '0.5e0';
/** SQL of a time that many events have: rows of each are counted whatever hour they came in; what is of no such time is one group. */
const OF_TIME = `CASE WHEN "what" = 'time' THEN "label" END`;
/** Makes one row of each change, with its numbers and since when it is so. */
const GROUPED = `
SELECT "what", "kind", "subject", min("value") AS "value", coalesce(max_by("label", CASE WHEN ${OF_TIME} IS NOT NULL THEN "label_n" END), max(CASE WHEN ${IS_OF_ONE_SDK} THEN "last_label" ELSE "label" END)) AS "label", "sdk",
  count(DISTINCT ${OF_TIME}) AS "times",
  CASE "kind" WHEN 'other' THEN ${numberSql.count} WHEN 'more' THEN max(${fresh('own', 'day_numbers')}) WHEN 'many' THEN max(${FRESH_PART}) WHEN '${EARLIER}' THEN sum("n") WHEN 'names' THEN sum("n") ELSE max("now_part") END AS "count",
  CASE "kind" WHEN 'other' THEN ${numberSql.whole} WHEN 'more' THEN max(${fresh('own_all', 'all_numbers')}) WHEN 'many' THEN max("whole") WHEN '${EARLIER}' THEN sum("n") WHEN 'names' THEN max("names") ELSE max("least") END AS "whole",
  CASE "kind" WHEN 'other' THEN ${numberSql.before} WHEN '${EARLIER}' THEN min("least_number") WHEN 'more' THEN max(CASE WHEN ${IS_OF_ID} THEN "most" ELSE "usual_share" END) WHEN 'many' THEN max("most") WHEN 'names' THEN max("most_names") ELSE 0 END AS "usual",
  CASE "kind" WHEN 'other' THEN ${numberSql.mean} WHEN '${EARLIER}' THEN max("most_number") ELSE 0 END AS "mean",
  CASE "kind" WHEN 'other' THEN max("mean_days") ELSE max("known") END AS "days", max("newest") AS "newest_day",
  max(CASE WHEN "kind" = 'less' AND ${FELL_BELOW} * "most_share" * "whole" > "part" THEN "newest" END) AS "fell_day",
  CASE
    WHEN ${IS_OF_COLUMN} THEN min("first_at")
    WHEN "kind" = 'more' THEN min(CASE WHEN "hour_share" * 2 >= "usual_share" + 1e0 * ${fresh('own', 'day_numbers')} / ${fresh('own_all', 'all_numbers')} THEN "first_at" END)
    WHEN "kind" = 'many' THEN min(CASE WHEN ${fresh('n', 'numbers')} * 48 >= "most" + ${FRESH_PART} THEN "first_at" END)
    WHEN "kind" IN ('names', 'other', '${EARLIER}') THEN min("first_at")
    WHEN max("now_part") = 0 THEN max("last_seen")
    WHEN max("most_surplus") > 0 THEN max("fell_at") + INTERVAL '1' HOUR
  END AS "since_at"
FROM "told" WHERE "kind" IS NOT NULL
GROUP BY "what", "kind", "subject", CASE WHEN "kind" = 'names' THEN '' ELSE "value" END, "sdk"`;

/** Day, hour and time of rows of curated days, and of those of the last days. */
const OF_DAY = `"ds" AS "day", ${NO_TIME} AS "hour", ${NO_TIME} AS "received_at"`;
const OF_HOUR = `${NO_DAY} AS "day", date_trunc('hour', "received_at") AS "hour", "received_at"`;

/** The rows that are read of the tables of a kind. */
interface Ranges {
  /** SQL of `BETWEEN` with the first and the last of so many curated days. */
  readonly between: (days: number) => string;
  /** The rows of so many curated days, the last ones. */
  readonly curated: (days: number) => From;
  /** Those of them that came before the 24 hours that are compared: late ones of today are not as days before are. */
  readonly before: (days: number) => From;
  /** The rows that were received on the last days. */
  readonly raw: From;
}

/** So many days that are curated as a rule, the last ones, both included. @param now Epoch milliseconds. */
export function comparedDays(
  config: Pick<Config, 'curateAfter'>,
  now: number,
  days: number,
): { readonly from: UtcDay; readonly to: UtcDay } {
  const to = addDays(firstYoungDay(config, now), -1);
  return { from: addDays(to, 1 - days), to };
}

/** The rows that are read of the tables of a kind. @param now Epoch milliseconds. */
function rangesOf(config: ContentConfig, kind: ForwardedKind, now: number): Ranges {
  const today = utcDay(now);
  const between = (days: number) => {
    const { from, to } = comparedDays(config, now, days);
    return `BETWEEN DATE '${from}' AND DATE '${to}'`;
  };
  const curated = (days: number): From => ({
    table: qualifiedName(config, config.curatedTables[kind]),
    where: `"ds" ${between(days)}`,
  });
  const before = (days: number): From => {
    const { table, where } = curated(days);
    return { table, where: `${where} AND "received_at" < ${timestampText(now - DAY_MS)}` };
  };
  const firstReceived = addDays(today, -RAW_DAYS);
  const windowDays = (days: number) => Math.min(days, MOST_WINDOW_DAYS);
  const { pastDays, futureDays } = config.timeWindow;
  const first = addDays(firstReceived, -windowDays(pastDays));
  // Rows lie in the day of their time, which may be another than that of their receipt.
  const raw: From = {
    table: qualifiedName(config, config.tables[kind]),
    where: `"ds" BETWEEN DATE '${first}' AND DATE '${addDays(today, windowDays(futureDays))}' AND "received_at" >= ${timestampText(Date.parse(firstReceived))}`,
  };
  return { between, curated, before, raw };
}

/** The rows that are compared: those of curated days with their `day`, those of the last days with hour and time of receipt. */
function rowsOf(config: ContentConfig, kind: ForwardedKind, now: number): readonly string[] {
  const { between, curated, before, raw } = rangesOf(config, kind, now);
  const { names = {}, units: fixed = {} } = PARTS[kind];
  if (kind === 'events') {
    const units = { ...fixed, ...unitIdPart(config, 'curated'), ...unitColumnPart(config) };
    const rawUnits = { ...fixed, ...unitIdPart(config, 'raw'), ...awayColumnPart(config) };
    const ofUnits = withLateness(before(COMPARED_DAYS.units));
    // All rows of one time lie in its day: those that came today do not make it a day that had as many.
    const received = 'CAST("received_at" AS date)';
    const ofReceipt = `CASE WHEN "what" = 'time' THEN ${received} ELSE "ds" END`;
    const ofHours = `CASE WHEN "what" = 'amount' THEN date_trunc('hour', "timestamp") END`;
    return [
      // Of names no time of receipt is read, as it is larger than they are.
      scanOf(ofCuratedDays(names), OF_DAY, curated(COMPARED_DAYS.names)),
      scanOf(units, `${ofReceipt} AS "day", ${ofHours} AS "hour", ${NO_TIME} AS "received_at"`, {
        table: ofUnits.table,
        where: `${ofUnits.where} AND (${ofReceipt}) ${between(COMPARED_DAYS.units)}`,
      }),
      scanOf(
        { ...withEarlier(names, config), ...rawUnits, ...earlierPart(config) },
        OF_HOUR,
        withLateness(raw),
      ),
    ];
  }
  const recent = { ...raw, where: `${raw.where} AND "received_at" >= ${timestampText(now - DAY_MS)}` };
  const groups = qualifiedName(config, GROUPS_TABLE);
  const ofUnit = `"day", ${NO_TIME} AS "hour", ${NO_TIME} AS "received_at"`;
  const ofUnitHour = `"day", date_trunc('hour', "last_at") AS "hour", "last_at" AS "received_at"`;
  return [
    scanOf(names, OF_DAY, before(COMPARED_DAYS.names)),
    scanOf(names, OF_HOUR, raw),
    scanOf(UNITS, ofUnit, { table: unitsOf(groups, before(COMPARED_DAYS.units), '"ds"'), where: 'true' }),
    scanOf(UNITS, ofUnitHour, { table: unitsOf(groups, recent, NO_DAY), where: 'true' }),
  ];
}

/** One scan of a table that has a row for each part of each of its rows. @param times SQL of day, hour and time. */
function scanOf(parts: Parts, times: string, { table, where: conditions }: From): string {
  const all = Object.entries<Part>(parts);
  const caseOf = (text: (part: Part) => string) => {
    const whens = all.map(([what, part]) => `WHEN '${what}' THEN ${text(part)}`);
    return `CASE "what" ${whens.join(' ')} END`;
  };
  const named = all.map(([what]) => `('${what}')`).join(', ');
  const columns = {
    subject: caseOf(({ subject = "''" }) => subject),
    value: caseOf(({ value }) => value),
    label: caseOf(({ label = NO_TEXT }) => label),
    number: caseOf(({ number = NO_NUMBER }) => number),
    sdk: caseOf(({ sdk = NO_TEXT }) => sdk),
    sign: caseOf(({ sign = NO_TEXT }) => sign),
  };
  const selected = Object.entries(columns).map(([name, sql]) => `${sql} AS "${name}"`);
  return `SELECT "what", ${selected.join(', ')}, ${times}
  FROM ${table} CROSS JOIN (VALUES ${named}) AS "parts" ("what") WHERE ${conditions} AND ${caseOf(({ where }) => where)}`;
}

/**
 * The first and the last group of each unit of an experiment by their IDs with the name of the last, and when it saw the last of its groups
 * first. An autotune and a dynamic config are none: their shares change by themselves, or as they are rolled out.
 *
 * @param groups SQL of the table of groups.
 * @param day SQL of the day.
 */
function unitsOf(groups: string, { table, where }: From, day: string): string {
  const unit = 'coalesce("user_id", "stable_id")';
  const meant = `"experiment_id" NOT IN (SELECT "experiment_id" FROM ${groups} WHERE "entity" IN ('autotune', 'dynamic_config'))`;
  return `(
    SELECT "experiment_id", "unit", "day", min("group_id") AS "one", max("group_id") AS "other", max("name") AS "name", max("group_at") AS "last_at"
    FROM (
      SELECT "experiment_id", ${unit} AS "unit", ${day} AS "day", "group_id", max("group_name") AS "name", min("received_at") AS "group_at"
      FROM ${table} WHERE ${where} AND ${IS_EXPERIMENT} AND ${unit} IS NOT NULL AND ${meant}
      GROUP BY ${['"experiment_id"', unit, '"group_id"', day].filter((column) => column !== NO_DAY).join(', ')}
    ) AS "placed"
    GROUP BY "experiment_id", "unit", "day"
  ) AS "units"`;
}
