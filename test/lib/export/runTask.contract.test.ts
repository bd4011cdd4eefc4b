import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { exportBucketFrom } from '../../../lib/aws/exportBucket.ts';
import { HOUR_MS, MINUTE_MS } from '../../../lib/base/time.ts';
import { type Exporter, exportMessages } from '../../../lib/export/exportMessages.ts';
import type { ExportRequest, ExportTask } from '../../../lib/export/messageBodies.ts';
import { EXPORTS_LEDGER, exportSubject } from '../../../lib/tables/ledgerKeys.ts';
import { DAY, type ExportWorld, startExport, TARGET } from './startExport.ts';

/** Rounds of 13 minutes, about a day. */
const MAX_ROUNDS = 96;

const task: ExportTask = {
  sluice: 'export-day',
  export: 'events',
  day: DAY,
  fingerprint: 'as planned',
  reason: 'new',
};

describe('an export task', () => {
  let world: ExportWorld;
  let lines: Record<string, unknown>[];
  let sent: { readonly body: string; readonly delay: number | undefined }[];
  beforeEach(async () => {
    world = await startExport();
    lines = [];
    sent = [];
    await world.register(DAY);
    await world.put('a.parquet', 'first');
  });
  afterEach(() => world.close());

  /** A client of a place where nothing answers. */
  const nowhere = new S3Client({
    endpoint: 'http://127.0.0.1:1',
    region: 'us-east-1',
    maxAttempts: 1,
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
  });
  afterAll(() => nowhere.destroy());

  /** Whether the queue hands the message out again. */
  const run = async (more: Partial<Exporter> = {}, asked: ExportTask | ExportRequest = task) => {
    const exporter = world.messageExporter({
      tasks: {
        async send(bodies, delay) {
          for (const body of bodies) sent.push({ body, delay });
        },
      },
      log: (fields) => lines.push(fields),
      ...more,
    });
    const message = { messageId: '0', body: JSON.stringify(asked), receives: 1 };
    const { batchItemFailures } = await exportMessages(exporter, [message]);
    return batchItemFailures.length > 0;
  };

  const entry = () => world.ledger.read(exportSubject(world.configured(), DAY));
  const addEight = async () => {
    for (let i = 0; i < 8; i += 1) await world.put(`more-${i}.parquet`, `more ${i}`);
  };

  /** A clock on which each look takes a while: a few files are begun, the others are not. */
  function slowClock() {
    let now = world.clock.now();
    return {
      now() {
        now += 100_000;
        return now;
      },
    };
  }

  it('ends, and is not handed out again, if another has taken the day', async () => {
    const { ledger } = world;
    const read: ExportWorld['table']['read'] = async (file) => {
      world.clock.advance(HOUR_MS);
      await ledger.claim(exportSubject(world.configured(), DAY), 'x', world.clock.now() + HOUR_MS, '');
      return world.table.read(file);
    };
    const deadline = Number.POSITIVE_INFINITY;
    expect(await run({ deadline, tableOf: () => ({ ...world.table, read }) })).toBe(false);
    expect(lines).toMatchObject([{ level: 'info', event: 'export', outcome: 'lost', again: false }]);
  });

  it('ends when its day is exported, and logs the result', async () => {
    let closed = 0;
    const { target } = world.exporter();
    const own = { ledger: world.ledger, tableOf: () => world.table, targetOf: () => target };
    expect(await run({ isolate: async () => ({ ...own, close: () => (closed += 1) }) })).toBe(false);
    expect(closed).toBe(1);
    expect(lines).toMatchObject([
      {
        level: 'info',
        event: 'export',
        export: 'events',
        day: DAY,
        outcome: 'succeeded',
        files: 1,
        bytes: 17,
        copied: 1,
        removed: 0,
        again: false,
      },
    ]);
  });

  it('closes its own ports also if the ledger cannot be written', async () => {
    let closed = 0;
    const { target } = world.exporter();
    const claim = () => Promise.reject(new Error('away'));
    const read: ExportWorld['ledger']['read'] = (subject) => world.ledger.read(subject);
    const { noteQueued, renew, settle } = world.ledger;
    const own = {
      ledger: { claim, read, noteQueued, renew, settle },
      tableOf: () => world.table,
      targetOf: () => target,
    };
    expect(await run({ isolate: async () => ({ ...own, close: () => (closed += 1) }) })).toBe(true);
    expect(closed).toBe(1);
  });

  it('is retried while another task holds its day', async () => {
    await world.ledger.claim(
      exportSubject(world.configured(), DAY),
      'another',
      world.clock.now() + MINUTE_MS,
      'x',
    );
    expect(await run()).toBe(true);
    expect(lines).toMatchObject([{ outcome: 'busy', again: true }]);
  });

  it('is not retried when the customer has to fix something, and is counted in metrics', async () => {
    world.store.bucket(TARGET).settings = {};
    expect(await run()).toBe(false);
    expect(lines).toMatchObject([
      { level: 'error', outcome: 'failed', code: 'SLUICE_EXPORT_ACCESS_DENIED' },
      { exports_failed: 1, function: 'export', stage: 'test', schedule: 'daily' },
    ]);
  });

  it('ends the alarm of its schedule once no day fails any more', async () => {
    const other = { ...task, day: '2026-11-18' };
    await world.register('2026-11-18');
    await world.looks.write(EXPORTS_LEDGER, 'events', { at: 0, failed: false });
    world.store.bucket(TARGET).settings = {};
    await run();
    await run({}, other);
    world.openTarget();
    lines = [];
    await run();
    // Another value of these minutes would hide the 0 that follows.
    expect(lines).toMatchObject([{ outcome: 'succeeded' }]);
    lines = [];
    await run({}, other);
    expect(lines).toMatchObject([{ level: 'info' }, { exports_failed: 0, schedule: 'daily' }]);
    lines = [];
    await run();
    expect(lines).toHaveLength(1);
  });

  it('leaves the alarm on while an export of its schedule cannot be planned', async () => {
    world.store.bucket(TARGET).settings = {};
    await run();
    world.openTarget();
    const other = { ...world.configured(), name: 'other', table: 'missing' };
    const exports = [world.configured(), other];
    const tableOf = (table: string) =>
      table === 'missing' ? world.tableWith(undefined, table) : world.table;
    const plan: ExportRequest = { sluice: 'export', exports: ['other'] };
    await run({ exports, tableOf }, plan);
    expect(lines.at(-1)).toMatchObject({ failed: [{ code: 'SLUICE_EXPORT_TABLE_MISSING' }] });
    lines = [];
    await run({ exports, tableOf });
    expect(lines).toMatchObject([{ outcome: 'succeeded' }]);
    // Of its own schedule nothing fails any more without that export.
    const ofSchedules = [world.configured(), { ...other, schedule: 'hourly' as const }];
    world.store.bucket(TARGET).settings = {};
    await run();
    world.openTarget();
    lines = [];
    await run({ exports: ofSchedules, tableOf });
    expect(lines).toMatchObject([{ outcome: 'succeeded' }, { exports_failed: 0 }]);
  });

  it('is retried when the bucket cannot be reached', async () => {
    const targetOf = () => exportBucketFrom(nowhere, world.configured().target, world.attempts());
    expect(await run({ targetOf })).toBe(true);
    expect(lines).toMatchObject([
      { code: 'SLUICE_EXPORT_TARGET_UNAVAILABLE', again: true },
      { exports_failed: 1 },
    ]);
  });

  it('continues in a new task when its time is up, up to the last round, as long as it makes progress', async () => {
    await addEight();
    const { deadline } = world.exporter();
    const clock = slowClock();
    const dropping: ExportTask = { ...task, drop: true, round: MAX_ROUNDS - 1 };
    expect(await run({ clock, deadline }, dropping)).toBe(false);
    expect(lines).toMatchObject([{ outcome: 'unfinished' }]);
    expect(sent.map(({ body, delay }) => [JSON.parse(body), delay])).toEqual([
      [{ ...dropping, round: MAX_ROUNDS }, 5],
    ]);
    expect(await entry()).toMatchObject({
      state: 'waiting',
    });
    expect(await run()).toBe(false);
    expect(lines.at(-1)).toMatchObject({ outcome: 'succeeded', files: 9 });
  });

  it('fails after about a day of continuations, and is not retried', async () => {
    await addEight();
    const clock = slowClock();
    const more = { clock, deadline: world.exporter().deadline };
    expect(await run(more, { ...task, round: MAX_ROUNDS })).toBe(false);
    expect(lines).toMatchObject([
      { level: 'error', event: 'export', outcome: 'failed', code: 'SLUICE_EXPORT_OUT_OF_TIME', again: false },
      { exports_failed: 1, schedule: 'daily' },
    ]);
    expect(sent).toEqual([]);
    expect(await entry()).toMatchObject({
      state: 'failed',
      failure: { code: 'SLUICE_EXPORT_OUT_OF_TIME' },
    });
  });

  it('is not recorded as queued when the queue does not accept its continuation', async () => {
    await addEight();
    const clock = slowClock();
    const tasks = { send: () => Promise.reject(new Error('away')) };
    expect(await run({ clock, deadline: world.exporter().deadline, tasks })).toBe(true);
    expect(await entry()).toMatchObject({
      state: 'failed',
    });
  });

  it('is not recorded as queued when the continuation has ended before that', async () => {
    await addEight();
    const deadline = world.exporter().deadline;
    const tasks = { send: async () => void (await run()) };
    await run({ clock: slowClock(), deadline, tasks });
    expect(await entry()).toMatchObject({
      state: 'succeeded',
    });
  });

  it('fails and is not retried when it makes no progress within its time', async () => {
    expect(await run({ deadline: world.clock.now() })).toBe(false);
    expect(sent).toEqual([]);
    expect(lines).toMatchObject([
      { level: 'error', code: 'SLUICE_EXPORT_OUT_OF_TIME' },
      { exports_failed: 1 },
    ]);
  });
});
