import { qualifiedName } from '../../lib/base/sql.ts';
import { counted } from '../../lib/base/text.ts';
import { addDays, type UtcDay, utcDay } from '../../lib/base/time.ts';
import type { Config } from '../../lib/schema/config.ts';
import { askAthena } from '../deployment.ts';
import { type Finding, finding, seenNow } from '../findings/catalogue.ts';
import type { Setup } from './Setup.ts';

/** Days that are read, today among them. */
const DAYS = 8;
/** The fewest exposures of a rule that are told. */
const LEAST = 20;

/**
 * SQL for gates that are no known holdout, and by which one rule of an experiment is as the rule of a holdout: the gate is true in all
 * exposures of this rule, and false in all exposures of at least two others. A gate of the targeting is true for all groups. A row for
 * each experiment and gate: `experiment_id`, `gate_id`, `rule` and `row_count`.
 *
 * @param from The first day that is read. @param to The last one.
 */
export function unlistedHoldoutsSql(config: Pick<Config, 'database'>, from: UtcDay, to: UtcDay): string {
  const days = `BETWEEN DATE '${from}' AND DATE '${to}'`;
  return `SELECT "experiment_id", "gate_id",
  max(CASE WHEN "always" THEN "group_id" END) AS "rule",
  max(CASE WHEN "always" THEN "n" END) AS "row_count"
FROM (
  SELECT "exposed"."experiment_id", "exposed"."group_id", "evaluated"."gate_id",
    bool_and("evaluated"."gate_value") AS "always", bool_or("evaluated"."gate_value") AS "ever",
    count(DISTINCT "exposed"."event_id") AS "n"
  FROM ${qualifiedName(config, 'experiment_exposures')} AS "exposed"
  JOIN ${qualifiedName(config, 'secondary_exposures')} AS "evaluated"
    ON "evaluated"."event_id" = "exposed"."event_id" AND "evaluated"."ds" = "exposed"."ds"
  WHERE "exposed"."ds" ${days} AND "evaluated"."ds" ${days}
    AND "exposed"."group_id" IS NOT NULL AND "exposed"."exposure_type" <> 'gate'
    AND "evaluated"."gate_value" IS NOT NULL
  GROUP BY 1, 2, 3
) AS "rules"
GROUP BY 1, 2
HAVING count_if("always") = 1 AND count_if("ever") = 1 AND count_if(NOT "ever") >= 2
  AND max(CASE WHEN "always" THEN "n" END) >= ${LEAST}
ORDER BY 4 DESC, 1, 2
LIMIT 10`;
}

/**
 * Looks for holdouts that are not known by name. One query, of the views.
 *
 * @throws ObserveError; what Athena's client throws.
 */
export async function findUnlistedHoldouts(setup: Setup): Promise<readonly Finding[]> {
  const { config, now } = setup;
  const today = utcDay(now);
  const sql = unlistedHoldoutsSql(config, addDays(today, 1 - DAYS), addDays(today, 1));
  const { rows } = await askAthena(setup, sql);
  return rows.map(({ experiment_id, gate_id, rule, row_count }) =>
    judgeUnlisted({
      experiment: `${experiment_id}`,
      gate: `${gate_id}`,
      rule: `${rule}`,
      rows: Number(row_count),
    }),
  );
}

/** A gate that is true for one rule of an experiment alone, and no known holdout. */
interface UnlistedHoldout {
  /** Name of the experiment. */
  readonly experiment: string;
  /** Name of the gate, as sent if it is hashed. */
  readonly gate: string;
  /** The rule, which counts as a group. */
  readonly rule: string;
  /** Exposures of the rule within the days that are read. */
  readonly rows: number;
}

/** Judges a holdout that is not known by name. Since when it is so is not read: the gate may be years old. */
export function judgeUnlisted({ experiment, gate, rule, rows }: UnlistedHoldout): Finding {
  const exposures = `${counted(rows, 'exposure')} of the rule ${rule}`;
  const told = {
    case: 'unlisted',
    ...seenNow(
      `The gate ${gate} is true in all ${exposures} of ${experiment} and in none of its other rules, within ${DAYS} days, and is no known holdout`,
      `${experiment}: ${exposures} count as a group of its own; the gate is ${gate}.`,
    ),
  } as const;
  return finding('SLUICE_FINDING_NAMES_UNKNOWN', told);
}
