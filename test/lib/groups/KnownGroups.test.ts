import { describe, expect, it } from '@jest/globals';
import type { GroupRow } from '../../../lib/groups/GroupRow.ts';
import { KnownGroups } from '../../../lib/groups/KnownGroups.ts';

const row = (more: Partial<GroupRow>): GroupRow => ({
  experimentId: 'button',
  entity: 'experiment',
  layerId: null,
  ruleId: 'buttonTest',
  groupName: 'Test',
  kind: 'group',
  expectedSplit: 0.5,
  firstSeen: Date.UTC(2026, 10, 1, 10),
  lastSeen: Date.UTC(2026, 10, 1, 11),
  ...more,
});

describe('the known groups', () => {
  const known = new KnownGroups([
    row({}),
    row({ ruleId: 'buttonControl', groupName: 'Control' }),
    row({ ruleId: 'buttonLaunch', groupName: null, kind: 'launch' }),
    row({ experimentId: 'colours', entity: 'autotune', ruleId: 'red', groupName: 'red', kind: 'variant' }),
    row({ experimentId: 'home', entity: 'layer', ruleId: 'assignment', groupName: null, kind: 'allocation' }),
    row({ experimentId: 'winter', entity: 'holdout', ruleId: '', groupName: 'winter', kind: 'holdout' }),
    row({
      experimentId: 'checkout',
      entity: 'gate',
      ruleId: 'winterRule',
      groupName: 'winter',
      kind: 'holdout',
    }),
  ]);

  it.each([
    { ruleId: 'buttonTest', expected: { groupName: 'Test', kind: 'group', assigns: true } },
    { ruleId: 'buttonControl', expected: { groupName: 'Control', kind: 'group', assigns: true } },
    { ruleId: 'buttonLaunch', expected: { groupName: null, kind: 'launch', assigns: false } },
  ])('have each rule of an experiment: $ruleId', ({ ruleId, expected }) => {
    expect(known.find(false, 'button', ruleId)).toEqual(expected);
  });

  it.each([
    { what: 'the variant of an autotune', isGate: false, name: 'colours', ruleId: 'red', assigns: true },
    { what: 'the rule of a holdout', isGate: true, name: 'checkout', ruleId: 'winterRule', assigns: false },
  ])('say of $what whether it assigns a group', ({ isGate, name, ruleId, assigns }) => {
    expect(known.find(isGate, name, ruleId)?.assigns).toBe(assigns);
  });

  it.each([
    { what: 'a gate with the name of an experiment', isGate: true, name: 'button', ruleId: 'buttonTest' },
    { what: 'an experiment with the name of a gate', isGate: false, name: 'checkout', ruleId: 'winterRule' },
    { what: 'a layer', isGate: false, name: 'home', ruleId: 'assignment' },
    { what: 'a holdout', isGate: false, name: 'winter', ruleId: '' },
    { what: 'an experiment that has other rules only', isGate: false, name: 'button', ruleId: '' },
  ])('have no rule of $what', ({ isGate, name, ruleId }) => {
    expect(known.find(isGate, name, ruleId)).toBeUndefined();
  });

  it('have the names of holdouts apart from all others', () => {
    const { names, holdouts } = known;
    expect({ names, holdouts }).toEqual({
      names: ['button', 'colours', 'home', 'checkout'],
      holdouts: ['winter'],
    });
  });
});
