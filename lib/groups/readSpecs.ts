import * as z from 'zod';
import { isJsonObject } from '../base/json.ts';
import type { GroupKind, GroupRow } from './GroupRow.ts';
import { GroupsError } from './GroupsError.ts';

/** The most bytes of specs that are read. The specs of a large project take a few MB. */
export const SPECS_BYTES = 64 * 1024 * 1024;

/** A rule as specs have it. */
export interface SpecRule
  extends Pick<GroupRow, 'experimentId' | 'entity' | 'layerId' | 'ruleId' | 'groupName' | 'kind'> {
  /** Share of the allocated units, 0 to 1; null if the rule is not a group, or its conditions do not show it. */
  readonly split: number | null;
}

/** Result of {@link readSpecs}. */
export interface Specs {
  /** The rules that lib/tables/groupsTable.ts has a row for. */
  readonly rules: readonly SpecRule[];
  /** When the project was last changed, epoch milliseconds; null when the specs do not say it. */
  readonly time: number | null;
}

/** A name or an ID of specs. */
const text = z.string().max(1_000, 'a text of at most 1,000 characters');

/** A condition; rules name it. */
const conditionSchema = z.looseObject({
  type: z.string(),
  targetValue: z.unknown().optional(),
  operator: z.string().nullish(),
  additionalValues: z.record(z.string(), z.unknown()).nullish(),
});

/** A rule, as far as it is read. */
const ruleSchema = z.looseObject({
  id: text,
  groupName: text.nullish(),
  passPercentage: z.number(),
  /** Names of members of `condition_map`. */
  conditions: z.array(z.string()),
  configDelegate: text.nullish(),
  isExperimentGroup: z.boolean().nullish(),
});

/** A gate, a dynamic config or a layer, as far as it is read. */
const specSchema = z.looseObject({
  entity: z.string(),
  rules: z.array(ruleSchema),
  useNewLayerEval: z.boolean().nullish(),
});

/** Specs by name. */
const specsSchema = z.record(text, specSchema);

/** An answer of `/v2/download_config_specs`, as far as it is read. */
const rootSchema = z.looseObject({
  has_updates: z.boolean().optional(),
  time: z.number().optional(),
  feature_gates: specsSchema,
  dynamic_configs: specsSchema,
  layer_configs: specsSchema,
  condition_map: z.record(z.string(), conditionSchema).optional(),
  experiment_to_layer: z.record(text, text).optional(),
});

/** Specs, as far as they are read. */
type Root = z.output<typeof rootSchema>;
/** A rule of specs, as far as it is read. */
type Rule = z.output<typeof ruleSchema>;
/** A condition of specs, as far as it is read. */
type Condition = z.output<typeof conditionSchema>;
/** The conditions of a rule, in its order; undefined for one that specs do not have. */
type ConditionsOf = (rule: Rule) => readonly (Condition | undefined)[];

/** Rule IDs that Statsig has for one purpose only, and the purpose. */
const CONSTANT_RULES: Readonly<Record<string, GroupKind>> = {
  launchedGroup: 'launch',
  abandoned: 'abandoned',
  prestart: 'prestart',
  targetingGate: 'targeting',
  inlineTargetingRules: 'targeting',
  layerAssignment: 'allocation',
  experimentAssignment: 'allocation',
};

/** Entities whose rules may be groups. For other entities only the rules for held-out units matter. */
const GROUPED: ReadonlyMap<string, 'experiment' | 'autotune'> = new Map([
  ['experiment', 'experiment'],
  ['autotune', 'autotune'],
]);

/** What a rule has where nothing is known. */
const UNKNOWN = { layerId: null, ruleId: '', groupName: null, split: null } as const;

/** Buckets that a unit can fall into: statsig-rust, evaluator.rs, `user_bucket`. */
const BUCKETS = 1_000;

/**
 * Reads specs as Statsig's `/v2/download_config_specs` answers them, and finds the rules of experiments.
 *
 * A rule is a group exactly when Statsig's own evaluators say so: `isExperimentGroup` is true. All other rules of an
 * experiment are there for what keeps a unit out of it: holdouts, targeting, allocation, overrides, or its end.
 * https://github.com/statsig-io/statsig-server-core, statsig-rust/src/statsig.rs, `get_experiment_groups`
 *
 * @throws GroupsError `SLUICE_GROUPS_SPECS_NOT_JSON`, `SLUICE_GROUPS_SPECS_INVALID`, `SLUICE_GROUPS_SPECS_TOO_LARGE`
 */
export function readSpecs(bytes: Uint8Array): Specs {
  if (bytes.byteLength > SPECS_BYTES) {
    const detail = `${bytes.byteLength} bytes of ${SPECS_BYTES}.`;
    throw new GroupsError('SLUICE_GROUPS_SPECS_TOO_LARGE', detail);
  }
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new GroupsError('SLUICE_GROUPS_SPECS_NOT_JSON', '', { cause: error });
  }
  const read = rootSchema.safeParse(json);
  if (isJsonObject(json) && json['has_updates'] === false) {
    throw new GroupsError('SLUICE_GROUPS_SPECS_INVALID', 'has_updates is false: it holds no specs.');
  }
  if (!read.success) throw new GroupsError('SLUICE_GROUPS_SPECS_INVALID', describeProblem(json, read.error));
  const { time = 0 } = read.data;
  return { rules: [...readRules(read.data)], time: time > 0 ? time : null };
}

/** Why a document is no specs, in a sentence. */
function describeProblem(json: unknown, { issues }: z.ZodError): string {
  if (isJsonObject(json) && ('evaluated_keys' in json || 'hash_used' in json)) {
    return 'It is an answer of /initialize.';
  }
  const [first] = issues;
  if (first === undefined) return 'It is not as expected.';
  const { path, message } = first;
  return `${path.length === 0 ? 'The document' : path.join('.')}: ${message}.`;
}

/** The rules of specs, one after the other. */
function* readRules(root: Root): Generator<SpecRule> {
  const conditions = new Map(Object.entries(root.condition_map ?? {}));
  const conditionsOf = (rule: Rule) => rule.conditions.map((name) => conditions.get(name));
  const gates = Object.entries(root.feature_gates);
  const holdouts = new Set(gates.flatMap(([name, { entity }]) => (entity === 'holdout' ? [name] : [])));
  const holdoutOf = (rule: Rule) => findHoldout(conditionsOf(rule), holdouts);
  for (const experimentId of holdouts) yield { ...UNKNOWN, experimentId, entity: 'holdout', kind: 'holdout' };
  yield* heldOutRules('gate', root.feature_gates, holdoutOf);
  yield* heldOutRules('dynamic_config', root.dynamic_configs, holdoutOf);
  yield* experimentRules(root, conditionsOf, holdoutOf);
  yield* layerRules(root, holdoutOf);
}

/** The holdout whose units a rule is for; null when the rule is for other units. */
type HoldoutOf = (rule: Rule) => string | null;

/** Rules that keep units out of what is no experiment. */
function* heldOutRules(
  entity: 'gate' | 'dynamic_config',
  specs: Root['feature_gates'],
  holdoutOf: HoldoutOf,
): Generator<SpecRule> {
  for (const [experimentId, spec] of Object.entries(specs)) {
    if (GROUPED.has(spec.entity)) continue;
    for (const rule of spec.rules) {
      const groupName = holdoutOf(rule);
      if (groupName === null) continue;
      yield { ...UNKNOWN, experimentId, ruleId: rule.id, entity, groupName, kind: 'holdout' };
    }
  }
}

/** Rules of experiments and autotunes. */
function* experimentRules(root: Root, conditionsOf: ConditionsOf, holdoutOf: HoldoutOf): Generator<SpecRule> {
  const layers = layersByExperiment(root);
  for (const [experimentId, { entity: specEntity, rules }] of Object.entries(root.dynamic_configs)) {
    const entity = GROUPED.get(specEntity);
    if (entity === undefined) continue;
    const layerId = layers.get(experimentId) ?? null;
    const splits = readSplits(rules, conditionsOf);
    for (const [index, rule] of rules.entries()) {
      const named = nameRule(rule, entity, holdoutOf);
      yield { ...named, experimentId, entity, layerId, split: splits[index] ?? null };
    }
  }
}

/** Rules of layers. */
function* layerRules({ layer_configs: layers }: Root, holdoutOf: HoldoutOf): Generator<SpecRule> {
  for (const [name, spec] of Object.entries(layers)) {
    for (const rule of spec.rules) {
      const layerRule = { ...UNKNOWN, ...nameRule(rule, 'layer', holdoutOf) };
      yield { ...layerRule, experimentId: name, entity: 'layer' };
      // Layers of the newer kind log their own rule's ID beside the experiment that they delegate to
      // (statsig-rust, evaluator.rs, new_layer_eval).
      if (spec.useNewLayerEval === true && rule.configDelegate) {
        yield { ...layerRule, experimentId: rule.configDelegate, entity: 'experiment', layerId: name };
      }
    }
  }
}

/** What a rule says of itself. */
function nameRule(
  rule: Rule,
  entity: 'experiment' | 'autotune' | 'layer',
  holdoutOf: HoldoutOf,
): Pick<SpecRule, 'ruleId' | 'groupName' | 'kind'> {
  const holdout = holdoutOf(rule);
  return { ruleId: rule.id, groupName: rule.groupName || holdout, kind: ruleKind(rule, entity, holdout) };
}

/** The layer of each experiment that is in one. */
function layersByExperiment(root: Root): Map<string, string> {
  const layers = new Map<string, string>();
  for (const [layer, spec] of Object.entries(root.layer_configs)) {
    for (const { configDelegate } of spec.rules) if (configDelegate) layers.set(configDelegate, layer);
  }
  for (const [experiment, layer] of Object.entries(root.experiment_to_layer ?? {})) {
    layers.set(experiment, layer);
  }
  return layers;
}

/** What a rule is: a group, or one of the rules around them. */
function ruleKind(
  rule: Rule,
  entity: 'experiment' | 'autotune' | 'layer',
  holdout: string | null,
): GroupKind {
  if (rule.isExperimentGroup === true) return 'group';
  const constant = Object.hasOwn(CONSTANT_RULES, rule.id) ? CONSTANT_RULES[rule.id] : undefined;
  if (constant !== undefined) return constant;
  if (holdout !== null) return 'holdout';
  // statsig-rust, spec_types.rs, `is_override_rule`.
  if (rule.id.endsWith('override')) return 'override';
  if (entity === 'autotune') return 'variant';
  return rule.configDelegate ? 'allocation' : 'other';
}

/** The holdout among the conditions of a rule; null if there is none. */
function findHoldout(
  conditions: readonly (Condition | undefined)[],
  holdouts: ReadonlySet<unknown>,
): string | null {
  for (const condition of conditions) {
    if (condition?.type !== 'pass_gate' && condition?.type !== 'multi_pass_gate') continue;
    const { targetValue } = condition;
    const gates = Array.isArray(targetValue) ? targetValue : [targetValue];
    const name: unknown = gates.find((gate) => holdouts.has(gate));
    if (typeof name === 'string') return name;
  }
  return null;
}

/**
 * The share of each rule that is a group. Statsig writes shares as upper bounds of a unit's bucket, each group's above
 * the one before it: 500 and 1,000 for halves. A rule for everyone gets the rest.
 */
function readSplits(rules: readonly Rule[], conditionsOf: ConditionsOf): (number | null)[] {
  // The highest bound until now, by the salt that chose the buckets.
  const reached = new Map<unknown, number>();
  return rules.map((rule) => {
    if (rule.isExperimentGroup !== true) return null;
    const [condition, ...more] = conditionsOf(rule);
    if (condition === undefined || more.length > 0) return null;
    // With bounds of two salts, nobody can tell of which of them this rule gets the rest.
    if (condition.type === 'public' && reached.size < 2) {
      const [below = 0] = reached.values();
      return ((BUCKETS - below) / BUCKETS) * (rule.passPercentage / 100);
    }
    if (condition.type !== 'user_bucket' || condition.operator !== 'lt') return null;
    const bound = readNumber(condition.targetValue);
    if (!(bound >= 0 && bound <= BUCKETS)) return null;
    const salt = condition.additionalValues?.['salt'];
    const below = reached.get(salt) ?? 0;
    reached.set(salt, Math.max(below, bound));
    return (Math.max(0, bound - below) / BUCKETS) * (rule.passPercentage / 100);
  });
}

/** Reads a target as the evaluators do: a number, or a text that is one. */
function readNumber(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
}
