import { type QueryRow, quoteName, quoteText } from '../../lib/base/sql.ts';
import type { UtcDay } from '../../lib/base/time.ts';
import { groupedExposures, namesClause, withRealNames } from '../../lib/views/assignments.ts';
import { placedGroups } from '../../lib/views/firstExposures.ts';
import { unitColumnNames, unitId } from '../../lib/views/unitTypes.ts';
import { qualifiedName, type ViewConfig } from '../../lib/views/View.ts';

/** Experiments and gates that one list can hold. */
export const MOST_LISTED = 5_000;

/** Characters of a name that is listed: anybody can send longer ones, and a query has room for 262,144 bytes. */
const NAME_CHARACTERS = 300;

/** Which rows a list is made of. */
interface ListedRows {
  readonly environment: string;
  /** The first day. */
  readonly from: UtcDay;
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
 * A query of the names that have exposures, those with the most first; one more than {@link MOST_LISTED}.
 *
 * It counts what `experiment_exposures` shows, but groups the copies of an event instead of placing them in order: a window
 * over all experiments at once does not fit into the local Athena's memory from some million rows on.
 */
export function namesQuery(config: ViewConfig, { environment, from }: ListedRows): string {
  const units = unitColumnNames(config);
  const rows = groupedExposures(
    config,
    withRealNames(
      `(SELECT * FROM ${qualifiedName(config, config.tables.exposures)} WHERE "ds" >= DATE ${quoteText(from)})`,
    ),
    environment,
  );
  const where = [...rows.where, `length("real_id") <= ${NAME_CHARACTERS}`];
  const inGroup = (column: string) => `CASE WHEN NOT "out" THEN ${column} END`;
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
  CAST(to_unixtime(min(${inGroup('"ts"')})) * 1000 AS bigint) AS "first_at",
  CAST(to_unixtime(max(${inGroup('"ts"')})) * 1000 AS bigint) AS "last_at"
FROM (
  SELECT
    "ds",
    "real_id" AS "experiment_id",
    "exposure_type" = 'gate' AS "is_gate",
    "event_id",
    max("layer_id") AS "layer_id",
    bool_or("held_out") AS "out",
    ${flags.join(',\n    ')},
    min("timestamp") AS "ts"
  FROM ${rows.from}
  WHERE ${where.join(' AND ')}
  GROUP BY 1, 2, 3, 4
) AS "exposures"
GROUP BY "experiment_id", "is_gate"
ORDER BY "exposures" DESC, "experiment_id", "is_gate"
LIMIT ${MOST_LISTED + 1}`;
}

/**
 * A query of the units of some experiments by their first group within the days: all of them in one scan. Where the group
 * is null are units that were only held out.
 *
 * @param names At least one.
 */
export function unitsQuery(
  config: ViewConfig,
  { environment, from }: ListedRows,
  names: readonly CountedName[],
): string {
  const values = names.map(({ sent, experiment, isGate, unit }) => {
    const gate = isGate ? 'TRUE' : 'FALSE';
    return `(${quoteText(sent)}, ${gate}, ${quoteText(experiment)}, ${quoteText(unit)})`;
  });
  const groups = placedGroups(config, {
    name: '"listed_name"',
    unit: `(${unitId(config)})`,
    environment,
    from: `(
    SELECT "table".*, "listed_name", "unit_type"
    FROM ${withRealNames(qualifiedName(config, config.tables.exposures))} AS "table"
    JOIN (VALUES ${values.join(', ')}) AS "listed" ("listed_sent", "listed_gate", "listed_name", "unit_type")
      ON "listed_sent" = "real_id" AND "listed_gate" = ("exposure_type" = 'gate')
    WHERE "ds" >= DATE ${quoteText(from)}
  )`,
  });
  return `${namesClause(config)}SELECT
  "experiment_id",
  "is_gate",
  CASE WHEN NOT "held_out" THEN "group_id" END AS "group_id",
  max("group_name") AS "group_name",
  count(*) AS "units",
  count_if("groups_seen" > 1) AS "crossovers",
  count_if("ever_held_out") AS "held_out",
  CAST(CAST(min("group_ts") AS date) AS varchar) AS "first_day",
  CAST(CAST(max("group_ts") AS date) AS varchar) AS "last_day"
FROM ${groups} AS "placed"
WHERE "place" = 1
GROUP BY "experiment_id", "is_gate", CASE WHEN NOT "held_out" THEN "group_id" END`;
}

/** A query of the environments that have exposures, the most frequent first. */
export function environmentsQuery(config: ViewConfig, from: UtcDay): string {
  return `SELECT "environment", count(*) AS "row_count"
FROM ${qualifiedName(config, config.tables.exposures)}
WHERE "ds" >= DATE ${quoteText(from)}
GROUP BY 1
ORDER BY 2 DESC
LIMIT 20`;
}

/** Exposures of one name, as it was sent. */
export interface NameCount {
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
}

/** Reads a row of {@link namesQuery}. */
export function readName(units: readonly string[]): (row: QueryRow) => NameCount {
  const time = (text: string | null | undefined) =>
    text === null || text === undefined ? null : Number(text);
  return (row) => ({
    sent: row['experiment_id'] ?? '',
    isGate: row['is_gate'] === 'true',
    layer: row['layer_id'] ?? null,
    exposures: Number(row['exposures']),
    withUnit: Object.fromEntries(units.map((unit) => [unit, Number(row[`with_${unit}`])])),
    firstDay: row['first_day'] ?? null,
    firstAt: time(row['first_at']),
    lastAt: time(row['last_at']),
  });
}

/** Units of an experiment whose first group it was; without a group those that were only held out. */
export interface GroupUnits {
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
export function readGroupUnits(row: QueryRow): GroupUnits {
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
