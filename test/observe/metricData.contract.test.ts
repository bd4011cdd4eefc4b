import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { afterAll, describe, expect, it } from '@jest/globals';
import { readMetricData } from '../../lib/aws/metricData.ts';

const AT = Date.UTC(2026, 10, 20, 12);

/** The answers of CloudWatch, one for each page. */
let pages: readonly ({ readonly status: string; readonly values: readonly number[] } | null)[] = [];
let asked = 0;
const server = createServer((_request, response) => {
  const page = pages[asked];
  asked += 1;
  const Timestamps = page?.values.map((_, i) => AT / 1_000 + (asked * 10 + i) * 60);
  response.end(
    JSON.stringify({
      MetricDataResults:
        page === null ? [] : [{ Id: 'm0', StatusCode: page?.status, Timestamps, Values: page?.values }],
      ...(asked < pages.length ? { NextToken: String(asked) } : {}),
    }),
  );
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const cloudwatch = new CloudWatchClient({
  region: 'us-east-1',
  endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
});
afterAll(() => {
  cloudwatch.destroy();
  server.close();
  server.closeAllConnections();
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
    const first = { status: 'PartialData', values: [1, 2] };
    expect(await read(first, { status: 'Complete', values: [3] })).toEqual([1, 2, 3]);
  });

  it.each(['InternalError', 'Forbidden', 'PartialData'])(
    'are not known when CloudWatch answers %s: what is missing would look like nothing',
    async (status) => {
      await expect(read({ status, values: [1] })).rejects.toMatchObject({
        code: 'SLUICE_OBSERVE_METRICS_INCOMPLETE',
        detail: `received ${status}.`,
      });
    },
  );

  it('are not known when CloudWatch leaves the metric out', async () => {
    const code = 'SLUICE_OBSERVE_METRICS_INCOMPLETE';
    await expect(read(null)).rejects.toMatchObject({ code, detail: 'received none.' });
    await expect(read({ status: 'PartialData', values: [1] }, null)).rejects.toMatchObject({ code });
  });

  it('are not known when there are too many pages', async () => {
    const many = Array.from({ length: 11 }, () => ({ status: 'PartialData', values: [1] }));
    await expect(read(...many)).rejects.toMatchObject({ code: 'SLUICE_OBSERVE_METRICS_INCOMPLETE' });
    expect(asked).toBe(10);
  });
});
