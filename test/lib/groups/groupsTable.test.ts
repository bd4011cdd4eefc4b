import { describe, expect, it } from '@jest/globals';
import { HOUR_MS } from '../../../lib/base/time.ts';
import { type GroupRow, readGroupRows } from '../../../lib/groups/GroupRow.ts';
import {
  groupsObject,
  groupsText,
  mergeGroups,
  type UpdateOptions,
  updateGroupsTable,
} from '../../../lib/groups/groupsTable.ts';
import type { SpecRule } from '../../../lib/groups/readSpecs.ts';
import { MemoryObjects } from '../../harness/MemoryObjects.ts';

const START = Date.UTC(2026, 10, 1, 10);
const rule: SpecRule = {
  experimentId: 'e',
  entity: 'experiment',
  layerId: 'l',
  ruleId: 'r',
  groupName: 'Old',
  kind: 'group',
  split: 0.5,
};
const launch: SpecRule = { ...rule, ruleId: 'launchedGroup', groupName: null, kind: 'launch', split: null };

/** The rows after pulls of specs, an hour after the other. */
function pulled(...pulls: readonly (readonly SpecRule[])[]): readonly GroupRow[] {
  return pulls.reduce<readonly GroupRow[]>(
    (rows, rules, hour) => mergeGroups(rows, rules, START + hour * HOUR_MS).rows,
    [],
  );
}

describe('a pull', () => {
  it('counts the rules that are new, that are there again and that specs no longer have', () => {
    const rows = pulled([rule, { ...rule, ruleId: 'gone' }]);
    const { added, seenAgain, kept } = mergeGroups(rows, [rule, launch], START + HOUR_MS);
    expect({ added, seenAgain, kept }).toEqual({ added: 1, seenAgain: 1, kept: 1 });
  });

  it('keeps the group of an experiment that has ended, as it was', () => {
    const [, group] = pulled([rule], [launch]);
    const { split: expectedSplit, ...same } = rule;
    expect(group).toEqual({ ...same, expectedSplit, firstSeen: START, lastSeen: START });
  });

  it('says of a rule when specs had it first and last', () => {
    expect(pulled([], [rule], [rule])).toMatchObject([
      { firstSeen: START + HOUR_MS, lastSeen: START + 2 * HOUR_MS },
    ]);
  });

  it('keeps a rule as a group, with its layer and its split', () => {
    const demoted: SpecRule = { ...rule, layerId: null, kind: 'other', split: null };
    const expected = { kind: 'group', layerId: 'l', expectedSplit: 0.5 };
    expect(pulled([rule], [demoted])).toMatchObject([expected]);
  });

  it('has rows by experiment and rule, one of an experiment that became an autotune', () => {
    const two = ['s', 'r'].map((ruleId): SpecRule => ({ ...rule, ruleId }));
    const rows = pulled(two, [{ ...rule, entity: 'autotune' }], [{ ...rule, entity: 'dynamic_config' }]);
    expect(rows.map(({ ruleId }) => ruleId)).toEqual(['r', 's']);
  });

  it('makes a group of a rule that becomes one', () => {
    expect(pulled([{ ...rule, kind: 'other' }], [rule])).toMatchObject([{ kind: 'group' }]);
  });

  it('takes the name from the latest specs', () => {
    const rows = pulled([rule]);
    for (const at of [START, START + HOUR_MS])
      expect(mergeGroups(rows, [{ ...rule, groupName: 'New' }], at).rows).toMatchObject([
        { groupName: 'New' },
      ]);
  });

  it('takes no name from older specs than the last', () => {
    const older = mergeGroups(
      pulled([rule]),
      [{ ...rule, groupName: 'Oldest', kind: 'other' }],
      START - HOUR_MS,
    ).rows;
    expect(older).toMatchObject([
      { groupName: 'Old', kind: 'group', firstSeen: START - HOUR_MS, lastSeen: START },
    ]);
  });

  it('takes from older specs what none since have said', () => {
    const unnamed = pulled([{ ...rule, groupName: null, kind: 'other', layerId: null, split: null }]);
    expect(mergeGroups(unnamed, [rule], START - HOUR_MS).rows).toMatchObject([
      { groupName: 'Old', kind: 'group', layerId: 'l', expectedSplit: 0.5 },
    ]);
  });

  it.each<{ readonly what: string; readonly twice: readonly SpecRule[]; readonly taken: object }>([
    {
      what: 'the first',
      twice: [
        { ...rule, kind: 'holdout' },
        { ...rule, kind: 'other' },
      ],
      taken: { kind: 'holdout' },
    },
    {
      what: 'the first of two groups',
      twice: [rule, { ...rule, groupName: 'Second' }],
      taken: { groupName: 'Old' },
    },
    { what: 'the group', twice: [{ ...rule, kind: 'holdout' }, rule], taken: { kind: 'group' } },
  ])('takes of two rules with one ID $what', ({ twice, taken }) => {
    expect(pulled(twice)).toMatchObject([taken]);
  });

  it.each([
    { what: 'later specs say another', hour: 3, split: 0.7, expectedSplit: 0.7 },
    { what: 'older specs say another', hour: 1, split: 0.7, expectedSplit: 0.1 },
    { what: 'later specs say none', hour: 3, split: null, expectedSplit: 0.1 },
  ])('has the split $expectedSplit after $what', ({ hour, split, expectedSplit }) => {
    const { rows } = mergeGroups([], [{ ...rule, split: 0.1 }], START + 2 * HOUR_MS);
    const merged = mergeGroups(rows, [{ ...rule, split }], START + hour * HOUR_MS);
    expect(merged.rows).toMatchObject([{ expectedSplit }]);
  });

  it('tells rules of one ID apart by their experiment and its layer, also when they are read again', () => {
    const named: SpecRule = { ...rule, groupName: 'T\n"est' };
    const rows = pulled([named, { ...named, experimentId: 'f' }, { ...named, entity: 'layer' }]);
    expect(rows).toHaveLength(3);
    expect(readGroupRows(groupsText(rows))).toEqual(rows);
  });

  it('is refused when the table would be larger than collectors read', () => {
    const long = Array.from({ length: 20_000 }, (_, i): SpecRule => {
      return { ...rule, ruleId: `${'x'.repeat(300)}${i}` };
    });
    const expected = { code: 'SLUICE_GROUPS_TABLE_TOO_LARGE' };
    expect(() => groupsText(pulled(long))).toThrow(expect.objectContaining(expected));
  });
});

describe('the table of groups in a bucket', () => {
  /** How pulls reach a table that has one rule. */
  async function tableWithRule(): Promise<UpdateOptions> {
    const store = groupsObject(new MemoryObjects(), 'groups.json');
    const table: UpdateOptions = { store, wait: () => Promise.resolve(), random: () => 0 };
    await updateGroupsTable([rule], START, table);
    return table;
  }

  it('loses nothing of pulls at the same time', async () => {
    const table = await tableWithRule();
    const experiments = ['first', 'second', 'third', 'fourth', 'fifth'];
    await Promise.all(
      experiments.map((experimentId) => updateGroupsTable([{ ...rule, experimentId }], START, table)),
    );
    const names = readGroupRows((await table.store.read())?.text ?? '').map(
      ({ experimentId }) => experimentId,
    );
    expect(names.sort()).toEqual(['e', 'fifth', 'first', 'fourth', 'second', 'third']);
  });

  it('gives up a pull where somebody changes it at every look, unless there is nothing to add', async () => {
    const { store, ...rest } = await tableWithRule();
    const busy = { ...rest, store: { ...store, write: async () => null } };
    expect(await updateGroupsTable([rule], START, busy)).toMatchObject({ added: 0, seenAgain: 1 });
    await expect(updateGroupsTable([launch], START, busy)).rejects.toMatchObject({
      code: 'SLUICE_GROUPS_BUSY',
    });
  });
});
