import { describe, expect, it } from '@jest/globals';
import { type GroupRow, readGroupRows, writeGroupRows } from '../../../lib/groups/GroupRow.ts';
import { KnownGroups } from '../../../lib/groups/KnownGroups.ts';
import { groupsTable } from '../../../lib/tables/groupsTable.ts';
import { djb2 } from '../../../lib/wire/experimentNames.ts';

const START = Date.UTC(2026, 10, 1, 10);
const row = (more: Partial<GroupRow>): GroupRow => ({
  experimentId: 'button',
  entity: 'experiment',
  layerId: null,
  ruleId: 'buttonTest',
  groupName: 'Test',
  kind: 'group',
  expectedSplit: 0.5,
  firstSeen: START,
  lastSeen: START,
  ...more,
});
const holdout = row({ experimentId: 'winter', entity: 'holdout', ruleId: '', kind: 'holdout' });
const gate = row({ experimentId: 'checkout', entity: 'gate', ruleId: 'winterRule', kind: 'holdout' });

describe("the table's object", () => {
  it('has a line for a row, with the columns of the table', () => {
    const [line = '', ...others] = writeGroupRows([row({})]).split('\n');
    expect(others).toEqual(['']);
    expect(Object.keys(JSON.parse(line))).toEqual(groupsTable.columns.map(({ name }) => name));
  });

  it('has times in UTC, and the names by which SDKs send an experiment', () => {
    const { sent_as: sentAs, first_seen: firstSeen } = JSON.parse(writeGroupRows([row({})]));
    expect(firstSeen).toBe('2026-11-01 10:00:00.000');
    const sha256 = 'w+LXjz/zNXJLQCnwZQW1EeT48B4liCjeKYSbNrQLVdA=';
    expect(JSON.parse(sentAs)).toEqual(['button', djb2('button'), sha256]);
  });

  it.each([
    { what: 'as it was written', around: '' },
    { what: 'with empty lines', around: '\r\n' },
  ])('is read as the same rows: $what', ({ around }) => {
    const rows = [row({ layerId: 'home' }), holdout, gate, row({ groupName: null, expectedSplit: null })];
    expect(readGroupRows(around + writeGroupRows(rows) + around)).toEqual(rows);
  });

  const line = writeGroupRows([row({})]).trimEnd();
  it.each([
    { broken: '{', what: 'no JSON object' },
    { broken: '[]', what: 'no JSON object' },
    { broken: line.replace('"experiment_id":', '"experiment":'), what: 'experiment_id is not a text' },
    { broken: line.replace('"kind":"group"', '"kind":"team"'), what: 'kind is not one of group' },
    { broken: line.replace(/"first_seen":"[^"]+"/, '"first_seen":"soon"'), what: 'first_seen is not a time' },
    {
      broken: line.replace(/"last_seen":"[^"]+"/, '"last_seen":"2026-02-30 00:00:00"'),
      what: 'last_seen is not a time',
    },
    {
      broken: line.replace('"expected_split":0.5', '"expected_split":"half"'),
      what: 'expected_split is not a number',
    },
  ])('is refused with the line that is damaged: $what', ({ broken, what }) => {
    const detail = expect.stringContaining(`Line 2: ${what}`);
    const expected = { code: 'SLUICE_GROUPS_TABLE_INVALID', detail };
    expect(() => readGroupRows(`${line}\n${broken}\n`)).toThrow(expect.objectContaining(expected));
  });
});

describe('the known groups', () => {
  const known = new KnownGroups([
    row({}),
    row({ experimentId: 'colours', entity: 'autotune', ruleId: 'red', kind: 'variant' }),
    row({ experimentId: 'home', entity: 'layer', ruleId: 'assignment', kind: 'allocation' }),
    holdout,
    gate,
  ]);

  it('say what a rule of an experiment is for', () => {
    const expected = { groupName: 'Test', kind: 'group', assigns: true };
    expect(known.find(false, 'button', 'buttonTest')).toEqual(expected);
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
    { what: 'another rule', isGate: false, name: 'button', ruleId: '' },
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
