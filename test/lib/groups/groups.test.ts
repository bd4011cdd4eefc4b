import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { GROUPS_BYTES, type GroupRow, readGroupRows, writeGroupRows } from '../../../lib/groups/GroupRow.ts';
import { KnownGroups } from '../../../lib/groups/KnownGroups.ts';
import { groupsText, mergeGroups } from '../../../lib/groups/pullGroups.ts';
import { readSpecs, SPECS_BYTES, type SpecRule } from '../../../lib/groups/readSpecs.ts';
import { groupsTable } from '../../../lib/tables/groupsTable.ts';
import { djb2, hashedNames } from '../../../lib/wire/experimentNames.ts';
import { experimentSpecs } from '../../harness/experimentSpecs.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 10, 1, 10);
const bytes = (specs: unknown) => Buffer.from(JSON.stringify(specs));
const read = (specs: unknown) => readSpecs(bytes(specs));
const running = () => read(experimentSpecs('running', START)).rules;
const ended = () => read(experimentSpecs('ended', START)).rules;
const groupsOf = (rules: readonly SpecRule[], experiment: string) =>
  rules
    .filter(({ experimentId, entity }) => experimentId === experiment && entity !== 'layer')
    .map(({ ruleId, kind, groupName, split }) => [ruleId, kind, groupName, split]);
const codeOf = (work: () => unknown) => {
  try {
    return work();
  } catch (error) {
    return error instanceof Error && 'code' in error ? `${error.code}: ${error.message}` : error;
  }
};

describe('specs', () => {
  it('distinguish groups from all other rules of an experiment', () => {
    const rules = running();
    expect(groupsOf(rules, 'button')).toEqual([
      ['winterHoldoutRule', 'holdout', 'winter_holdout', null],
      ['buttonControl', 'group', 'Control', 0.5],
      ['buttonTest', 'group', 'Test', 0.5],
    ]);
    expect(groupsOf(rules, 'banner').map(([id, kind]) => [id, kind])).toEqual([
      ['targetingGate', 'targeting'],
      ['bannerTest:userID:id_override', 'override'],
      ['bannerControl', 'group'],
      ['bannerTest', 'group'],
    ]);
    const prices = groupsOf(rules, 'prices');
    expect(prices[0]).toEqual(['layerAssignment', 'allocation', null, null]);
    expect(prices.slice(1).map(([, kind, , split]) => [kind, Number(split).toFixed(6)])).toEqual([
      ['group', '0.700000'],
      ['group', '0.200000'],
      ['group', '0.100000'],
    ]);
    expect(groupsOf(rules, 'hero').map(([, kind]) => kind)).toEqual(['holdout', 'holdout', 'group', 'group']);
    expect(groupsOf(rules, 'later').map(([, kind]) => kind)).toEqual(['holdout', 'prestart']);
    expect(groupsOf(rules, 'colours')).toEqual([['red', 'variant', 'red', null]]);
    expect(groupsOf(rules, 'shipping')).toEqual([]);
    expect(groupsOf(ended(), 'search').map(([id, kind]) => [id, kind])).toEqual([
      ['winterHoldoutRule', 'holdout'],
      ['launchedGroup', 'launch'],
    ]);
    expect(groupsOf(ended(), 'fonts')).toEqual([['abandoned', 'abandoned', null, null]]);
  });

  it('contain holdouts, also of gates, and the layer of an experiment', () => {
    const rules = running();
    const holdouts = rules
      .filter(({ entity }) => entity === 'holdout')
      .map(({ experimentId }) => experimentId);
    expect(holdouts).toEqual(['winter_holdout', 'home_holdout']);
    expect(groupsOf(rules, 'new_checkout')).toEqual([
      ['winterHoldoutRule', 'holdout', 'winter_holdout', null],
    ]);
    expect(new Set(rules.flatMap(({ layerId }) => layerId ?? []))).toEqual(new Set(['home']));
    expect(
      rules.filter(({ entity }) => entity === 'layer').map(({ ruleId, kind }) => [ruleId, kind]),
    ).toEqual([
      ['winterHoldoutRule', 'holdout'],
      ['homeHoldoutRule', 'holdout'],
      ['experimentAssignment', 'allocation'],
    ]);
  });

  it('give an experiment the rules with which a new kind of layer delegates to it', () => {
    const specs = experimentSpecs('running', START);
    const home = specs.layer_configs.home;
    const own = {
      ...home.rules[0],
      id: 'layerRule',
      conditions: ['everyone'],
      configDelegate: 'hero',
      isExperimentGroup: true,
    };
    const layer_configs = { home: { ...home, useNewLayerEval: true, rules: [own] } };
    expect(groupsOf(read({ ...specs, layer_configs }).rules, 'hero').at(-1)).toEqual([
      'layerRule',
      'group',
      null,
      null,
    ]);
    expect(
      groupsOf(read({ ...specs, layer_configs: { home: { ...home, rules: [own] } } }).rules, 'hero'),
    ).toHaveLength(4);
  });

  it('have no split if conditions do not define one', () => {
    const specs = experimentSpecs('running', START);
    for (const targetValue of ['many', -1, 1_001, null, [500], '', '500']) {
      const condition_map = {
        ...specs.condition_map,
        button_below_500: { ...specs.condition_map['button_below_500'], targetValue },
      };
      const split = groupsOf(read({ ...specs, condition_map }).rules, 'button')[1]?.[3];
      expect({ targetValue, split }).toEqual({ targetValue, split: targetValue === '500' ? 0.5 : null });
    }
    // A last group for everyone gets the rest.
    const [held, control, test] = specs.dynamic_configs.button.rules;
    const button = {
      ...specs.dynamic_configs.button,
      rules: [held, control, { ...test, conditions: ['everyone'] }],
    };
    expect(
      groupsOf(read({ ...specs, dynamic_configs: { button } }).rules, 'button').map(([, , , split]) => split),
    ).toEqual([null, 0.5, 0.5]);
    const { condition_map: _, ...bare } = specs;
    expect(groupsOf(read(bare).rules, 'button').map(([, kind, , split]) => [kind, split])).toEqual([
      ['other', null],
      ['group', null],
      ['group', null],
    ]);
  });

  it('are rejected by name when they are invalid', () => {
    const refused = (sent: Uint8Array) => codeOf(() => readSpecs(sent));
    expect(refused(Buffer.from('no JSON'))).toMatch(/^SLUICE_GROUPS_SPECS_NOT_JSON: /);
    expect(refused(Buffer.from([0x1f, 0x8b, 0xff]))).toMatch(/^SLUICE_GROUPS_SPECS_NOT_JSON: /);
    for (const other of [null, [], {}, 'text', { not_a_dcs_payload: true }, { has_updates: false }]) {
      expect(refused(bytes(other))).toMatch(/^SLUICE_GROUPS_SPECS_INVALID: /);
    }
    const specs = experimentSpecs('running', START);
    expect(refused(bytes({ ...specs, has_updates: false }))).toContain('has_updates');
    expect(refused(bytes({ has_updates: false }))).toContain('has_updates is false');
    const initialize = {
      feature_gates: {},
      dynamic_configs: { '123': { name: '123', value: {} } },
      layer_configs: {},
      hash_used: 'djb2',
    };
    expect(refused(bytes(initialize))).toContain('/initialize');
    const button = { ...specs.dynamic_configs.button, rules: [{ id: 7 }] };
    expect(refused(bytes({ ...specs, dynamic_configs: { button } }))).toMatch(
      /INVALID: .*dynamic_configs\.button\.rules\.0\./,
    );
    expect(refused(new Uint8Array(SPECS_BYTES + 1))).toMatch(/^SLUICE_GROUPS_SPECS_TOO_LARGE: /);
  });
});

describe('a pull', () => {
  const rule: SpecRule = {
    ...running()[0],
    experimentId: 'e',
    entity: 'experiment',
    layerId: 'l',
    ruleId: 'r',
    groupName: 'Old',
    kind: 'group',
    split: 0.5,
  };
  const row = (rows: readonly GroupRow[], experiment: string, rule: string) =>
    rows.find(({ experimentId, ruleId }) => experimentId === experiment && ruleId === rule);

  it('keeps the groups of experiments that have ended', () => {
    const first = mergeGroups([], running(), START);
    const second = mergeGroups(first.rows, ended(), START + HOUR);
    expect(first.kept).toBe(0);
    expect(second.added).toBe(2);
    expect(second.kept).toBe(4);
    expect(row(second.rows, 'search', 'searchTest')).toMatchObject({
      kind: 'group',
      groupName: 'Test',
      expectedSplit: 0.5,
      firstSeen: START,
      lastSeen: START,
    });
    expect(row(second.rows, 'search', 'launchedGroup')).toMatchObject({
      kind: 'launch',
      firstSeen: START + HOUR,
    });
    expect(row(second.rows, 'button', 'buttonTest')).toMatchObject({
      firstSeen: START,
      lastSeen: START + HOUR,
    });
  });

  it('gives the same groups in either order', () => {
    const forth = mergeGroups(mergeGroups([], running(), START).rows, ended(), START + HOUR).rows;
    const back = mergeGroups(mergeGroups([], ended(), START + HOUR).rows, running(), START).rows;
    expect(back).toEqual(forth);
  });

  /** The rows after a pull, an hour after the other. */
  const pulled = (...pulls: readonly (readonly SpecRule[])[]) =>
    pulls.reduce<readonly GroupRow[]>(
      (rows, rules, hour) => mergeGroups(rows, rules, START + hour * HOUR).rows,
      [],
    );

  it('keeps a rule as a group, with its layer and its split', () => {
    const demoted: SpecRule = { ...rule, layerId: null, kind: 'other', split: null };
    const expected = { kind: 'group', layerId: 'l', expectedSplit: 0.5 };
    expect(pulled([rule], [demoted])).toMatchObject([expected]);
  });

  it('makes a group of a rule that becomes one', () => {
    expect(pulled([{ ...rule, kind: 'other' }], [rule])).toMatchObject([{ kind: 'group' }]);
  });

  it('uses names from the latest specs, whichever are pulled last', () => {
    const rows = pulled([rule], [{ ...rule, groupName: 'New' }]);
    expect(rows).toMatchObject([{ groupName: 'New' }]);
    const older = mergeGroups(rows, [{ ...rule, groupName: 'Oldest' }], START - HOUR).rows;
    expect(older).toMatchObject([{ groupName: 'New', firstSeen: START - HOUR, lastSeen: START + HOUR }]);
  });

  it('takes the first rule of an ID that is there twice, unless the second is a group', () => {
    const holdout: SpecRule = { ...rule, kind: 'holdout' };
    expect(pulled([holdout, { ...rule, kind: 'other' }])).toMatchObject([{ kind: 'holdout' }]);
    const second = { ...rule, groupName: 'Second' };
    expect(pulled([rule, second])).toMatchObject([{ groupName: rule.groupName }]);
    expect(pulled([holdout, rule])).toMatchObject([{ kind: 'group' }]);
  });

  it('has the split of the latest specs that say one', () => {
    const pull = (rows: readonly GroupRow[], hour: number, split: number | null) =>
      mergeGroups(rows, [{ ...rule, split }], START + hour * HOUR).rows;
    const rows = pull(pull([], 0, 0.5), 2, 0.1);
    expect(rows[0]?.expectedSplit).toBe(0.1);
    expect(pull(rows, 1, 0.7)[0]?.expectedSplit).toBe(0.1);
    expect(pull(rows, 3, null)[0]?.expectedSplit).toBe(0.1);
  });

  it('loses no rule and no group, whatever the order of pulls', () => {
    const ids = fc.constantFrom('a', 'b', 'c');
    const seen = fc.record({
      experimentId: ids,
      entity: fc.constantFrom('experiment' as const, 'layer' as const),
      layerId: fc.constantFrom(null, 'l'),
      ruleId: ids,
      groupName: fc.constantFrom(null, 'Control', 'T\n"est'),
      kind: fc.constantFrom('group' as const, 'holdout' as const, 'other' as const),
      split: fc.constantFrom(null, 0.5, 0.25),
    });
    const pulls = fc.array(fc.record({ at: fc.integer({ min: 0, max: 20 }), rules: fc.array(seen) }));
    fc.assert(
      fc.property(pulls, (all) => {
        let rows: readonly GroupRow[] = [];
        const groups = new Set<string>();
        const key = ({
          experimentId,
          entity,
          ruleId,
        }: Pick<GroupRow, 'experimentId' | 'entity' | 'ruleId'>) => `${entity} ${experimentId} ${ruleId}`;
        for (const { at, rules } of all) {
          rows = readGroupRows(groupsText(mergeGroups(rows, rules, START + at).rows));
          for (const rule of rules) if (rule.kind === 'group') groups.add(key(rule));
        }
        const keys = rows.map(key);
        expect(new Set(keys)).toEqual(new Set(all.flatMap(({ rules }) => rules.map(key))));
        expect(keys).toHaveLength(new Set(keys).size);
        expect(new Set(rows.filter(({ kind }) => kind === 'group').map(key))).toEqual(groups);
      }),
    );
  });

  it('is rejected when the table would be larger than collectors can read', () => {
    const [some] = mergeGroups([], running(), START).rows;
    if (some === undefined) throw new Error('no rows');
    const rows = Array.from({ length: 20_000 }, (_, i) => ({ ...some, ruleId: `${'x'.repeat(300)}${i}` }));
    expect(Buffer.byteLength(writeGroupRows(rows))).toBeGreaterThan(GROUPS_BYTES);
    expect(codeOf(() => groupsText(rows))).toMatch(/^SLUICE_GROUPS_TABLE_TOO_LARGE: /);
  });
});

describe("the table's object", () => {
  const rows = mergeGroups([], running(), START).rows;

  it('has a line for each row, with the columns of the table', () => {
    const lines = writeGroupRows(rows).trimEnd().split('\n');
    expect(lines).toHaveLength(rows.length);
    for (const line of lines) {
      expect(Object.keys(JSON.parse(line))).toEqual(groupsTable.columns.map(({ name }) => name));
    }
    const holdout = lines.map((line) => JSON.parse(line)).find(({ entity }) => entity === 'holdout');
    expect(JSON.parse(holdout.sent_as)).toEqual([
      holdout.experiment_id,
      ...hashedNames(holdout.experiment_id),
    ]);
    expect(holdout.first_seen).toBe('2026-11-01 10:00:00.000');
  });

  it('is parsed back unchanged', () => {
    expect(readGroupRows(writeGroupRows(rows))).toEqual(rows);
    expect(readGroupRows(`\n${writeGroupRows(rows)}\r\n`)).toEqual(rows);
  });

  it('is rejected by name, with the line, when it is damaged', () => {
    const line =
      writeGroupRows(rows)
        .split('\n')
        .find((recorded) => recorded.includes('"holdout"')) ?? '';
    for (const [broken, what] of [
      ['{', 'no JSON object'],
      ['[]', 'no JSON object'],
      [line.replace('"experiment_id":', '"experiment":'), 'experiment_id is not a text'],
      [line.replace(/"kind":"\w+"/, '"kind":"team"'), 'kind is not one of group'],
      [line.replace(/"first_seen":"[^"]+"/, '"first_seen":"soon"'), 'first_seen is not a time'],
      [line.replace(/"last_seen":"[^"]+"/, '"last_seen":"2026-02-30 00:00:00"'), 'last_seen is not a time'],
      [line.replace('"expected_split":null', '"expected_split":"half"'), 'expected_split is not a number'],
    ] as const) {
      const message = codeOf(() => readGroupRows(`${line}\n${broken}\n`));
      expect(message).toMatch(/^SLUICE_GROUPS_TABLE_INVALID: /);
      expect(message).toContain(`Line 2: ${what}`);
    }
  });

  it('supports lookups of rules, separately for gates', () => {
    const known = new KnownGroups(rows);
    expect(known.find(false, 'button', 'buttonTest')).toEqual({
      groupName: 'Test',
      kind: 'group',
      assigns: true,
    });
    expect(known.find(false, 'button', 'winterHoldoutRule')).toMatchObject({
      kind: 'holdout',
      assigns: false,
    });
    expect(known.find(false, 'colours', 'red')).toMatchObject({ assigns: true });
    expect(known.find(true, 'new_checkout', 'winterHoldoutRule')).toMatchObject({ kind: 'holdout' });
    expect(known.find(true, 'button', 'buttonTest')).toBeUndefined();
    expect(known.find(false, 'home', 'experimentAssignment')).toBeUndefined();
    expect(known.find(false, 'nobody', '')).toBeUndefined();
    expect(known.holdouts).toEqual(['home_holdout', 'winter_holdout']);
    expect(known.names).toContain('hero');
    expect(KnownGroups.none.names).toEqual([]);
    expect(djb2('hero')).toMatch(/^\d+$/);
  });
});
