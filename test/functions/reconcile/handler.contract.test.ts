import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { afterAll, afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { addDays, utcDay } from '../../../lib/base/time.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { receivedHoursKey } from '../../../lib/tables/tableFolders.ts';
import { emptyBucket } from '../../harness/emptyBucket.ts';
import { configuredFunction } from '../../harness/lambdaInvoker.ts';
import { listen } from '../../harness/listen.ts';
import { startAws } from '../../harness/startAws.ts';

const BUCKET = 'sluice-hours';
const input = { bucket: 'not-this-one', database: 'own', athena: { workgroup: 'own-group' } };
const config = defineConfig(input);
/** The last day that is due, 24 hours after its end. In its seventh hour 300 events were accepted, and 290 finished. */
const DAY = addDays(utcDay(Date.now()), -2);
const HOUR = Date.parse(`${DAY}T07:00:00Z`) / 1_000;

/** Values by metric and one dimension of it: only who names the right function finds them. */
const COUNTED: Readonly<Record<string, number>> = {
  'received test': 100,
  'Invocations the-collector': 100,
  'events_landed test': 300,
  'events_finished test': 290,
};
/** What Athena answers: rows of one page, whose number of pages is without end; or that it refuses the statement. */
let pages: { readonly rows: readonly (readonly string[])[]; readonly next?: string } | null;
const statements: Readonly<Record<string, unknown>>[] = [];

/** One metric of a call of GetMetricData. */
interface Query {
  /** Names it within the call. */
  readonly Id: string;
  /** The metric that is asked for. */
  readonly MetricStat: {
    readonly Metric: {
      readonly MetricName: string;
      readonly Dimensions: readonly { readonly Value: string }[];
    };
  };
}
/** The names by which metrics were asked for. */
const counted = new Set<string>();
/** The values of a metric between two instants, epoch seconds. */
function valuesOf(query: Query, start: number, end: number) {
  const { MetricName, Dimensions } = query.MetricStat.Metric;
  for (const { Value } of Dimensions) counted.add(Value);
  const isRegistrar = Dimensions.some(({ Value }) => Value === 'the-registrar');
  const found = Dimensions.flatMap(({ Value }) => COUNTED[`${MetricName} ${Value}`] ?? []);
  // The registrar runs each hour.
  const hours = Array.from({ length: 24 }, (_, i) => Date.parse(`${DAY}T00:05:00Z`) / 1_000 + i * 3_600);
  const hourOfCount = found.length > 0 ? [HOUR + 1_800] : [];
  const Timestamps = (isRegistrar ? hours : hourOfCount).filter((at) => at >= start && at < end);
  const { Id } = query;
  return { Id, StatusCode: 'Complete', Timestamps, Values: Timestamps.map(() => found[0] ?? 1) };
}
type Asked = MetricAsked & Readonly<Record<string, unknown>>;
const answers: Readonly<Record<string, (asked: Asked) => unknown>> = {
  GetMetricData: ({ MetricDataQueries, StartTime, EndTime }) => ({
    MetricDataResults: MetricDataQueries.map((query) => valuesOf(query, StartTime, EndTime)),
  }),
  StartQueryExecution(asked) {
    statements.push(asked);
    return pages === null ? null : { QueryExecutionId: 'q' };
  },
  GetQueryExecution: () => ({ QueryExecution: { Status: { State: 'SUCCEEDED' }, Statistics: {} } }),
  GetQueryResults: () => ({
    ResultSet: {
      Rows: (pages?.rows ?? []).map((row) => ({ Data: row.map((VarCharValue) => ({ VarCharValue })) })),
      ResultSetMetadata: {
        ColumnInfo: ['table', 'hour', 'detail', 'found', 'doubles', 'given_up', 'equal'].map(column),
      },
    },
    ...(pages?.next === undefined ? {} : { NextToken: pages.next }),
  }),
};
const column = (Name: string) => ({ Name, Type: 'varchar' });
/** A call of GetMetricData. */
interface MetricAsked {
  /** The metrics that it asks for. */
  readonly MetricDataQueries: readonly Query[];
  /** The first instant, epoch seconds. */
  readonly StartTime: number;
  /** The instant before which values end, epoch seconds. */
  readonly EndTime: number;
}
const server = createServer(async (request, response) => {
  const operation = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
  const answer = answers[operation]?.((await json(request)) as Asked) ?? null;
  response.setHeader('content-type', 'application/x-amz-json-1.1');
  if (answer === null) response.statusCode = 400;
  response.end(JSON.stringify(answer ?? { __type: 'InvalidRequestException', Message: 'refused' }));
});
const aws = await startAws();
aws.store.createBucket(BUCKET);
const url = await listen(server);
const environment = {
  AWS_ENDPOINT_URL: aws.options.endpoint,
  AWS_ENDPOINT_URL_ATHENA: url,
  AWS_ENDPOINT_URL_CLOUDWATCH: url,
  SLUICE_BUCKET: BUCKET,
  SLUICE_STAGE: 'test',
  SLUICE_COLLECT: 'the-collector',
  SLUICE_REGISTER: 'the-registrar',
  SLUICE_STREAM: 'the-stream',
  SLUICE_AFTER_SECONDS: '86400',
};
const load = () => import('../../../functions/reconcile/handler.ts');
const withoutSeconds = await configuredFunction(input, { ...environment, SLUICE_AFTER_SECONDS: '' }, load);
jest.resetModules();
// The last one has the lines of a test.
const { lines, invoke } = await configuredFunction(input, environment, load);
beforeEach(() => {
  statements.length = 0;
  counted.clear();
  pages = { rows: [] };
});
afterEach(() => emptyBucket(aws.s3, BUCKET));
afterAll(async () => {
  await aws.close();
  server.close();
  server.closeAllConnections();
});

/** The events of an hour of a day, as the night has judged them. */
async function night(day = DAY, ofHour = 7) {
  await invoke({});
  return keptHour(day, ofHour);
}

/** The events of an hour of a day, as the last night has kept them. */
async function keptHour(day = DAY, ofHour = 7) {
  const { body } = aws.store.get(BUCKET, receivedHoursKey(config, day));
  const rows = Buffer.concat(await body.toArray())
    .toString()
    .trim()
    .split('\n');
  const all = rows.map((row): Readonly<Record<string, unknown>> => JSON.parse(row));
  return all.find(({ hour, table_name }) => hour === ofHour && table_name === 'events');
}
const header = ['table', 'hour', 'detail', 'found', 'doubles', 'given_up', 'equal'];
const found = (events: number) => [header, ['events', '7', '', `${events}`, '0', '0', '0']];

describe('a night', () => {
  it.each([
    { what: 'fails', answer: null, why: /InvalidRequestException/ },
    { what: 'has more rows than are read', answer: { rows: found(290), next: 'more' }, why: /more rows/ },
  ] as const)('leaves an hour open whose rows Athena cannot tell: it $what', async ({ answer, why }) => {
    pages = answer;
    await expect(invoke({})).rejects.toMatchObject({ code: 'SLUICE_RECONCILE_ROWS_UNREAD' });
    expect(await keptHour()).toMatchObject({ accepted: 300, finished: 290, state: 'open' });
    expect(lines).toContainEqual(
      expect.objectContaining({
        level: 'error',
        event: 'reconcile',
        error: 'SLUICE_RECONCILE_ROWS_UNREAD',
        message: expect.stringMatching(why),
      }),
    );
    expect(statements[0]).toMatchObject({
      WorkGroup: 'own-group',
      QueryExecutionContext: { Database: 'own' },
    });
  });

  it('finds rows in Athena, and says how many hours are short', async () => {
    pages = { rows: found(295) };
    expect(await night()).toMatchObject({ missing: 5, state: 'short' });
    expect(lines).toContainEqual(
      expect.objectContaining({ hours_short: 1, function: 'reconcile', stage: 'test' }),
    );
    pages = { rows: found(300) };
    expect(await night()).toMatchObject({ missing: 0, state: 'whole' });
    expect([...counted]).toEqual(expect.arrayContaining(['the-collector', 'the-registrar', 'the-stream']));
  });

  it('is refused by a function that does not know when events are due', async () => {
    await expect(withoutSeconds.invoke({})).rejects.toMatchObject({
      code: 'SLUICE_LAMBDA_ENVIRONMENT_INVALID',
      detail: 'SLUICE_AFTER_SECONDS',
    });
  });

  it('leaves hours open whose events are not due', async () => {
    // Yesterday's last hour is due 24 hours after its end: at no time of today.
    expect(await night(addDays(DAY, 1), 23)).toMatchObject({ state: 'open', why: 'its buffers are not due' });
  });
});
