import type { Config } from '../config/configSchema.ts';
import { quoteText } from '../sql/quoteText.ts';
import { NO_EVALUATION_PATTERN, NO_GROUP, NO_GROUP_ENDINGS, sentNames } from '../statsig/isAssignment.ts';
import { productionOnly } from './productionOnly.ts';
import type { ViewColumn } from './View.ts';

/** Secondary exposures as they are stored, as an array; null for what is no list, or no JSON. */
export const EVALUATIONS = 'TRY(CAST(json_parse("secondary_exposures") AS ARRAY(JSON)))';

/** Anything but a list, which a hand-made request may send, can't be taken apart. */
export const HAS_EVALUATIONS = `"secondary_exposures" LIKE '[%'`;

/**
 * Whether a rule can be a group's, as lib/statsig/isAssignment.ts has it. The views apply the list to all rows: what was
 * written by an earlier version has `is_assignment` by the list of its time.
 *
 * @param rule The column with the rule ID, quoted.
 */
export function isGroupRule(rule: string): string {
  return [
    `${rule} NOT IN (${[...NO_GROUP.keys()].map(quoteText).join(', ')})`,
    `NOT regexp_like(${rule}, ${quoteText(`(${[...NO_GROUP_ENDINGS.keys()].join('|')})\\z`)})`,
  ].join(' AND ');
}

/**
 * Whether a secondary exposure is a known holdout that keeps a unit out; never null.
 *
 * @param name SQL of the gate's name as sent.
 * @param isPassed SQL of whether its value is true.
 */
export function isHoldout({ holdouts }: Pick<Config, 'holdouts'>, name: string, isPassed: string): string {
  if (!knowsHoldouts({ holdouts })) return 'FALSE';
  return `COALESCE(${name} IN (${sentNames(holdouts ?? [])
    .map(quoteText)
    .join(', ')}) AND ${isPassed}, FALSE)`;
}

/** Whether holdouts are known by name. Otherwise nobody counts as held out, and no view looks for it. */
function knowsHoldouts({ holdouts }: Pick<Config, 'holdouts'>): boolean {
  return holdouts !== null && holdouts.length > 0;
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
 * column `held_out`, and the conditions on its rows.
 *
 * A row is held out by its own secondary exposures, so rows that landed before a holdout was configured are, too. Of a
 * held-out row the stored `is_assignment` says nothing: it depends on what was known when the row landed. What it would
 * be without the holdout is worked out again. No expression stands around a column of the table that queries filter on,
 * so that such filters reach the scan.
 *
 * @param from The table, quoted and with its database.
 */
export function groupedExposures(config: Pick<Config, 'holdouts'>, from: string) {
  const scalar = (member: string) => `json_extract_scalar(e, '$.${member}')`;
  const isIn = isHoldout(config, scalar('gate'), `${scalar('gateValue')} = 'true'`);
  const known = knowsHoldouts(config);
  const heldOut = known
    ? `COALESCE(${HAS_EVALUATIONS} AND any_match(${EVALUATIONS}, e -> ${isIn}), FALSE)`
    : 'FALSE';
  const hasValue = `("exposure_type" <> 'gate' OR "gate_value" IS NOT NULL)`;
  const isEvaluated = `("reason" IS NULL OR NOT regexp_like("reason", ${quoteText(NO_EVALUATION_PATTERN)}))`;
  const assigns = known
    ? `(NOT "held_out" AND "is_assignment" OR "held_out" AND ${hasValue} AND ${isEvaluated})`
    : '"is_assignment"';
  return {
    from: `(SELECT *, ${heldOut} AS "held_out" FROM ${from}) AS "marked"`,
    where: [productionOnly, assigns, isGroupRule('"rule_id"')],
  };
}
