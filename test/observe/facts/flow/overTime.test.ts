import { describe, expect, it } from '@jest/globals';
import { DAY_MS, MINUTE_MS } from '../../../../lib/base/time.ts';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../../../lib/schema/config.ts';
import { readOverTime } from '../../../../observe/facts/flow/overTime.ts';
import { requestsAnsweredBy } from '../../../harness/answering.ts';
import { metricClient } from '../../../harness/metricClient.ts';

/** The start of five minutes. */
const AT = Date.UTC(2026, 10, 20, 12);
const minutesAfter = (minutes: number) => AT + minutes * MINUTE_MS;

/** Of the period before `AT`, not all requests are counted yet. */
const cloudwatch = metricClient({
  'received SampleCount collect prod': [
    [minutesAfter(-5), 1],
    [AT, 5],
    [minutesAfter(3), 4],
  ],
  'received Sum collect prod': [[minutesAfter(2), 40]],
  'overflowed Sum collect prod': [[minutesAfter(4), 7]],
  'refused_requests Sum collect prod SLUICE_COLLECT_NOT_DELIVERED': [
    [minutesAfter(-5), 1],
    [minutesAfter(1), 2],
  ],
  'refused_requests Sum collect prod SLUICE_BODY_EMPTY': [
    [minutesAfter(-5), 1],
    [minutesAfter(1), 3],
  ],
  'Url5xxCount Sum sluice-prod-collect': [[minutesAfter(1), 10]],
  'ApproximateNumberOfMessagesVisible Maximum sluice-prod-write': [
    [AT, 5],
    [minutesAfter(1), 4],
  ],
  'ApproximateAgeOfOldestMessage Maximum sluice-prod-write': [[minutesAfter(1), 61]],
});

/** The periods of a deployment whose stack has no output. */
async function periodsOf(days: number, config: Partial<ConfigInput> = {}) {
  const requestHandler = requestsAnsweredBy(() => ({ status: 200, text: '<DescribeStacksResponse/>' }));
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  return readOverTime(
    {
      aws: { region: 'us-east-1', credentials, requestHandler },
      cloudwatch,
      stack: { service: 'sluice', stage: 'prod' },
      config: defineConfig({ bucket: 'acme', endpoint: { kind: 'function-url' }, ...config }),
      now: minutesAfter(4),
    },
    days,
  );
}

describe('the last days by five minutes', () => {
  it('count each request once by its answer, and the endpoint’s own failures apart', async () => {
    expect((await periodsOf(1)).at(-1)).toEqual({
      atSeconds: AT / 1_000,
      accepted: 4,
      refused: 3,
      failed: 2,
      unreached: 8,
      events: 40,
      overflowed: 7,
      messages: 5,
      ageSeconds: 61,
    });
  });

  it('count no fewer than none where metrics of a period came apart', async () => {
    expect((await periodsOf(1)).at(-2)).toMatchObject({ accepted: 0, refused: 1, failed: 1, unreached: 0 });
  });

  it('do not tell the endpoint’s own failures where it also answers for Statsig', async () => {
    const passThrough = { endpoint: { kind: 'http-api' }, passThrough: { statsig: true } } as const;
    expect((await periodsOf(1, passThrough)).at(-1)).toMatchObject({ accepted: 4, unreached: null });
  });

  it('begin so many days before the end of the period that is not over', async () => {
    const periods = await periodsOf(2);
    expect(periods).toHaveLength(576);
    expect(periods[0]?.atSeconds).toBe((minutesAfter(5) - 2 * DAY_MS) / 1_000);
  });
});
