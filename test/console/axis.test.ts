import { describe, expect, it } from '@jest/globals';
import { axisTop, beyond } from '../../console/page/parts/axis.ts';

/** 96 quarters of an hour: 20 zeros, then values from 10 to 39, whose usual one is 38. */
const day = Array.from({ length: 96 }, (_, i) => (i < 20 ? 0 : 10 + (i % 30)));

/** That day, with so many values of 5,000 from the 40th on. */
const dayWith = (spikes: number) => day.map((value, i) => (i >= 40 && i < 40 + spikes ? 5_000 : value));

/** Ten values of 10 and another one. */
const tenAnd = (value: number) => [...Array.from({ length: 10 }, () => 10), value];

describe('the top of an axis', () => {
  it.each([
    { what: '5 % above the largest value', values: day, top: 40.95 },
    { what: 'twice the usual value of a day with four spikes', values: dayWith(4), top: 76 },
    {
      what: 'above the spikes of a day with five, which have no room for their numbers',
      values: dayWith(5),
      top: 5_250,
    },
    { what: 'above a spike of two values that are not zero', values: [0, 0, 8, 100], top: 105 },
    { what: '5 % above four times the usual value, which is no spike', values: tenAnd(40), top: 42 },
    { what: 'twice the usual value below a spike of more than that', values: tenAnd(41), top: 20 },
    {
      what: '5 % above the largest value of a quiet day, of which most are zero',
      values: [...Array.from({ length: 92 }, () => 0), 8, 8, 8, 100],
      top: 105,
    },
    { what: '4 for few', values: [1, 0, 3], top: 4 },
    { what: '4 for zeros', values: [0, 0], top: 4 },
    { what: '4 without values', values: [], top: 4 },
  ])('is $what', ({ values, top }) => {
    expect(axisTop([values])).toBeCloseTo(top);
  });
});

it('the places beyond the top are those at which a value of any line is', () => {
  const lines = [
    [1, null, 9],
    [9, 2, 5, 9],
  ];
  expect(beyond(lines, 5)).toEqual([0, 2, 3]);
  expect(beyond([[5, 6]], 5)).toEqual([1]);
  expect(beyond([], 5)).toEqual([]);
});
