import { expect, it } from '@jest/globals';
import { cutLanes } from '../../../../lib/curate/engine/lanes.ts';

it.each<{
  readonly what: string;
  readonly sample: readonly (readonly [name: string, rows: number])[];
  readonly count: number;
  readonly sql: string;
}>([
  { what: 'without a name', sample: [], count: 1, sql: '0' },
  { what: 'of as many rows as are sorted at once', sample: [['a', 10]], count: 1, sql: '0' },
  {
    what: 'of one name with more rows, by hash of the event',
    sample: [['a', 11]],
    count: 2,
    sql: '0 + CAST(hash(id) % 2 AS INTEGER)',
  },
  {
    what: 'of names that fill a lane, and one that begins the next',
    sample: [
      ['a', 4],
      ['b', 6],
      ['c', 1],
    ],
    count: 2,
    sql: "CASE WHEN name < 'c' THEN 0 ELSE 1 END",
  },
  {
    what: 'of small names beside a large one, which is alone',
    sample: [
      ['a', 1],
      ['b', 25],
      ['c', 1],
      ["d'", 9],
      ['e', 1],
    ],
    count: 6,
    sql: "CASE WHEN name < 'c' THEN CASE WHEN name < 'b' THEN 0 ELSE 1 + CAST(hash(id) % 3 AS INTEGER) END ELSE CASE WHEN name < 'e' THEN 4 ELSE 5 END END",
  },
])('rows are cut into lanes: $what', ({ sample, count, sql }) => {
  expect(cutLanes(sample, 10, { name: 'name', identity: 'id' })).toEqual({ count, sql });
});
