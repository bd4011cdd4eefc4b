import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { djb2 } from '../../../lib/wire/experimentNames.ts';
import { holdoutTest, isAssignment } from '../../../lib/wire/isAssignment.ts';

describe('isAssignment', () => {
  it.each(['4SuTqnR1', '3ZCniK9rvnQyXDQlQ1tGD9:100.00:5', 'rule_exp_test'])(
    'treats %s as a group',
    (rule) => {
      expect(isAssignment(rule, 'Network:Recognized')).toBe(true);
      expect(isAssignment(rule, null)).toBe(true);
      expect(isAssignment(rule, 'BootstrapPartialUserMatch:Recognized')).toBe(true);
      expect(isAssignment(rule, 'Persisted')).toBe(true);
    },
  );

  it.each([
    '',
    'default',
    'disabled',
    'error',
    'prestart',
    'launchedGroup',
    'abandoned',
    'layerAssignment',
    'experimentAssignment',
    'inlineTargetingRules',
    'targetingGate',
    'override',
    'group_1:explore',
    'rule:userID:id_override',
    'rule:override',
  ])('does not treat %p as a group', (rule) => {
    expect(isAssignment(rule, 'Network:Recognized')).toBe(false);
  });

  it.each([
    'Network:Unrecognized',
    'Unrecognized',
    'NoValues',
    'Uninitialized',
    'Loading:Recognized',
    'LocalOverride:Recognized',
    'local_override',
    'Network:LocalOverride',
    'Error',
    'unsupported',
  ])('returns no assignment for an evaluation without a result: %s', (reason) => {
    expect(isAssignment('rule_1', reason)).toBe(false);
  });
});

describe('holdoutTest', () => {
  const name = 'spring_holdout';
  const sha256 = createHash('sha256').update(name).digest('base64');
  const isHeldOut = (sent: unknown) => holdoutTest(['other_holdout', name])?.(sent);
  const passed = (gate: unknown, gateValue: unknown = 'true') => ({ gate, gateValue, ruleID: 'r' });

  it.each([
    { how: 'by its name', sent: [passed(name)] },
    { how: 'by djb2, as browsers send it', sent: [passed(djb2(name))] },
    { how: 'by djb2 as a number', sent: [passed(Number(djb2(name)))] },
    { how: 'by SHA-256', sent: [passed(sha256)] },
    { how: 'with the value as a boolean', sent: [passed(name, true)] },
    { how: 'without a rule', sent: [{ gate: name, gateValue: 'true' }] },
    {
      how: 'behind other gates and what is none',
      sent: [null, 7, 'true', [], passed('a_gate'), passed(name)],
    },
  ])('finds a holdout that the unit is in $how', ({ sent }) => {
    expect(isHeldOut(sent)).toBe(true);
  });

  it.each([
    { what: 'a holdout that the unit is not in', sent: [passed(name, 'false'), passed(name, false)] },
    {
      what: 'a value that is none',
      sent: [passed(name, 'True'), passed(name, 1), passed(name, null), { gate: name }],
    },
    { what: 'a targeting gate that the unit passes', sent: [passed('a_gate'), passed(djb2('a_gate'))] },
    { what: 'the rule of a holdout', sent: [{ gate: 'a_gate', gateValue: 'true', ruleID: name }] },
    { what: 'a list of names', sent: [passed([name])] },
    { what: 'no list', sent: passed(name) },
    { what: 'nothing', sent: null },
  ])('ignores $what', ({ sent }) => {
    expect(isHeldOut(sent)).toBe(false);
  });

  it('does not exist when no holdout is known', () => {
    expect(holdoutTest([])).toBeNull();
  });
});
