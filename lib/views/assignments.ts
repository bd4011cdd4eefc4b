import { quoteText } from '../base/sql.ts';
import { ASSIGNING_KINDS } from '../groups/GroupRow.ts';
import type { Config } from '../schema/config.ts';
import { GROUPS_TABLE } from '../tables/groupsTable.ts';
import {
  NO_EVALUATION_PATTERN,
  NON_GROUP_RULE_ENDINGS,
  NON_GROUP_RULES,
  sentNames,
} from '../wire/isAssignment.ts';
import { productionOnly, qualifiedName, type ViewColumn } from './View.ts';

/** Secondary exposures as they are stored, as an array; null for what is no list, or no JSON. */
export const EVALUATIONS = 'TRY(CAST(json_parse("secondary_exposures") AS ARRAY(JSON)))';

/** Anything but a list, which a hand-made request may send, can't be taken apart. */
export const HAS_EVALUATIONS = `"secondary_exposures" LIKE '[%'`;

/**
 * Whether a rule can be a group's, as lib/wire/isAssignment.ts has it. The views apply the list to all rows: what was
 * written by an earlier version has `is_assignment` by the list of its time.
 *
 * @param rule The column with the rule ID, quoted.
 */
export function isGroupRule(rule: string): string {
  return [
    `${rule} NOT IN (${[...NON_GROUP_RULES.keys()].map(quoteText).join(', ')})`,
    `NOT regexp_like(${rule}, ${quoteText(`(${[...NON_GROUP_RULE_ENDINGS.keys()].join('|')})\\z`)})`,
  ].join(' AND ');
}

/**
 * Whether a secondary exposure is a holdout of the configuration that keeps a unit out; never null.
 *
 * @param name SQL of the gate's name as sent.
 */
export function isConfiguredHoldout({ holdouts }: Pick<Config, 'holdouts'>, name: string): string {
  const names = sentNames(holdouts ?? []).map(quoteText);
  return names.length === 0 ? 'FALSE' : `${name} IN (${names.join(', ')})`;
}

/** A row for each name by which SDKs send a holdout that the table of experiment groups has. */
export function holdoutNames(config: Pick<Config, 'database'>): string {
  return `(
  SELECT "known_sent_name", "entity" AS "known_entity", max("experiment_id") AS "known_holdout"
  FROM ${qualifiedName(config, GROUPS_TABLE)}
  CROSS JOIN UNNEST(CAST(json_parse("sent_as") AS ARRAY(VARCHAR))) AS "sent" ("known_sent_name")
  WHERE "entity" = 'holdout'
  GROUP BY 1, 2
)`;
}

/** The column `held_out` of the views of exposures. */
export const heldOutColumn: ViewColumn = {
  name: 'held_out',
  type: 'boolean',
  comment: 'Whether a known holdout kept the unit out: it is in no group, and group_id is null',
  sql: '"held_out"',
};

/**
 * Exposures of production that put their unit in a group, or that a known holdout kept out of one: a source with the
 * columns `held_out` and `known_name`, and the conditions on its rows.
 *
 * What the table of experiment groups says of a rule comes first: it is Statsig's own answer. A rule that it does not
 * have holds a unit out when a known holdout is among the row's secondary exposures. Both apply to rows that landed
 * before a holdout was configured or groups were pulled. Of such rows the stored `is_assignment` depends on what was known
 * when they landed, so it is worked out again. No expression stands around a column of the table that queries filter
 * on, so that such filters reach the scan. The names of holdouts are grouped by a column that is the same in all of their
 * rows: Trino does not plan every filter over an aggregation without groups.
 *
 * @param from The table, quoted and with its database.
 */
export function groupedExposures(config: Pick<Config, 'database' | 'holdouts'>, from: string) {
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
    ON "known_id" = "experiment_id" AND "known_rule" = "rule_id" AND "known_gate" = ("exposure_type" = 'gate')
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
      isGroupRule('"rule_id"'),
    ],
  };
}

/** SQL of a group's name, in the rows of {@link groupedExposures}: the latest that specs have, else the row's own. */
export const GROUP_NAME = 'COALESCE("known_name", "group_name")';

/** What the table of experiment groups says of each rule, a row each. */
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
