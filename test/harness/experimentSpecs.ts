import { sum } from '../../lib/base/sum.ts';

/** State of the experiments `search` and `fonts`. */
export type SpecState = 'running' | 'ended';

/** A rule as Statsig's specs have it. */
interface SpecRule {
  /** Its ID again. */
  readonly name: string;
  readonly id: string;
  readonly salt: string;
  /** Percent of the units that its conditions choose. */
  readonly passPercentage: number;
  /** Names in {@link CONDITIONS}, all of which have to hold. */
  readonly conditions: readonly string[];
  /** A boolean of a gate. */
  readonly returnValue: object | boolean;
  readonly idType: 'userID';
  /** Absent of a rule that is no group. */
  readonly groupName?: string;
  /** Absent if it is no group of an experiment. */
  readonly isExperimentGroup?: true;
  /** The experiment to which a rule of a layer hands on; absent of others. */
  readonly configDelegate?: string;
}

/** An experiment, a dynamic config, an autotune or a layer as Statsig's specs have it. */
interface SpecConfig {
  readonly type: 'dynamic_config';
  readonly entity: 'experiment' | 'dynamic_config' | 'autotune' | 'layer';
  readonly salt: string;
  readonly enabled: true;
  /** Whether an experiment goes on; undefined of what is none. */
  readonly isActive: boolean | undefined;
  readonly hasSharedParams: false;
  readonly defaultValue: object;
  readonly idType: 'userID';
  readonly rules: readonly SpecRule[];
  /** Parameters of its layer that an experiment sets; absent of one without a layer. */
  readonly explicitParameters?: readonly string[];
}

const EVERYONE = { type: 'public', targetValue: null, operator: null, field: null };

/** Shares of the groups of experiments, in percent. */
const SHARES = {
  button: [50, 50],
  banner: [50, 50],
  prices: [70, 20, 10],
  hero: [50, 50],
  search: [50, 50],
  fonts: [50, 50],
} as const;

const CONDITIONS: Readonly<Record<string, object>> = {
  everyone: condition(EVERYONE),
  nobody: bucketCondition('layer', 0),
  in_winter_holdout: gateCondition('pass_gate', 'winter_holdout'),
  in_home_holdout: gateCondition('pass_gate', 'home_holdout'),
  outside_europe: gateCondition('fail_gate', 'is_european'),
  european: condition({ type: 'user_field', targetValue: ['DE', 'FR'], operator: 'any', field: 'country' }),
  staff: condition({ type: 'user_field', targetValue: ['staff-1'], operator: 'any', field: 'userID' }),
  ...Object.fromEntries(
    Object.entries(SHARES).flatMap(([name, shares]) =>
      boundsOf(shares).map((bound) => [bucketOf(name, bound), bucketCondition(name, bound)]),
    ),
  ),
};

/** The rules by which holdouts keep units out of an experiment of its own, and of one in the layer. */
const UNLAYERED = [holdoutRule('winter', 'in_winter_holdout', 0)];
const LAYERED = [
  holdoutRule('winter', 'in_winter_holdout', 100),
  holdoutRule('home', 'in_home_holdout', 100),
];

/**
 * Specs of a project as `/v2/download_config_specs` answers them, with each way in which a unit is in no group: two
 * holdouts (`winter_holdout` of experiments and a gate, `home_holdout` of a layer), targeting, allocation, an override,
 * an experiment that was shipped (`search`), one that was abandoned (`fonts`) and one that has not begun (`later`).
 * Statsig's specs lack the groups of experiments that have ended. Shapes follow the test data of statsig-server-core.
 *
 * @param time When the project was last changed, epoch milliseconds.
 */
export function experimentSpecs(state: SpecState, time: number) {
  return {
    company_id: 'acme',
    has_updates: true,
    time,
    response_format: 'dcs-v2',
    feature_gates: gates(),
    dynamic_configs: { ...experiments(), ...experimentsThatEnd(state), ...otherConfigs() },
    layer_configs: { home: layer() },
    condition_map: CONDITIONS,
    experiment_to_layer: { hero: 'home' },
  };
}

/** Two holdouts, a gate of Europeans, and a gate that half of the users pass. */
function gates() {
  return {
    winter_holdout: gate('holdout', [
      rule('winterHeldOut:20.00:1', ['everyone'], true, { passPercentage: 20 }),
    ]),
    home_holdout: gate('holdout', [rule('homeHeldOut:20.00:1', ['everyone'], true, { passPercentage: 20 })]),
    is_european: gate('feature_gate', [rule('europeans', ['european'], true)]),
    new_checkout: gate('feature_gate', [
      { ...holdoutRule('winter', 'in_winter_holdout', 0), returnValue: false },
      rule('halfOfUsers', ['everyone'], true, { passPercentage: 50 }),
    ]),
  };
}

/** Experiments that go on: plain, with a target and an override, of a layer, and one that has not begun. */
function experiments() {
  return {
    button: experiment([...UNLAYERED, ...split('button')]),
    banner: experiment([
      rule('targetingGate', ['outside_europe'], {}),
      rule('bannerTest:userID:id_override', ['staff'], {}, { groupName: 'Test' }),
      ...split('banner'),
    ]),
    prices: experiment([rule('layerAssignment', ['nobody'], {}), ...split('prices')]),
    hero: experiment([...LAYERED, ...split('hero')], { explicitParameters: ['headline'] }),
    later: experiment([...UNLAYERED, rule('prestart', ['everyone'], {})], { isActive: false }),
  };
}

/** One that is shipped in the end, and one that is abandoned. */
function experimentsThatEnd(state: SpecState) {
  if (state === 'running')
    return {
      search: experiment([...UNLAYERED, ...split('search')]),
      fonts: experiment(split('fonts')),
    };
  const launched = rule('launchedGroup', ['everyone'], {}, { groupName: 'Test' });
  return {
    search: experiment([...UNLAYERED, launched], { isActive: false }),
    fonts: experiment([rule('abandoned', ['everyone'], {})], { isActive: false }),
  };
}

/** What is no experiment. */
function otherConfigs() {
  return {
    shipping: {
      ...experiment([rule('pros', ['everyone'], { days: 1 })]),
      entity: 'dynamic_config',
      isActive: undefined,
    },
    colours: {
      ...experiment([rule('red', ['everyone'], {}, { groupName: 'red' })]),
      entity: 'autotune',
      isActive: undefined,
    },
  };
}

/** The layer of the experiment `hero`. */
function layer(): SpecConfig {
  const assignment = rule('experimentAssignment', ['everyone'], {}, { configDelegate: 'hero' });
  return {
    ...experiment([...LAYERED, assignment]),
    entity: 'layer',
    defaultValue: { headline: 'Welcome' },
    isActive: undefined,
  };
}

/** A gate or a holdout, by its entity. */
function gate(entity: 'feature_gate' | 'holdout', rules: readonly SpecRule[]) {
  return {
    type: 'feature_gate',
    entity,
    // Another one for each gate, so that they pass different units.
    salt: `salt-${JSON.stringify(rules).length}`,
    enabled: true,
    defaultValue: false,
    idType: 'userID',
    rules,
  };
}

/** An experiment of user IDs. @param more Members that differ. */
function experiment(rules: readonly SpecRule[], more: Partial<SpecConfig> = {}): SpecConfig {
  return {
    type: 'dynamic_config',
    entity: 'experiment',
    salt: 'salt',
    enabled: true,
    isActive: true,
    hasSharedParams: false,
    defaultValue: {},
    idType: 'userID',
    rules,
    ...more,
  };
}

/**
 * A rule that holds where all of its conditions do.
 *
 * @param names Names of the conditions.
 * @param more Members that differ.
 */
function rule(
  id: string,
  names: readonly string[],
  returnValue: object | boolean,
  more: Partial<SpecRule> = {},
): SpecRule {
  return {
    name: id,
    id,
    salt: id,
    passPercentage: 100,
    conditions: names,
    returnValue,
    idType: 'userID',
    ...more,
  };
}

/** Keeps the units of a holdout out. Statsig gives it 0 % in an experiment of its own and 100 % in a layer. */
function holdoutRule(name: string, inHoldout: string, passPercentage: number): SpecRule {
  return rule(`${name}HoldoutRule`, [inHoldout], {}, { passPercentage });
}

/** Groups Control, Test, Test #2 … with the shares of an experiment. */
function split(name: keyof typeof SHARES): readonly SpecRule[] {
  return boundsOf(SHARES[name]).map((bound, index) => {
    const groupName = ['Control', 'Test'][index] ?? `Test #${index}`;
    const values = { group: groupName, headline: groupName };
    const id = `${name}${groupName.replace(/\W/g, '')}`;
    return rule(id, [bucketOf(name, bound)], values, { groupName, isExperimentGroup: true });
  });
}

/** The upper bound of each group, of 1,000 buckets. */
function boundsOf(shares: readonly number[]): readonly number[] {
  return shares.map((_, i) => sum(shares.slice(0, i + 1).map((share) => share * 10)));
}

/** The name of the condition that holds in the buckets below a bound. */
function bucketOf(name: string, bound: number): string {
  return `${name}_below_${bound}`;
}

/** Holds for users whose bucket, of 1,000, is below a bound. */
function bucketCondition(salt: string, bound: number) {
  return condition({
    type: 'user_bucket',
    targetValue: bound,
    operator: 'lt',
    field: null,
    additionalValues: { salt: `salt-${salt}` },
  });
}

/** Holds for users who pass a gate, or fail it. */
function gateCondition(type: 'pass_gate' | 'fail_gate', targetValue: string) {
  return condition({ type, targetValue, operator: null, field: null });
}

/** A condition of user IDs. @param own Its members. */
function condition(own: object) {
  return { additionalValues: {}, idType: 'userID', ...own };
}
