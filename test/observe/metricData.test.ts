import {
  CloudWatchClient,
  type GetMetricDataCommandInput,
  type StatusCode,
} from '@aws-sdk/client-cloudwatch';
import { describe, expect, it } from '@jest/globals';
import { readMetricData } from '../../lib/aws/metricData.ts';
import { DAY_MS, HOUR_MS } from '../../lib/base/time.ts';
import { readDayCounts } from '../../observe/facts/flow/changes.ts';
import { readLastHour, readLastRequest } from '../../observe/facts/flow/requestCounts.ts';
import { type AskedCall, answeredBy } from '../harness/answering.ts';

const AT = Date.UTC(2026, 10, 20, 12);

/** The answers of CloudWatch, one for each page. */
let pages: readonly ({ readonly status: StatusCode; readonly values: number[] } | null)[] = [];
let asked = 0;
const cloudwatch = answeredBy(CloudWatchClient, () => {
  const page = pages[asked] ?? null;
  asked += 1;
  const result = (metric: NonNullable<typeof page>) => ({
    Id: 'm0',
    StatusCode: metric.status,
    Timestamps: metric.values.map((_, i) => new Date(AT + (asked * 10 + i) * 60_000)),
    Values: metric.values,
  });
  const NextToken = asked < pages.length ? String(asked) : undefined;
  return { MetricDataResults: page === null ? [] : [result(page)], NextToken };
});

async function read(...answers: typeof pages) {
  pages = answers;
  asked = 0;
  const metric = { namespace: 'Sluice', metric: 'received', statistic: 'Sum', dimensions: {} };
  const about = { start: AT, end: AT + 3_600_000, periodSeconds: 60 };
  const series = await readMetricData({ cloudwatch }, [{ id: 'mine', ...metric }], about);
  return [...(series.get('mine')?.values() ?? [])];
}

describe('the values of a metric', () => {
  it('are those of all pages', async () => {
    const first: (typeof pages)[number] = { status: 'PartialData', values: [1, 2] };
    expect(await read(first, { status: 'Complete', values: [3] })).toEqual([1, 2, 3]);
  });

  const code = 'SLUICE_OBSERVE_METRICS_INCOMPLETE';
  const partial = { status: 'PartialData' as StatusCode, values: [1] };

  it('are not known when CloudWatch has not all of them: what is missing would look like nothing', async () => {
    const detail = 'received InternalError.';
    await expect(read({ ...partial, status: 'InternalError' })).rejects.toMatchObject({ code, detail });
    await expect(read(null)).rejects.toMatchObject({ code, detail: 'received none.' });
    await expect(read(partial, null)).rejects.toMatchObject({ code });
  });

  it('are not known when there are too many pages', async () => {
    const complete = { ...partial, status: 'Complete' as StatusCode };
    await expect(read(...Array.from({ length: 11 }, () => complete))).rejects.toMatchObject({ code });
    expect(asked).toBe(10);
  });
});

describe('the times for which metrics are asked', () => {
  /** Twelve o'clock and seven and a half minutes. */
  const now = AT + 450_000;
  const stack = { service: 'sluice', stage: 'prod' };
  const hours = (start: number, end: number) => [new Date(start).toISOString(), new Date(end).toISOString()];

  it.each([
    // The last period is not over: it ends at 12:08, or with five minutes at 12:10.
    ['the last hour', readLastHour, [[...hours(AT - HOUR_MS + 480_000, AT + 480_000), 60]]],
    ['the last request', readLastRequest, [[...hours(AT - 15 * DAY_MS + 480_000, AT + 480_000), 60]]],
    [
      'the last day, from the beginning of an hour, and the seven before',
      readDayCounts,
      [
        [...hours(AT - DAY_MS, AT + 600_000), 300],
        [...hours(AT - 8 * DAY_MS, AT - DAY_MS), 3_600],
      ],
    ],
  ] as const)('are of %s', async (_, read, expected) => {
    const times: unknown[] = [];
    const client = answeredBy(CloudWatchClient, ({ input }: AskedCall<GetMetricDataCommandInput>) => {
      const { StartTime, EndTime, MetricDataQueries = [] } = input;
      const period = MetricDataQueries[0]?.MetricStat?.Period;
      times.push([StartTime?.toISOString(), EndTime?.toISOString(), period]);
      return { MetricDataResults: MetricDataQueries.map(({ Id }) => ({ Id, StatusCode: 'Complete' })) };
    });
    await read({ cloudwatch: client, stack, now });
    expect(times).toEqual(expected);
  });
});
