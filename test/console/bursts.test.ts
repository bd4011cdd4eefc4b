import { describe, expect, it } from '@jest/globals';
import { burstsOf, type NumberedEntry } from '../../console/page/parts/bursts.ts';

describe('a burst', () => {
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
  it('is one row, and less than that stays as it came', () => {
    const buys = ['a', 'b', 'c', 'd'].map((unit, i) => event(i + 1, `0${i}.000`, unit));
    const others = [event(5, '05.000', 'a', 'see'), event(6, '06.000', 'a', 'see'), event(7, '27.000', 'e')];
    const rows = burstsOf([...buys, ...others]);
    expect(rows.map(({ newest, entries }) => [newest.number, entries.length])).toEqual([
      [7, 1],
      [6, 1],
      [5, 1],
      [4, 4],
    ]);
  });

  it('has events of one name alone, also where two spaces are in the names', () => {
    const kept = ['a  b', 'a  c', 'a  b', 'a  c'].map((name, i) => event(i + 1, `0${i}.000`, 'u', name));
    expect(burstsOf(kept).map(({ entries }) => entries.length)).toEqual([1, 1, 1, 1]);
  });
});
