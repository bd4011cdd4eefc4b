import { DeletePartitionCommand, GlueClient } from '@aws-sdk/client-glue';
import { DisableKeyCommand, EnableKeyCommand, KMSClient, ListAliasesCommand } from '@aws-sdk/client-kms';
import { GetQueueUrlCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Status } from '../../observe/findings/status.ts';
import { recordOf, rowOf } from '../observe/startLanding.ts';
import { startObserved } from '../observe/startObserved.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
let observed: Awaited<ReturnType<typeof startObserved>>;

beforeAll(async () => {
  observed = await startObserved(Date.UTC(2026, 10, 20, 7, 30));
});
afterEach(() => observed.control('DELETE', 'faults'));
afterAll(() => observed.close());

let posted = 0;
/** Posts purchases and an exposure; `more` is added. */
async function post(purchases: number, more: readonly object[] = []): Promise<number> {
  const time = observed.clock.now();
  posted += 1;
  const user = { userID: `u${posted}` };
  const events = Array.from({ length: purchases }, (_, value) => ({
    ...{ eventName: 'purchase', value, user, time },
    metadata: { posted },
  }));
  const metadata = { config: 'checkout', ruleID: 'r1', posted };
  const exposure = { eventName: 'statsig::config_exposure', user, metadata, time };
  return (await observed.send({ events: [...events, exposure, ...more] })).status;
}

async function status(): Promise<{ readonly code: number; readonly answer: Status }> {
  const { code, stdout, stderr } = await observed.sluice('status', '--json');
  if (stdout === '') throw new Error(stderr);
  return { code, answer: JSON.parse(stdout) };
}

function table({ tables }: Status, kind: string) {
  return tables?.find((one) => one.table === kind);
}

function problem({ problems }: Status, code: string) {
  return problems.find((one) => one.code === code);
}

const codes = ({ problems }: Status) => problems.map(({ code }) => code);

describe('sluice status', () => {
  it('finds nothing wrong with a new deployment, and says what it cannot know', async () => {
    const { code, answer } = await status();
    expect([code, answer.isWell, answer.problems, answer.unknown]).toEqual([0, true, [], []]);
    expect(answer).toMatchObject({
      stack: 'sluice-local',
      isLocal: true,
      collector: observed.cloud.collector,
      lastRequestAt: null,
      stream: null,
      partitions: { days: 0, gaps: [] },
      quarantine: [],
      datasets: [],
      exports: [],
      waiting: {
        buffered: { count: 0, oldest: null },
        landing: { count: 0, oldest: null },
        damaged: { count: 0, oldest: null },
      },
    });
    expect(table(answer, 'events')).toMatchObject({ newestRowAt: null, lagSeconds: null });
    const { stdout } = await observed.sluice('status');
    expect(stdout).toContain('Last hour: no request.');
    expect(stdout).toContain('Quotas of the stream: not known locally.');
    expect(stdout).toMatch(/Alarms: 0 of \d+ on, \d+ without data \(the local cloud has not all metrics/);
  });

  it('shows rows in the buffers, and when they have landed', async () => {
    const first = observed.clock.now();
    expect(await post(3)).toBe(202);
    await observed.clock.advance(MINUTE / 2);
    expect(await post(1)).toBe(202);
    const before = await status();
    expect(before.answer.waiting.buffered.count).toBe(2);
    const oldest = Date.parse(before.answer.waiting.buffered.oldest ?? '');
    expect(oldest).toBeGreaterThanOrEqual(first);
    expect(oldest).toBeLessThan(first + MINUTE);
    expect(before.answer.lastHour).toMatchObject({ requests: 2, received: 6, landed: 6 });
    await observed.cloud.flush();
    await observed.clock.advance(10 * MINUTE);
    const { code, answer } = await status();
    const events = table(answer, 'events');
    expect([code, answer.waiting.buffered.count, events?.rowsLastHour]).toEqual([0, 0, 4]);
    expect(events?.lagSeconds).toBeGreaterThanOrEqual(600);
    expect(events?.lagSeconds).toBeLessThan(660);
    expect(answer.partitions).toEqual({ days: 2, gaps: [] });
  });

  it('names the faults of the local cloud, and shows what became an object of its own', async () => {
    await observed.control('POST', 'faults', { firehose: [{ fault: 'failCalls', calls: 'all' }] });
    expect(await post(2)).toBe(202);
    const { answer } = await status();
    expect(answer.waiting.landing).toMatchObject({ count: 1, hasMore: false, oldest: expect.any(String) });
    expect(problem(answer, 'SLUICE_FINDING_FAULTS')?.severity).toBe('warning');
    await observed.control('DELETE', 'faults');
    await observed.control('POST', 'flush');
    expect((await status()).answer).toMatchObject({ isWell: true, waiting: { landing: { count: 0 } } });
  });

  it('rings the alarm that rows overflow for a quarter of an hour', async () => {
    await observed.control('POST', 'faults', { firehose: [{ fault: 'failCalls', calls: 'all' }] });
    for (let i = 0; i < 3; i += 1) {
      expect(await post(1)).toBe(202);
      await observed.clock.advance(5 * MINUTE);
    }
    expect(await post(1)).toBe(202);
    const { answer } = await status();
    expect(problem(answer, 'SLUICE_FINDING_ALARM')?.detail).toContain('sluice-local-overflow, since 2026');
    // Alarms of the local cloud notify nobody, which is no problem of it.
    expect(codes(answer)).not.toContain('SLUICE_FINDING_NO_TOPIC');
    await observed.control('DELETE', 'faults');
    await observed.cloud.flush();
    await observed.clock.advance(20 * MINUTE);
    expect(codes((await status()).answer)).not.toContain('SLUICE_FINDING_ALARM');
  });

  it('names what is damaged', async () => {
    await observed.put('landing/2026/11/20/10/broken', 'x');
    await observed.cloud.flush();
    const { code, answer } = await status();
    expect(code).toBe(3);
    expect(answer.waiting).toMatchObject({ landing: { count: 0 }, damaged: { count: 1 } });
    expect(problem(answer, 'SLUICE_FINDING_DAMAGED')?.detail).toMatch(
      /^damaged\/: 1 object, the oldest since/,
    );
    for (const key of await observed.keys('damaged/')) await observed.remove(key);
  });

  it('and the doctor name what waits in the landing, once it waits for too long', async () => {
    await observed.hold('write');
    const key = 'landing/2026/11/20/10/x';
    await observed.put(key, recordOf({ events: [rowOf('events', 'x', '2026-11-20')] }));
    const fresh = await status();
    expect(fresh.answer.waiting.landing).toMatchObject({ count: 1 });
    expect(codes(fresh.answer)).not.toContain('SLUICE_FINDING_LANDING_LATE');
    await observed.clock.advance(21 * MINUTE);
    const { code, answer } = await status();
    expect(code).toBe(3);
    const late = problem(answer, 'SLUICE_FINDING_LANDING_LATE');
    expect(late?.detail).toMatch(/^landing\/: 1 object, the oldest since 2026-.*Z\.$/);
    expect(late?.commands[0]).toMatch(/^npx sluice redrive --landing --local /);
    expect((await observed.sluice('status')).stdout).toMatch(/^landing +1 object +21 min *$/m);
    const { stdout } = await observed.sluice('doctor');
    expect(stdout).toMatch(/SLUICE_FINDING_LANDING_LATE: .* landing\/: 1 object, the oldest since .*Z\./);
    await observed.remove(key);
  });

  it('has a command that sends dead letters of the writer again', async () => {
    const redrive = async (...args: string[]): Promise<unknown> =>
      JSON.parse((await observed.sluice('redrive', '--landing', '--json', ...args)).stdout);
    const sqs = new SQSClient(observed.options);
    const QueueName = 'sluice-local-write-dead-letters';
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName }));
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: '{"sluice":"look"}' }));
    sqs.destroy();
    expect(await redrive('--dry-run')).toEqual({ dryRun: true, messages: 1 });
    expect(await redrive()).toEqual({ dryRun: false, messages: 1 });
    await observed.cloud.flush();
    expect(await redrive()).toEqual({ dryRun: false, messages: 0 });
  });

  it('finds days without a partition, and its command registers them', async () => {
    const glue = new GlueClient(observed.options);
    const sqs = new SQSClient(observed.options);
    try {
      const named = { DatabaseName: observed.cloud.database, TableName: 'statsig_forwarded_events' };
      await glue.send(new DeletePartitionCommand({ ...named, PartitionValues: ['2026-11-20'] }));
      const { code, answer } = await status();
      expect([code, answer.partitions?.gaps]).toEqual([3, [{ table: 'events', day: '2026-11-20' }]]);
      const [command = ''] = problem(answer, 'SLUICE_FINDING_PARTITION_WRONG')?.commands ?? [];
      const [, QueueName] = /--queue-name (\S+)/.exec(command) ?? [];
      const [, MessageBody] = /--message-body '([^']+)'/.exec(command) ?? [];
      const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName }));
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
      await observed.cloud.flush();
      expect((await status()).answer.partitions?.gaps).toEqual([]);
    } finally {
      glue.destroy();
      sqs.destroy();
    }
  });

  it('counts quarantine by reason, and requests that were answered 503', async () => {
    expect(await post(0, [{ value: 1 }, { value: 2 }])).toBe(202);
    expect((await observed.send('not json')).status).toBe(400);
    await observed.cloud.flush();
    const { code, answer } = await status();
    expect([code, answer.quarantine?.map(({ reason, rows }) => [reason, rows])]).toEqual([
      0,
      [
        ['SLUICE_EVENT_NO_NAME', 2],
        ['SLUICE_BODY_NOT_JSON', 1],
      ],
    ]);
    expect(problem(answer, 'SLUICE_FINDING_QUARANTINED')).toMatchObject({
      severity: 'warning',
      commands: [
        expect.stringContaining('npx sluice quarantine --local'),
        expect.stringContaining('--reason SLUICE_EVENT_NO_NAME --dry-run'),
        expect.any(String),
      ],
    });
    expect(problem(answer, 'SLUICE_FINDING_REFUSED')).toMatchObject({
      severity: 'warning',
      detail: expect.stringMatching(
        /^1 of \d+ requests: 1 SLUICE_BODY_NOT_JSON with the key any, first 2026-/,
      ),
      section: 'Requests are refused',
    });
    expect((await observed.sluice('status')).stdout).toMatch(/\nNo problem, \d warnings\.\n$/);
    await observed.control('POST', 'faults', {
      firehose: [{ fault: 'failCalls', calls: 'all' }],
      s3: [{ fault: 'failCalls', key: 'sluice-experiments/landing/*', calls: 'all', code: 'SlowDown' }],
    });
    expect(await post(1)).toBe(503);
    await observed.control('DELETE', 'faults');
    const refused = await status();
    expect(problem(refused.answer, 'SLUICE_FINDING_NOT_STORED')?.detail).toBe('1 request.');
    await observed.clock.advance(2 * HOUR);
    const silent = await status();
    expect(codes(silent.answer)).not.toContain('SLUICE_FINDING_NOT_STORED');
    expect(problem(silent.answer, 'SLUICE_FINDING_SILENT')?.detail).toMatch(
      /^The last event came at 2026-11-20T.*Z, 2\.\d hours ago\.$/,
    );
  });

  it('says from which hour on Firehose drops what it cannot deliver', async () => {
    const kms = new KMSClient(observed.options);
    const { Aliases = [] } = await kms.send(new ListAliasesCommand({}));
    const KeyId = Aliases.find(({ AliasName }) => AliasName === 'alias/sluice-local')?.TargetKeyId;
    await kms.send(new DisableKeyCommand({ KeyId }));
    expect(await post(1)).toBe(202);
    await observed.clock.set(observed.clock.now() + 13 * HOUR);
    const { answer } = await status();
    expect(problem(answer, 'SLUICE_FINDING_STREAM_LATE')?.detail).toMatch(
      /^sluice-local-landing: its oldest record has waited 13\.\d hours; Firehose drops it in (11\.0|10\.9) hours\. 1 requests wait\.$/,
    );
    await kms.send(new EnableKeyCommand({ KeyId }));
    kms.destroy();
    await observed.cloud.flush();
    expect(codes((await status()).answer)).not.toContain('SLUICE_FINDING_STREAM_LATE');
  });

  it('leaves out by name what it may not read, and says that this needs attention', async () => {
    const denied = { fault: 'failCalls', calls: 'all', code: 'AccessDeniedException', status: 400 };
    await observed.control('POST', 'faults', { glue: [{ ...denied, operations: ['GetPartitions'] }] });
    const { code, answer } = await status();
    expect([code, answer.partitions, answer.unknown]).toEqual([
      3,
      null,
      [{ part: 'the partitions', why: expect.stringContaining('AccessDeniedException') }],
    ]);
    expect(codes(answer)).toContain('SLUICE_FINDING_UNREADABLE');
    const { stdout } = await observed.sluice('status');
    expect(stdout).toContain('Not known: the partitions. AccessDeniedException');
  });

  it('fails with a code when the local cloud does not answer', async () => {
    const nowhere = await observed.at('http://127.0.0.1:9', 'status', '--json');
    expect([nowhere.code, JSON.parse(nowhere.stdout).error.code]).toEqual([
      1,
      'SLUICE_OBSERVE_LOCAL_UNREADABLE',
    ]);
  });
});

describe('the last hour', () => {
  it('adds up its minutes', async () => {
    await observed.clock.set(Math.ceil(observed.clock.now() / HOUR) * HOUR + 30 * MINUTE);
    expect(await post(2, [{ value: 1 }])).toBe(202);
    await observed.clock.advance(3 * MINUTE);
    const last = Math.floor(observed.clock.now() / MINUTE) * MINUTE;
    expect(await post(1)).toBe(202);
    expect((await observed.send('x', { 'statsig-api-key': 'wrong' })).status).toBe(401);
    expect((await status()).answer.lastHour).toEqual({
      ...{ requests: 3, received: 6, landed: 5, quarantined: 1, overflowed: 0, ignored: 0 },
      ...{ failedBy: {}, refusedBy: { SLUICE_KEY_MISSING: 1 } },
      tables: {
        exposures: { landed: 2, overflowed: 0 },
        events: { landed: 3, overflowed: 0 },
        quarantine: { landed: 1, overflowed: 0 },
      },
      lastRequestAt: new Date(last).toISOString(),
    });
  });
});
