import { describe, expect, it } from '@jest/globals';
import { DAY_MS, MINUTE_MS } from '../../../lib/base/time.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { readLostCopies } from '../../../observe/facts/lostCopies.ts';
import { metricClient } from '../../harness/metricClient.ts';

const NOW = Date.UTC(2026, 10, 20, 9);
const minutesAgo = (minutes: number) => NOW - minutes * MINUTE_MS;

/** A value of each of some minutes, from the oldest to the newest. @param until Minutes since the newest. */
const untilMinutesAgo = (until: number, values: readonly number[]) =>
  values.map((value, i) => [minutesAgo(until + values.length - 1 - i), value] as const);

const QUEUE = 'sluice-prod-relay';
const VISIBLE = `ApproximateNumberOfMessagesVisible Maximum ${QUEUE}`;
const HIDDEN = `ApproximateNumberOfMessagesNotVisible Maximum ${QUEUE}`;
const DEAD = 'ApproximateNumberOfMessagesVisible Maximum sluice-prod-relay-dead-letters';
const RELAYED = 'RelayRelayed Sum relay prod';
const REFUSED = 'RelayRefused Sum relay prod';

function lost(values: Parameters<typeof metricClient>[0], relay: object = { relay: { statsig: true } }) {
  return readLostCopies({
    cloudwatch: metricClient(values),
    stack: { service: 'sluice', stage: 'prod' },
    config: defineConfig({ bucket: 'acme', ...relay }),
    now: NOW,
  });
}

describe('copies that went out of the queue of relay', () => {
  it.each([
    {
      what: 'all of those that were tried again',
      values: { [VISIBLE]: untilMinutesAgo(20, [0, 0, 0]), [HIDDEN]: untilMinutesAgo(21, [20, 20]) },
      told: {
        count: 20,
        since: '2026-11-20T08:39:00.000Z',
        goneBy: '2026-11-20T08:40:00.000Z',
        before: 20,
        after: 0,
      },
    },
    {
      what: 'in a purge that took some minutes, but for those that came meanwhile',
      values: { [VISIBLE]: untilMinutesAgo(16, [30, 30, 6, 1, 3, 4]) },
      told: {
        count: 26,
        since: '2026-11-20T08:40:00.000Z',
        goneBy: '2026-11-20T08:41:00.000Z',
        before: 30,
        after: 4,
      },
    },
    {
      what: 'a quarter of an hour ago',
      values: { [VISIBLE]: untilMinutesAgo(14, [20, 0]) },
      told: {
        count: 20,
        since: '2026-11-20T08:45:00.000Z',
        goneBy: '2026-11-20T08:46:00.000Z',
        before: 20,
        after: 0,
      },
    },
    {
      what: 'where the queue tells no more, as it is empty',
      values: { [VISIBLE]: untilMinutesAgo(300, [8, 0]) },
      told: {
        count: 8,
        since: '2026-11-20T03:59:00.000Z',
        goneBy: '2026-11-20T04:00:00.000Z',
        before: 8,
        after: 0,
      },
    },
    {
      what: 'beside some that were delivered, and some that were put aside',
      values: {
        [VISIBLE]: untilMinutesAgo(30, [20, 0]),
        [RELAYED]: untilMinutesAgo(32, [3]),
        [REFUSED]: untilMinutesAgo(29, [4]),
      },
      told: {
        count: 13,
        since: '2026-11-20T08:29:00.000Z',
        goneBy: '2026-11-20T08:30:00.000Z',
        before: 20,
        after: 0,
      },
    },
    {
      what: 'beside dead letters that were there before',
      values: { [VISIBLE]: untilMinutesAgo(30, [20, 0]), [DEAD]: untilMinutesAgo(20, Array(60).fill(90)) },
      told: {
        count: 20,
        since: '2026-11-20T08:29:00.000Z',
        goneBy: '2026-11-20T08:30:00.000Z',
        before: 20,
        after: 0,
      },
    },
    {
      what: 'in hours that nobody measured, which ended just now',
      values: { [VISIBLE]: [[minutesAgo(240), 20] as const, [minutesAgo(1), 2] as const] },
      told: {
        count: 18,
        since: '2026-11-20T05:00:00.000Z',
        goneBy: '2026-11-20T08:59:00.000Z',
        before: 20,
        after: 2,
      },
    },
    {
      what: 'twice, of which the last is told',
      values: { [VISIBLE]: [...untilMinutesAgo(300, [8, 0]), ...untilMinutesAgo(60, [9, 0])] },
      told: {
        count: 9,
        since: '2026-11-20T07:59:00.000Z',
        goneBy: '2026-11-20T08:00:00.000Z',
        before: 9,
        after: 0,
      },
    },
  ])('are told: $what', async ({ values, told }) => {
    expect(await lost(values)).toEqual(told);
  });

  it.each([
    {
      what: 'that were delivered, in minutes of which the metrics came later',
      values: { [VISIBLE]: untilMinutesAgo(30, [20, 0]), [RELAYED]: untilMinutesAgo(26, [11]) },
    },
    {
      what: 'that were put aside',
      values: { [VISIBLE]: untilMinutesAgo(30, [20, 0]), [REFUSED]: untilMinutesAgo(30, [20]) },
    },
    {
      what: 'that became dead letters, beside some that were there',
      values: {
        [VISIBLE]: untilMinutesAgo(30, [20, 0]),
        [DEAD]: [...untilMinutesAgo(60, [3]), ...untilMinutesAgo(28, [23])],
      },
    },
    {
      what: 'that became the first dead letters',
      values: { [VISIBLE]: untilMinutesAgo(30, [20, 0]), [DEAD]: untilMinutesAgo(28, [20]) },
    },
    {
      what: 'that were a peak of a minute',
      values: { [VISIBLE]: untilMinutesAgo(30, [2, 2, 20, 2]) },
    },
    {
      what: 'of which a count of SQS was too low for some minutes',
      values: { [VISIBLE]: untilMinutesAgo(18, [20, 0, 0, 0, 0, 20]) },
    },
    {
      what: 'that have become hidden',
      values: { [VISIBLE]: untilMinutesAgo(30, [20, 0]), [HIDDEN]: untilMinutesAgo(30, [20]) },
    },
    {
      what: 'that are four, and may be a count that is not exact',
      values: { [VISIBLE]: untilMinutesAgo(30, [4, 0]) },
    },
    {
      what: 'that are fewer than half, and may be a count that is not exact',
      values: { [VISIBLE]: untilMinutesAgo(16, [40, 21, 21, 21, 21]) },
    },
    {
      what: 'less than 15 minutes ago, of which metrics may still come',
      values: { [VISIBLE]: untilMinutesAgo(13, [20, 0]) },
    },
    {
      what: 'a day ago',
      values: { [VISIBLE]: untilMinutesAgo(DAY_MS / MINUTE_MS, [20, 0]) },
    },
    { what: 'of a queue without a metric', values: {} },
  ])('are not told: $what', async ({ values }) => {
    expect(await lost(values)).toBeNull();
  });

  it('are none without relay', async () => {
    expect(await lost({ [VISIBLE]: untilMinutesAgo(30, [20, 0]) }, {})).toBeNull();
  });
});
