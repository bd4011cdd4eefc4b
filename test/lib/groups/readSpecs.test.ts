import { describe, expect, it } from '@jest/globals';
import { readSpecs, SPECS_BYTES, type SpecRule } from '../../../lib/groups/readSpecs.ts';
import { experimentSpecs } from '../../harness/experimentSpecs.ts';

const bytesOf = (specs: unknown) => Buffer.from(JSON.stringify(specs));
const specs = experimentSpecs('running', Date.UTC(2026, 10, 1, 10));
const { button } = specs.dynamic_configs;

/** Rules of an experiment, a config or a gate, as their IDs and kinds. */
function kindsOf(rules: readonly SpecRule[], experiment: string): readonly string[] {
  const own = rules.filter(({ experimentId, entity }) => experimentId === experiment && entity !== 'layer');
  return own.map(({ ruleId, kind }) => `${ruleId} ${kind}`);
}

/** The rules of changed specs. */
function rulesOf(changed: object): readonly SpecRule[] {
  return readSpecs(bytesOf({ ...specs, ...changed })).rules;
}

describe('a rule of specs', () => {
  const running = () => rulesOf({});
  const ended = () => rulesOf(experimentSpecs('ended', 1));

  it.each([
    {
      what: 'an experiment with targeting and an override',
      name: 'banner',
      kinds: [
        'targetingGate targeting',
        'bannerTest:userID:id_override override',
        'bannerControl group',
        'bannerTest group',
      ],
    },
    {
      what: 'an experiment with an allocation',
      name: 'prices',
      kinds: ['layerAssignment allocation', 'pricesControl group', 'pricesTest group', 'pricesTest2 group'],
    },
    {
      what: 'an experiment that has not begun',
      name: 'later',
      kinds: ['winterHoldoutRule holdout', 'prestart prestart'],
    },
    { what: 'an autotune', name: 'colours', kinds: ['red variant'] },
    { what: 'a gate', name: 'new_checkout', kinds: ['winterHoldoutRule holdout'] },
    { what: 'a config that is no experiment', name: 'shipping', kinds: [] },
  ])('has the kind of what it is for: $what', ({ name, kinds }) => {
    expect(kindsOf(running(), name)).toEqual(kinds);
  });

  it.each([
    { what: 'shipped', name: 'search', kinds: ['winterHoldoutRule holdout', 'launchedGroup launch'] },
    { what: 'abandoned', name: 'fonts', kinds: ['abandoned abandoned'] },
  ])('has the kind of the end of an experiment that was $what', ({ name, kinds }) => {
    expect(kindsOf(ended(), name)).toEqual(kinds);
  });

  it('has the name of its group, or of the holdout that it is for', () => {
    const own = running().filter(({ experimentId }) => experimentId === 'button');
    expect(own.map(({ groupName }) => groupName)).toEqual(['winter_holdout', 'Control', 'Test']);
  });

  it('has the name of the holdout that it is for, too, if its own is empty', () => {
    const unnamed = { ...button, rules: button.rules.map((rule) => ({ groupName: '', ...rule })) };
    const own = rulesOf({ dynamic_configs: { ...specs.dynamic_configs, button: unnamed } });
    expect(own.find(({ experimentId }) => experimentId === 'button')?.groupName).toBe('winter_holdout');
  });

  it.each([
    { layer: 'a layer of the newer kind', more: { useNewLayerEval: true }, last: 'layerRule group' },
    { layer: 'another layer', more: {}, last: 'heroTest group' },
  ])('of $layer is one of the experiment that it delegates to, or not', ({ more, last }) => {
    const { home } = specs.layer_configs;
    const delegating = { ...home.rules[0], id: 'layerRule', configDelegate: 'hero', isExperimentGroup: true };
    const rules = rulesOf({ layer_configs: { home: { ...home, ...more, rules: [delegating] } } });
    expect(kindsOf(rules, 'hero').at(-1)).toBe(last);
  });
});

describe('specs', () => {
  const lt = (targetValue: number, salt: string | null, operator = 'lt') => ({
    type: 'user_bucket',
    targetValue,
    operator,
    additionalValues: salt === null ? null : { salt },
  });
  const group = { isExperimentGroup: true, passPercentage: 100 };
  const rest = { passPercentage: 0 };
  const sent = {
    condition_map: {
      everyone: { type: 'public' },
      held: { type: 'multi_pass_gate', targetValue: ['other', 'held_out'] },
      failed: { type: 'fail_gate', targetValue: 'held_out' },
      odd: { type: 'pass_gate', targetValue: 7 },
      a300: lt(300, 'a'),
      a500: lt(500, 'a'),
      a900: lt(900, 'a'),
      b700: lt(700, 'b'),
      unsalted: lt(250, null),
      equal: lt(500, 'a', 'eq'),
      age: { ...lt(500, 'a'), type: 'user_age' },
    },
    feature_gates: {
      held_out: { entity: 'holdout', rules: [] },
      gate: {
        entity: 'feature_gate',
        rules: [
          { ...rest, id: 'held', conditions: ['none', 'held'] },
          { ...rest, id: 'failed', conditions: ['failed'] },
          { ...rest, id: 'odd', conditions: ['odd'] },
        ],
      },
    },
    dynamic_configs: {
      one: {
        entity: 'experiment',
        rules: [
          { ...rest, id: 'a:override', conditions: ['a900'] },
          { ...group, id: 'half', passPercentage: 50, conditions: ['a500'] },
          { ...group, id: 'lower', conditions: ['a300'] },
          { ...group, id: 'upper', conditions: ['a900'] },
          { ...group, id: 'salted', conditions: ['b700'] },
          { ...group, id: 'everyone', conditions: ['everyone'] },
          { ...group, id: 'equal', conditions: ['equal'] },
          { ...group, id: 'age', conditions: ['age'] },
          { ...group, id: 'two', conditions: ['a900', 'everyone'] },
          { ...rest, id: 'inlineTargetingRules', conditions: [] },
          { ...rest, id: 'experimentAssignment', conditions: [] },
          { ...rest, id: 'delegates', configDelegate: 'x', conditions: [] },
          { ...rest, id: 'nothing', conditions: [] },
        ],
      },
      two: {
        entity: 'experiment',
        rules: [
          { ...group, id: 'quarter', conditions: ['unsalted'] },
          { ...group, id: 'rest', passPercentage: 50, conditions: ['everyone'] },
        ],
      },
    },
    layer_configs: {
      layer: {
        entity: 'layer',
        rules: ['one', 'two'].map((id) => ({ ...rest, id, configDelegate: id, conditions: [] })),
      },
    },
    experiment_to_layer: { two: 'another' },
  };

  it('have rules of every kind, with layer and split', () => {
    const { rules } = readSpecs(bytesOf(sent));
    expect(
      rules.map((rule) =>
        [rule.experimentId, rule.layerId, rule.ruleId, rule.groupName, rule.kind, rule.split].join(' '),
      ),
    ).toEqual([
      'held_out    holdout ',
      'gate  held held_out holdout ',
      'one layer a:override  override ',
      'one layer half  group 0.25',
      'one layer lower  group 0',
      'one layer upper  group 0.4',
      'one layer salted  group 0.7',
      'one layer everyone  group ',
      'one layer equal  group ',
      'one layer age  group ',
      'one layer two  group ',
      'one layer inlineTargetingRules  targeting ',
      'one layer experimentAssignment  allocation ',
      'one layer delegates  allocation ',
      'one layer nothing  other ',
      'two another quarter  group 0.25',
      'two another rest  group 0.375',
      'layer  one  allocation ',
      'layer  two  allocation ',
    ]);
  });

  it('have a rule without an ID for each holdout', () => {
    const own = rulesOf({}).filter(({ entity }) => entity === 'holdout');
    expect(own.map(({ experimentId, ruleId }) => [experimentId, ruleId])).toEqual([
      ['winter_holdout', ''],
      ['home_holdout', ''],
    ]);
  });

  it.each([
    { sent: 7, time: 7 },
    { sent: 0, time: null },
    { sent: undefined, time: null },
  ])('say when the project was changed, unless that is $sent', ({ sent, time }) => {
    expect(readSpecs(bytesOf({ ...specs, time: sent })).time).toBe(time);
  });
});

describe('the split of a group', () => {
  /** Splits of the rules of an experiment, to six digits. */
  const splitsOf = (changed: object) =>
    rulesOf(changed)
      .filter(({ experimentId }) => experimentId === 'button')
      .map(({ split }) => (split === null ? null : Number(split.toFixed(6))));

  it.each([
    { bound: '500', split: 0.5 },
    { bound: 0, split: 0 },
    { bound: 1_000, split: 1 },
    { bound: 'many', split: null },
    { bound: ' ', split: null },
    { bound: -1, split: null },
    { bound: 1_001, split: null },
    { bound: null, split: null },
    { bound: [500], split: null },
  ])('is $split if its upper bound is $bound', ({ bound: targetValue, split }) => {
    const { condition_map: conditions } = specs;
    const below = { ...conditions['button_below_500'], targetValue };
    expect(splitsOf({ condition_map: { ...conditions, button_below_500: below } })[1]).toBe(split);
  });

  it('is not known without conditions', () => {
    expect(splitsOf({ condition_map: undefined })).toEqual([null, null, null]);
  });
});

describe('an answer that has no specs', () => {
  const broken = { button: { ...button, rules: [{ id: 7 }] } };
  const initialize = {
    feature_gates: {},
    dynamic_configs: { '123': { name: '123', value: {} } },
    layer_configs: {},
    hash_used: 'djb2',
  };

  it.each([
    { what: 'a text', sent: Buffer.from('no JSON') },
    { what: 'Latin-1', sent: Buffer.from('"é"', 'latin1') },
  ])('is no JSON if it is $what', ({ sent }) => {
    const expected = { code: 'SLUICE_GROUPS_SPECS_NOT_JSON' };
    expect(() => readSpecs(sent)).toThrow(expect.objectContaining(expected));
  });

  it.each([
    { what: 'null', sent: null, detail: 'The document: ' },
    { what: 'a list', sent: [], detail: 'The document: ' },
    { what: 'an empty object', sent: {}, detail: 'feature_gates: ' },
    { what: 'specs without news', sent: { ...specs, has_updates: false }, detail: 'has_updates is false' },
    { what: 'no news', sent: { has_updates: false }, detail: 'has_updates is false' },
    { what: 'an answer of /initialize', sent: initialize, detail: 'It is an answer of /initialize.' },
    {
      what: 'a broken rule',
      sent: { ...specs, dynamic_configs: broken },
      detail: 'dynamic_configs.button.rules.0.',
    },
  ])('is refused with what is wrong with it: $what', ({ sent, detail }) => {
    const expected = { code: 'SLUICE_GROUPS_SPECS_INVALID', detail: expect.stringContaining(detail) };
    expect(() => readSpecs(bytesOf(sent))).toThrow(expect.objectContaining(expected));
  });

  it('is refused unread if it is too large', () => {
    const expected = { code: 'SLUICE_GROUPS_SPECS_TOO_LARGE' };
    expect(() => readSpecs(new Uint8Array(SPECS_BYTES + 1))).toThrow(expect.objectContaining(expected));
  });
});
