import { appendFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../src/base/index.ts';
import { MetricStore } from '../../src/cloudwatch/MetricStore.ts';
import { FunctionLogs } from '../../src/logs/FunctionLogs.ts';
import { logsService } from '../../src/logs/index.ts';
import { startServices } from '../../src/testing/startServices.ts';
import { temporaryDirectory } from '../../src/testing/temporaryDirectory.ts';

const START = Date.UTC(2026, 10, 20, 12);

describe('FilterLogEvents', () => {
  let directory: ReturnType<typeof temporaryDirectory>;
  let clock: ManualClock;
  let logs: FunctionLogs;
  let metrics: MetricStore;
  let write: (text: string) => void;
  let client: CloudWatchLogsClient;
  let close: () => Promise<void>;
  const open = async (fileBytes?: number) => {
    metrics = MetricStore.open({ directory: `${directory.path}/cloudwatch`, clock });
    logs = new FunctionLogs({ directory: `${directory.path}/logs`, clock, metrics, fileBytes });
    write = logs.open('shop');
    const services = await startServices([logsService({ logs, groups: () => ['/aws/empty'] })]);
    client = new CloudWatchLogsClient(services.options);
    close = async () => {
      client.destroy();
      await services.close();
      logs.close();
      metrics.close();
    };
  };
  beforeEach(async () => {
    directory = temporaryDirectory();
    clock = new ManualClock(START);
    await open();
  });
  afterEach(async () => {
    await close();
    directory.remove();
  });
  const find = async (input: object = {}) => {
    const answer = await client.send(
      new FilterLogEventsCommand({ logGroupName: '/aws/lambda/shop', ...input }),
    );
    const events = (answer.events ?? []).map(({ timestamp = 0, message }) => [timestamp - START, message]);
    return { events, nextToken: answer.nextToken };
  };

  it('finds lines by time, over restarts and with the clock set back', async () => {
    write('first\nsecond é\n');
    clock.advance(10_000);
    write('third\n');
    await close();
    await open();
    clock.advance(10_000);
    write('fourth\n');
    clock.advance(-15_000);
    write('fifth\n');
    const lines = [
      [0, 'first'],
      [0, 'second é'],
      [10_000, 'third'],
      [20_000, 'fourth'],
      [5_000, 'fifth'],
    ];
    expect((await find()).events).toEqual(lines);
    expect((await find({ startTime: START + 10_000 })).events).toEqual(lines.slice(2, 4));
    expect((await find({ endTime: START + 5_000 })).events).toEqual([lines[0], lines[1], lines[4]]);
    expect((await find({ startTime: START + 60_000 })).events).toEqual([]);
  });

  it.each([
    { filterPattern: '', found: [0, 1, 2] },
    { filterPattern: '"Jk-1="', found: [0] },
    { filterPattern: 'plain words', found: [2] },
    { filterPattern: 'plain collect', found: [] },
    { filterPattern: '"\\"quoted\\""', found: [2] },
    { filterPattern: '{ $.event = "collect" }', found: [0] },
    { filterPattern: '{ $.status != 202 && $.inner.code = "x" }', found: [1] },
    { filterPattern: '{ $.ok = TRUE || $.status = 503 && $.inner.code = "x" }', found: [0, 1] },
    { filterPattern: '{ $.ok = TRUE }', found: [0] },
    { filterPattern: '{ $.constructor != 1 }', found: [] },
  ])(
    'finds lines by words, quoted texts and members of JSON: $filterPattern',
    async ({ filterPattern, found }) => {
      const lines = [
        JSON.stringify({ event: 'collect', status: 202, request_id: 'Jk-1=', ok: true }),
        JSON.stringify({ event: 'redrive', status: 503, inner: { code: 'x' } }),
        'plain words, "quoted"',
      ];
      write(`${lines.join('\n')}\n`);
      const { events } = await find({ filterPattern });
      expect(events.map(([, text]) => lines.indexOf(String(text)))).toEqual(found);
    },
  );

  it.each([
    { filterPattern: '?a ?b', name: 'NotImplemented' },
    { filterPattern: '{ $.event = "co*" }', name: 'NotImplemented' },
    { filterPattern: '[a, b]', name: 'NotImplemented' },
    { filterPattern: 'a:b', name: 'InvalidParameterException' },
  ])('refuses the pattern $filterPattern', async ({ filterPattern, name }) => {
    await expect(find({ filterPattern })).rejects.toMatchObject({ name });
  });

  it('answers in pages', async () => {
    write(Array.from({ length: 5 }, (_, i) => `line ${i}\n`).join(''));
    const first = await find({ limit: 3 });
    expect(first.events.map(([, text]) => text)).toEqual(['line 0', 'line 1', 'line 2']);
    const second = await find({ limit: 3, nextToken: first.nextToken });
    expect(second).toEqual({
      events: [
        [0, 'line 3'],
        [0, 'line 4'],
      ],
      nextToken: undefined,
    });
  });

  it('answers with lines of 1 MiB together, or with one that is longer', async () => {
    const long = 'x'.repeat(1_048_577);
    const half = 'y'.repeat(524_288);
    write(`${long}\n${half}\n${half}\nz\n`);
    const sizes: number[][] = [];
    for (let token: string | undefined = ''; token !== undefined; ) {
      const { events, nextToken } = await find(token === '' ? {} : { nextToken: token });
      sizes.push(events.map(([, text]) => String(text).length));
      token = nextToken;
    }
    expect(sizes).toEqual([[1_048_577], [524_288, 524_288], [1]]);
  });

  it('takes a pattern of 1,024 characters and pages of 10,000 lines', async () => {
    write('line\n');
    expect((await find({ limit: 10_000 })).events).toHaveLength(1);
    expect((await find({ filterPattern: 'x'.repeat(1_024) })).events).toEqual([]);
  });

  it.each([
    { what: 'a pattern of 1,025 characters', input: { filterPattern: 'x'.repeat(1_025) } },
    { what: 'pages of 10,001 lines', input: { limit: 10_001 } },
    { what: 'pages of no line', input: { limit: 0 } },
  ])('refuses $what', async ({ input }) => {
    await expect(find(input)).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });

  it('refuses a token that it did not give', async () => {
    await expect(find({ nextToken: 'nonsense' })).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
  });

  it('finds nothing in a group without lines', async () => {
    expect((await find({ logGroupName: '/aws/empty' })).events).toEqual([]);
  });

  it('refuses a group that does not exist', async () => {
    await expect(find({ logGroupName: '/aws/lambda/other' })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  it('goes on behind a line that a kill has cut, and without a file that is gone', async () => {
    const file = `${directory.path}/logs/shop.0.log`;
    write('whole\n');
    await close();
    appendFileSync(file, '2026-11-20T12:00:00.000Z {"torn":');
    await open();
    write('next\n');
    expect((await find()).events).toEqual([
      [0, 'whole'],
      [0, 'next'],
    ]);
    rmSync(file);
    expect((await find()).events).toEqual([]);
  });

  it('keeps the newest lines of a log that is full, with their places and times, over restarts', async () => {
    await close();
    await open(1_000);
    const writeLines = (from: number, to: number) => {
      for (let n = from; n < to; n += 1) {
        clock.advance(1_000);
        write(`line ${n} ${'x'.repeat(90)}\n`);
      }
    };
    const found = async (input: object = {}) =>
      (await find(input)).events.map(([at, text]) => [at, Number(String(text).split(' ')[1])]);
    writeLines(0, 18);
    expect(await found()).toEqual(Array.from({ length: 18 }, (_, n) => [(n + 1) * 1_000, n]));
    const { nextToken } = await find({ limit: 12 });
    writeLines(18, 35);
    const kept = await found();
    expect(kept).toEqual(Array.from({ length: 17 }, (_, i) => [(19 + i) * 1_000, 18 + i]));
    await close();
    await open(1_000);
    expect(await found()).toEqual(kept);
    expect(await found({ nextToken })).toEqual(kept);
    writeLines(35, 36);
    expect((await found({ startTime: START + 36_000 })).at(-1)).toEqual([36_000, 35]);
    const files = readdirSync(`${directory.path}/logs`).filter((name) => name.includes('.log'));
    const bytes = files.map((name) => statSync(`${directory.path}/logs/${name}`).size);
    expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThan(2_700);
  });

  it('passes on the metrics that functions print', () => {
    const CloudWatchMetrics = [{ Namespace: 'Shop', Dimensions: [[]], Metrics: [{ Name: 'requests' }] }];
    write(`${JSON.stringify({ _aws: { Timestamp: START, CloudWatchMetrics }, requests: 3 })}\nother\n`);
    logs.readMetrics();
    expect(metrics.read(START, START + 1, () => true).map(({ statistics }) => statistics.sum)).toEqual([3]);
  });
});
