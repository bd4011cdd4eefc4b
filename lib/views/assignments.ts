import { qualifiedName, quoteText } from '../base/sql.ts';
import { ASSIGNING_KINDS } from '../groups/GroupRow.ts';
import type { Config } from '../schema/config.ts';
import { listExperiments } from '../schema/names.ts';
import { GROUPS_TABLE } from '../tables/groupsTable.ts';
import { hashedNames } from '../wire/experimentNames.ts';
import {
  NO_EVALUATION_PATTERN,
  NON_GROUP_RULE_ENDINGS,
  NON_GROUP_RULES,
  sentNames,
} from '../wire/isAssignment.ts';
import type { RowChoice } from './curatedRows.ts';
import { productionOnly, type ViewColumn } from './View.ts';

/** Stored secondary exposures as an array; null if they are not a list, or not JSON. */
export const EVALUATIONS = 'TRY(CAST(json_parse("secondary_exposures") AS ARRAY(JSON)))';

/** Excludes values that are not lists, which hand-made requests can send. */
export const HAS_EVALUATIONS = `"secondary_exposures" LIKE '[%'`;

/**
 * SQL for whether a rule can be a group's, by the list of lib/wire/isAssignment.ts. The views apply the list to all
 * rows, because rows of earlier versions have `is_assignment` by an earlier list.
 *
 * @param rule The column with the rule ID, quoted.
 */
export function groupRuleCondition(rule: string): string {
  const endings = quoteText(`(${[...NON_GROUP_RULE_ENDINGS.keys()].join('|')})\\z`);
  return [
    `${rule} NOT IN (${[...NON_GROUP_RULES.keys()].map(quoteText).join(', ')})`,
    `NOT regexp_like(${rule}, ${endings})`,
  ].join(' AND ');
}

/**
 * Whether a secondary exposure is a configured holdout that keeps a unit out; never null.
 *
 * @param name SQL of the gate's name as sent.
 */
export function isConfiguredHoldout({ holdouts }: Pick<Config, 'holdouts'>, name: string): string {
  const names = sentNames(holdouts ?? []).map(quoteText);
  return names.length === 0 ? 'FALSE' : `${name} IN (${names.join(', ')})`;
}

/** A row for each name under which SDKs send a holdout of the table of experiment groups. */
export function holdoutNames(config: Pick<Config, 'database'>): string {
  return `(
  SELECT "known_sent_name", "entity" AS "known_entity", max("experiment_id") AS "known_holdout"
  FROM ${qualifiedName(config, GROUPS_TABLE)}
  CROSS JOIN UNNEST(CAST(json_parse("sent_as") AS ARRAY(VARCHAR))) AS "sent" ("known_sent_name")
  WHERE "entity" = 'holdout'
  GROUP BY 1, 2
)`;
}

/** Settings that resolve names. */
type NamesConfig = Pick<Config, 'database' | 'experiments' | 'holdouts'>;

/**
 * The first clause of a query {@link withRealNames}: a row for each hash of a known name, from
 * the configuration and the table of experiment groups. A clause of its own, so that a view has the names of the
 * configuration once. Two names may have the same djb2, so names are grouped by hash: otherwise a join would make two
 * rows of one.
 */
export function namesClause(config: NamesConfig): string {
  const names = new Set([...listExperiments(config), ...(config.holdouts ?? [])]);
  const values = [...names].map(
    (name) => `(${quoteText(JSON.stringify(hashedNames(name)))}, ${quoteText(name)})`,
  );
  const configured = values.length === 0 ? '' : `\n    UNION ALL VALUES ${values.join(', ')}`;
  return `WITH "real_names" AS (
  SELECT "hash", max("name") AS "real_name"
  FROM (
    SELECT "sent_as", "experiment_id" FROM ${qualifiedName(config, GROUPS_TABLE)}${configured}
  ) AS "names" ("sent_names", "name")
  CROSS JOIN UNNEST(CAST(json_parse("sent_names") AS ARRAY(VARCHAR))) AS "sent" ("hash")
  WHERE "hash" <> "name"
  GROUP BY 1
)
`;
}

/**
 * A source of exposures with the column `real_id` besides its own: the real name of the experiment, also of rows that landed
 * hashed because the collector did not know the name yet. Only the experiments of layers are sent hashed. The query
 * begins with {@link namesClause}.
 *
 * All other rows are a branch of their own, so that a filter on `real_id` is one on `experiment_id` there and reaches the
 * scan. The scan of the hashed ones skips rows without layers and, as the join is an inner one, rows without a known
 * hash.
 *
 * @param from The table, quoted and with its database; or a query of it in parentheses.
 */
export function withRealNames(from: string): string {
  return `(
  SELECT "plain".*, "experiment_id" AS "real_id"
  FROM ${from} AS "plain" LEFT JOIN "real_names" ON "hash" = "experiment_id" AND "exposure_type" = 'layer'
  WHERE "real_name" IS NULL
  UNION ALL
  SELECT "hashed".*, "real_name" AS "real_id"
  FROM ${from} AS "hashed" JOIN "real_names" ON "hash" = "experiment_id"
  WHERE "exposure_type" = 'layer'
)`;
}

/** The column `held_out` of the views of exposures. */
export const heldOutColumn: ViewColumn = {
  name: 'held_out',
  type: 'boolean',
  comment: 'Whether a known holdout kept the unit out, so that group_id is null',
  sql: '"held_out"',
};

/**
 * Exposures of production that put their unit in a group, or whose unit a known holdout kept out: a source with the
 * columns `held_out` and `known_name`, and the conditions on its rows.
 *
 * The table of experiment groups takes precedence, because it has Statsig's own data. For a rule that it does not have, a
 * unit is held out if a known holdout is among the row's secondary exposures. Both also apply to rows that landed before
 * a holdout was configured or groups were pulled. The stored `is_assignment` of such rows depends on what was known when
 * they landed, so it is computed again. Columns that queries filter on are not wrapped in expressions, so that filters
 * reach the scan. The names of holdouts are grouped by a column with one value, because Trino cannot plan some filters
 * over an aggregation without groups.
 *
 * @param from Exposures {@link withRealNames}.
 */
export function groupedExposures(config: Pick<Config, 'database' | 'holdouts'>, from: string): RowChoice {
  const scalar = (member: string) => `json_extract_scalar(e, '$.${member}')`;
  const isHoldout = `${isConfiguredHoldout(config, scalar('gate'))} OR contains("known_holdouts", ${scalar('gate')})`;
  const isIn = `${scalar('gateValue')} = 'true' AND (${isHoldout})`;
  const mayBeIn = [
    HAS_EVALUATIONS,
    ...((config.holdouts ?? []).length === 0 ? ['cardinality("known_holdouts") > 0'] : []),
  ].join(' AND ');
  const hasValue = `("exposure_type" <> 'gate' OR "gate_value" IS NOT NULL)`;
  const isEvaluated = `("reason" IS NULL OR NOT regexp_like("reason", ${quoteText(NO_EVALUATION_PATTERN)}))`;
  const kinds = [...ASSIGNING_KINDS, 'holdout'].map(quoteText).join(', ');
  return {
    from: `(
  SELECT
    "landed".*,
    "known_kind",
    "known_name",
    CASE
      WHEN "known_kind" IS NOT NULL THEN "known_kind" = 'holdout'
      WHEN ${mayBeIn} THEN COALESCE(any_match(${EVALUATIONS}, e -> ${isIn}), FALSE)
      ELSE FALSE
    END AS "held_out"
  FROM ${from} AS "landed"
  LEFT JOIN ${knownRules(config)} AS "known"
    ON "known_id" = "real_id" AND "known_rule" = "rule_id" AND "known_gate" = ("exposure_type" = 'gate')
  LEFT JOIN (
    SELECT array_agg("known_sent_name") AS "known_holdouts"
    FROM ${holdoutNames(config)} AS "names"
    GROUP BY "known_entity"
  ) AS "holdouts" ON TRUE
) AS "marked"`,
    where: [
      productionOnly,
      `("known_kind" IS NULL OR "known_kind" IN (${kinds}))`,
      `CASE WHEN "held_out" OR "known_kind" IS NOT NULL THEN ${hasValue} AND ${isEvaluated} ELSE "is_assignment" END`,
      // Exposures of protocols that know no such rules have no rule ID.
      `("rule_id" IS NULL OR ${groupRuleCondition('"rule_id"')})`,
    ],
  };
}

/** SQL of a group's name in the rows of {@link groupedExposures}: the latest in the specs, otherwise the row's own. */
export const GROUP_NAME = 'COALESCE("known_name", "group_name")';

/** One row for each rule of the table of experiment groups. */
function knownRules(config: Pick<Config, 'database'>): string {
  return `(
    SELECT
      "experiment_id" AS "known_id",
      "entity" = 'gate' AS "known_gate",
      "rule_id" AS "known_rule",
      max("kind") AS "known_kind",
      max("group_name") AS "known_name"
    FROM ${qualifiedName(config, GROUPS_TABLE)}
    WHERE "entity" NOT IN ('layer', 'holdout')
    GROUP BY 1, 2, 3
  )`;
}
