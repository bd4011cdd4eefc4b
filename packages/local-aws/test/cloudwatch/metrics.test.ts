import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CloudWatchClient,
  GetMetricDataCommand,
  type GetMetricDataCommandInput,
} from '@aws-sdk/client-cloudwatch';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/base/clock.ts';
import { ManualClock } from '../../src/base/index.ts';
import { cloudWatchService } from '../../src/cloudwatch/index.ts';
import { METRIC_RETENTION_MS, MetricStore } from '../../src/cloudwatch/MetricStore.ts';
import { readEmbeddedMetrics } from '../../src/cloudwatch/readEmbeddedMetrics.ts';
import { startServices } from '../../src/testing/startServices.ts';
import { temporaryDirectory } from '../../src/testing/temporaryDirectory.ts';

const NOON = Date.UTC(2026, 10, 20, 12);

interface Line {
  readonly at: number;
  readonly members: Readonly<Record<string, unknown>>;
  readonly dimensions?: readonly (readonly string[])[];
  readonly metrics?: readonly object[];
}

/** The time that a query is about, epoch milliseconds, and its other members. */
type Range = Partial<GetMetricDataCommandInput> & { readonly from?: number; readonly to?: number };

/** How large a document is. */
interface Sizes {
  readonly metrics?: number;
  /** Values of each metric. */
  readonly values?: number;
  readonly dimensions?: number;
}

/** A document in the embedded metric format, as a function prints it. */
function emf({
  at,
  members,
  dimensions = [['function']],
  metrics = [{ Name: 'requests', Unit: 'Count' }],
}: Line) {
  const CloudWatchMetrics = [{ Namespace: 'Shop', Dimensions: dimensions, Metrics: metrics }];
  return JSON.stringify({ _aws: { Timestamp: at, CloudWatchMetrics }, ...members });
}

describe('CloudWatch', () => {
  let directory: ReturnType<typeof temporaryDirectory>;
  let clock: ManualClock;
  let store: MetricStore;
  let client: CloudWatchClient;
  let close: () => Promise<void>;
  const print = (line: Line) => store.add(readEmbeddedMetrics(emf(line)));
  const open = async (onDamage: (error: Error) => void = () => undefined) => {
    store = MetricStore.open({ directory: directory.path, clock, onDamage });
    const services = await startServices([
      cloudWatchService({ metrics: store, clock, beforeReading: () => undefined }),
    ]);
    client = new CloudWatchClient(services.options);
    close = async () => {
      client.destroy();
      await services.close();
      store.close();
    };
  };
  beforeEach(async () => {
    directory = temporaryDirectory();
    clock = new ManualClock(NOON);
    await open();
  });
  afterEach(async () => {
    await close();
    directory.remove();
  });

  const query = (Id: string, Stat: string, more: object = {}) => ({
    Id,
    MetricStat: {
      Metric: {
        Namespace: 'Shop',
        MetricName: 'requests',
        Dimensions: [{ Name: 'function', Value: 'collect' }],
      },
      Period: 60,
      Stat,
      ...more,
    },
  });
  const get = (
    queries: readonly ReturnType<typeof query>[],
    { from = NOON - HOUR_MS, to = NOON + HOUR_MS, ...more }: Range = {},
  ) =>
    client.send(
      new GetMetricDataCommand({
        MetricDataQueries: [...queries],
        StartTime: new Date(from),
        EndTime: new Date(to),
        ...more,
      }),
    );
  const values = async (...args: Parameters<typeof get>) => {
    const { MetricDataResults = [] } = await get(...args);
    return MetricDataResults.map(({ Timestamps = [], Values = [] }) =>
      Values.map((value, i) => [Timestamps[i]?.toISOString().slice(11, 16), value]),
    );
  };

  it('answers every statistic of a period, the newest period first', async () => {
    for (const requests of [4, 1, 3, 2])
      print({ at: NOON + 5_000, members: { function: 'collect', requests } });
    print({ at: NOON + MINUTE_MS, members: { function: 'collect', requests: 7 } });
    const expected = { SampleCount: 4, Sum: 10, Average: 2.5, Minimum: 1, Maximum: 4 };
    expect(await values(Object.keys(expected).map((name, i) => query(`m${i}`, name)))).toEqual(
      Object.entries(expected).map(([name, value]) => [
        ['12:01', name === 'SampleCount' ? 1 : 7],
        ['12:00', value],
      ]),
    );
  });

  it.each([
    { what: 'an hour', more: { Period: 3600 }, range: { from: NOON }, sums: [['12:00', 3]] },
    { what: 'a minute before its end', more: {}, range: { to: NOON + MINUTE_MS }, sums: [['12:00', 1]] },
  ])('answers for the period of $what', async ({ more, range, sums }) => {
    for (const [minute, requests] of [1, 2].entries())
      print({ at: NOON + minute * MINUTE_MS, members: { function: 'collect', requests } });
    expect(await values([query('m', 'Sum', more)], range)).toEqual([sums]);
  });

  it('has the ID of the query and the name of the metric in its answer', async () => {
    print({ at: NOON, members: { function: 'collect', requests: 10 } });
    const { MetricDataResults } = await get([query('m', 'Sum')]);
    const answer = {
      Id: 'm',
      Label: 'requests',
      StatusCode: 'Complete',
      Timestamps: [new Date(NOON)],
      Values: [10],
    };
    expect(MetricDataResults).toEqual([answer]);
  });

  it('keeps metrics apart by namespace, name, unit and exactly their dimensions', async () => {
    const members = { function: 'collect', stage: 'dev', requests: 1, bytes: [2, 3] };
    const both = [
      { Name: 'requests', Unit: 'Count' },
      { Name: 'bytes', Unit: 'Bytes' },
    ];
    print({ at: NOON, members, dimensions: [['function'], ['stage', 'function'], []], metrics: both });
    const sum = (
      Dimensions: object[],
      MetricName: string,
      { Namespace = 'Shop', ...more }: { Namespace?: string; Unit?: string } = {},
    ) => query('m', 'Sum', { Metric: { Namespace, MetricName, Dimensions }, ...more });
    const collect = { Name: 'function', Value: 'collect' };
    const dev = { Name: 'stage', Value: 'dev' };
    expect(await values([sum([collect], 'bytes')])).toEqual([[['12:00', 5]]]);
    expect(await values([sum([dev, collect], 'requests')])).toEqual([[['12:00', 1]]]);
    expect(await values([sum([], 'requests')])).toEqual([[['12:00', 1]]]);
    expect(await values([sum([dev], 'requests')])).toEqual([[]]);
    expect(await values([sum([collect], 'bytes', { Unit: 'Count' })])).toEqual([[]]);
    expect(await values([sum([collect], 'bytes', { Namespace: 'Other' })])).toEqual([[]]);
  });

  const valid = { at: NOON, members: { function: 'collect', requests: 1 } };

  it('takes a value from a line that is a document', () => {
    expect(readEmbeddedMetrics(emf(valid))).toHaveLength(1);
  });

  it.each([
    { what: 'without metrics', line: '{"level":"info","event":"collect"}' },
    { what: 'with more than a document', line: `${emf(valid)} trailing` },
    { what: 'without a dimension', line: emf({ ...valid, members: { requests: 1 } }) },
    { what: 'with a text', line: emf({ ...valid, members: { function: 'collect', requests: 'many' } }) },
    { what: 'with no values', line: emf({ ...valid, members: { function: 'collect', requests: [] } }) },
    { what: 'of no time', line: emf({ ...valid, at: -1 }) },
    { what: 'that is a text', line: '"_aws"' },
  ])('takes nothing from a line $what', ({ line }) => {
    expect(readEmbeddedMetrics(line)).toEqual([]);
  });

  /** A document with so many metrics, values of each, and dimensions. */
  function sized({ metrics = 1, values: count = 1, dimensions = 1 }: Sizes): string {
    const names = (letter: string, most: number) => Array.from({ length: most }, (_, i) => `${letter}${i}`);
    const measured = names('m', metrics);
    const set = names('d', dimensions);
    const members = [
      ...set.map((name) => [name, 'x']),
      ...measured.map((name) => [name, Array(count).fill(1)]),
    ];
    return emf({
      at: NOON,
      members: Object.fromEntries(members),
      dimensions: [set],
      metrics: measured.map((Name) => ({ Name })),
    });
  }

  it('takes 100 metrics of 100 values and 30 dimensions each', () => {
    const data = readEmbeddedMetrics(sized({ metrics: 100, values: 100, dimensions: 30 }));
    expect(data.map(({ values: taken }) => taken.length)).toEqual(Array(100).fill(100));
  });

  it.each([{ metrics: 101 }, { values: 101 }, { dimensions: 31 }])(
    'takes nothing of a document with %j',
    (sizes) => {
      expect(readEmbeddedMetrics(sized(sizes))).toEqual([]);
    },
  );

  it.each([
    { at: NOON - 14 * DAY_MS, kept: [['12:00', 1]] },
    { at: NOON - 14 * DAY_MS - 1, kept: [] },
    { at: NOON + 2 * HOUR_MS, kept: [['14:00', 1]] },
    { at: NOON + 2 * HOUR_MS + 1, kept: [] },
  ])('keeps a value of two weeks ago to two hours ahead: of $at $kept', async ({ at, kept }) => {
    print({ at, members: { function: 'collect', requests: 1 } });
    const around = { from: NOON - 20 * DAY_MS, to: NOON + DAY_MS };
    expect(await values([query('m', 'Sum')], around)).toEqual([kept]);
  });

  it('keeps values over restarts, and no longer than it says', async () => {
    for (let minute = 0; minute < 3; minute += 1)
      print({ at: NOON + minute * MINUTE_MS, members: { function: 'collect', requests: 5 } });
    const sum = [query('m', 'Sum')];
    await close();
    await open();
    expect(await values(sum)).toEqual([
      [
        ['12:02', 5],
        ['12:01', 5],
        ['12:00', 5],
      ],
    ]);
    clock.advance(METRIC_RETENTION_MS + 2 * HOUR_MS);
    await close();
    await open();
    expect(await values(sum)).toEqual([[]]);
    expect(readdirSync(directory.path)).toEqual([]);
  });

  it('tells of a damaged line once, leaves its values out and its file as it is', async () => {
    for (const requests of [1, 2, 4]) {
      print({ at: NOON, members: { function: 'collect', requests } });
      store.flush();
    }
    await close();
    const file = join(directory.path, '2026-11-20T12.jsonl');
    const [first = '', second = '', ...rest] = readFileSync(file, 'utf8').split('\n');
    const damaged = [first, second.replace('requests', 'requezts'), ...rest].join('\n');
    writeFileSync(file, damaged);
    clock.advance(HOUR_MS);
    await open();
    const warnings: Error[] = [];
    const telling = MetricStore.open({
      directory: directory.path,
      clock,
      onDamage: (error) => warnings.push(error),
    });
    const read = () => telling.read(NOON, NOON + HOUR_MS, () => true).map(({ statistics }) => statistics.sum);
    expect(read()).toEqual([1, 4]);
    expect(read()).toEqual([1, 4]);
    expect(warnings).toEqual([
      expect.objectContaining({
        name: 'LOCAL_AWS_DISK_DAMAGED',
        message: expect.stringContaining(`${file}, line 2. 2 of 3 lines can be read.`),
      }),
    ]);
    telling.close();
    expect(readFileSync(file, 'utf8')).toEqual(damaged);
  });

  it.each([
    {
      what: 'whose line is damaged',
      change: (text: string) => text.replace('requests', 'requezts'),
      sum: 5,
      told: ['LOCAL_AWS_DISK_DAMAGED'],
    },
    {
      what: 'whose last line end is damaged',
      change: (text: string) => `${text.slice(0, -1)}J`,
      sum: 5,
      told: ['LOCAL_AWS_DISK_DAMAGED'],
    },
    { what: 'whose last line end is gone', change: (text: string) => text.slice(0, -1), sum: 6, told: [] },
    { what: 'with an incomplete line', change: (text: string) => `${text}[["a`, sum: 6, told: [] },
  ])('takes new values into an hour $what', async ({ change, sum, told }) => {
    print({ at: NOON, members: { function: 'collect', requests: 1 } });
    await close();
    const file = join(directory.path, '2026-11-20T12.jsonl');
    writeFileSync(file, change(readFileSync(file, 'utf8')));
    const warnings: Error[] = [];
    await open((error) => warnings.push(error));
    for (const requests of [2, 3]) {
      print({ at: NOON, members: { function: 'collect', requests } });
      store.flush();
    }
    expect(await values([query('m', 'Sum')])).toEqual([[['12:00', sum]]]);
    expect(warnings.map(({ name }) => name)).toEqual(told);
    await close();
    await open();
    expect(await values([query('m', 'Sum')])).toEqual([[['12:00', sum]]]);
  });

  it('stays small under continuous values, and exact in their statistics', async () => {
    const rounds = 1_200;
    for (let round = 0; round < rounds; round += 1) {
      print({ at: NOON + (round % 50) * MINUTE_MS, members: { function: 'collect', requests: round / 7 } });
      store.flush();
    }
    const hour = { Period: 3600 };
    const asked = [query('count', 'SampleCount', hour), query('most', 'Maximum', hour)];
    expect(await values(asked, { from: NOON })).toEqual([[['12:00', rounds]], [['12:00', (rounds - 1) / 7]]]);
    const file = join(directory.path, '2026-11-20T12.jsonl');
    expect(readFileSync(file, 'utf8').split('\n').length).toBeLessThan(600);
  });

  const refuse = (queries: readonly ReturnType<typeof query>[], range: Range, name: string) =>
    expect(get(queries, range)).rejects.toMatchObject({ name });
  it.each([
    { what: 'no time', more: {}, range: { from: NOON, to: NOON }, name: 'ValidationException' },
    { what: 'a period of seconds', more: { Period: 90 }, range: {}, name: 'ValidationException' },
    { what: 'no statistic', more: { Stat: 'Median' }, range: {}, name: 'ValidationException' },
    { what: 'a trimmed mean', more: { Stat: 'tm99' }, range: {}, name: 'NotImplemented' },
    { what: 'a percentile', more: { Stat: 'p99.9' }, range: {}, name: 'NotImplemented' },
  ])('refuses $what', async ({ more, range, name }) => {
    await refuse([query('m', 'Sum', more)], range, name);
  });

  it.each([
    { what: 'one ID for two queries', queries: [query('m', 'Sum'), query('m', 'Sum')] },
    { what: 'an ID that begins with an upper-case letter', queries: [query('Upper', 'Sum')] },
  ])('refuses $what', async ({ queries }) => {
    await refuse(queries, {}, 'ValidationException');
  });

  it('takes 500 queries, and not one more', async () => {
    const queries = Array.from({ length: 501 }, (_, i) => query(`m${i}`, 'Sum'));
    expect((await get(queries.slice(1))).MetricDataResults).toHaveLength(500);
    await refuse(queries, {}, 'ValidationException');
  });

  it('takes a metric of 30 dimensions, and not one more', async () => {
    const ofDimensions = (count: number) => {
      const Dimensions = Array.from({ length: count }, (_, i) => ({ Name: `d${i}`, Value: 'x' }));
      return query('m', 'Sum', { Metric: { Namespace: 'Shop', MetricName: 'requests', Dimensions } });
    };
    expect(await values([ofDimensions(30)])).toEqual([[]]);
    await refuse([ofDimensions(31)], {}, 'ValidationException');
  });

  it('refuses metric math by name', async () => {
    const math = client.send(
      new GetMetricDataCommand({
        MetricDataQueries: [{ Id: 'e', Expression: 'm / 2' }],
        StartTime: new Date(NOON - HOUR_MS),
        EndTime: new Date(NOON),
      }),
    );
    await expect(math).rejects.toMatchObject({
      name: 'NotImplemented',
      message: expect.stringContaining('Expression'),
    });
  });
});
