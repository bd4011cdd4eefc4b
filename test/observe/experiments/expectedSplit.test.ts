import { describe, expect, it } from '@jest/globals';
import type { GroupRow } from '../../../lib/groups/GroupRow.ts';
import { expectSplit, type SplitKnowledge } from '../../../observe/experiments/expectedSplit.ts';

const at = (day: string) => Date.parse(`${day}T12:00:00Z`);

/** A row of the table of experiment groups, last seen on 20 November. */
function row(ruleId: string, share: number | null, more: Partial<GroupRow> = {}): GroupRow {
  const [from, to] = [at('2026-11-01'), at('2026-11-20')];
  return {
    ...{ experimentId: 'checkout', entity: 'experiment', layerId: null, ruleId, groupName: `Name ${ruleId}` },
    ...{ kind: 'group', expectedSplit: share, firstSeen: from, lastSeen: to },
    splits: share === null ? [] : [{ from, to, split: share }],
    ...more,
  };
}

/** A group whose share was changed between the specs of 5 and of 9 November. */
const changed = (ruleId: string, before: number, after: number) =>
  row(ruleId, after, {
    splits: [
      { from: at('2026-11-01'), to: at('2026-11-05'), split: before },
      { from: at('2026-11-09'), to: at('2026-11-20'), split: after },
    ],
  });

const seen = (...ids: string[]) => ids.map((groupId) => ({ groupId, groupName: `Name ${groupId}` }));
const expectation = (knowledge: Partial<SplitKnowledge>) =>
  expectSplit({
    ...{ split: undefined, rows: [], seen: seen('a', 'b'), isEqual: false },
    days: { first: '2026-11-01', last: '2026-11-20' },
    ...knowledge,
  });
const weights = (knowledge: Partial<SplitKnowledge>) => {
  const found = expectation(knowledge);
  return found.source === null
    ? found.reason
    : [found.source, Object.fromEntries(found.groups.map(({ groupId, weight }) => [groupId, weight]))];
};

describe('the expected split', () => {
  it('is not assumed', () => {
    expect(expectation({})).toMatchObject({ source: null, reason: 'no_split' });
  });

  it('is the one of the specs: shares of the groups, not of other rules', () => {
    const rows = [row('a', 0.3), row('b', 0.7), row('layerAssignment', null, { kind: 'allocation' })];
    expect(weights({ rows })).toEqual(['specs', { a: 0.3, b: 0.7 }]);
  });

  it('is the one of the configuration before that of the specs, by group IDs or names', () => {
    const rows = [row('a', 0.3), row('b', 0.7)];
    expect(weights({ rows, split: { a: 1, b: 3 } })).toEqual(['configuration', { a: 1, b: 3 }]);
    expect(weights({ rows, split: { 'Name a': 1, 'name B': 3 } })).toEqual(['configuration', { a: 1, b: 3 }]);
    expect(weights({ split: { 'Name a': 1, nobody_yet: 3 } })).toEqual([
      'configuration',
      { a: 1, nobody_yet: 3 },
    ]);
  });

  it('is not guessed when a name means several groups, or two names one', () => {
    const twins = [
      { groupId: 'a1', groupName: 'Control' },
      { groupId: 'a2', groupName: 'Control' },
    ];
    expect(expectation({ seen: twins, split: { Control: 1, Test: 1 } })).toMatchObject({
      reason: 'ambiguous_group',
      text: expect.stringContaining('a1, a2'),
    });
    expect(weights({ split: { a: 1, 'Name a': 1 } })).toBe('ambiguous_group');
  });

  it('is equal shares when they are asked for, of the groups in the specs or of those with units', () => {
    const rows = [row('a', 0.3), row('b', 0.6), row('c', 0.1)];
    expect(weights({ rows, split: { a: 9, b: 1 }, isEqual: true })).toEqual(['equal', { a: 1, b: 1, c: 1 }]);
    expect(weights({ isEqual: true })).toEqual(['equal', { a: 1, b: 1 }]);
    expect(weights({ isEqual: true, seen: seen('a') })).toBe('one_group');
  });

  it('is not known when the specs say no share, have one group, or are of an autotune', () => {
    expect(weights({ rows: [row('a', 0.5), row('b', null)] })).toBe('share_unknown');
    expect(weights({ rows: [row('a', 1)] })).toBe('one_group');
    const arms = ['a', 'b'].map((id) => row(id, null, { entity: 'autotune', kind: 'variant' }));
    expect(weights({ rows: arms })).toBe('autotune');
  });

  it('leaves out groups that the newest specs no longer have', () => {
    const rows = [row('a', 0.5), row('b', 0.5), row('gone', 0.2, { lastSeen: at('2026-11-10') })];
    expect(weights({ rows })).toEqual(['specs', { a: 0.5, b: 0.5 }]);
  });

  it('is that of the days when the shares were changed, and none when they were changed in between', () => {
    const rows = [changed('a', 0.1, 0.5), changed('b', 0.9, 0.5)];
    const on = (first: string, last: string) => weights({ rows, days: { first, last } });
    expect(on('2026-11-10', '2026-11-20')).toEqual(['specs', { a: 0.5, b: 0.5 }]);
    expect(on('2026-11-01', '2026-11-04')).toEqual(['specs', { a: 0.1, b: 0.9 }]);
    for (const [first, last] of [
      ['2026-11-01', '2026-11-20'],
      ['2026-11-09', '2026-11-20'],
      ['2026-11-06', '2026-11-07'],
      ['2026-11-04', '2026-11-05'],
    ] as const)
      expect(on(first, last)).toBe('split_changed');
    expect(expectation({ rows })).toMatchObject({ text: expect.stringContaining('--from 2026-11-10') });
    // Without units, what holds now is expected.
    expect(weights({ rows, days: null })).toEqual(['specs', { a: 0.5, b: 0.5 }]);
  });
});
