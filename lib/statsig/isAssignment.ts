import { ShortTexts } from '../json/ShortTexts.ts';

/**
 * Rule IDs that put nobody in a group: no rule matched, the feature is off or not started, or the unit fell
 * out on the way. Read in Statsig's evaluators (go-sdk evaluator.go, server-core cmab_evaluator.rs) and specs.
 */
export const NO_GROUP: ReadonlySet<string> = new Set([
  '',
  'default',
  'disabled',
  'prestart',
  'layerAssignment',
  'inlineTargetingRules',
  'targetingGate',
  'override',
]);

/** Endings of rule IDs that assign nobody: autotune's exploration, and overrides (go-sdk, ruby-sdk sampling). */
export const NO_GROUP_ENDINGS = [':explore', ':override', ':id_override'] as const;

/**
 * Evaluation reasons without an evaluation, as any part of `source:result`. SDKs spell them in their own
 * ways: `LocalOverride`, `local_override`.
 */
const NO_EVALUATION =
  /(?:^|:)(?:unrecognized|no_?values|uninitialized|loading|local_?override|error|unsupported)(?:$|:)/i;

/** Reasons are few: each is looked at once. */
const evaluated = new ShortTexts<boolean>(1_000);

/** Whether an exposure of this rule, for this reason, puts its unit in a group. Layers need more: see the row. */
export function isAssignment(ruleId: string, reason: string | null): boolean {
  if (NO_GROUP.has(ruleId)) return false;
  if (ruleId.includes(':') && NO_GROUP_ENDINGS.some((ending) => ruleId.endsWith(ending))) return false;
  return reason === null || isEvaluated(reason);
}

function isEvaluated(reason: string): boolean {
  const known = evaluated.get(reason);
  if (known !== undefined) return known;
  const answer = !NO_EVALUATION.test(reason);
  evaluated.set(reason, answer);
  return answer;
}
