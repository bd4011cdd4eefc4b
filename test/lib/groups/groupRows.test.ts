import { describe, expect, it } from '@jest/globals';
import { readGroupRows, writeGroupRows } from '../../../lib/groups/GroupRow.ts';
import { groupsTable } from '../../../lib/tables/groupsTable.ts';
import { groupRow } from './groupRow.ts';

/** Rows that differ in each member. */
const rows = [
  groupRow({ layerId: 'home' }),
  groupRow({ experimentId: 'winter', entity: 'holdout', ruleId: '', kind: 'holdout' }),
  groupRow({ experimentId: 'checkout', entity: 'gate', ruleId: 'winterRule', kind: 'holdout' }),
  groupRow({ groupName: null, expectedSplit: null }),
];

describe("the table's object", () => {
  it('has a line for a row, with the columns of the table', () => {
    const [line = '', ...others] = writeGroupRows([groupRow({})]).split('\n');
    expect(others).toEqual(['']);
    expect(Object.keys(JSON.parse(line))).toEqual(groupsTable.columns.map(({ name }) => name));
  });

  it('has times in UTC, and the names by which SDKs send an experiment', () => {
    const line = JSON.parse(writeGroupRows([groupRow({})]));
    expect(line).toMatchObject({
      first_seen: '2026-11-01 10:00:00.000',
      last_seen: '2026-11-01 11:30:00.000',
    });
    const hashed = { djb2: '2917279538', sha256: 'w+LXjz/zNXJLQCnwZQW1EeT48B4liCjeKYSbNrQLVdA=' };
    expect(JSON.parse(line.sent_as)).toEqual(['button', hashed.djb2, hashed.sha256]);
  });

  it.each([
    { what: 'as it was written', text: writeGroupRows(rows) },
    {
      what: 'with empty lines before, between and behind its rows',
      text: ['', ...rows.map((one) => writeGroupRows([one])), ''].join('\r\n'),
    },
    {
      what: 'without columns that may be null',
      text: writeGroupRows(rows).replaceAll(/"(?:layer_id|group_name|expected_split)":null,/g, ''),
    },
  ])('is read as the same rows $what', ({ text }) => {
    expect(readGroupRows(text)).toEqual(rows);
  });

  const line = writeGroupRows([groupRow({})]).trimEnd();
  it.each([
    { damage: 'no JSON', broken: '{', what: 'no JSON object' },
    { damage: 'an array', broken: '[]', what: 'no JSON object' },
    {
      damage: 'no name',
      broken: line.replace('"experiment_id":', '"experiment":'),
      what: 'experiment_id is not a text',
    },
    {
      damage: 'an entity that is none',
      broken: line.replace('"entity":"experiment"', '"entity":"test"'),
      what: 'entity is not one of experiment',
    },
    {
      damage: 'a number as layer',
      broken: line.replace('"layer_id":null', '"layer_id":7'),
      what: 'layer_id is not a text',
    },
    {
      damage: 'a number as group',
      broken: line.replace('"group_name":"Test"', '"group_name":7'),
      what: 'group_name is not a text',
    },
    {
      damage: 'a kind that is none',
      broken: line.replace('"kind":"group"', '"kind":"team"'),
      what: 'kind is not one of group',
    },
    {
      damage: 'a word as time',
      broken: line.replace(/"first_seen":"[^"]+"/, '"first_seen":"soon"'),
      what: 'first_seen is not a time',
    },
    {
      damage: 'a day that is none',
      broken: line.replace(/"last_seen":"[^"]+"/, '"last_seen":"2026-02-30 00:00:00"'),
      what: 'last_seen is not a time',
    },
    {
      damage: 'a word as share',
      broken: line.replace('"expected_split":0.5', '"expected_split":"half"'),
      what: 'expected_split is not a number',
    },
  ])('is refused, with its number, if a line has $damage', ({ broken, what }) => {
    const detail = expect.stringContaining(`Line 3: ${what}`);
    const expected = { code: 'SLUICE_GROUPS_TABLE_INVALID', detail };
    expect(() => readGroupRows(`${line}\n\n${broken}\n`)).toThrow(expect.objectContaining(expected));
  });
});
