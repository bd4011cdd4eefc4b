import { describe, expect, it } from '@jest/globals';
import { KnownGroups } from '../../../lib/groups/KnownGroups.ts';
import { groupRow } from './groupRow.ts';

describe('the known groups', () => {
  const known = new KnownGroups([
    groupRow({}),
    groupRow({ ruleId: 'buttonControl', groupName: 'Control' }),
    groupRow({ ruleId: 'buttonLaunch', groupName: null, kind: 'launch' }),
    groupRow({
      experimentId: 'colours',
      entity: 'autotune',
      ruleId: 'red',
      groupName: 'red',
      kind: 'variant',
    }),
    groupRow({
      experimentId: 'home',
      entity: 'layer',
      ruleId: 'assignment',
      groupName: null,
      kind: 'allocation',
    }),
    groupRow({ experimentId: 'winter', entity: 'holdout', ruleId: '', groupName: 'winter', kind: 'holdout' }),
    groupRow({
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
