import { describe, expect, it } from '@jest/globals';
import { burstsOf, type NumberedEntry } from '../../console/page/parts/bursts.ts';

describe('a burst', () => {
  /** An event of a unit that came at these seconds of 2026-11-20 10:00. */
  const event = (number: number, at: string, unit: string, name = 'buy'): NumberedEntry => ({
    number,
    entry: {
      type: 'event',
      at: `2026-11-20T10:00:${at}Z`,
      kind: 'events',
      event_id: String(number),
      name,
      unit,
      group: null,
      code: null,
      sdk_type: null,
      sdk_version: null,
      row: null,
    },
  });

  it.each([
    {
      what: 'four events of the same ten seconds',
      times: ['00.000', '03.000', '06.000', '09.999'],
      sizes: [4],
    },
    { what: 'three events', times: ['00.000', '03.000', '06.000'], sizes: [1, 1, 1] },
    {
      what: 'four events of which one is of the next ten seconds',
      times: ['00.000', '03.000', '06.000', '10.000'],
      sizes: [1, 1, 1, 1],
    },
  ])('of $what makes $sizes.length rows', ({ times, sizes }) => {
    const kept = times.map((at, i) => event(i + 1, at, `unit ${i}`));
    expect(burstsOf(kept).map(({ entries }) => entries.length)).toEqual(sizes);
  });

  it('stands before older entries, and has its newest one first', () => {
    const see = event(1, '00.000', 'a', 'see');
    const buys = ['a', 'b', 'c', 'd'].map((unit, i) => event(i + 2, `0${i + 1}.000`, unit));
    const rows = burstsOf([see, ...buys]);
    expect(rows.map(({ newest }) => newest.number)).toEqual([5, 1]);
    expect(rows[0]?.entries.map(({ number }) => number)).toEqual([5, 4, 3, 2]);
  });

  it('has events of one name alone, also where two spaces are in the names', () => {
    const kept = ['a  b', 'a  c', 'a  b', 'a  c'].map((name, i) => event(i + 1, `0${i}.000`, 'u', name));
    expect(burstsOf(kept).map(({ entries }) => entries.length)).toEqual([1, 1, 1, 1]);
  });
});
