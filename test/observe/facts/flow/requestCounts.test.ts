import { beforeAll, describe, expect, it } from '@jest/globals';
import { HOUR_MS, isoTimestamp, MINUTE_MS } from '../../../../lib/base/time.ts';
import {
  type LastHour,
  readLastHour,
  readLastRequest,
} from '../../../../observe/facts/flow/requestCounts.ts';
import { metricClient } from '../../../harness/metricClient.ts';

const AT = Date.UTC(2026, 10, 20, 12);
const NOT_STORED = 'SLUICE_COLLECT_NOT_DELIVERED';
const stack = { service: 'sluice', stage: 'prod' };
const minutesAfter = (minutes: number) => AT + minutes * MINUTE_MS;

const REQUESTS = 'received SampleCount collect prod';

describe('the last hour', () => {
  let lastHour: LastHour;
  beforeAll(async () => {
    const cloudwatch = metricClient({
      [REQUESTS]: [
        [minutesAfter(0), 2],
        [minutesAfter(7), 1],
        [minutesAfter(9), 0],
      ],
      'events_overflowed Sum collect prod': [[minutesAfter(4), 4]],
      [`refused_requests Sum collect prod ${NOT_STORED}`]: [
        [minutesAfter(5), 1],
        [minutesAfter(2), 3],
        [minutesAfter(3), 1],
      ],
      'refused_requests Sum collect prod SLUICE_KEYS_UNAVAILABLE': [[minutesAfter(1), 6]],
      'refused_requests Sum collect prod SLUICE_BODY_EMPTY': [[minutesAfter(1), 7]],
      'received Sum collect prod': [[minutesAfter(1), 8]],
      'overflowed Sum collect prod': [[minutesAfter(1), 9]],
      'ignored Sum collect prod': [[minutesAfter(1), 10]],
      'filtered Sum collect prod': [[minutesAfter(1), 11]],
      'exposures_landed Sum collect prod': [[minutesAfter(1), 12]],
      'events_landed Sum collect prod': [[minutesAfter(1), 4]],
      'quarantined Sum collect prod': [[minutesAfter(1), 13]],
    });
    lastHour = await readLastHour({ cloudwatch, stack, now: minutesAfter(10) });
  });

  it('has the first and the last minute of each answer 503', () => {
    const times = { first: isoTimestamp(minutesAfter(2)), last: isoTimestamp(minutesAfter(5)) };
    const once = { first: isoTimestamp(minutesAfter(1)), last: isoTimestamp(minutesAfter(1)) };
    expect(lastHour.failedAt).toEqual({ [NOT_STORED]: times, SLUICE_KEYS_UNAVAILABLE: once });
  });

  it('has each count of its requests and events', () => {
    const { lastRequestAt, lastStoredAt, failedAt, ...counts } = lastHour;
    expect(counts).toEqual({
      requests: 3,
      received: 8,
      landed: 16,
      quarantined: 13,
      overflowed: 9,
      ignored: 10,
      filtered: 11,
      failedBy: { [NOT_STORED]: 5, SLUICE_KEYS_UNAVAILABLE: 6 },
      refusedBy: { SLUICE_BODY_EMPTY: 7 },
    });
  });

  it('has the last minute in which events were stored, also by overflow alone', () => {
    expect(lastHour.lastStoredAt).toBe(isoTimestamp(minutesAfter(4)));
  });

  it('has the last minute with a request, which one with a value of 0 is not', () => {
    expect(lastHour.lastRequestAt).toBe(isoTimestamp(minutesAfter(7)));
  });

  it('is the running minute and the 59 before it', async () => {
    const cloudwatch = metricClient({
      [REQUESTS]: [
        [minutesAfter(0), 1],
        [minutesAfter(1), 2],
        [minutesAfter(60), 4],
      ],
    });
    const { requests } = await readLastHour({ cloudwatch, stack, now: minutesAfter(60.5) });
    expect(requests).toBe(6);
  });
});

it('the last request is that of the last minute with one, within an hour less than the 15 days of CloudWatch', async () => {
  const cloudwatch = metricClient({
    [REQUESTS]: [
      [minutesAfter(2), 1],
      [minutesAfter(7), 1],
      [minutesAfter(9), 0],
    ],
  });
  const lastRequest = (now: number) => readLastRequest({ cloudwatch, stack, now });
  // The running minute ends at the next one, and the time with it.
  expect(await lastRequest(minutesAfter(6.5) + 359 * HOUR_MS)).toBe(isoTimestamp(minutesAfter(7)));
  expect(await lastRequest(minutesAfter(7.5) + 359 * HOUR_MS)).toBeNull();
});
