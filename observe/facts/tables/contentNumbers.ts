import { quoteText } from '../../../lib/base/sql.ts';
import { DAY_MS } from '../../../lib/base/time.ts';
import type { Config } from '../../../lib/schema/config.ts';
import {
  COMPARED_DAYS,
  type ComparedPart,
  FEWEST_DAYS,
  type From,
  formedKey,
  formedSign,
  ID_FORMS,
  IS_OF_ID,
  KEY_SEPARATORS,
  metadataKeys,
  NO_DAY,
  NO_TEXT,
  PART,
  textForm,
} from './contentParts.ts';
import { timestampText } from './tracedRows.ts';

// What compares numbers of events with those of days before: how large their value and their metadata is, whether they come again at once,
// and how many of their users are new. Queries of contentQueries.ts read the rows once for all their parts, so that their steps have these columns beside those of shares.

/** How much the mean has to differ from those of all days before, by what is compared: in powers of ten, of `repeats` and `key` as a share. */
const OTHER = { amount: 0.8, size: 0.8, repeats: 0.4, key: 0.9 } as const satisfies Partial<
  Record<ComparedPart, number>
>;
/** A mean of days differs by so many standard deviations of their numbers, too: of two kinds of events one may come alone for hours. */
const DEVIATIONS = 2;
/** Fewest numbers of a day before, and since when they are others, whose mean says how large they are; and of an hour. */
const FEWEST = { numbers: 20, ofHour: 5 } as const;
/** Share of the rows with a value from which they are numbers, and of those since an hour whose hours are others, too. */
const MOST = { numbers: 0.95, since: 0.9 } as const;
/** Hours of which one alone may be that of a job. */
const FEWEST_HOURS = 2;
/** Characters, as a power of ten, from which metadata are told as larger: fewer are of no account. */
const LARGE = 3;
/** The share of events that come again: less than `before` is chance, `now` and more are of a release that logs them twice. */
const REPEATED = { before: 0.05, now: 0.5 } as const;
/** Share of events without a key of their metadata below which nearly all have it. */
const LACKING = 0.05;
/** Share of the events of a name from which a version that no day before had is a release. */
const NEW_VERSION = 0.05;
/** Events that differ in nothing but their time come again at once if they are less than this apart. */
const AT_ONCE = "INTERVAL '1' SECOND";

// Rows of an event and SDK, those of one of its versions, and of these those since an hour.
const of = 'PARTITION BY "what", "subject", "value"';
const own = `${of}, "sdk"`;
const since = `${own}, "day" ORDER BY "hour" DESC`;
/** The mean of a day of a version; null of one with too few numbers. */
const ofDay = `CASE WHEN "day" IS NOT NULL AND "own" >= ${FEWEST.numbers} AND "day_numbers" >= ${MOST.numbers} * "own" THEN "day_total" / "day_numbers" END`;
const ofHours = `CASE WHEN "day" IS NOT NULL AND "numbers" >= ${FEWEST.ofHour} THEN "hour_mean" END`;
const sumOfDays = (column: string) =>
  `sum(CASE WHEN "day_mean" IS NOT NULL THEN "${column}" END) OVER (${of})`;
/** Of each day that is compared, by its place among them, whether a version has a mean of it: a day is one however many versions have. */
const knownDays = Array.from(
  { length: COMPARED_DAYS.units },
  (_, i) => `max(CASE WHEN "day_mean" IS NOT NULL AND "place" = ${i + 1} THEN 1 ELSE 0 END) OVER (${of})`,
);
/** By how much a mean is above the largest of the days before, or below 0 how much it is below the least. */
const beyond = (mean: string) =>
  `CASE WHEN ${mean} > "most_mean" THEN ${mean} - "most_mean" WHEN ${mean} < "least_mean" THEN ${mean} - "least_mean" ELSE 0 END`;
/** Of an hour, that its mean is another: in part, as it may have begun within it. */
const isOther = '"day" IS NULL AND 2 * abs("hour_beyond") >= "needed"';
const needed = Object.entries(OTHER).map(([what, least]) => `WHEN '${what}' THEN ${least}`);
const names = Object.keys(OTHER).map(quoteText).join(', ');

/** SQL of each step of the query for numbers: columns, and in the last ones what is told. */
export const numberSql = {
  /** @param isCounted SQL of the rows that count. */
  counted: (isCounted: string): string =>
    `count(CASE WHEN ${isCounted} THEN "number" END) AS "numbers", sum(CASE WHEN ${isCounted} THEN "number" END) AS "total", sum(CASE WHEN ${isCounted} THEN "number" * "number" END) AS "squares",
    min(CASE WHEN ${isCounted} THEN "number" END) AS "least_number", max(CASE WHEN ${isCounted} THEN "number" END) AS "most_number"`,
  seen: 'sum("numbers") AS "numbers", sum("total") AS "total", sum("squares") AS "squares", min("least_number") AS "least_number", max("most_number") AS "most_number"',
  shared: `"total" / nullif("numbers", 0) AS "hour_mean",
    sum("numbers") OVER (${own}, "day") AS "day_numbers", sum("total") OVER (${own}, "day") AS "day_total",
    sum("numbers") OVER (${since}) AS "since_numbers", sum("total") OVER (${since}) AS "since_total"`,
  compared: `${ofDay} AS "day_mean", "since_total" / nullif("since_numbers", 0) AS "since_mean",
    sum(CASE WHEN "day" IS NOT NULL THEN "total" END) OVER (${own}) / nullif(sum(CASE WHEN "day" IS NOT NULL THEN "numbers" END) OVER (${own}), 0) AS "own_mean"`,
  usual: `${knownDays.join(' + ')} AS "mean_days",
    min("day_mean") OVER (${of}) AS "least_mean", max("day_mean") OVER (${of}) AS "most_mean",
    min(${ofHours}) OVER (${of}) AS "least_hour", max(${ofHours}) OVER (${of}) AS "most_hour",
    ${sumOfDays('total')} / ${sumOfDays('numbers')} AS "usual_mean",
    ${sumOfDays('squares')} / ${sumOfDays('numbers')} AS "usual_square"`,
  differs: `greatest(CASE ${PART} ${needed.join(' ')} END, ${DEVIATIONS} * sqrt(greatest("usual_square" - "usual_mean" * "usual_mean", 0))) AS "needed",
    ${beyond('"hour_mean"')} AS "hour_beyond", ${beyond('"since_mean"')} AS "since_beyond"`,
  /**
   * Whether all is of another size since an hour: in most hours since then, and not as in some hour of the days before, nor as those of the
   * version have been, however few. One that was not known is a release if it has a part of the events: others are old, and come now and then.
   */
  isOther: `${PART} IN (${names}) AND "mean_days" >= ${FEWEST_DAYS} AND ${isOther}
      AND "since_numbers" >= ${FEWEST.numbers} AND "day_numbers" >= ${MOST.numbers} * "own" AND abs("since_beyond") >= "needed"
      AND CASE WHEN "own_mean" IS NULL THEN "own" >= ${NEW_VERSION} * "whole" ELSE abs("since_mean" - "own_mean") >= "needed" END
      AND sum(CASE WHEN ${isOther} THEN "numbers" END) OVER (${since}) >= ${MOST.since} * "since_numbers"
      AND count(CASE WHEN ${isOther} THEN 1 END) OVER (${since}) >= ${FEWEST_HOURS}
      AND ("since_mean" > coalesce("most_hour", "most_mean") OR "since_mean" < coalesce("least_hour", "least_mean"))
      AND ("what" <> 'size' OR "since_beyond" > 0 AND "since_mean" >= ${LARGE})
      AND (${PART} <> 'key' OR "most_mean" < ${LACKING} AND "since_total" = "since_numbers")
      AND ("what" <> 'repeats' OR "most_mean" < ${REPEATED.before} AND "since_mean" >= ${REPEATED.now})`,
  count: `min_by(CASE WHEN "what" = 'repeats' THEN "since_total" ELSE "since_numbers" END, "hour")`,
  whole: 'min_by("since_numbers", "hour")',
  before: `max(CASE WHEN "what" = 'repeats' THEN "most_mean" ELSE "usual_mean" END)`,
  mean: 'min_by("since_mean", "hour")',
} as const;

/**
 * SQL of a step that makes of each row of `key` one for each key that the most frequent metadata of the days before have, where `number` is
 * whether the events lack it. The label of those that do has their own keys and the usual ones.
 *
 * @param from The step before.
 */
export function eachUsualKey(from: string): string {
  const isKey = `"what" = 'key'`;
  const nOfDay = `CASE WHEN ${isKey} AND "day" IS NOT NULL AND "label" IS NOT NULL THEN "n" END`;
  const splitAt = (text: string) => `split(${text}, chr(${KEY_SEPARATORS.keys}))`;
  const lacks = `${isKey} AND NOT contains(${splitAt('"label"')}, "key")`;
  const ifLacking = (column: string) =>
    `CASE WHEN NOT ${isKey} OR ${lacks} THEN "${column}" ELSE 0e0 END AS "${column}"`;
  return `SELECT CASE WHEN ${isKey} THEN concat('key:', "key") ELSE "what" END AS "what", "subject", "value",
    CASE WHEN ${lacks} THEN concat("label", chr(${KEY_SEPARATORS.texts}), "usual_keys") WHEN NOT ${isKey} THEN "label" END AS "label",
    "sdk", "sign", "day", "hour", "n", "all", "numbers", ${ifLacking('total')}, ${ifLacking('squares')}, "least_number", "most_number", "first_at", "last_at"
  FROM (
    SELECT *, max_by("label", ${nOfDay}) OVER (PARTITION BY "what", "subject", "value") AS "usual_keys" FROM ${from}
  ) AS "topped" CROSS JOIN UNNEST(CASE WHEN ${isKey} THEN ${splitAt('"usual_keys"')} ELSE ARRAY[''] END) AS "usual" ("key")
  WHERE NOT ${isKey} OR "key" <> ''`;
}

/**
 * SQL of a step that makes of the row of an ID in its first hour one for the event that was its first and one for its others, if it is new.
 * An ID is new if all of its events count.
 *
 * @param from The step before.
 */
export function eachIdForm(from: string): string {
  const ofId = 'PARTITION BY "what", "subject", "label", "day"';
  const news = 'CASE WHEN "is_new" THEN 1 ELSE 0 END';
  const isNew = `"form" = '${ID_FORMS.new}'`;
  const n = `CASE WHEN NOT ${IS_OF_ID} THEN "n" WHEN ${isNew} THEN ${news} ELSE "n" - ${news} END`;
  const forms = Object.values(ID_FORMS).map(quoteText).join(', ');
  const value = `CASE WHEN ${IS_OF_ID} THEN "form" ELSE "value" END`;
  const label = `CASE WHEN NOT ${IS_OF_ID} THEN "label" END`;
  return `SELECT "what", "subject", ${value} AS "value", ${label} AS "label", "sdk", "sign", "day", "hour", sum(${n}) AS "n", sum("all") AS "all",
    ${numberSql.seen}, min("first_at") AS "first_at", max("last_at") AS "last_at"
  FROM (
    SELECT *, row_number() OVER (${ofId} ORDER BY "hour") = 1 AND sum("n") OVER (${ofId}) = sum("all") OVER (${ofId}) AS "is_new" FROM ${from}
  ) AS "known" CROSS JOIN UNNEST(CASE WHEN NOT ${IS_OF_ID} THEN ARRAY[''] WHEN "is_new" THEN ARRAY[${forms}] ELSE ARRAY['${ID_FORMS.known}'] END) AS "forms" ("form")
  GROUP BY "what", "subject", ${value}, ${label}, "sdk", "sign", "day", "hour"`;
}

/**
 * The rows of a table with what is compared of their metadata: its length (`metadata_length`), its keys (`metadata_keys`), and the form of
 * its texts with its key and a sign (`text_form`, `text_form_key`, `text_form_sign`). `is_again` tells whether one like it came less than a
 * second before, `is_repeated` whether another one comes less than a second after: of the same user, device, name, value and metadata, by
 * the time of the sender. A row of the same time in another request is the same event, sent again. Of a key that is held down all but the
 * first are `is_again`.
 */
export function metadataRows({ table, where }: From): string {
  const keys = metadataKeys(`chr(${KEY_SEPARATORS.keys})`);
  const alike = `OVER (PARTITION BY "sdk_type", "event_name", "user_id", "stable_id", "event_value", "metadata_hash" ORDER BY "client_timestamp", "received_at")`;
  const isSoon = (from: string, to: string) => `${to} < ${from} + ${AT_ONCE}`;
  const previous = `lag("client_timestamp") ${alike}`;
  const next = `lead("client_timestamp") ${alike}`;
  // Sent again, a row is between both; it has their order, as its time is the same.
  const afterNext = `lead("client_timestamp", 2) ${alike}`;
  const isOfNext = `${isSoon('"client_timestamp"', next)} AND (${next} > "client_timestamp" OR lead("received_at") ${alike} = "received_at")`;
  const isOfAfterNext = `${isSoon('"client_timestamp"', afterNext)} AND ${afterNext} > "client_timestamp"`;
  return `(
    SELECT *, coalesce(${isSoon(previous, '"client_timestamp"')}, false) AS "is_again",
      coalesce(${isOfNext}, false) OR coalesce(${isOfAfterNext}, false) AS "is_repeated"
    FROM (
      SELECT *, length("company_metadata") AS "metadata_length", md5(to_utf8("company_metadata")) AS "metadata_hash", ${textForm} AS "text_form", ${formedKey} AS "text_form_key", ${formedSign} AS "text_form_sign", ${keys} AS "metadata_keys"
      FROM ${table} WHERE ${where}
    ) AS "sent"
  ) AS "alike"`;
}

/** Least users of before whom their habits let expect since then, and of whom it is known that they come again. */
const EXPECTED_USERS = 10;
/** Users of before that still came, as a part of the new ones: requests that were on their way. */
const MOST_KNOWN = 0.01;

/** Whether user IDs are hashed before they are stored: paths of `privacy.redact` match in any case. */
export function areUsersHashed({ privacy: { redact } }: Pick<Config, 'privacy'>): boolean {
  return Object.entries(redact).some(
    ([path, action]) => action === 'hash' && path.toLowerCase() === 'user.userid',
  );
}

/**
 * SQL of the instant since which all users are new, as one row with the columns of the step `grouped`; no row without one. Of the users
 * of before so many came on several days that some were to be expected since then; in its first day, also of those who came in the same
 * hours a day before: a site may be closed at night. `times` is 2 if several SDKs sent since then, else 1. It scans the tables once, for
 * few columns.
 *
 * @param ranges The rows of curated days and of the last days.
 * @param first The first time of receipt of the last days. @param now Both epoch milliseconds.
 */
export function newHashesSql(
  { curated, raw }: { readonly curated: From; readonly raw: From },
  first: number,
  now: number,
): string {
  const dayAgo = timestampText(now - DAY_MS);
  const scan = ({ table, where }: From) =>
    `SELECT "user_id", "sdk_type", "received_at" FROM ${table} WHERE ${where} AND "user_id" IS NOT NULL`;
  const minute = (time: string) => `date_trunc('minute', ${time})`;
  const isLong = `${minute('"first"')} < ${minute('"last"')}`;
  const countOf = (moment: string, condition = 'true') =>
    `count(CASE WHEN "moment" = '${moment}' AND ${condition} THEN 1 END)`;
  const before = 'OVER (ORDER BY "minute" ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)';
  const until = 'OVER (ORDER BY "minute" ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)';
  const from = 'OVER (ORDER BY "minute" ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)';
  const share = '1e0 * "returned" / nullif("ended", 0)';
  return `SELECT 'newHashes:user_id' AS "what", 'more' AS "kind", '' AS "subject", 'new' AS "value", ${NO_TEXT} AS "label", ${NO_TEXT} AS "sdk",
  CASE WHEN "least_sdk" < "most_sdk" THEN 2 ELSE 1 END AS "times", "began" AS "count", "began" + "known" AS "whole", ${share} AS "usual", 0e0 AS "mean", 0 AS "days",
  ${NO_DAY} AS "newest_day", ${NO_DAY} AS "fell_day", "first_at" AS "since_at"
FROM (
  SELECT *, row_number() OVER (ORDER BY "known", "minute") AS "nth"
  FROM (
    SELECT "minute", "first_at",
      sum("starts") ${from} AS "began", coalesce(sum("long_starts") ${before}, 0) - sum("long_ends") ${until} AS "known",
      sum("ends") ${until} AS "ended", sum("returns") ${until} AS "returned", sum("echoes") ${from} AS "expected",
      min("least_sdk") ${from} AS "least_sdk", max("most_sdk") ${from} AS "most_sdk"
    FROM (
      SELECT ${minute('"at"')} AS "minute", ${countOf('start')} AS "starts", ${countOf('start', isLong)} AS "long_starts",
        ${countOf('end')} AS "ends", ${countOf('end', isLong)} AS "long_ends", ${countOf('end', '"dates" > 1')} AS "returns", ${countOf('echo')} AS "echoes",
        min(CASE WHEN "moment" = 'start' THEN "at" END) AS "first_at", min(CASE WHEN "moment" = 'start' THEN "least_sdk" END) AS "least_sdk", max(CASE WHEN "moment" = 'start' THEN "most_sdk" END) AS "most_sdk"
      FROM (
        SELECT *, CASE "moment" WHEN 'start' THEN "first" WHEN 'end' THEN "last" ELSE "before" + INTERVAL '1' DAY END AS "at"
        FROM (
          SELECT "user_id", min("sdk_type") AS "least_sdk", max("sdk_type") AS "most_sdk", min("received_at") AS "first", max("received_at") AS "last",
            count(DISTINCT CAST("received_at" AS date)) AS "dates", max(CASE WHEN "received_at" < ${dayAgo} THEN "received_at" END) AS "before"
          FROM (${scan(curated)} UNION ALL ${scan(raw)}) AS "sent" GROUP BY "user_id"
        ) AS "users" CROSS JOIN (VALUES ('start'), ('end'), ('echo')) AS "moments" ("moment")
      ) AS "timed" WHERE "at" IS NOT NULL GROUP BY 1
    ) AS "minutes"
  ) AS "running"
  WHERE "first_at" >= ${timestampText(first + DAY_MS)} AND "known" <= ${MOST_KNOWN} * "began" AND "returned" >= ${EXPECTED_USERS} AND ${share} * "began" >= ${EXPECTED_USERS}
    AND ("first_at" < ${dayAgo} OR ${share} * "expected" >= ${EXPECTED_USERS})
) AS "instants" WHERE "nth" = 1`;
}
