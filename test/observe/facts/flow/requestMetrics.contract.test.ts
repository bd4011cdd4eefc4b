import { createServer } from 'node:http';
import { afterAll, describe, expect, it } from '@jest/globals';
import { DAY_MS, isoTimestamp, MINUTE_MS } from '../../../../lib/base/time.ts';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { readOverTime } from '../../../../observe/facts/flow/overTime.ts';
import { readUnkeptCopies } from '../../../../observe/facts/flow/relayCopies.ts';
import { readLastHour, readLastRequest } from '../../../../observe/facts/flow/requestCounts.ts';
import { listen } from '../../../harness/listen.ts';
import { metricClient } from '../../../harness/metricClient.ts';

/** The start of five minutes. */
const AT = Date.UTC(2026, 10, 20, 12);
const NOT_STORED = 'SLUICE_COLLECT_NOT_DELIVERED';
const stack = { service: 'sluice', stage: 'prod' };
const COLLECT = 'collect prod';
const minutesAfter = (minutes: number) => AT + minutes * MINUTE_MS;

/** What collectors counted at a time, by metric. */
const sumsAt = (at: number, sums: Readonly<Record<string, number>>) =>
  Object.fromEntries(
    Object.entries(sums).map(([name, value]) => [`${name} Sum ${COLLECT}`, [[at, value] as const]]),
  );

/** A CloudFormation whose stacks have no output. */
const server = createServer((_, response) => {
  response.end('<DescribeStacksResponse/>');
});
const cloudFormation = await listen(server);
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

describe('the last hour', () => {
  const cloudwatch = metricClient({
    [`received SampleCount ${COLLECT}`]: [
      [minutesAfter(0), 2],
      [minutesAfter(7), 1],
      [minutesAfter(9), 0],
    ],
    ...sumsAt(minutesAfter(1), { events_landed: 4 }),
    [`events_overflowed Sum ${COLLECT}`]: [[minutesAfter(4), 4]],
    [`refused_requests Sum ${COLLECT} ${NOT_STORED}`]: [
      [minutesAfter(5), 1],
      [minutesAfter(2), 3],
      [minutesAfter(3), 1],
    ],
    [`refused_requests Sum ${COLLECT} SLUICE_KEYS_UNAVAILABLE`]: [[minutesAfter(1), 6]],
    [`refused_requests Sum ${COLLECT} SLUICE_BODY_EMPTY`]: [[minutesAfter(1), 7]],
    ...sumsAt(minutesAfter(1), {
      received: 8,
      overflowed: 9,
      ignored: 10,
      filtered: 11,
      exposures_landed: 12,
      quarantined: 13,
    }),
  });
  const lastHour = readLastHour({ cloudwatch, stack, now: minutesAfter(10) });

  it('has the first and the last minute of each answer 503', async () => {
    const times = { first: isoTimestamp(minutesAfter(2)), last: isoTimestamp(minutesAfter(5)) };
    const once = { first: isoTimestamp(minutesAfter(1)), last: isoTimestamp(minutesAfter(1)) };
    expect((await lastHour).failedAt).toEqual({ [NOT_STORED]: times, SLUICE_KEYS_UNAVAILABLE: once });
  });

  it('has each count of its requests and events', async () => {
    expect(await lastHour).toMatchObject({
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

  it('is asked of when it had none: the last minute with one, of 15 days', async () => {
    const points = [
      [minutesAfter(2), 1],
      [minutesAfter(7), 1],
      [minutesAfter(9), 0],
    ] as const;
    const asked = { cloudwatch: metricClient({ [`received SampleCount ${COLLECT}`]: points }), stack };
    expect(await readLastRequest({ ...asked, now: AT + 14 * DAY_MS })).toBe(isoTimestamp(minutesAfter(7)));
    expect(await readLastRequest({ ...asked, now: AT + 16 * DAY_MS })).toBeNull();
  });

  it('has the last minute in which events were stored, also by overflow alone', async () => {
    expect((await lastHour).lastStoredAt).toBe(isoTimestamp(minutesAfter(4)));
  });

  it('has the last minute with a request, which one with a value of 0 is not', async () => {
    expect((await lastHour).lastRequestAt).toBe(isoTimestamp(minutesAfter(7)));
  });
});

describe('copies that were not kept for relay', () => {
  const cloudwatch = metricClient({
    [`RelayNotKept Sum ${COLLECT}`]: [
      [minutesAfter(0), 3],
      [minutesAfter(7), 1],
      [minutesAfter(9), 0],
    ],
  });
  const relay = { statsig: true } as const;
  const counted = { count: 4, first: isoTimestamp(minutesAfter(0)), last: isoTimestamp(minutesAfter(7)) };
  it.each([
    ['counted for a day, from the first on', { relay }, counted],
    ['none without relay', {}, null],
  ])('are %s', async (_, more, unkept) => {
    const config = defineConfig({ bucket: 'acme', ...more });
    expect(await readUnkeptCopies({ cloudwatch, stack, config, now: minutesAfter(180) })).toEqual(unkept);
  });
});

describe('the last days by five minutes', () => {
  const cloudwatch = metricClient({
    [`received SampleCount ${COLLECT}`]: [[AT, 9]],
    ...sumsAt(AT, { received: 40, overflowed: 7 }),
    [`refused_requests Sum ${COLLECT} ${NOT_STORED}`]: [[AT, 2]],
    [`refused_requests Sum ${COLLECT} SLUICE_BODY_EMPTY`]: [[AT, 3]],
    'Url5xxCount Sum sluice-prod-collect': [[AT, 6]],
    'ApproximateNumberOfMessagesVisible Maximum sluice-prod-write': [[AT, 5]],
    'ApproximateAgeOfOldestMessage Maximum sluice-prod-write': [[AT, 61]],
  });
  const periodsOf = (days: number) => {
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const aws = { endpoint: cloudFormation, region: 'us-east-1', credentials };
    const config = defineConfig({ bucket: 'acme', endpoint: { kind: 'function-url' } });
    return readOverTime({ aws, cloudwatch, stack, config, now: minutesAfter(4) }, days);
  };

  it('count each request once by its answer, and the endpoint’s own failures apart', async () => {
    expect((await periodsOf(1)).at(-1)).toEqual({
      atSeconds: AT / 1_000,
      accepted: 4,
      refused: 3,
      failed: 2,
      unreached: 4,
      events: 40,
      overflowed: 7,
      messages: 5,
      ageSeconds: 61,
    });
  });

  it('begin so many days before the end of the period that is not over', async () => {
    expect((await periodsOf(2))[0]?.atSeconds).toBe((minutesAfter(5) - 2 * DAY_MS) / 1_000);
  });
});
