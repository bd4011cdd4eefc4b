import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import type { Config } from '../../lib/schema/config.ts';
import {
  readDeadFailure,
  readFirstKeyFailure,
  readKeysFailure,
  readLastFailure,
  triesOf,
} from '../../observe/facts/flow/failures.ts';
import {
  readAnswers,
  readNoted,
  readOverflowError,
  readSpikeSender,
} from '../../observe/facts/flow/loggedRequests.ts';
import { readRelayAnswer, readUnkeptError } from '../../observe/facts/flow/relayCopies.ts';
import { ManualClock } from '../../packages/local-aws/src/base/index.ts';
import { cloudWatchService, MetricStore } from '../../packages/local-aws/src/cloudwatch/index.ts';
import { FunctionLogs, logsService } from '../../packages/local-aws/src/logs/index.ts';
import { startServices, temporaryDirectory } from '../../packages/local-aws/src/testing/index.ts';
import { answeredBy } from '../harness/answering.ts';
import { wellHour } from './statusFacts.ts';

const NOON = Date.UTC(2026, 10, 20, 12);
const MINUTE = 60_000;
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

describe('whose clock is off by hours', () => {
  it('is told by SDK and key, with how far and since when, apart from small errors', async () => {
    const write = logs.open('sluice-prod-collect');
    const line = (key: string, noted: object, hours: number, ahead = 0) => {
      const skew = { clock_skew_ms: hours * 60 * MINUTE, ahead_ms: ahead * 60 * MINUTE };
      write(
        `${JSON.stringify({ event: 'collect', status: 202, ms: 1, key, sdk: 'py-server 1', noted, ...skew })}\n`,
      );
    };
    const first = new Date(clock.now()).toISOString();
    line('shop', { clock_corrected: 2 }, 3);
    line('near', { clock_corrected: 7 }, 0.9);
    line('none', { time_missing: 1 }, 5);
    await clock.advance(10 * MINUTE);
    line('shop', { clock_corrected: 1, clock_ignored: 4 }, 2);
    line('ahead', { clock_corrected: 1 }, -26);
    line('shop', { clock_corrected: 1 }, -0.99);
    line('unstated', { clock_ahead: 2 }, 0, 25.9);
    line('unstated', { clock_ahead: 1 }, 0, 1);
    const last = new Date(clock.now()).toISOString();
    const stack = { service: 'sluice', stage: 'prod' };
    for (let i = 0; i < 5; i += 1) line('late', { outside_time_window: 4 }, 0);
    line('shop', { outside_time_window: 4, clock_corrected: 0 }, 3);
    line('zero', { before_2000: 6, outside_time_window: 6 }, 0);
    const config = defineConfig({ bucket: 'acme', logs: { successes: 0.5 } });
    const { counts, before2000, corrected, uncorrected, ahead, late } = await readNoted({
      logs: client,
      stack,
      config,
      isLocal: false,
      now: clock.now(),
    });
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
    const shop = { code: null, key: 'shop', sdk: 'py-server 1', last };
    const hour = 60 * MINUTE;
    expect(corrected).toEqual([
      { ...shop, count: 3, first, skewMs: 3 * hour },
      { ...shop, key: 'ahead', count: 1, first: last, skewMs: -26 * hour },
      { ...shop, count: 1, first: last, skewMs: -0.99 * hour },
    ]);
    expect(ahead).toEqual([{ ...shop, key: 'unstated', count: 3, first: last, skewMs: -25.9 * hour }]);
    expect(uncorrected).toEqual([{ ...shop, count: 4, first: last, skewMs: 2 * hour }]);
  });
});

describe('requests that were not stored', () => {
  it('have when their sender was stored since, also hours ago', async () => {
    const stack = { service: 'sluice', stage: 'unstored' };
    const write = logs.open('sluice-unstored-collect');
    const line = (key: string, level: string, more: object) =>
      write(`${JSON.stringify({ event: 'collect', level, ms: 1, key, sdk: 'js 1', ...more })}\n`);
    const failed = { status: 503, code: 'SLUICE_COLLECT_NOT_DELIVERED' };
    const day = new Map([[clock.now(), { ...wellHour, failedBy: { SLUICE_COLLECT_NOT_DELIVERED: 2 } }]]);
    line('web', 'error', failed);
    for (let i = 0; i < 2; i += 1) line('gone', 'error', failed);
    await clock.advance(60 * MINUTE);
    const storedAt = new Date(clock.now()).toISOString();
    line('web', 'info', { status: 202 });
    await clock.advance(2 * 60 * MINUTE);
    // The search begins with the sender whose last failure is the longest ago.
    line('late', 'error', failed);
    day.set(clock.now(), { ...wellHour, failedBy: { SLUICE_COLLECT_NOT_DELIVERED: 1 } });
    await clock.advance(60 * MINUTE);
    const answers = await readAnswers({ logs: client, stack, now: clock.now() }, day, 'failedBy');
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
});

it('of senders without a key, too, is told when they were stored since', async () => {
  const stack = { service: 'sluice', stage: 'keyless' };
  const write = logs.open('sluice-keyless-collect');
  const line = (more: object) =>
    write(`${JSON.stringify({ event: 'collect', level: 'warn', ms: 1, sdk: 'js 1', ...more })}\n`);
  const refusedBy = { SLUICE_KEY_MISSING: 1 };
  const day = new Map([[clock.now(), { ...wellHour, refusedBy }]]);
  for (const key of ['a', 'b']) line({ key, status: 400, code: 'SLUICE_BODY_NOT_JSON' });
  line({ status: 401, code: 'SLUICE_KEY_MISSING' });
  line({ sent_key: '9f86', status: 401, code: 'SLUICE_KEY_UNKNOWN' });
  // It is stored, and of the level of a warning for what was noted.
  line({ key: 'noted', status: 202, noted: { clock_ahead: 1 } });
  await clock.advance(MINUTE);
  const storedAt = new Date(clock.now()).toISOString();
  for (const key of ['a', 'b', undefined]) line({ key, level: 'info', status: 202 });
  await clock.advance(MINUTE);
  const read = await readAnswers({ logs: client, stack, now: clock.now() }, day, 'refusedBy');
  expect(read?.groups.map((group) => [group.key, group.storedAt]).sort()).toEqual([
    [null, storedAt],
    ['9f86', undefined],
    ['a', storedAt],
    ['b', storedAt],
  ]);
  expect(read?.since).toBe(new Date(Math.min(...day.keys())).toISOString());
});

describe('events from before the time window', () => {
  it.each([
    ['states it', { clock_skew_ms: 40_000 }, true],
    ['does not', {}, false],
  ] as const)('have a clock that is stated, if their sender %s', async (what, skew, isClockStated) => {
    const stack = { service: 'sluice', stage: what.replaceAll(' ', '-') };
    const sent = { event: 'collect', status: 202, ms: 1, key: 'app', noted: { outside_time_window: 3 } };
    logs.open(`sluice-${stack.stage}-collect`)(`${JSON.stringify({ ...sent, ...skew })}\n`);
    const config = defineConfig({ bucket: 'acme' });
    const { late } = await readNoted({ logs: client, stack, config, isLocal: false, now: clock.now() });
    expect(late).toMatchObject([{ count: 3, isClockStated }]);
  });

  it.each([0, 0.01])('count as they are logged in few lines of %d of all requests', async (successes) => {
    const stack = { service: 'sluice', stage: `few${successes * 100}` };
    const write = logs.open(`sluice-${stack.stage}-collect`);
    const sent = { event: 'collect', status: 202, ms: 1, key: 'app', sdk: 'py-server 1' };
    for (let i = 0; i < 4; i += 1)
      write(`${JSON.stringify({ ...sent, noted: { outside_time_window: 3 }, clock_skew_ms: 0 })}\n`);
    const config = defineConfig({ bucket: 'acme', logs: { successes } });
    const { late } = await readNoted({ logs: client, stack, config, isLocal: false, now: clock.now() });
    expect(late.map(({ count }) => count)).toEqual([12]);
  });
});

it('events from before the time window of senders without a clock come first', async () => {
  const stack = { service: 'sluice', stage: 'clocks' };
  const write = logs.open('sluice-clocks-collect');
  for (const [key, count, skew] of [
    ['stated', 9, { clock_skew_ms: 0 }],
    ['unstated', 3, {}],
  ] as const)
    write(
      `${JSON.stringify({ event: 'collect', status: 202, ms: 1, key, noted: { outside_time_window: count }, ...skew })}\n`,
    );
  const config = defineConfig({ bucket: 'acme' });
  const { late } = await readNoted({ logs: client, stack, config, isLocal: false, now: clock.now() });
  expect(late.map(({ key }) => key)).toEqual(['unstated', 'stated']);
});

describe('who sent a spike', () => {
  const config = defineConfig({ bucket: 'acme', logs: { successes: 0.1 } });
  /** Who sent most since now. */
  const senderOf = (what: 'requests' | 'events', more: { isLocal?: boolean; config?: Config } = {}) => {
    const at = new Date(clock.now()).toISOString();
    const spike = { what, hour: 999, usual: 1, day: 999, first: at, last: at };
    const stack = { service: 'sluice', stage: 'prod' };
    return readSpikeSender({ logs: client, stack, isLocal: false, config, ...more }, [spike]);
  };
  beforeAll(async () => {
    const write = logs.open('sluice-prod-collect');
    const line = (key: string, status: number, events = 1, more = {}) => {
      const text = JSON.stringify({ event: 'collect', status, ms: 1, key, sdk: `${key} 1`, events, ...more });
      write(`${text}\n`);
    };
    line('before', 202);
    await clock.advance(10 * MINUTE);
    for (let i = 0; i < 3; i += 1) line('web', 202);
    for (let i = 0; i < 20; i += 1) line('old', 401);
    line('batch', 202, 500);
    // As every line of the log that the collector always writes, it stands for itself alone.
    for (let i = 0; i < 10; i += 1) line('copied', 202, 1, { relay: 'not_kept' });
  });

  it('is who sent most requests, of which a sampled line stands for as many as it was drawn from', async () => {
    expect(await senderOf('requests')).toEqual({ key: 'web', sdk: 'web 1', share: 3 / 7 });
  });

  it('is who sent most until the spike ended', async () => {
    const last = new Date(clock.now()).toISOString();
    const first = new Date(clock.now() - 10 * MINUTE).toISOString();
    const spike = { what: 'requests', hour: 999, usual: 1, day: 999, first, last } as const;
    const ignored = { ...spike, what: 'ignored', first: last } as const;
    const asked = { logs: client, stack: { service: 'sluice', stage: 'prod' }, isLocal: false, config };
    expect(await readSpikeSender(asked, [ignored, spike])).toEqual({
      key: 'web',
      sdk: 'web 1',
      share: 3 / 8,
    });
  });

  it('is who sent most events', async () => {
    expect(await senderOf('events')).toMatchObject({ key: 'batch' });
  });

  it('is who has most lines in the local cloud, whose log is not sampled', async () => {
    expect(await senderOf('requests', { isLocal: true })).toMatchObject({ key: 'old' });
  });

  it('is nobody without a spike, and where successes are not logged', async () => {
    const stack = { service: 'sluice', stage: 'prod' };
    expect(await readSpikeSender({ logs: client, stack, isLocal: false, config }, [])).toBeNull();
    const unlogged = defineConfig({ bucket: 'acme', logs: { successes: 0 } });
    expect(await senderOf('requests', { config: unlogged })).toBeNull();
  });
});

/** What a function failed with last within an hour, as its log says. */
function lastFailure(part: string) {
  return readLastFailure(deploymentNow(), part, clock.now() - 60 * MINUTE);
}

function deploymentNow() {
  return { logs: client, cloudwatch, stack: { service: 'sluice', stage: 'prod' }, now: clock.now() };
}

/** Counts a run that Lambda throttles now, or messages that a queue has now. */
function count(name: string, value: number, dimension: readonly [string, string]) {
  const [namespace, unit] = name === 'Throttles' ? ['AWS/Lambda', 'Count'] : ['AWS/SQS', 'Count'];
  metrics.add([
    { metric: { namespace, name, unit, dimensions: [[...dimension]] }, at: clock.now(), values: [value] },
  ]);
}

/** Writes lines of level `error` into the log of a function. */
function errorLog(part: string) {
  const line = logs.open(`sluice-prod-${part}`);
  return (fields: object) => line(`${JSON.stringify({ level: 'error', ...fields })}\n`);
}

it('a run failed with its error, not with what an object holds', async () => {
  const write = errorLog('write');
  write({ event: 'write_failed', code: 'SLUICE_WRITE_BUCKET_FAILED', detail: 'AccessDenied' });
  const at = new Date(clock.now()).toISOString();
  await clock.advance(MINUTE);
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
  await clock.advance(MINUTE);
  const first = new Date(clock.now()).toISOString();
  errorLog('keyed-b')(denied);
  await clock.advance(MINUTE);
  errorLog('keyed-a')(denied);
  await clock.advance(MINUTE);
  errorLog('keyed-b')(denied);
  expect(await readFirstKeyFailure(deploymentNow(), ['keyed-a', 'keyed-b'], since)).toBe(first);
});

it('a run of which the log has no failure failed as Lambda throttled it', async () => {
  logs.open('sluice-prod-groups')('{}\n');
  count('Throttles', 1, ['FunctionName', 'sluice-prod-groups']);
  await clock.advance(MINUTE);
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
    expect(triesOf(part, NOON)).toEqual({ startTime: NOON - minutes * MINUTE, endTime: NOON + MINUTE });
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
  await clock.advance(MINUTE);
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
  ['SLUICE_SOURCE_ACCESS_DENIED', 'error', false],
  ['SLUICE_EXPORT_KEY_DENIED', 'error', false],
  ['SLUICE_SOURCE_ROLE_DENIED', 'error', false],
  ['SLUICE_EXPORT_SOURCE_UNAVAILABLE', 'denied', true],
])(
  'a run that failed with %s is of the kind %s: only our own role is denied',
  async (code, kind, isByKey) => {
    const write = errorLog('export');
    write({ event: 'export', code, detail: 'AccessDenied: kms:Decrypt' });
    expect(await lastFailure('export')).toMatchObject({ code, kind, isByKey });
  },
);

it('a run failed last as Lambda throttled it, unless the log tells of a later failure', async () => {
  const write = errorLog('curate-run');
  write({ event: 'curate', code: 'SLUICE_X' });
  await clock.advance(MINUTE);
  count('Throttles', 2, ['FunctionName', 'sluice-prod-curate-run']);
  count('Throttles', 1, ['FunctionName', 'sluice-prod-export']);
  await clock.advance(MINUTE);
  count('Throttles', 3, ['FunctionName', 'sluice-prod-curate-run']);
  const at = new Date(Math.floor(clock.now() / MINUTE) * MINUTE).toISOString();
  await clock.advance(MINUTE);
  count('Throttles', 0, ['FunctionName', 'sluice-prod-curate-run']);
  await clock.advance(MINUTE);
  expect(await lastFailure('curate-run')).toEqual({
    text: `${at}: Lambda throttled 5 invocations.`,
    kind: 'throttled',
    code: null,
    isByKey: false,
  });
  write({ event: 'curate', code: 'SLUICE_Y' });
  expect(await lastFailure('curate-run')).toMatchObject({ code: 'SLUICE_Y' });
  await clock.advance(61 * MINUTE);
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
  await clock.advance(61 * MINUTE);
});

describe('the failure of collectors to read the keys', () => {
  const stack = { service: 'sluice', stage: 'keys' };
  const read = () => readKeysFailure({ logs: client, stack, now: clock.now() });
  const line = (more: object) =>
    logs.open('sluice-keys-collect')(`${JSON.stringify({ event: 'keys', ...more })}\n`);

  it('is the last one, since the first after a collector has read them', async () => {
    line({ level: 'error', code: 'SLUICE_KEYS_UNREADABLE', detail: 'AccessDenied: once' });
    await clock.advance(30 * MINUTE);
    line({ level: 'info', count: 1 });
    await clock.advance(30 * MINUTE);
    const since = new Date(clock.now()).toISOString();
    line({ level: 'error', code: 'SLUICE_KEYS_UNREADABLE', detail: 'TimeoutError' });
    await clock.advance(5 * MINUTE);
    const at = new Date(clock.now()).toISOString();
    line({ level: 'error', code: 'SLUICE_KEYS_UNREADABLE', detail: 'AccessDenied: now' });
    await clock.advance(10 * MINUTE);
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
    line({ level: 'error', code: 'SLUICE_KEYS_UNREADABLE', detail: 'TimeoutError' });
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
  const asked = { logs: more, stack: { service: 'sluice', stage: 'keys' }, now: NOON };
  expect(await readKeysFailure(asked)).toMatchObject({ since: null });
});

describe('a dead letter', () => {
  /** Of loads, whose messages are hidden for an hour and a half. */
  const QUEUE = 'sluice-prod-ingest-load-dead-letters';
  const HIDDEN = 90 * MINUTE;
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

  it('failed with the error of its last try, not with a later one of another message', async () => {
    await clock.advance(4 * HIDDEN);
    fail('SLUICE_LOAD_A');
    await clock.advance(HIDDEN);
    const since = clock.now();
    fail('SLUICE_LOAD_LATER');
    await clock.advance(MINUTE);
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
    await clock.advance(10 * MINUTE);
    count('Throttles', 1, ['FunctionName', 'sluice-prod-ingest-load']);
    await clock.advance(HIDDEN);
    expect(await why(1, clock.now())).toMatchObject({ kind: 'throttled' });
  });

  it('is not told without the time since which it lies there', async () => {
    expect(await readDeadFailure(deploymentNow(), { ...deadLetters(1, 0), since: null })).toBeNull();
  });

  it('of the oldest, and that the log does not tell of the newest', async () => {
    await clock.advance(4 * HIDDEN);
    fail('SLUICE_LOAD_A');
    await clock.advance(HIDDEN);
    const since = clock.now();
    count('ApproximateNumberOfMessagesVisible', 1, ['QueueName', QUEUE]);
    await clock.advance(4 * HIDDEN);
    count('ApproximateNumberOfMessagesVisible', 2, ['QueueName', QUEUE]);
    expect(await why(2, since)).toMatchObject({
      code: null,
      text: expect.stringMatching(/SLUICE_LOAD_A\. The log does not tell of the newest\.$/),
    });
  });

  it('of the oldest and of the newest, if they failed with different errors', async () => {
    await clock.advance(4 * HIDDEN);
    fail('SLUICE_LOAD_A');
    await clock.advance(HIDDEN);
    const since = clock.now();
    count('ApproximateNumberOfMessagesVisible', 1, ['QueueName', QUEUE]);
    fail('SLUICE_LOAD_B');
    await clock.advance(HIDDEN);
    count('ApproximateNumberOfMessagesVisible', 2, ['QueueName', QUEUE]);
    // One of them is gone by then: the oldest alone is left.
    expect(await why(1, since)).toMatchObject({ code: 'SLUICE_LOAD_A' });
    const both = await why(2, since);
    expect(both?.code).toBeNull();
    expect(both?.text).toMatch(/SLUICE_LOAD_A\. The newest of them failed last at \S+: SLUICE_LOAD_B\.$/);
    fail('SLUICE_LOAD_A');
    await clock.advance(HIDDEN);
    count('ApproximateNumberOfMessagesVisible', 3, ['QueueName', QUEUE]);
    await clock.advance(MINUTE);
    count('ApproximateNumberOfMessagesVisible', 3, ['QueueName', QUEUE]);
    expect(await why(3, since)).toMatchObject({ code: 'SLUICE_LOAD_A' });
    // One fewer is none that came.
    await clock.advance(4 * HIDDEN);
    count('ApproximateNumberOfMessagesVisible', 2, ['QueueName', QUEUE]);
    expect(await why(2, since)).toMatchObject({ code: 'SLUICE_LOAD_A' });
  });
});

describe('the last answer of the target of copies', () => {
  it('is not that of copies that were not sent, as another copy probed the target', async () => {
    const write = logs.open('sluice-prod-relay');
    const line = (retried: object) =>
      write(`${JSON.stringify({ event: 'relay', code: 'SLUICE_RELAY_NOT_TAKEN', retried })}\n`);
    line({ '429': 1, '500': 2, Target: 1, waits: 4 });
    const at = new Date(clock.now()).toISOString();
    await clock.advance(MINUTE);
    line({ waits: 3 });
    expect(await readRelayAnswer(deploymentNow())).toEqual({ why: '500', copies: 2, at });
    await clock.advance(24 * 60 * MINUTE);
    expect(await readRelayAnswer(deploymentNow())).toBeNull();
  });
});

describe('the error with which the stream did not take requests', () => {
  it('is that of the last one within five minutes, but for requests that are too large for it', async () => {
    const stack = { service: 'sluice', stage: 'overflowed' };
    const write = logs.open('sluice-overflowed-collect');
    const read = (at: number) => readOverflowError({ logs: client, stack }, new Date(at).toISOString());
    const line = (not_streamed: string) =>
      write(`${JSON.stringify({ event: 'collect', status: 202, ms: 1, not_streamed })}\n`);
    const at = clock.now();
    line('too_large');
    expect(await read(at)).toBeNull();
    line('not_acknowledged: TimeoutError');
    await clock.advance(5 * MINUTE);
    line('held_back: ThrottlingException');
    line('too_large');
    await clock.advance(1);
    line('not_acknowledged: ServiceUnavailableException');
    expect(await read(at)).toBe('ThrottlingException');
  });
});

describe('the error with which a copy was not kept for relay', () => {
  it('is that of the last one, with the words of AWS', async () => {
    const write = logs.open('sluice-prod-collect');
    const last = new Date(clock.now()).toISOString();
    const line = (more: object) =>
      write(`${JSON.stringify({ event: 'collect', status: 202, ms: 1, ...more })}\n`);
    line({ relay: 'not_kept', relay_error: 'TimeoutError' });
    await clock.advance(1_000);
    line({ relay: 'not_kept', relay_error: 'AccessDenied: no' });
    await clock.advance(1_000);
    line({ relay: 'queue' });
    const stack = { service: 'sluice', stage: 'prod' };
    expect(await readUnkeptError({ logs: client, stack }, { last })).toBe('AccessDenied: no');
  });
});
