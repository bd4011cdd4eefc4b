import { describe, expect, it } from '@jest/globals';
import { queryOf } from '../../console/page/pages/tableQuery.ts';

describe('the query that the console begins with', () => {
  it.each([
    { last: '2026-11-27', where: "\nWHERE ds = DATE '2026-11-27'" },
    { last: '2026-11-28', where: "\nWHERE ds = DATE '2026-11-28'" },
    { last: '2026-11-29', where: "\nWHERE ds = DATE '2026-11-28'" },
    { last: null, where: '' },
  ])('on 28 November, of a table whose last day is $last, reads $where', ({ last, where }) => {
    expect(queryOf('events', { last, today: '2026-11-28' })).toBe(`SELECT *\nFROM events${where}\nLIMIT 100`);
  });
});
