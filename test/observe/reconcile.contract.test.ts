import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { queryableSeconds } from '../../infra/streams/streams.ts';
import { streamMetrics } from '../../lib/collect/collectMetrics.ts';
import deployed from '../fixtures/config/prod.config.ts';
import { callMain, keysEnvironment } from '../harness/callMain.ts';

const DAY = '2026-11-20';
const START = Date.parse(`${DAY}T00:00:00Z`);
const HOUR_MS = 3_600_000;
const AFTER_MS = queryableSeconds(deployed) * 1_000;

/** Events that the collector has counted in the first hour of the day, and rows that the table has of it. */
let landed = 0;
let found = 0;
let now = 0;
/** CloudWatch, Athena, an empty bucket, and the clock and the empty buffer of the local cloud. */
const server = createServer(async (request, response) => {
  const body = await text(request);
  const target = String(request.headers['x-amz-target'] ?? '');
  response.setHeader('content-type', 'application/json');
  if (target.endsWith('.StartQueryExecution')) return response.end('{"QueryExecutionId":"q"}');
  if (target.endsWith('.GetQueryExecution'))
    return response.end('{"QueryExecution":{"Status":{"State":"SUCCEEDED"}}}');
  if (target.endsWith('.GetQueryResults')) {
    const names = ['table', 'hour', 'detail', 'found', 'doubles', 'given_up'];
    const row = (values: readonly (string | number)[]) => ({
      Data: values.map((value) => ({ VarCharValue: String(value) })),
    });
    const Rows = [row(names), row(['events', `${DAY} 00:00:00.000`, '', found, 0, 0])];
    const ColumnInfo = names.map((Name) => ({ Name, Type: 'varchar' }));
    return response.end(JSON.stringify({ ResultSet: { ResultSetMetadata: { ColumnInfo }, Rows } }));
  }
  if (request.url === '/_sluice/clock')
    return response.end(JSON.stringify({ now: new Date(now).toISOString() }));
  if (request.url === '/_sluice/buffers') return response.end('{"documents":[],"more":false}');
  if (target === '') return response.end('<ListBucketResult/>');
  const { MetricDataQueries } = JSON.parse(body);
  const counted = new Set(['received', streamMetrics.events.landed.name]);
  const MetricDataResults = MetricDataQueries.map(
    ({
      Id,
      MetricStat: { Metric, Stat },
    }: {
      Id: string;
      MetricStat: { Metric: { MetricName: string }; Stat: string };
    }) => {
      const Values = counted.has(Metric.MetricName) && Stat === 'Sum' ? [landed] : [];
      return { Id, StatusCode: 'Complete', Values, Timestamps: Values.map(() => START / 1_000) };
    },
  );
  return response.end(JSON.stringify({ MetricDataResults }));
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
afterAll(() => {
  server.close();
  server.closeAllConnections();
});
beforeEach(() => {
  landed = 3;
  found = 3;
});

/** What the command answers at a time of the deployment, and how it ends. */
async function reconciled(at: number) {
  now = at;
  const { code, stdout } = await callMain(['reconcile', '--day', DAY, '--json', '--stage', 'prod'], {
    env: { ...keysEnvironment(endpoint), SLUICE_CONFIG: 'test/fixtures/config/prod.config.ts' },
  });
  const { closes, hours } = JSON.parse(stdout);
  return { code, closes, hours };
}

describe('what was accepted in an hour, and is in tables,', () => {
  const closed = START + HOUR_MS + AFTER_MS;

  it('is judged once the last row of it is in its table, and not before', async () => {
    found = 1;
    const open = { code: 0, closes: true, hours: [{ closed: false, problems: [] }] };
    expect(await reconciled(START + HOUR_MS + 60_000)).toMatchObject(open);
    expect(await reconciled(closed - 1)).toMatchObject(open);
    const problems = [expect.stringContaining('events: 2 missing')];
    expect(await reconciled(closed)).toMatchObject({
      code: 3,
      closes: false,
      hours: [{ closed: true, problems }],
    });
  });

  it.each([
    [0, 3],
    // More than was counted is a remark.
    [0, 4],
    [3, 2],
  ])('ends the command with %d when 3 were accepted, and %d are there', async (code, there) => {
    found = there;
    expect(await reconciled(closed)).toMatchObject({ code, closes: code === 0 });
  });
});
