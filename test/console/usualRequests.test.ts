import { describe, expect, it } from '@jest/globals';
import { usualRequests } from '../../console/page/parts/usualRequests.ts';

/** In the hour h usually 10 × h requests come. */
const hours = Array.from({ length: 24 }, (_, hour) => ({ least: 0, median: 10 * hour, most: 900 }));

/** The start of a period on 2026-11-20, epoch seconds. */
const at = (hour: number, minute = 0) => Date.UTC(2026, 10, 20, hour, minute) / 1_000;

describe('what is usual in a period', () => {
  it.each([
    { what: 'a quarter of the hour, rounded', epochSeconds: at(23), seconds: 900, requests: 58 },
    { what: 'a quarter of the hour at its end, too', epochSeconds: at(23, 45), seconds: 900, requests: 58 },
    { what: 'that of an hour', epochSeconds: at(23), seconds: 3_600, requests: 230 },
    { what: 'the sum of two hours', epochSeconds: at(22), seconds: 7_200, requests: 450 },
    {
      what: 'the sum of the last hour of a day and the first of the next',
      epochSeconds: at(23),
      seconds: 7_200,
      requests: 230,
    },
  ])('is $what', ({ epochSeconds, seconds, requests }) => {
    expect(usualRequests(hours, 'median', { epochSeconds, seconds })).toBe(requests);
  });

  it('is not known without hours', () => {
    expect(usualRequests([], 'most', { epochSeconds: 0, seconds: 900 })).toBeNull();
  });
});
