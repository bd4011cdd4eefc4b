import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CloudWatchClient,
  GetMetricDataCommand,
  type GetMetricDataCommandInput,
} from '@aws-sdk/client-cloudwatch';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../src/base/index.ts';
import { cloudWatchService } from '../../src/cloudwatch/index.ts';
import { METRIC_RETENTION_MS, MetricStore } from '../../src/cloudwatch/MetricStore.ts';
import { readEmbeddedMetrics } from '../../src/cloudwatch/readEmbeddedMetrics.ts';
import { startServices } from '../../src/testing/startServices.ts';
import { temporaryDirectory } from '../../src/testing/temporaryDirectory.ts';

const NOON = Date.UTC(2026, 10, 20, 12);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

interface Line {
  readonly at: number;
  readonly members: Readonly<Record<string, unknown>>;
  readonly dimensions?: readonly (readonly string[])[];
  readonly metrics?: readonly object[];
}

/** The time that a query is about, epoch milliseconds, and its other members. */
type Range = Partial<GetMetricDataCommandInput> & { readonly from?: number; readonly to?: number };

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
    { from = NOON - HOUR, to = NOON + HOUR, ...more }: Range = {},
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
    print({ at: NOON + MINUTE, members: { function: 'collect', requests: 7 } });
    const names = ['SampleCount', 'Sum', 'Average', 'Minimum', 'Maximum', 'p50', 'p99.9'];
    const expected = [4, 10, 2.5, 1, 4, 2, 4];
    expect(await values(names.map((name, i) => query(`m${i}`, name)))).toEqual(
      names.map((_, i) => [
        ['12:01', i === 0 ? 1 : 7],
        ['12:00', expected[i]],
      ]),
    );
    expect(await values([query('m', 'Sum', { Period: 3600 })], { from: NOON })).toEqual([[['12:00', 17]]]);
    expect(await values([query('m', 'Sum')], { from: NOON, to: NOON + MINUTE })).toEqual([[['12:00', 10]]]);
    const { MetricDataResults } = await get([query('m', 'Sum')], { ScanBy: 'TimestampAscending' });
    expect(MetricDataResults).toEqual([
      {
        Id: 'm',
        Label: 'requests',
        StatusCode: 'Complete',
        Timestamps: [new Date(NOON), new Date(NOON + MINUTE)],
        Values: [10, 7],
      },
    ]);
  });

  it('keeps metrics apart by namespace, name, unit and exactly their dimensions', async () => {
    const members = { function: 'collect', stage: 'dev', requests: 1, bytes: [2, 3] };
    const both = [
      { Name: 'requests', Unit: 'Count' },
      { Name: 'bytes', Unit: 'Bytes' },
    ];
    print({ at: NOON, members, dimensions: [['function'], ['stage', 'function'], []], metrics: both });
    const sum = (Dimensions: object[], MetricName: string, more: object = {}) =>
      query('m', 'Sum', { Metric: { Namespace: 'Shop', MetricName, Dimensions }, ...more });
    const collect = { Name: 'function', Value: 'collect' };
    const dev = { Name: 'stage', Value: 'dev' };
    expect(await values([sum([collect], 'bytes')])).toEqual([[['12:00', 5]]]);
    expect(await values([sum([dev, collect], 'requests')])).toEqual([[['12:00', 1]]]);
    expect(await values([sum([], 'requests')])).toEqual([[['12:00', 1]]]);
    expect(await values([sum([dev], 'requests')])).toEqual([[]]);
    expect(await values([sum([collect], 'bytes', { Unit: 'Count' })])).toEqual([[]]);
  });

  it('takes nothing from a line that is no valid document', () => {
    const members = { function: 'collect', requests: 1 };
    const valid = { at: NOON, members };
    expect(readEmbeddedMetrics(emf(valid))).toHaveLength(1);
    for (const line of [
      '{"level":"info","event":"collect"}',
      `${emf(valid)} trailing`,
      emf({ ...valid, members: { requests: 1 } }),
      emf({ ...valid, members: { function: 'collect', requests: 'many' } }),
      emf({ ...valid, members: { function: 'collect', requests: [] } }),
      emf({ ...valid, at: -1 }),
      '"_aws"',
    ])
      expect(readEmbeddedMetrics(line)).toEqual([]);
  });

  it('drops values that are more than two weeks old or two hours ahead', async () => {
    for (const at of [NOON - 15 * DAY, NOON + 3 * HOUR])
      print({ at, members: { function: 'collect', requests: 1 } });
    expect(await values([query('m', 'Sum')], { from: NOON - 20 * DAY, to: NOON + DAY })).toEqual([[]]);
  });

  it('keeps values over restarts, and no longer than it says', async () => {
    for (let minute = 0; minute < 3; minute += 1)
      print({ at: NOON + minute * MINUTE, members: { function: 'collect', requests: 5 } });
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
    clock.advance(METRIC_RETENTION_MS + 2 * HOUR);
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
    clock.advance(HOUR);
    await open();
    const warnings: Error[] = [];
    const telling = MetricStore.open({
      directory: directory.path,
      clock,
      onDamage: (error) => warnings.push(error),
    });
    const read = () => telling.read(NOON, NOON + HOUR, () => true).map(({ statistics }) => statistics.sum);
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
    expect(warnings).toHaveLength(1);
  });

  it.each([
    ['a line', (text: string) => text.replace('requests', 'requezts'), [[['12:00', 5]]]],
    ['the last line end', (text: string) => `${text.slice(0, -1)}J`, [[['12:00', 5]]]],
    ['nothing but the last line end, which is gone', (text: string) => text.slice(0, -1), [[['12:00', 6]]]],
    ['nothing, but a line is incomplete', (text: string) => `${text}[["a`, [[['12:00', 6]]]],
  ])('takes new values into an hour that is damaged: %s', async (what, damage, expected) => {
    print({ at: NOON, members: { function: 'collect', requests: 1 } });
    await close();
    const file = join(directory.path, '2026-11-20T12.jsonl');
    writeFileSync(file, damage(readFileSync(file, 'utf8')));
    const warnings: Error[] = [];
    await open((error) => warnings.push(error));
    for (const requests of [2, 3]) {
      print({ at: NOON, members: { function: 'collect', requests } });
      store.flush();
    }
    expect(await values([query('m', 'Sum')])).toEqual(expected);
    await close();
    await open();
    expect(await values([query('m', 'Sum')])).toEqual(expected);
    expect(warnings.map(({ name }) => name)).toEqual(
      what.startsWith('nothing') ? [] : ['LOCAL_AWS_DISK_DAMAGED'],
    );
  });

  it('stays small under continuous values, and exact in their sums', async () => {
    const rounds = 1_200;
    for (let round = 0; round < rounds; round += 1) {
      print({ at: NOON + (round % 50) * MINUTE, members: { function: 'collect', requests: round / 7 } });
      store.flush();
    }
    const [[[, count] = []] = []] = await values([query('m', 'SampleCount', { Period: 3600 })], {
      from: NOON,
    });
    const [[[, median] = []] = []] = await values([query('m', 'p50', { Period: 3600 })], { from: NOON });
    expect(count).toBe(rounds);
    expect(Number(median) / (rounds / 2 / 7)).toBeCloseTo(1, 2);
    expect(readdirSync(directory.path)).toEqual(['2026-11-20T12.jsonl']);
  });

  it('answers long results in pages', async () => {
    for (let minute = 0; minute < 5; minute += 1)
      print({ at: NOON + minute * MINUTE, members: { function: 'collect', requests: minute } });
    const queries = [query('a', 'Sum'), query('b', 'Maximum')];
    const first = await get(queries, { MaxDatapoints: 6 });
    expect(first.MetricDataResults?.map(({ Values, StatusCode }) => [Values, StatusCode])).toEqual([
      [[4, 3, 2, 1, 0], 'Complete'],
      [[4], 'PartialData'],
    ]);
    const second = await get(queries, { MaxDatapoints: 6, NextToken: first.NextToken });
    expect(second.MetricDataResults?.map(({ Values }) => Values)).toEqual([[], [3, 2, 1, 0]]);
    expect(second.NextToken).toBeUndefined();
    await expect(get(queries, { NextToken: 'nonsense' })).rejects.toMatchObject({ name: 'InvalidNextToken' });
  });

  it('refuses what CloudWatch refuses, and by name what is not emulated', async () => {
    const refusals: [object, object, string][] = [
      [{}, { from: NOON, to: NOON }, 'ValidationException'],
      [{ Period: 90 }, {}, 'ValidationException'],
      [{ Stat: 'Median' }, {}, 'ValidationException'],
      [{ Stat: 'tm99' }, {}, 'NotImplemented'],
    ];
    for (const [more, range, name] of refusals)
      await expect(get([query('m', 'Sum', more)], range)).rejects.toMatchObject({ name });
    await expect(get([query('m', 'Sum'), query('m', 'Sum')])).rejects.toMatchObject({
      name: 'ValidationException',
    });
    await expect(get([query('Upper', 'Sum')])).rejects.toMatchObject({ name: 'ValidationException' });
    const math = client.send(
      new GetMetricDataCommand({
        MetricDataQueries: [{ Id: 'e', Expression: 'm / 2' }],
        StartTime: new Date(NOON - HOUR),
        EndTime: new Date(NOON),
      }),
    );
    await expect(math).rejects.toMatchObject({
      name: 'NotImplemented',
      message: expect.stringContaining('metric math'),
    });
  });
});
