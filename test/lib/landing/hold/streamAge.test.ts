import { describe, expect, it } from '@jest/globals';
import { oldestSeconds, undeliveredSeconds } from '../../../../lib/landing/hold/streamAge.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
/** Counts by how many minutes ago their period began. */
const counts = (...periods: readonly (readonly [minutesAgo: number, count: number])[]) =>
  periods.map(([minutesAgo, count]) => [NOW - minutesAgo * 60_000, count] as const);

describe('how long records have arrived without a delivery', () => {
  it.each([
    ['nothing arrived', [], [], 0],
    ['nothing arrived since the last delivery', [[180, 9]], [[175, 9]], 0],
    ['records arrived in the period of the last delivery', [[175, 9]], [[175, 3]], 0],
    ['only zeros are told', [[180, 0]], [], 0],
    ['what arrived is older than Firehose keeps', [[1_445, 9]], [], 0],
  ] as const)('is 0 when %s', (_, arrived, delivered, seconds) => {
    expect(undeliveredSeconds(counts(...arrived), counts(...delivered), NOW)).toBe(seconds);
  });

  it('begins with the first record after the last delivery, in any order of the values', () => {
    const arrived = counts([5, 1], [185, 0], [180, 2], [300, 9], [170, 4]);
    expect(undeliveredSeconds(arrived, counts([295, 9], [60, 0]), NOW)).toBe(180 * 60);
    expect(undeliveredSeconds(arrived, counts([295, 9], [60, 1]), NOW)).toBe(5 * 60);
    expect(undeliveredSeconds(arrived, [], NOW)).toBe(300 * 60);
  });

  it("is a stream's age only while Firehose tells none", () => {
    expect(oldestSeconds({ freshness: [], delivered: 0, undelivered: 9_000 })).toBe(9_000);
    expect(oldestSeconds({ freshness: [700, 30], delivered: 0, undelivered: 9_000 })).toBe(30);
  });
});
