import { isJsonObject } from '../base/json.ts';
import { hashedNames } from './experimentNames.ts';

/**
 * Rule IDs that do not assign a unit to a group, and the meaning of each. The collector, the views and docs/statsig.md
 * use this list.
 *
 * Read in Statsig's evaluators (server-core: evaluator.rs, cmab_evaluator.rs, statsig_local_override_adapter.rs; the
 * legacy SDKs for Go, Python, Node, Ruby and Java; the clients for iOS, Android and JavaScript) and in the specs that
 * they are tested with (server-core: eval_proj_dcs.json), where the rule of a group has `isExperimentGroup: true` and
 * these have not.
 */
export const NON_GROUP_RULES: ReadonlyMap<string, string> = new Map([
  ['', 'Nothing was evaluated: the SDK does not know the name, or has no values yet.'],
  ['default', 'No rule matched.'],
  ['disabled', 'The gate or config is switched off.'],
  ['error', 'The evaluation failed (legacy Python SDK).'],
  ['prestart', 'The experiment or autotune has not started.'],
  ['abandoned', 'The experiment was ended without a winner: everybody gets the defaults.'],
  ['launchedGroup', 'The experiment was shipped: everybody gets the winner.'],
  ['layerAssignment', 'The unit is in the part of the layer that the experiment does not use (its size).'],
  ['experimentAssignment', "The layer's own rule that hands units over to an experiment."],
  ['targetingGate', "The unit fails the experiment's targeting gate."],
  ['inlineTargetingRules', "The unit fails the experiment's inline targeting."],
  ['override', 'The application overrides the value locally.'],
]);

/** Suffixes of rule IDs that do not assign a unit to a group, and the meaning of each. */
export const NON_GROUP_RULE_ENDINGS: ReadonlyMap<string, string> = new Map([
  [':explore', "Autotune's exploration: the group is drawn anew (server-core cmab_evaluator.rs)."],
  [':override', 'An override of a gate or segment in the console.'],
  [':id_override', 'An override of single IDs in the console.'],
]);

/** Evaluation reasons without an evaluation. SDKs spell them differently: `LocalOverride`, `local_override`. */
const NO_EVALUATION = 'unrecognized|no_?values|uninitialized|loading|local_?override|error|unsupported';

/**
 * {@link NO_EVALUATION} as a pattern for Athena: each of these reasons is a part of `source:result`. It ends with the
 * text (`\z`), as Trino's `$` also matches before a last line break.
 */
export const NO_EVALUATION_PATTERN = `(?i)(^|:)(${NO_EVALUATION})(:|\\z)`;

/** Matches a reason by which nothing was evaluated. */
const noEvaluation = new RegExp(`(?:^|:)(?:${NO_EVALUATION})(?:$|:)`, 'i');
const endings = [...NON_GROUP_RULE_ENDINGS.keys()];

/**
 * Whether an exposure of this rule, for this reason, puts its unit in a group. Layers need more: see the row. A holdout's
 * rule looks like any other: see {@link holdoutTest}.
 */
export function isAssignment(ruleId: string, reason: string | null): boolean {
  if (NON_GROUP_RULES.has(ruleId)) return false;
  if (ruleId.includes(':') && endings.some((ending) => ruleId.endsWith(ending))) return false;
  return !noEvaluation.test(reason ?? '');
}

/** Whether one of an event's secondary exposures, as sent, is a known holdout that the unit is in. */
export type HoldoutTest = (secondaryExposures: unknown) => boolean;

/**
 * Makes the test for held-out units. Requests name gates without their kind, and every passed gate is a secondary
 * exposure with the value true, including targeting gates. So a unit counts as held out only by a holdout with a known name.
 *
 * @param holdouts Real names of holdouts.
 * @returns null when no holdout is known: no unit counts as held out then.
 */
export function holdoutTest(holdouts: readonly string[]): HoldoutTest | null {
  if (holdouts.length === 0) return null;
  const names = new Set(sentNames(holdouts));
  return (secondaryExposures) => {
    if (!Array.isArray(secondaryExposures)) return false;
    for (const evaluation of secondaryExposures) {
      if (!isJsonObject(evaluation)) continue;
      const { gate, gateValue } = evaluation;
      if (gateValue !== 'true' && gateValue !== true) continue;
      if ((typeof gate === 'string' || typeof gate === 'number') && names.has(String(gate))) return true;
    }
    return false;
  };
}

/** The forms in which SDKs send these names: the name itself, or a hash of it, as browsers do. */
export function sentNames(names: readonly string[]): readonly string[] {
  return [...new Set(names.flatMap((name) => [name, ...hashedNames(name)]))];
}
