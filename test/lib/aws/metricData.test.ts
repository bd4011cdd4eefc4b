import { CloudWatchClient, type MetricDataResult } from '@aws-sdk/client-cloudwatch';
import { describe, expect, it } from '@jest/globals';
import { readMetricData } from '../../../lib/aws/metricData.ts';
import { HOUR_MS, MINUTE_MS } from '../../../lib/base/time.ts';
import { answering } from '../../harness/answering.ts';

const START = Date.UTC(2026, 10, 20, 12);

/** A page of an answer: what CloudWatch has of the one metric; null if the page does not name it. */
type Page = Pick<MetricDataResult, 'StatusCode' | 'Values'> | null;

/**
 * Reads one metric of an hour, for which CloudWatch answers these pages, and fails a call for another one. Each value is of a minute
 * of its own.
 *
 * @param hasMore Whether the last page says that there are more.
 */
async function read(pages: readonly Page[], hasMore = false) {
  let minute = 0;
  const answers = pages.map((page, i) => {
    const Timestamps = (page?.Values ?? []).map(() => {
      minute += 1;
      return new Date(START + minute * MINUTE_MS);
    });
    const MetricDataResults = page === null ? [] : [{ Id: 'm0', Timestamps, ...page }];
    return { MetricDataResults, NextToken: hasMore || i < pages.length - 1 ? `${i}` : undefined };
  });
  const { client: cloudwatch } = answering(CloudWatchClient, ...answers);
  const metric = {
    id: 'mine',
    namespace: 'Sluice',
    metric: 'received',
    statistic: 'Sum',
    dimensions: {},
  };
  const series = await readMetricData({ cloudwatch }, [metric], { start: START, end: START + HOUR_MS });
  return Array.from(series.get('mine') ?? [], ([at, value]) => ({ minute: (at - START) / MINUTE_MS, value }));
}

describe('the values of a metric', () => {
  it('are asked for by its name, its dimensions, its statistic and the time, of minutes or of what is said', async () => {
    const complete = { MetricDataResults: [{ Id: 'm0', StatusCode: 'Complete' as const }] };
    const { client: cloudwatch, asked } = answering(CloudWatchClient, complete, complete);
    const metric = {
      id: 'mine',
      namespace: 'AWS/Lambda',
      metric: 'Errors',
      statistic: 'Maximum',
      dimensions: { FunctionName: 'collect' },
    };
    const time = { start: START, end: START + HOUR_MS };
    await readMetricData({ cloudwatch }, [metric], time);
    await readMetricData({ cloudwatch }, [metric], { ...time, periodSeconds: 3_600 });
    const Metric = {
      Namespace: 'AWS/Lambda',
      MetricName: 'Errors',
      Dimensions: [{ Name: 'FunctionName', Value: 'collect' }],
    };
    expect(asked.map(({ input }) => input)).toEqual(
      [60, 3_600].map((Period) => ({
        MetricDataQueries: [{ Id: 'm0', MetricStat: { Metric, Period, Stat: 'Maximum' } }],
        StartTime: new Date('2026-11-20T12:00:00Z'),
        EndTime: new Date('2026-11-20T13:00:00Z'),
      })),
    );
  });

  it('are those of all pages', async () => {
    const first: Page = { StatusCode: 'PartialData', Values: [1, 2] };
    expect(await read([first, { StatusCode: 'Complete', Values: [3] }])).toEqual([
      { minute: 1, value: 1 },
      { minute: 2, value: 2 },
      { minute: 3, value: 3 },
    ]);
  });

  it.each<{ readonly what: string; readonly pages: readonly Page[]; readonly detail: string }>([
    {
      what: 'CloudWatch failed to read them',
      pages: [{ StatusCode: 'InternalError', Values: [1] }],
      detail: 'received InternalError.',
    },
    { what: 'no page has the metric', pages: [null], detail: 'received none.' },
    {
      what: 'no page follows on a part of them',
      pages: [{ StatusCode: 'PartialData', Values: [1] }, null],
      detail: 'received PartialData.',
    },
  ])('are not known if $what', async ({ pages, detail }) => {
    const code = 'SLUICE_OBSERVE_METRICS_INCOMPLETE';
    await expect(read(pages)).rejects.toMatchObject({ code, detail });
  });

  const ten = Array.from({ length: 10 }, (): Page => ({ StatusCode: 'Complete', Values: [1] }));

  it('are those of ten pages', async () => {
    expect(await read(ten)).toHaveLength(10);
  });

  it('are not known if there are more than ten pages, of which the others are not asked for', async () => {
    await expect(read(ten, true)).rejects.toMatchObject({
      code: 'SLUICE_OBSERVE_METRICS_INCOMPLETE',
      detail: 'More pages.',
    });
  });
});
