import { quoteName, quoteText } from '../../lib/base/sql.ts';
import type { UtcDay } from '../../lib/base/time.ts';
import { experimentExposures } from '../../lib/views/experimentExposures.ts';
import { firstExposures } from '../../lib/views/firstExposures.ts';
import { unitColumnNames } from '../../lib/views/unitTypes.ts';
import { PRODUCTION, qualifiedName, type View } from '../../lib/views/View.ts';
import { hashedNames } from '../../lib/wire/experimentNames.ts';
import type { Deployment, QueryAnswer } from '../deployment.ts';

/** Which rows count. */
interface RowChoice {
  readonly environment: string;
  /** Days, both included. Default all. */
  readonly from?: UtcDay | undefined;
  readonly to?: UtcDay | undefined;
}

/** The queries of a check, in Athena's dialect. */
export class CheckQueries {
  readonly #config: Deployment['config'];
  readonly #experiment: string;
  readonly #rows: RowChoice;

  /** @param experiment Its real name. */
  constructor({ config }: Pick<Deployment, 'config'>, experiment: string, rows: RowChoice) {
    this.#config = config;
    this.#experiment = experiment;
    this.#rows = rows;
  }

  /** Exposures by group and day, and in total where the day is null. */
  overview(): string {
    const units = unitColumnNames(this.#config);
    const counts = units.flatMap((unit) => [
      `count(${quoteName(unit)}) AS ${quoteName(`with_${unit}`)}`,
      `count(DISTINCT CASE WHEN "held_out" THEN ${quoteName(unit)} END) AS ${quoteName(`out_${unit}`)}`,
    ]);
    return `SELECT
  "is_gate",
  "held_out",
  "group_id",
  max("group_name") AS "group_name",
  CAST("ds" AS varchar) AS "ds",
  count(*) AS "exposures",
  count_if("is_hashed") AS "hashed",
  ${counts.join(',\n  ')},
  CAST(to_unixtime(min("timestamp")) * 1000 AS bigint) AS "first_at",
  CAST(to_unixtime(max("timestamp")) * 1000 AS bigint) AS "last_at",
  CAST(to_unixtime(max("received_at")) * 1000 AS bigint) AS "received_at",
  approx_percentile(date_diff('millisecond', "timestamp", "received_at"), 0.5) AS "delay_ms"
FROM (
  SELECT
    "exposure_type" = 'gate' AS "is_gate",
    "held_out",
    "group_id",
    "group_name",
    "ds",
    "experiment_id" <> ${quoteText(this.#experiment)} AS "is_hashed",
    ${units.map(quoteName).join(', ')},
    "timestamp",
    "received_at"
  FROM ${viewIn(this.#config, this.#rows.environment, experimentExposures)} AS "view"
  WHERE ${[this.#isNamed(), ...this.#isWithin('"ds"')].join(' AND ')}
) AS "exposures"
GROUP BY GROUPING SETS (("is_gate"), ("is_gate", "held_out", "group_id", "ds"))`;
  }

  /**
   * Units by the group and day of their first exposure.
   *
   * @param isHashed Whether rows have another name of the experiment, too: a unit is then looked for under all of them.
   */
  units(unit: string, isGate: boolean, isHashed: boolean): string {
    const view = viewIn(this.#config, this.#rows.environment, firstExposures);
    const where = `${this.#isNamed()} AND "is_gate" = ${isGate ? 'TRUE' : 'FALSE'} AND "unit_type" = ${quoteText(unit)}`;
    const ofUnit = 'OVER (PARTITION BY "unit_id")';
    const from = isHashed
      ? `(
  SELECT
    "group_id",
    "group_name",
    "first_day",
    bool_or("held_out") ${ofUnit} AS "held_out",
    CASE WHEN min("group_id") ${ofUnit} <> max("group_id") ${ofUnit} THEN 2 ELSE max("groups_seen") ${ofUnit} END AS "groups_seen",
    row_number() OVER (PARTITION BY "unit_id" ORDER BY "ts", "group_id") AS "place"
  FROM ${view} AS "view"
  WHERE ${where}
)`
      : view;
    const conditions = [isHashed ? '"place" = 1' : where, ...this.#isWithin('"first_day"')];
    return `SELECT
  "group_id",
  max("group_name") AS "group_name",
  CAST("first_day" AS varchar) AS "day",
  count(*) AS "units",
  count_if("groups_seen" > 1) AS "crossovers",
  count_if("held_out") AS "held_out"
FROM ${from} AS "units"
WHERE ${conditions.join(' AND ')}
GROUP BY "group_id", "first_day"`;
  }

  /** Names in the table with their layers and environments, the most frequent first. */
  names(): string {
    return `SELECT "experiment_id", "layer_id", "environment", count(*) AS "row_count"
FROM ${qualifiedName(this.#config, this.#config.tables.exposures)}
GROUP BY 1, 2, 3
ORDER BY 4 DESC
LIMIT 5000`;
  }

  /** Collectors store a hashed name as it was sent while they do not know the real one. */
  #isNamed(): string {
    const names = [this.#experiment, ...hashedNames(this.#experiment)].map(quoteText);
    return `"experiment_id" IN (${names.join(', ')})`;
  }

  #isWithin(day: string): string[] {
    const { from, to } = this.#rows;
    return [
      ...(from === undefined ? [] : [`${day} >= DATE ${quoteText(from)}`]),
      ...(to === undefined ? [] : [`${day} <= DATE ${quoteText(to)}`]),
    ];
  }
}

/** A view, or for another environment than production its query. */
function viewIn(
  config: Deployment['config'],
  environment: string,
  make: (config: Deployment['config'], rows: { readonly environment: string }) => View,
): string {
  const { name, sql } = make(config, { environment });
  return environment === PRODUCTION ? qualifiedName(config, name) : `(${sql})`;
}

type Row = QueryAnswer['rows'][number];

/** Exposures to one group on one day, or all of an experiment where the day is null. */
export interface ExposureCount {
  readonly isGate: boolean;
  readonly isHeldOut: boolean;
  readonly groupId: string;
  readonly groupName: string | null;
  readonly day: UtcDay | null;
  readonly exposures: number;
  /** Those under another name of the experiment. */
  readonly hashed: number;
  /** Those that have each unit ID. */
  readonly withUnit: Readonly<Record<string, number>>;
  /** Held-out units, by each unit ID. */
  readonly heldOut: Readonly<Record<string, number>>;
  /** Epoch milliseconds. */
  readonly firstAt: number;
  readonly lastAt: number;
  readonly receivedAt: number;
  readonly medianDelayMs: number;
}

export function readExposures(units: readonly string[]): (row: Row) => ExposureCount {
  return (row) => ({
    isGate: row['is_gate'] === 'true',
    isHeldOut: row['held_out'] === 'true',
    groupId: row['group_id'] ?? '',
    groupName: row['group_name'] ?? null,
    day: row['ds'] ?? null,
    exposures: Number(row['exposures']),
    hashed: Number(row['hashed']),
    withUnit: Object.fromEntries(units.map((unit) => [unit, Number(row[`with_${unit}`])])),
    heldOut: Object.fromEntries(units.map((unit) => [unit, Number(row[`out_${unit}`])])),
    firstAt: Number(row['first_at']),
    lastAt: Number(row['last_at']),
    receivedAt: Number(row['received_at']),
    medianDelayMs: Number(row['delay_ms']),
  });
}

/** Units whose first exposure was to one group on one day. */
export interface UnitCount {
  readonly groupId: string;
  readonly groupName: string | null;
  readonly day: UtcDay;
  readonly units: number;
  readonly crossovers: number;
  readonly heldOut: number;
}

export function readUnits(row: Row): UnitCount {
  return {
    groupId: row['group_id'] ?? '',
    groupName: row['group_name'] ?? null,
    day: row['day'] ?? '',
    units: Number(row['units']),
    crossovers: Number(row['crossovers']),
    heldOut: Number(row['held_out']),
  };
}
