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

/** What is judged now of each table in an hour, e.g. `2026-11-20T07`; without what is 0. */
async function hourOf(hour: string) {
  const { code, stdout, stderr } = await observed.sluice(
    'reconcile',
    '--day',
    '2026-11-20',
    '--deep',
    '--json',
  );
  if (stdout === '') throw new Error(stderr);
  const { closes, hours }: { closes: boolean; hours: readonly Record<string, unknown>[] } =
    JSON.parse(stdout);
  expect(code).toBe(closes ? 0 : 3);
  const own = hours.filter((row) => row['hour'] === Number(hour.slice(11, 13)));
  return (table: string) => {
    const row = own.find((one) => one['table_name'] === table) ?? {};
    const { ds: _ds, hour: _hour, table_name: _table, checked_at: _at, ...counts } = row;
    return Object.fromEntries(Object.entries(counts).filter(([, value]) => value !== 0 && value !== null));
  };
}

const presentHour = () => new Date(observed.clock.now()).toISOString().slice(0, 13);
const whole = (events: number, unproved = 0) => ({
  accepted: events,
  finished: events + unproved,
  state: 'whole',
  ...(unproved === 0 ? {} : { unproved }),
});

describe('sluice reconcile --deep', () => {
  it('finds an hour of ordinary requests whole once its buffers are due', async () => {
    expect(
      await post(3, [{ eventName: 'statsig::diagnostics', time: observed.clock.now() }, { value: 1 }]),
    ).toBe(202);
    await observed.send('not json');
    expect((await hourOf(presentHour()))('events')).toMatchObject({
      state: 'open',
      why: 'its buffers are not due',
    });
    const table = await hourOf(await observed.closeHour());
    expect(['exposures', 'events', 'quarantine'].map(table)).toEqual([whole(1), whole(3), whole(2)]);
  });

  it('counts late events, events outside the time window, and a batch whose refused events share a row', async () => {
    const days = (count: number) => observed.clock.now() - count * 24 * HOUR;
    const late = [1, 6, 7, 9, 400, -0.9, -3].map((count) => ({ eventName: 'late', time: days(count) }));
    expect(await post(1, late)).toBe(202);
    const many = Array.from({ length: 60 }, () => ({ value: 'x'.repeat(80_000) }));
    expect(await post(0, many)).toBe(202);
    const table = await hourOf(await observed.closeHour());
    expect([table('events'), table('quarantine')]).toEqual([whole(8), whole(60)]);
  });

  it('counts a request in the hour of received_at, however late its answer is', async () => {
    await observed.clock.set(Math.ceil(observed.clock.now() / HOUR) * HOUR - 400);
    await observed.control('POST', 'faults', { firehose: [{ fault: 'delayCalls', ms: 900, calls: 'all' }] });
    const hour = presentHour();
    expect(await post(2)).toBe(202);
    expect(presentHour()).not.toBe(hour);
    await observed.control('DELETE', 'faults');
    await observed.closeHour();
    expect((await hourOf(hour))('events')).toMatchObject({ accepted: 2, finished: 2 });
  });

  it('waits for objects of the landing over an outage', async () => {
    const no = { fault: 'failCalls', operations: ['PutObject'], calls: 'all' };
    await observed.control('POST', 'faults', {
      firehose: [{ fault: 'failCalls', calls: 'all' }],
      // The writer can put no file.
      s3: ['statsig', 'quarantine'].map((folder) => ({ ...no, key: `sluice-experiments/${folder}/*` })),
    });
    expect(await post(4)).toBe(202);
    expect(await post(1, [{ value: 'refused' }])).toBe(202);
    const hour = await observed.closeHour();
    expect((await hourOf(hour))('events')).toMatchObject({ accepted: 5, waiting_objects: 2, state: 'open' });
    await observed.control('DELETE', 'faults');
    await observed.cloud.flush();
    const table = await hourOf(hour);
    expect([table('events'), table('quarantine')]).toEqual([
      expect.objectContaining({ accepted: 5, finished: 5, state: 'whole' }),
      expect.objectContaining({ accepted: 1, finished: 1, state: 'whole' }),
    ]);
  });

  it('does not prove as many events as were delivered twice', async () => {
    await observed.control('POST', 'faults', {
      firehose: [{ fault: 'loseResponse', operations: ['PutRecord'], every: 2 }],
    });
    for (let i = 0; i < 4; i += 1) expect(await post(3)).toBe(202);
    const { finished, unproved, ...events } = (await hourOf(await observed.closeHour()))('events');
    expect(events).toMatchObject({ accepted: 12, state: 'whole' });
    expect([Number(finished) > 12, Number(unproved) >= Number(finished) - 12]).toEqual([true, true]);
  });

  it('does not prove as many events as were answered 503, of which the stream had taken one request', async () => {
    const full = { fault: 'failCalls', key: 'sluice-experiments/landing/*', calls: 'all', code: 'SlowDown' };
    const faults = (fault: object) => observed.control('POST', 'faults', { firehose: [fault], s3: [full] });
    await faults({ fault: 'loseResponse', operations: ['PutRecord'], calls: 1 });
    expect(await post(2)).toBe(503);
    await observed.control('DELETE', 'faults');
    // The collector tries the stream again after a while.
    await observed.control('POST', 'clock', { advanceMs: 30_000 });
    expect(await post(2)).toBe(202);
    const { unproved, not_delivered, ...events } = (await hourOf(await observed.closeHour()))('events');
    expect([events, Number(unproved) >= 2, unproved]).toEqual([
      { accepted: 2, finished: 4, state: 'whole' },
      true,
      not_delivered,
    ]);
  });

  it('looks at rows if an object is deleted unwritten, and if somebody deletes a file before that', async () => {
    await observed.hold('write');
    expect(await post(2)).toBe(202);
    await observed.cloud.flush();
    for (const key of await observed.keys('landing/')) await observed.remove(key);
    await observed.control('DELETE', 'faults');
    expect(await post(3)).toBe(202);
    const hour = await observed.closeHour();
    expect((await hourOf(hour))('events')).toEqual({ accepted: 5, finished: 3, missing: 2, state: 'short' });
  });

  it('knows rows that their table did not take, before and after they are redriven', async () => {
    await observed.hold('write');
    expect(await post(4, [{ eventName: '', user: { userID: 'x' } }])).toBe(202);
    await observed.cloud.flush();
    for (const key of await observed.keys('landing/')) await observed.remove(key);
    await observed.control('DELETE', 'faults');
    await observed.landUnfit(['a', 'b', 'c', 'd']);
    const hour = await observed.closeHour();
    expect((await hourOf(hour))('events')).toMatchObject({ accepted: 4, state: 'whole' });
    const redrive = ['redrive', '--reason', 'SLUICE_ROW_UNFIT'] as const;
    expect(await observed.sluice(...redrive)).toMatchObject({ code: 0 });
    await observed.cloud.flush();
    expect((await hourOf(hour))('events')).toMatchObject({ accepted: 4, state: 'whole' });
  });

  it('waits for a stream that delivers nothing', async () => {
    await observed.control('POST', 'faults', { firehose: [{ fault: 'failDeliveries', calls: 'all' }] });
    const hour = presentHour();
    expect(await post(6)).toBe(202);
    await observed.clock.advance(HOUR);
    expect((await hourOf(hour))('events')).toMatchObject({
      accepted: 6,
      state: 'open',
      why: 'the stream is late',
    });
    await observed.control('DELETE', 'faults');
    await observed.cloud.flush();
    expect((await hourOf(hour))('events')).toMatchObject({ accepted: 6, finished: 6 });
  });
});
