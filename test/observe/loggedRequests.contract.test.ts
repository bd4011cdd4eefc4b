import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HOUR_MS, MINUTE_MS } from '../../lib/base/time.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import type { Config } from '../../lib/schema/config.ts';
import { readDeadFailure, triesOf } from '../../observe/facts/flow/failures/deadLetters.ts';
import { readKeysFailure } from '../../observe/facts/flow/failures/keysFailure.ts';
import { readFirstKeyFailure, readLastFailure } from '../../observe/facts/flow/failures/lastFailure.ts';
import {
  readAnswers,
  readMainSender,
  readNoted,
  readOverflowError,
} from '../../observe/facts/flow/loggedRequests.ts';
import { readRelayAnswer, readUnkeptError } from '../../observe/facts/flow/relayCopies.ts';
import { ManualClock } from '../../packages/local-aws/src/base/index.ts';
import { cloudWatchService, MetricStore } from '../../packages/local-aws/src/cloudwatch/index.ts';
import { FunctionLogs, logsService } from '../../packages/local-aws/src/logs/index.ts';
import { startServices, temporaryDirectory } from '../../packages/local-aws/src/testing/index.ts';
import { answeredBy } from '../harness/answering.ts';
import { wellHour } from './statusFacts.ts';

const NOON = Date.UTC(2026, 10, 20, 12);
const directory = temporaryDirectory();
const clock = new ManualClock(NOON);
const metrics = MetricStore.open({ directory: `${directory.path}/cloudwatch`, clock });
const logs = new FunctionLogs({ directory: `${directory.path}/logs`, clock, metrics });
let client: CloudWatchLogsClient;
let cloudwatch: CloudWatchClient;
let close: () => Promise<void>;
beforeAll(async () => {
  const services = await startServices([
    logsService({ logs, groups: () => [] }),
    cloudWatchService({ metrics, clock, beforeReading: () => undefined }),
  ]);
  client = new CloudWatchLogsClient(services.options);
  cloudwatch = new CloudWatchClient(services.options);
  close = services.close;
});
afterAll(async () => {
  client.destroy();
  cloudwatch.destroy();
  await close();
  logs.close();
  metrics.close();
  directory.remove();
});

/** Arguments but for the first. */
type DropFirst<All extends readonly unknown[]> = All extends readonly [unknown, ...infer More] ? More : never;

/** The stack of a stage. */
const stackOf = (stage: string) => ({ service: 'sluice', stage });
/** Moves the clock on by so many minutes. */
const wait = (minutes: number) => clock.advance(minutes * MINUTE_MS);
const isoNow = () => new Date(clock.now()).toISOString();

/** Writes lines of the collector of a stage: of requests that were stored, but for what differs. */
function collectLog(stage = 'prod') {
  const write = logs.open(`sluice-${stage}-collect`);
  return (more: object) => {
    const line = { event: 'collect', status: 202, ms: 1, sdk: 'js 1', ...more };
    write(`${JSON.stringify(line)}\n`);
  };
}

/** What the collector of a stage noted, which logs this part of the requests that it stores. */
const notedOf = (stage: string, successes = 1) =>
  readNoted({
    logs: client,
    stack: stackOf(stage),
    config: defineConfig({ bucket: 'acme', logs: { successes } }),
    isLocal: false,
    now: clock.now(),
  });

it('whose clock is off by hours is told by SDK and key, with how far and since when, apart from small errors', async () => {
  const write = collectLog();
  const line = (key: string, noted: object, hours: number, ahead = 0) =>
    write({ key, noted, clock_skew_ms: hours * HOUR_MS, ahead_ms: ahead * HOUR_MS });
  const first = isoNow();
  line('shop', { clock_corrected: 2 }, 3);
  line('near', { clock_corrected: 7 }, 0.9);
  line('none', { time_missing: 1 }, 5);
  await wait(10);
  line('shop', { clock_corrected: 1, clock_ignored: 4 }, 2);
  line('ahead', { clock_corrected: 1 }, -26);
  line('shop', { clock_corrected: 1 }, -0.99);
  line('unstated', { clock_ahead: 2 }, 0, 25.9);
  line('unstated', { clock_ahead: 1 }, 0, 1);
  const last = isoNow();
  for (let i = 0; i < 5; i += 1) line('late', { outside_time_window: 4 }, 0);
  line('shop', { outside_time_window: 4, clock_corrected: 0 }, 3);
  line('zero', { before_2000: 6, outside_time_window: 6 }, 0);
  const { counts, before2000, corrected, uncorrected, ahead, late } = await notedOf('prod', 0.5);
  // A line stands for two requests. Of those with a stated clock all are logged, and another finding tells.
  expect(late).toMatchObject([{ key: 'late', count: 40 }]);
  expect(counts).toEqual({
    clock_corrected: 12,
    clock_ignored: 4,
    clock_ahead: 3,
    time_missing: 1,
    outside_time_window: 30,
    before_2000: 6,
  });
  expect(before2000).toMatchObject([{ key: 'zero', count: 6 }]);
  const shop = { code: null, key: 'shop', sdk: 'js 1', last };
  expect(corrected).toEqual([
    { ...shop, count: 3, first, skewMs: 3 * HOUR_MS },
    { ...shop, key: 'ahead', count: 1, first: last, skewMs: -26 * HOUR_MS },
    { ...shop, count: 1, first: last, skewMs: -0.99 * HOUR_MS },
  ]);
  expect(ahead).toEqual([{ ...shop, key: 'unstated', count: 3, first: last, skewMs: -25.9 * HOUR_MS }]);
  expect(uncorrected).toEqual([{ ...shop, count: 4, first: last, skewMs: 2 * HOUR_MS }]);
});

describe('of requests', () => {
  const answersOf = (stage: string, ...about: DropFirst<Parameters<typeof readAnswers>>) =>
    readAnswers({ logs: client, stack: stackOf(stage), now: clock.now() }, ...about);

  it('that were not stored is told when their sender was stored since, also hours ago', async () => {
    const write = collectLog('unstored');
    const code = 'SLUICE_COLLECT_NOT_DELIVERED';
    const fail = (key: string) => write({ key, level: 'error', status: 503, code });
    const day = new Map([[clock.now(), { ...wellHour, failedBy: { [code]: 2 } }]]);
    for (const key of ['web', 'gone', 'gone']) fail(key);
    await wait(60);
    const storedAt = isoNow();
    write({ key: 'web', level: 'info' });
    await wait(120);
    // The search begins with the sender whose last failure is the longest ago.
    fail('late');
    day.set(clock.now(), { ...wellHour, failedBy: { [code]: 1 } });
    await wait(60);
    const answers = await answersOf('unstored', day, 'failedBy');
    const storedBy = new Map(answers?.groups.map((group) => [group.key, group.storedAt]));
    // The most frequent first.
    expect(answers?.groups[0]).toMatchObject({ key: 'gone', count: 2 });
    expect(storedBy).toEqual(
      new Map([
        ['gone', undefined],
        ['late', undefined],
        ['web', storedAt],
      ]),
    );
  });

  it('of nine senders is told of the eight that sent most, when they were stored since', async () => {
    const write = collectLog('nine');
    const refused = { level: 'warn', status: 401, code: 'SLUICE_BODY_NOT_JSON' };
    const day = new Map([[clock.now(), { ...wellHour, refusedBy: { SLUICE_BODY_NOT_JSON: 10 } }]]);
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'most', 'most']) write({ ...refused, key });
    await wait(1);
    const storedAt = isoNow();
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'most']) write({ key });
    await wait(1);
    const { groups = [] } = (await answersOf('nine', day, 'refusedBy')) ?? {};
    expect(groups[0]).toMatchObject({ key: 'most', storedAt });
    expect(groups.filter((group) => group.storedAt === undefined)).toHaveLength(1);
  });

  it('is told by the newest lines, where the log has more than are read', async () => {
    const code = 'SLUICE_BODY_NOT_JSON';
    const logs = answeredBy(CloudWatchLogsClient, ({ input }) => {
      const key = Number(input['startTime']) < NOON ? 'early' : 'late';
      const line = { event: 'collect', level: 'warn', status: 401, ms: 1, key, code };
      return { events: Array(10_000).fill({ timestamp: NOON, message: JSON.stringify(line) }) };
    });
    const refused = { ...wellHour, refusedBy: { [code]: 10_000 } };
    const day = new Map([
      [NOON - HOUR_MS, refused],
      [NOON, refused],
    ]);
    const answers = await readAnswers(
      { logs, stack: stackOf('many'), now: NOON + HOUR_MS - 1 },
      day,
      'refusedBy',
    );
    expect(answers).toMatchObject({ groups: [{ key: 'late', count: 10_000 }], hasMore: true });
  });

  it('of senders without a key, too, is told when they were stored since', async () => {
    const write = collectLog('keyless');
    const refused = { level: 'warn', status: 401 };
    const day = new Map([[clock.now(), { ...wellHour, refusedBy: { SLUICE_KEY_MISSING: 1 } }]]);
    for (const key of ['a', 'b']) write({ ...refused, key, code: 'SLUICE_BODY_NOT_JSON' });
    write({ ...refused, code: 'SLUICE_KEY_MISSING' });
    write({ ...refused, sent_key: '9f86', code: 'SLUICE_KEY_UNKNOWN' });
    // It is stored, and of the level of a warning for what was noted.
    write({ key: 'noted', level: 'warn', noted: { clock_ahead: 1 } });
    await wait(1);
    const storedAt = isoNow();
    for (const key of ['a', 'b', undefined]) write({ key, level: 'info' });
    await wait(1);
    const read = await answersOf('keyless', day, 'refusedBy');
    expect(read?.groups.map((group) => [group.key, group.storedAt]).sort()).toEqual([
      [null, storedAt],
      ['9f86', undefined],
      ['a', storedAt],
      ['b', storedAt],
    ]);
    expect(read?.since).toBe(new Date(Math.min(...day.keys())).toISOString());
  });
});

describe('events from before the time window', () => {
  it('have a clock that is stated, if their sender states it, and come first if it does not', async () => {
    const write = collectLog('clocks');
    write({ key: 'stated', noted: { outside_time_window: 9 }, clock_skew_ms: 40_000 });
    write({ key: 'unstated', noted: { outside_time_window: 3 } });
    const { late } = await notedOf('clocks');
    expect(late).toMatchObject([
      { key: 'unstated', count: 3, isClockStated: false },
      { key: 'stated', count: 9, isClockStated: true },
    ]);
  });

  it.each([0, 0.01])('count as they are logged in few lines of %d of all requests', async (successes) => {
    const stage = `few${successes * 100}`;
    const write = collectLog(stage);
    for (let i = 0; i < 4; i += 1) write({ key: 'app', noted: { outside_time_window: 3 }, clock_skew_ms: 0 });
    const { late } = await notedOf(stage, successes);
    expect(late.map(({ count }) => count)).toEqual([12]);
  });
});

describe('who sent a spike', () => {
  const config = defineConfig({ bucket: 'acme', logs: { successes: 0.1 } });
  const asked = { stack: stackOf('prod'), isLocal: false, config };
  const spike = { what: 'requests', hour: 999, usual: 1, day: 999 } as const;
  /** Who sent most since now. */
  const senderOf = (
    what: 'requests' | 'events' | 'ignored',
    more: { isLocal?: boolean; config?: Config } = {},
  ) =>
    readMainSender({ ...asked, logs: client, ...more }, { ...spike, what, first: isoNow(), last: isoNow() });
  beforeAll(async () => {
    const write = collectLog();
    const line = (key: string, more: object = {}) => write({ key, sdk: `${key} 1`, events: 1, ...more });
    line('before');
    await wait(10);
    for (let i = 0; i < 3; i += 1) line('web');
    for (let i = 0; i < 20; i += 1) line('old', { status: 401 });
    line('batch', { events: 500 });
    line('left', { events: 30, counted: { event_filtered: 20, exposure_filtered: 10 } });
    // As every line of the log that the collector always writes, it stands for itself alone.
    for (let i = 0; i < 10; i += 1) line('copied', { relay: 'not_kept' });
  });

  it('is who sent most requests, of which a sampled line stands for as many as it was drawn from', async () => {
    expect(await senderOf('requests')).toEqual({ key: 'web', sdk: 'web 1', share: 3 / 8 });
  });

  it('is who sent most until the spike ended', async () => {
    const last = isoNow();
    const first = new Date(clock.now() - 10 * MINUTE_MS).toISOString();
    expect(await readMainSender({ ...asked, logs: client }, { ...spike, first, last })).toMatchObject({
      key: 'web',
      share: 1 / 3,
    });
  });

  it('is who sent most events', async () => {
    expect(await senderOf('events')).toMatchObject({ key: 'batch' });
  });

  it('is who sent most events that the lists leave out', async () => {
    expect(await senderOf('ignored')).toEqual({ key: 'left', sdk: 'left 1', share: 1 });
  });

  it('is who has most lines in the local cloud, whose log is not sampled', async () => {
    expect(await senderOf('requests', { isLocal: true })).toMatchObject({ key: 'old' });
  });

  it('is nobody without a spike, and where successes are not logged', async () => {
    expect(await readMainSender({ ...asked, logs: client }, undefined)).toBeNull();
    const unlogged = defineConfig({ bucket: 'acme', logs: { successes: 0 } });
    expect(await senderOf('requests', { config: unlogged })).toBeNull();
  });
});

/** What a function failed with last within an hour, as its log says. */
function lastFailure(part: string) {
  return readLastFailure(deploymentNow(), part, clock.now() - 60 * MINUTE_MS);
}

function deploymentNow() {
  return { logs: client, cloudwatch, stack: stackOf('prod'), now: clock.now() };
}

/** Counts a value of a metric now. */
function count(namespace: string, name: string, value: number, dimension: readonly [string, string]) {
  metrics.add([
    {
      metric: { namespace, name, unit: 'Count', dimensions: [[...dimension]] },
      at: clock.now(),
      values: [value],
    },
  ]);
}

/** Counts so many runs of a function that Lambda throttles now. */
const throttle = (part: string, value: number) =>
  count('AWS/Lambda', 'Throttles', value, ['FunctionName', `sluice-prod-${part}`]);

/** Writes lines of level `error` into the log of a function. */
function errorLog(part: string) {
  const line = logs.open(`sluice-prod-${part}`);
  return (fields: object) => line(`${JSON.stringify({ level: 'error', ...fields })}\n`);
}

it('a run failed with its error, not with what an object holds', async () => {
  const write = errorLog('write');
  write({ event: 'write_failed', code: 'SLUICE_WRITE_BUCKET_FAILED', detail: 'AccessDenied' });
  const at = isoNow();
  await wait(1);
  write({ event: 'write_damaged', code: 'SLUICE_LANDED_DAMAGED' });
  write({ event: 'write_refused', code: 'SLUICE_ROW_UNFIT', detail: 'a row' });
  const code = 'SLUICE_WRITE_BUCKET_FAILED';
  expect(await lastFailure('write')).toEqual({
    text: `${at}: ${code}: AccessDenied.`,
    kind: 'denied',
    code,
    isByKey: false,
  });
});

it('no call failed for a key where a function has no log', async () => {
  expect(await readFirstKeyFailure(deploymentNow(), ['never-run'], 0)).toBe(null);
});

it('calls failed for a key first with the earliest such line of any of the logs', async () => {
  const denied = { event: 'x', code: 'SLUICE_X', detail: 'AccessDenied: kms:Decrypt' };
  const since = clock.now();
  errorLog('keyed-a')({ event: 'x', code: 'SLUICE_X', detail: 'TimeoutError' });
  await wait(1);
  const first = isoNow();
  errorLog('keyed-b')(denied);
  await wait(1);
  errorLog('keyed-a')(denied);
  await wait(1);
  errorLog('keyed-b')(denied);
  expect(await readFirstKeyFailure(deploymentNow(), ['keyed-a', 'keyed-b'], since)).toBe(first);
});

it('a run of which the log has no failure failed as Lambda throttled it', async () => {
  logs.open('sluice-prod-groups')('{}\n');
  throttle('groups', 1);
  await wait(1);
  expect(await lastFailure('groups')).toMatchObject({ kind: 'throttled' });
});

it('a plan failed with what it could not do in a table', async () => {
  const failed = [{ code: 'SLUICE_T', detail: 'no room' }];
  errorLog('curate-plan')({ event: 'curate_plan', tables: [{}, { failed }] });
  expect((await lastFailure('curate-plan'))?.text).toMatch(/: SLUICE_T: no room\.$/);
});

it('the delivery of the stream failed last as its own log says, whatever the line', async () => {
  const asked: unknown[] = [];
  const message = JSON.stringify({ errorCode: 'S3.AccessDenied', errorMessage: 'no' });
  const delivery = answeredBy(CloudWatchLogsClient, ({ input }) => {
    asked.push([input['logGroupName'], input['filterPattern']]);
    return { events: [{ timestamp: NOON, message }] };
  });
  expect(await readLastFailure({ ...deploymentNow(), logs: delivery }, 'landing', NOON)).toMatchObject({
    code: 'S3.AccessDenied',
  });
  expect(asked).toEqual([[expect.stringMatching(/^\/aws\/kinesisfirehose\/sluice-prod/), '']]);
});

it.each([
  { part: 'ingest-load', minutes: 92 },
  { part: 'write', minutes: 18 },
] as const)(
  'the last try of a dead letter of $part began up to $minutes minutes before it moved',
  ({ part, minutes }) => {
    expect(triesOf(part, NOON)).toEqual({ startTime: NOON - minutes * MINUTE_MS, endTime: NOON + MINUTE_MS });
  },
);

it('the registrar failed with a message that it does not know', async () => {
  const invalid = [{ messageId: 'm', code: 'SLUICE_CATALOG_EVENT_INVALID', detail: 'no JSON' }];
  errorLog('register')({ event: 'register', invalid });
  expect((await lastFailure('register'))?.text).toMatch(/: SLUICE_CATALOG_EVENT_INVALID: no JSON\.$/);
});

it('a load failed with its error, not with a receipt that the bucket of a customer refused', async () => {
  const load = errorLog('ingest-load');
  load({ event: 'ingest_load', error: 'SLUICE_INGEST_LEDGER_UNAVAILABLE', message: 'SlowDown' });
  await wait(1);
  load({
    event: 'ingest_receipt',
    code: 'SLUICE_RECEIPT_ACCESS_DENIED',
    error: 'AccessDenied: s3:PutObject',
  });
  expect(await lastFailure('ingest-load')).toMatchObject({
    kind: 'busy',
    code: 'SLUICE_INGEST_LEDGER_UNAVAILABLE',
  });
});

it.each([
  { code: 'SLUICE_SOURCE_ACCESS_DENIED', of: 'a customer', kind: 'error', isByKey: false },
  { code: 'SLUICE_EXPORT_KEY_DENIED', of: 'a customer', kind: 'error', isByKey: false },
  { code: 'SLUICE_SOURCE_ROLE_DENIED', of: 'a customer', kind: 'error', isByKey: false },
  { code: 'SLUICE_EXPORT_SOURCE_UNAVAILABLE', of: 'the deployment', kind: 'denied', isByKey: true },
])('a run that failed with $code, by a denial of $of, is of the kind $kind', async (row) => {
  const { code, kind, isByKey } = row;
  errorLog('export')({ event: 'export', code, detail: 'AccessDenied: kms:Decrypt' });
  expect(await lastFailure('export')).toMatchObject({ code, kind, isByKey });
});

it('a run failed last as Lambda throttled it, unless the log tells of a later failure', async () => {
  const write = errorLog('curate-run');
  write({ event: 'curate', code: 'SLUICE_X' });
  await wait(1);
  throttle('curate-run', 2);
  throttle('export', 1);
  await wait(1);
  throttle('curate-run', 3);
  const at = new Date(Math.floor(clock.now() / MINUTE_MS) * MINUTE_MS).toISOString();
  await wait(1);
  throttle('curate-run', 0);
  await wait(1);
  expect(await lastFailure('curate-run')).toEqual({
    text: `${at}: Lambda throttled 5 invocations.`,
    kind: 'throttled',
    code: null,
    isByKey: false,
  });
  write({ event: 'curate', code: 'SLUICE_Y' });
  expect(await lastFailure('curate-run')).toMatchObject({ code: 'SLUICE_Y' });
  await wait(61);
  expect(await lastFailure('curate-run')).toBeNull();
});

it.each([
  {
    record: {
      status: 'timeout',
      metrics: { durationMs: 900_400, memorySizeMB: 2_048, maxMemoryUsedMB: 300 },
    },
    kind: 'timedOut',
    text: 'Task timed out after 900 s, with 300 of 2048 MB used.',
  },
  { record: { status: 'timeout' }, kind: 'timedOut', text: 'Task timed out.' },
  {
    record: { status: 'error', errorType: 'TypeError', metrics: { memorySizeMB: 9 } },
    kind: 'error',
    text: 'TypeError: it threw.',
  },
  {
    record: {
      status: 'error',
      errorType: 'Runtime.ExitError',
      metrics: { memorySizeMB: 1_000, maxMemoryUsedMB: 950 },
    },
    kind: 'processEnded',
    text: 'Runtime.ExitError: its process ended, out of memory, with 950 of 1000 MB used.',
  },
  {
    record: {
      status: 'failure',
      errorType: 'Runtime.ExitError',
      metrics: { memorySizeMB: 1_000, maxMemoryUsedMB: 949 },
    },
    kind: 'processEnded',
    text: 'Runtime.ExitError: its process ended, most often out of memory, with 949 of 1000 MB used.',
  },
  {
    record: { status: 'error', errorType: 'Runtime.ImportModuleError' },
    kind: 'unloaded',
    text: 'Runtime.ImportModuleError: its code could not be loaded.',
  },
  {
    record: { status: 'error', errorType: 'Runtime.OutOfMemory' },
    kind: 'processEnded',
    text: 'Runtime.OutOfMemory: its process ended, out of memory.',
  },
])('a run ended as Lambda reports: $text', async ({ record, kind, text }) => {
  logs.open('sluice-prod-relay')(`${JSON.stringify({ type: 'platform.report', record })}\n`);
  const { errorType: code = record.status } = record as { errorType?: string };
  expect(await lastFailure('relay')).toMatchObject({
    kind,
    code,
    text: expect.stringMatching(`Z: ${text}$`),
  });
  await wait(61);
});

describe('the failure of collectors to read the keys', () => {
  const read = () => readKeysFailure({ logs: client, stack: stackOf('keys'), now: clock.now() });
  const line = (more: object) => collectLog('keys')({ event: 'keys', ...more });
  const fail = (detail: string, code = 'SLUICE_KEYS_UNREADABLE') => line({ level: 'error', code, detail });

  it('is the last one, since the first after a collector has read them', async () => {
    fail('AccessDenied: once');
    await wait(30);
    line({ level: 'info', count: 1 });
    await wait(30);
    const since = isoNow();
    fail('TimeoutError');
    await wait(5);
    const at = isoNow();
    fail('AccessDenied: now');
    await wait(10);
    const text = `${at}: SLUICE_KEYS_UNREADABLE: AccessDenied: now.`;
    expect(await read()).toEqual({ text, kind: 'denied', since });
    // Nobody has tried since.
    await clock.advance(1);
    expect(await read()).toBeNull();
  });

  it.each([
    { what: 'a collector has read them since', more: { level: 'info', count: 1 } },
    { what: 'entries are wrong', more: { level: 'error', problems: ['keys.0: no label'] } },
    { what: 'the secret is deleted', more: { level: 'error', code: 'X', detail: 'InvalidRequestException' } },
    { what: 'the secret is no list', more: { level: 'error', code: 'SLUICE_KEYS_INVALID', detail: 'x' } },
    { what: 'the secret is gone', more: { level: 'error', code: 'X', detail: 'ResourceNotFoundException' } },
  ])('is none where $what', async ({ more }) => {
    fail('TimeoutError');
    await clock.advance(1_000);
    line(more);
    expect(await read()).toBeNull();
  });
});

it('since when collectors fail to read the keys is not known where the log has more lines than are read', async () => {
  const line = { event: 'keys', level: 'error', code: 'SLUICE_KEYS_UNREADABLE', detail: 'TimeoutError' };
  const more = answeredBy(CloudWatchLogsClient, () => ({
    events: [{ timestamp: NOON, message: JSON.stringify(line) }],
    nextToken: 'more',
  }));
  const asked = { logs: more, stack: stackOf('keys'), now: NOON };
  expect(await readKeysFailure(asked)).toMatchObject({ since: null });
});

describe('a dead letter', () => {
  /** Of loads, whose messages are hidden for an hour and a half. */
  const QUEUE = 'sluice-prod-ingest-load-dead-letters';
  const HIDDEN = 90 * MINUTE_MS;
  const visible = (messages: number) =>
    count('AWS/SQS', 'ApproximateNumberOfMessagesVisible', messages, ['QueueName', QUEUE]);
  const deadLetters = (messages: number, since: number) => ({
    part: 'ingest-load' as const,
    queue: QUEUE,
    arn: 'arn:aws:sqs:x:1:q',
    messages,
    since: new Date(since).toISOString(),
  });
  const why = (messages: number, since: number) =>
    readDeadFailure(deploymentNow(), deadLetters(messages, since));
  const fail = (code: string) => errorLog('ingest-load')({ event: 'ingest_load', code });
  /** The last try of a message fails long after those of all others. */
  const failOnce = async () => {
    await clock.advance(4 * HIDDEN);
    fail('SLUICE_LOAD_A');
    await clock.advance(HIDDEN);
  };

  it('failed with the error of its last try, not with a later one of another message', async () => {
    await failOnce();
    const since = clock.now();
    fail('SLUICE_LOAD_LATER');
    await wait(1);
    expect(await why(1, since)).toMatchObject({ kind: 'error', code: 'SLUICE_LOAD_A' });
  });

  it('is not told from another message whose try failed at the same time', async () => {
    await clock.advance(4 * HIDDEN);
    fail('SLUICE_LOAD_A');
    fail('SLUICE_LOAD_B');
    await clock.advance(HIDDEN);
    expect(await why(1, clock.now())).toBeNull();
    expect((await lastFailure('ingest-load'))?.code).toBeUndefined();
  });

  it('never ran if Lambda throttled its last try, also if one failed before', async () => {
    await clock.advance(4 * HIDDEN);
    fail('SLUICE_LOAD_A');
    await wait(10);
    throttle('ingest-load', 1);
    await clock.advance(HIDDEN);
    expect(await why(1, clock.now())).toMatchObject({ kind: 'throttled' });
  });

  it('is not told without the time since which it lies there', async () => {
    expect(await readDeadFailure(deploymentNow(), { ...deadLetters(1, 0), since: null })).toBeNull();
  });

  it('of the oldest, and that the log does not tell of the newest', async () => {
    await failOnce();
    const since = clock.now();
    visible(1);
    await clock.advance(4 * HIDDEN);
    visible(2);
    expect(await why(2, since)).toMatchObject({
      code: null,
      text: expect.stringMatching(/SLUICE_LOAD_A\. The log does not tell of the newest\.$/),
    });
  });

  it('of the oldest and of the newest, if they failed with different errors', async () => {
    await failOnce();
    const since = clock.now();
    visible(1);
    fail('SLUICE_LOAD_B');
    await clock.advance(HIDDEN);
    visible(2);
    // One of them is gone by then: the oldest alone is left.
    expect(await why(1, since)).toMatchObject({ code: 'SLUICE_LOAD_A' });
    const both = await why(2, since);
    expect(both?.code).toBeNull();
    expect(both?.text).toMatch(/SLUICE_LOAD_A\. The newest of them failed last at \S+: SLUICE_LOAD_B\.$/);
    fail('SLUICE_LOAD_A');
    await clock.advance(HIDDEN);
    visible(3);
    await wait(1);
    visible(3);
    expect(await why(3, since)).toMatchObject({ code: 'SLUICE_LOAD_A' });
    // One fewer is none that came.
    await clock.advance(4 * HIDDEN);
    visible(2);
    expect(await why(2, since)).toMatchObject({ code: 'SLUICE_LOAD_A' });
  });
});

describe('what became of copies for relay last', () => {
  it('is not that of copies that were not sent, as another copy probed the target', async () => {
    const write = errorLog('relay');
    // The code of an invocation is that of its worst copy.
    const line = (retried?: Readonly<Record<string, number>>, failed?: Readonly<Record<string, number>>) =>
      write({ event: 'relay', level: 'warn', code: 'SLUICE_RELAY_REFUSED', retried, failed });
    line({ '429': 1, '500': 2, Target: 1, waits: 4 });
    const at = isoNow();
    await wait(1);
    line({ waits: 3 });
    expect(await readRelayAnswer(deploymentNow())).toEqual({ from: 'target', why: '500', copies: 2, at });
    await wait(1);
    line({ '500': 2 }, { SlowDown: 3 });
    expect(await readRelayAnswer(deploymentNow())).toMatchObject({
      from: 'bucket',
      why: 'SlowDown',
      copies: 3,
    });
    await wait(1);
    line(undefined, { InternalError: 1 });
    expect(await readRelayAnswer(deploymentNow())).toMatchObject({ from: 'bucket', why: 'InternalError' });
    await wait(1440);
    expect(await readRelayAnswer(deploymentNow())).toBeNull();
  });
});

describe('the error with which the stream did not take requests', () => {
  it('is that of the last one within five minutes, but for requests that are too large for it', async () => {
    const write = collectLog('overflowed');
    const asked = { logs: client, stack: stackOf('overflowed') };
    const read = (at: number) => readOverflowError(asked, new Date(at).toISOString());
    const line = (not_streamed: string) => write({ not_streamed });
    const at = clock.now();
    line('too_large');
    expect(await read(at)).toBeNull();
    line('not_acknowledged: TimeoutError');
    await wait(5);
    line('held_back: ThrottlingException');
    line('too_large');
    await clock.advance(1);
    line('not_acknowledged: ServiceUnavailableException');
    expect(await read(at)).toBe('ThrottlingException');
  });
});

describe('the error with which a copy was not kept for relay', () => {
  it('is that of the last one, with the words of AWS', async () => {
    const line = collectLog();
    const last = isoNow();
    line({ relay: 'not_kept', relay_error: 'TimeoutError' });
    await clock.advance(1_000);
    line({ relay: 'not_kept', relay_error: 'AccessDenied: no' });
    await clock.advance(1_000);
    line({ relay: 'queue' });
    const asked = { logs: client, stack: stackOf('prod') };
    expect(await readUnkeptError(asked, { last })).toBe('AccessDenied: no');
  });
});
