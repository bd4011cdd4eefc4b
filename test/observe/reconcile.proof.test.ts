import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { startObserved } from './startObserved.ts';

const HOUR = 3_600_000;
let posted = 0;

const observed = await startObserved(Date.UTC(2026, 10, 20, 0, 59));
afterEach(() => observed.control('DELETE', 'faults'));
afterAll(() => observed.close());

/** Posts a batch: purchases and an exposure; `more` is added. */
async function post(purchases: number, more: readonly object[] = []): Promise<number> {
  const time = observed.clock.now();
  posted += 1;
  const user = { userID: `u${posted}` };
  const events = Array.from({ length: purchases }, (_, value) => ({
    eventName: 'purchase',
    value,
    user,
    time,
    metadata: { posted },
  }));
  const metadata = { config: 'checkout', ruleID: 'r1', posted };
  const exposure = { eventName: 'statsig::config_exposure', user, metadata, time };
  return (await observed.send({ events: [...events, exposure, ...more] })).status;
}

interface Table {
  readonly table: string;
  readonly [count: string]: string | number;
}
interface Hour {
  readonly hour: string;
  readonly closed: boolean;
  readonly received: number;
  readonly ignored: number;
  readonly not_stored: number;
  readonly tables: readonly Table[];
  readonly problems: readonly string[];
  readonly notes: readonly string[];
}

const reconcile = (...args: string[]) => observed.sluice('reconcile', '--day', '2026-11-20', ...args);

async function hourOf(hour: string) {
  const { code, stdout, stderr } = await reconcile('--json');
  if (stdout === '') throw new Error(stderr);
  const { closes, hours }: { closes: boolean; hours: readonly Hour[] } = JSON.parse(stdout);
  const found = hours.find((one) => one.hour === hour);
  const table = (name: string) => {
    const counts = found?.tables.find((one) => one.table === name);
    return Object.fromEntries(Object.entries(counts ?? {}).filter(([, value]) => value !== 0));
  };
  return { code, closes, found, table };
}

describe('sluice reconcile', () => {
  it('closes an hour of ordinary requests', async () => {
    expect(
      await post(3, [{ eventName: 'statsig::diagnostics', time: observed.clock.now() }, { value: 1 }]),
    ).toBe(202);
    await observed.send('not json');
    const open = await hourOf('2026-11-20T00:00:00.000Z');
    expect([open.code, open.found?.closed]).toEqual([0, false]);
    const hour = await observed.closeHour();
    const { code, closes, found, table } = await hourOf(hour);
    expect([code, closes, found]).toEqual([
      0,
      true,
      expect.objectContaining({
        closed: true,
        received: 7,
        ignored: 1,
        not_stored: 0,
        problems: [],
        notes: [],
      }),
    ]);
    expect(table('exposures')).toEqual({ table: 'exposures', landed: 1, found: 1 });
    expect(table('events')).toEqual({ table: 'events', landed: 3, found: 3 });
    expect(table('quarantine')).toEqual({ table: 'quarantine', landed: 2, found: 2 });
  });

  it('finds late events, events outside the time window, and a batch whose refused events share a row', async () => {
    const days = (count: number) => observed.clock.now() - count * 24 * HOUR;
    const late = [1, 6, 7, 9, 400, -0.9, -3].map((count) => ({ eventName: 'late', time: days(count) }));
    expect(await post(1, late)).toBe(202);
    const many = Array.from({ length: 60 }, () => ({ value: 'x'.repeat(80_000) }));
    expect(await post(0, many)).toBe(202);
    const { closes, table } = await hourOf(await observed.closeHour());
    expect(closes).toBe(true);
    expect(table('events')).toEqual({ table: 'events', landed: 8, found: 8 });
    expect(table('quarantine')).toEqual({ table: 'quarantine', landed: 60, found: 60 });
  });

  it('counts a request in the hour of received_at, however late its answer is', async () => {
    await observed.clock.set(Math.ceil(observed.clock.now() / HOUR) * HOUR - 400);
    await observed.control('POST', 'faults', { firehose: [{ fault: 'delayCalls', ms: 900, calls: 'all' }] });
    const hour = new Date(observed.clock.now()).toISOString().slice(0, 13);
    expect(await post(2)).toBe(202);
    expect(new Date(observed.clock.now()).toISOString().slice(0, 13)).not.toBe(hour);
    await observed.control('DELETE', 'faults');
    await observed.closeHour();
    const { closes, table } = await hourOf(`${hour}:00:00.000Z`);
    expect([closes, table('events')]).toEqual([true, { table: 'events', landed: 2, found: 2 }]);
  });

  it('closes over an outage of Firehose, while rows wait in landing, and when they are in files', async () => {
    await observed.control('POST', 'faults', {
      firehose: [{ fault: 'failCalls', calls: 'all' }],
      // The writer can put no file.
      s3: [
        { fault: 'failCalls', operations: ['PutObject'], key: 'sluice-experiments/statsig/*', calls: 'all' },
        {
          fault: 'failCalls',
          operations: ['PutObject'],
          key: 'sluice-experiments/quarantine/*',
          calls: 'all',
        },
      ],
    });
    expect(await post(4)).toBe(202);
    expect(await post(1, [{ value: 'refused' }])).toBe(202);
    const hour = await observed.closeHour();
    const waiting = await hourOf(hour);
    expect([waiting.closes, waiting.found?.notes]).toEqual([true, []]);
    expect(waiting.table('events')).toEqual({ table: 'events', overflowed: 5, buffered: 5 });
    expect(waiting.table('quarantine')).toEqual({ table: 'quarantine', overflowed: 1, buffered: 1 });
    await observed.control('DELETE', 'faults');
    await observed.cloud.flush();
    const landed = await hourOf(hour);
    expect(landed.closes).toBe(true);
    expect(landed.table('events')).toEqual({ table: 'events', overflowed: 5, found: 5 });
    expect(landed.table('quarantine')).toEqual({ table: 'quarantine', overflowed: 1, found: 1 });
  });

  it('counts rows that were delivered twice apart', async () => {
    await observed.control('POST', 'faults', {
      firehose: [{ fault: 'loseResponse', operations: ['PutRecord'], every: 2 }],
    });
    for (let i = 0; i < 4; i += 1) expect(await post(3)).toBe(202);
    const { closes, found, table } = await hourOf(await observed.closeHour());
    const { doubles, ...events } = table('events');
    expect([closes, events]).toEqual([true, expect.objectContaining({ found: 12 })]);
    expect(doubles).toBeGreaterThan(0);
    expect(found?.notes.join()).toContain('doubles of delivery');
  });

  it('closes when requests were answered 503 and sent again, though the stream had taken one', async () => {
    const full = { fault: 'failCalls', key: 'sluice-experiments/landing/*', calls: 'all', code: 'SlowDown' };
    const faults = (fault: object) => observed.control('POST', 'faults', { firehose: [fault], s3: [full] });
    const time = observed.clock.now();
    const send = async () => {
      const events = ['a', 'b'].map((eventName) => ({ eventName, user: { userID: 'again' }, time }));
      const metadata = { config: 'checkout', ruleID: 'r1' };
      const exposure = { eventName: 'statsig::config_exposure', user: { userID: 'again' }, metadata, time };
      const body = { events: [...events, exposure], statsigMetadata: { stableID: 'd1' } };
      return (await observed.send(body)).status;
    };
    await faults({ fault: 'loseResponse', operations: ['PutRecord'], calls: 1 });
    expect(await send()).toBe(503);
    await faults({ fault: 'failCalls', calls: 'all' });
    expect(await send()).toBe(503);
    await observed.control('DELETE', 'faults');
    // The collector tries the stream again after a while.
    await observed.control('POST', 'clock', { advanceMs: 30_000 });
    expect(await send()).toBe(202);
    const { closes, found, table } = await hourOf(await observed.closeHour());
    expect([closes, found?.received, found?.not_stored, found?.problems]).toEqual([true, 9, 6, []]);
    expect(table('events')).toEqual({ table: 'events', landed: 2, found: 4, surplus: 2 });
    expect(table('exposures')).toMatchObject({ landed: 1, found: 2, surplus: 1 });
    expect(found?.notes).toEqual(
      expect.arrayContaining([
        expect.stringContaining('answered 503: 2 requests with SLUICE_COLLECT_NOT_DELIVERED.'),
        expect.stringContaining('6 events were not stored.'),
      ]),
    );
    expect(found?.notes.join()).toContain('of requests answered 503 may have been stored all the same');
  });

  it('does not count requests whose events it never read as the reason of a loss', async () => {
    expect(await post(1)).toBe(202);
    // An HTTP API takes what is called JSON for text.
    const mangled = await fetch(`${observed.cloud.collector}/v1/rgstr`, {
      method: 'POST',
      headers: { 'statsig-api-key': 'client-observe', 'content-type': 'application/json' },
      body: gzipSync('{"events":[{"eventName":"lost"}]}'),
    });
    expect(mangled.status).toBe(503);
    const { closes, found } = await hourOf(await observed.closeHour());
    expect([closes, found?.not_stored]).toEqual([true, 0]);
    expect(found?.notes).toEqual([
      expect.stringContaining('answered 503: 1 request with SLUICE_COLLECT_BODY_MANGLED.'),
    ]);
  });

  /** The files of events that an action adds. */
  async function filesOf(action: () => Promise<unknown>): Promise<readonly string[]> {
    const folder = 'statsig/statsig_forwarded_events/';
    const before = new Set(await observed.keys(folder));
    await action();
    return (await observed.keys(folder)).filter((key) => !before.has(key));
  }

  it('knows rows that their table did not take, before and after they are redriven', async () => {
    expect(await post(4, [{ eventName: '', user: { userID: 'x' } }])).toBe(202);
    for (const file of await filesOf(() => observed.cloud.flush())) await observed.remove(file);
    await observed.landUnfit(['a', 'b', 'c', 'd']);
    const waiting = await hourOf(`${new Date(observed.clock.now()).toISOString().slice(0, 13)}:00:00.000Z`);
    expect(waiting.table('events')).toEqual({ table: 'events', landed: 4, buffered: 4 });
    const hour = await observed.closeHour();
    const before = await hourOf(hour);
    expect(before.closes).toBe(true);
    expect(before.table('events')).toEqual({ table: 'events', landed: 4, given_up: 4 });
    expect(before.table('quarantine')).toEqual({ table: 'quarantine', landed: 1, found: 1 });
    const redrive = ['redrive', '--reason', 'SLUICE_ROW_UNFIT'] as const;
    await observed.control('POST', 'faults', {
      s3: [{ fault: 'failCalls', key: 'sluice-experiments/landing/*', code: 'AccessDenied', calls: 'all' }],
    });
    const refused = await observed.sluice(...redrive);
    expect(refused).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/events delivered +0\n.*AccessDenied +4/s),
    });
    await observed.control('DELETE', 'faults');
    expect(await observed.sluice(...redrive)).toMatchObject({ code: 0 });
    await observed.cloud.flush();
    // A redrive that was killed before it noted what it delivered.
    for (const key of await observed.keys('ledger/_redriven/')) await observed.remove(key);
    expect(await observed.sluice(...redrive)).toMatchObject({ code: 0 });
    await observed.cloud.flush();
    const after = await hourOf(hour);
    expect(after.closes).toBe(true);
    expect(after.table('events')).toEqual({ table: 'events', landed: 4, found: 4, doubles: 4 });
  });

  it('reads the buffers by the hour', async () => {
    await observed.control('POST', 'faults', { firehose: [{ fault: 'failDeliveries', calls: 'all' }] });
    const hours: string[] = [];
    for (let i = 0; i < 2; i += 1) {
      hours.push(`${new Date(observed.clock.now()).toISOString().slice(0, 13)}:00:00.000Z`);
      expect(await post(600)).toBe(202);
      await observed.clock.set(Math.ceil(observed.clock.now() / HOUR) * HOUR + HOUR / 2);
    }
    for (const hour of hours) {
      const { code, found, table } = await hourOf(hour);
      expect([code, found?.closed]).toEqual([0, true]);
      expect(table('events')).toEqual({ table: 'events', landed: 600, buffered: 600 });
    }
    await observed.control('DELETE', 'faults');
    await observed.cloud.flush();
  });

  it('says that it has not read all of the buffers, of hours that are closed', async () => {
    await observed.control('POST', 'faults', { firehose: [{ fault: 'failDeliveries', calls: 'all' }] });
    const hour = new Date(observed.clock.now()).toISOString().slice(0, 13);
    expect(await post(1_200)).toBe(202);
    expect(JSON.parse((await reconcile('--json')).stdout).notes).toEqual([]);
    await observed.clock.set(Math.ceil(observed.clock.now() / HOUR) * HOUR + HOUR / 2);
    const { stdout } = await reconcile('--json');
    expect(JSON.parse(stdout).notes).toEqual([
      expect.stringContaining('The buffers have more rows than were read'),
    ]);
    await observed.control('DELETE', 'faults');
    await observed.cloud.flush();
    expect((await hourOf(`${hour}:00:00.000Z`)).closes).toBe(true);
  });
});
