import { type QueryRow, quoteName, quoteText } from '../../lib/base/sql.ts';
import type { UtcDay } from '../../lib/base/time.ts';
import { groupedExposures, namesClause, withRealNames } from '../../lib/views/assignments.ts';
import { placedGroups } from '../../lib/views/firstExposures.ts';
import { unitColumnNames, unitId } from '../../lib/views/unitTypes.ts';
import { qualifiedName, type ViewConfig } from '../../lib/views/View.ts';
import { hashedNames } from '../../lib/wire/experimentNames.ts';

/** Experiments and gates that one list can hold. */
export const MOST_LISTED = 5_000;

/** Characters of a name that is listed: anybody can send longer ones, and a query has room for 262,144 bytes. */
const NAME_CHARACTERS = 300;

/** Which rows count: of days, both included; default all. */
export interface CountedRows {
  readonly environment: string;
  readonly from?: UtcDay | undefined;
  readonly to?: UtcDay | undefined;
}

/**
 * A query of exposures by experiment, those with the most first, one more than {@link MOST_LISTED}; or of one.
 *
 * It counts what `experiment_exposures` shows, but groups the copies of an event instead of placing them in order: a window
 * over all experiments at once does not fit into the local Athena's memory from some million rows on.
 *
 * @param experiment Its real name. Collectors store a hashed name as it was sent while they do not know the real one.
 */
export function exposuresQuery(config: ViewConfig, rows: CountedRows, experiment?: string): string {
  const units = unitColumnNames(config);
  const names = experiment === undefined ? [] : [experiment, ...hashedNames(experiment)].map(quoteText);
  const { from, where } = groupedExposures(
    config,
    withRealNames(qualifiedName(config, config.tables.exposures)),
    rows.environment,
  );
  const conditions = [
    ...where,
    ...isWithin('"ds"', rows),
    names.length === 0 ? `length("real_id") <= ${NAME_CHARACTERS}` : `"real_id" IN (${names.join(', ')})`,
  ];
  const inGroup = (column: string) => `CASE WHEN NOT "out" THEN ${column} END`;
  const milliseconds = (sql: string) => `CAST(to_unixtime(${sql}) * 1000 AS bigint)`;
  const counts = units.map(
    (unit) => `count_if(NOT "out" AND ${quoteName(`has_${unit}`)}) AS ${quoteName(`with_${unit}`)}`,
  );
  const flags = units.map((unit) => `bool_or(${quoteName(unit)} IS NOT NULL) AS ${quoteName(`has_${unit}`)}`);
  return `${namesClause(config)}SELECT
  "experiment_id",
  "is_gate",
  max("layer_id") AS "layer_id",
  count_if(NOT "out") AS "exposures",
  ${counts.join(',\n  ')},
  CAST(min(${inGroup('"ds"')}) AS varchar) AS "first_day",
  ${milliseconds(`min(${inGroup('"ts"')})`)} AS "first_at",
  ${milliseconds(`max(${inGroup('"ts"')})`)} AS "last_at",
  ${milliseconds('max("received_at")')} AS "received_at"
FROM (
  SELECT
    "ds",
    "real_id" AS "experiment_id",
    "exposure_type" = 'gate' AS "is_gate",
    "event_id",
    max("layer_id") AS "layer_id",
    bool_or("held_out") AS "out",
    ${flags.join(',\n    ')},
    min("timestamp") AS "ts",
    min("received_at") AS "received_at"
  FROM ${from}
  WHERE ${conditions.join(' AND ')}
  GROUP BY 1, 2, 3, 4
) AS "exposures"
GROUP BY "experiment_id", "is_gate"
ORDER BY "exposures" DESC, "experiment_id", "is_gate"
LIMIT ${MOST_LISTED + 1}`;
}

/** An experiment or gate as its rows name it, and the unit that is counted. */
export interface CountedName {
  /** The name in the views: hashed if neither the configuration nor the specs have it. */
  readonly sent: string;
  /** Its real name. */
  readonly experiment: string;
  readonly isGate: boolean;
  /** Column of the unit ID. */
  readonly unit: string;
}

/**
 * A query of the units of some experiments by the group and day of their first exposure of all, as `first_exposures` has it:
 * all of them in one scan. Where the group is null are units that were only held out.
 *
 * @param rows `from` and `to` are of the first exposures.
 * @param names At least one.
 * @param byDay Whether days are apart.
 */
export function unitsQuery(
  config: ViewConfig,
  rows: CountedRows,
  names: readonly CountedName[],
  byDay: boolean,
): string {
  const values = names.map(({ sent, experiment, isGate, unit }) => {
    const gate = isGate ? 'TRUE' : 'FALSE';
    return `(${quoteText(sent)}, ${gate}, ${quoteText(experiment)}, ${quoteText(unit)})`;
  });
  const groups = placedGroups(config, {
    name: '"listed_name"',
    unit: `(${unitId(config)})`,
    environment: rows.environment,
    from: `(
    SELECT "table".*, "listed_name", "unit_type"
    FROM ${withRealNames(qualifiedName(config, config.tables.exposures))} AS "table"
    JOIN (VALUES ${values.join(', ')}) AS "listed" ("listed_sent", "listed_gate", "listed_name", "unit_type")
      ON "listed_sent" = "real_id" AND "listed_gate" = ("exposure_type" = 'gate')
  )`,
  });
  const day = 'CAST("group_ts" AS date)';
  const group = 'CASE WHEN NOT "held_out" THEN "group_id" END';
  return `${namesClause(config)}SELECT
  "experiment_id",
  "is_gate",
  ${group} AS "group_id",
  max("group_name") AS "group_name",
  count(*) AS "units",
  count_if("groups_seen" > 1) AS "crossovers",
  count_if("ever_held_out") AS "held_out",
  CAST(min(${day}) AS varchar) AS "first_day",
  CAST(max(${day}) AS varchar) AS "last_day"
FROM ${groups} AS "placed"
WHERE ${['"place" = 1', ...isWithin(day, rows)].join(' AND ')}
GROUP BY "experiment_id", "is_gate", ${group}${byDay ? `, ${day}` : ''}`;
}

function isWithin(day: string, { from, to }: CountedRows): string[] {
  return [
    ...(from === undefined ? [] : [`${day} >= DATE ${quoteText(from)}`]),
    ...(to === undefined ? [] : [`${day} <= DATE ${quoteText(to)}`]),
  ];
}

/** Exposures of one name, as it was sent. */
export interface ExposureCount {
  readonly sent: string;
  readonly isGate: boolean;
  readonly layer: string | null;
  readonly exposures: number;
  /** Those that have each unit ID. */
  readonly withUnit: Readonly<Record<string, number>>;
  /** The first day of an exposure to a group, and the times of the first and last, epoch milliseconds; null without any. */
  readonly firstDay: UtcDay | null;
  readonly firstAt: number | null;
  readonly lastAt: number | null;
  readonly receivedAt: number;
}

/** Reads a row of {@link exposuresQuery}. */
export function readExposures(units: readonly string[]): (row: QueryRow) => ExposureCount {
  const time = (text: string | null | undefined) => (text == null ? null : Number(text));
  return (row) => ({
    sent: row['experiment_id'] ?? '',
    isGate: row['is_gate'] === 'true',
    layer: row['layer_id'] ?? null,
    exposures: Number(row['exposures']),
    withUnit: Object.fromEntries(units.map((unit) => [unit, Number(row[`with_${unit}`])])),
    firstDay: row['first_day'] ?? null,
    firstAt: time(row['first_at']),
    lastAt: time(row['last_at']),
    receivedAt: Number(row['received_at']),
  });
}

/** Units of an experiment whose first group it was; without a group those that were only held out. */
export interface UnitCount {
  readonly experiment: string;
  readonly isGate: boolean;
  readonly groupId: string | null;
  readonly groupName: string | null;
  readonly units: number;
  readonly crossovers: number;
  /** Those that a known holdout ever kept out. */
  readonly heldOut: number;
  /** Days of the first and the last unit. */
  readonly firstDay: UtcDay;
  readonly lastDay: UtcDay;
}

/** Reads a row of {@link unitsQuery}. */
export function readUnits(row: QueryRow): UnitCount {
  return {
    experiment: row['experiment_id'] ?? '',
    isGate: row['is_gate'] === 'true',
    groupId: row['group_id'] ?? null,
    groupName: row['group_name'] ?? null,
    units: Number(row['units']),
    crossovers: Number(row['crossovers']),
    heldOut: Number(row['held_out']),
    firstDay: row['first_day'] ?? '',
    lastDay: row['last_day'] ?? '',
  };
}
