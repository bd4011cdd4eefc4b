/** State of the experiments `search` and `fonts`. */
export type SpecState = 'running' | 'ended';

const EVERYONE = { type: 'public', targetValue: null, operator: null, field: null };

const conditions: Record<string, object> = {
  everyone: condition(EVERYONE),
  in_winter_holdout: gateCondition('pass_gate', 'winter_holdout'),
  in_home_holdout: gateCondition('pass_gate', 'home_holdout'),
  outside_europe: gateCondition('fail_gate', 'is_european'),
  european: condition({ type: 'user_field', targetValue: ['DE', 'FR'], operator: 'any', field: 'country' }),
  staff: condition({ type: 'user_field', targetValue: ['staff-1'], operator: 'any', field: 'userID' }),
};

/**
 * Specs of a project as `/v2/download_config_specs` answers them, with each way in which a unit is in no group: two
 * holdouts (`winter_holdout` of experiments and a gate, `home_holdout` of a layer), targeting, allocation, an override,
 * an experiment that was shipped (`search`), one that was abandoned (`fonts`) and one that has not begun (`later`).
 * Statsig's specs lack the groups of experiments that have ended. Shapes follow the test data of statsig-server-core.
 *
 * @param time When the project was last changed, epoch milliseconds.
 */
export function experimentSpecs(state: SpecState, time: number) {
  const ended = state === 'ended';
  const unlayered = [holdoutRule('winter', 'in_winter_holdout', 0)];
  const layered = [
    holdoutRule('winter', 'in_winter_holdout', 100),
    holdoutRule('home', 'in_home_holdout', 100),
  ];
  const layerAssignment = rule('layerAssignment', ['nobody'], {});
  conditions['nobody'] ??= bucketCondition('layer', 0);
  return {
    company_id: 'acme',
    has_updates: true,
    time,
    response_format: 'dcs-v2',
    feature_gates: {
      winter_holdout: gate('holdout', [
        rule('winterHeldOut:20.00:1', ['everyone'], true, { passPercentage: 20 }),
      ]),
      home_holdout: gate('holdout', [
        rule('homeHeldOut:20.00:1', ['everyone'], true, { passPercentage: 20 }),
      ]),
      is_european: gate('feature_gate', [rule('europeans', ['european'], true)]),
      new_checkout: gate('feature_gate', [
        { ...holdoutRule('winter', 'in_winter_holdout', 0), returnValue: false },
        rule('halfOfUsers', ['everyone'], true, { passPercentage: 50 }),
      ]),
    },
    dynamic_configs: {
      button: experiment([...unlayered, ...split('button', [50, 50])]),
      banner: experiment([
        rule('targetingGate', ['outside_europe'], {}),
        rule('bannerTest:userID:id_override', ['staff'], {}, { groupName: 'Test' }),
        ...split('banner', [50, 50]),
      ]),
      prices: experiment([layerAssignment, ...split('prices', [70, 20, 10])]),
      hero: experiment([...layered, ...split('hero', [50, 50])], { explicitParameters: ['headline'] }),
      search: ended
        ? experiment([...unlayered, rule('launchedGroup', ['everyone'], {}, { groupName: 'Test' })], {
            isActive: false,
          })
        : experiment([...unlayered, ...split('search', [50, 50])]),
      fonts: ended
        ? experiment([rule('abandoned', ['everyone'], {})], { isActive: false })
        : experiment(split('fonts', [50, 50])),
      later: experiment([...unlayered, rule('prestart', ['everyone'], {})], { isActive: false }),
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
    },
    layer_configs: {
      home: {
        ...experiment([
          ...layered,
          rule('experimentAssignment', ['everyone'], {}, { configDelegate: 'hero' }),
        ]),
        entity: 'layer',
        defaultValue: { headline: 'Welcome' },
        isActive: undefined,
      },
    },
    condition_map: { ...conditions },
    experiment_to_layer: { hero: 'home' },
  };
}

function gate(entity: string, rules: readonly object[]) {
  return {
    type: 'feature_gate',
    entity,
    salt: `salt-${JSON.stringify(rules).length}`,
    enabled: true,
    defaultValue: false,
    idType: 'userID',
    rules,
  };
}

function experiment(rules: readonly object[], more: object = {}) {
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

function rule(id: string, names: readonly string[], returnValue: object | boolean, more: object = {}) {
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
function holdoutRule(name: string, inHoldout: string, passPercentage: number) {
  return rule(`${name}HoldoutRule`, [inHoldout], {}, { passPercentage });
}

/** Groups Control, Test, Test #2 … with those shares in percent. */
function split(name: string, shares: readonly number[]) {
  let bound = 0;
  return shares.map((share, index) => {
    bound += share * 10;
    const bucket = `${name}_below_${bound}`;
    conditions[bucket] = bucketCondition(name, bound);
    const groupName = ['Control', 'Test'][index] ?? `Test #${index}`;
    return rule(
      `${name}${groupName.replace(/\W/g, '')}`,
      [bucket],
      { group: groupName, headline: groupName },
      {
        groupName,
        isExperimentGroup: true,
      },
    );
  });
}

function bucketCondition(salt: string, bound: number) {
  return condition({
    type: 'user_bucket',
    targetValue: bound,
    operator: 'lt',
    field: null,
    additionalValues: { salt: `salt-${salt}` },
  });
}

function gateCondition(type: 'pass_gate' | 'fail_gate', targetValue: string) {
  return condition({ type, targetValue, operator: null, field: null });
}

function condition(own: object) {
  return { additionalValues: {}, idType: 'userID', ...own };
}
