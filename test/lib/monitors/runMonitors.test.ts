import { beforeEach, describe, expect, it } from '@jest/globals';
import { storedText } from '../../../lib/base/ObjectStore.ts';
import {
  acknowledge,
  changeState,
  type MonitorEvent,
  readState,
  STATE_KEY,
} from '../../../lib/monitors/MonitorState.ts';
import type { Look, MonitorFinding, MonitorName } from '../../../lib/monitors/monitorFindings.ts';
import { type MonitorRun, runMonitors } from '../../../lib/monitors/runMonitors.ts';
import { tellText } from '../../../lib/monitors/tellText.ts';
import { monitorsSchema } from '../../../lib/schema/fields/monitors.ts';
import { MemoryObjects } from '../../harness/MemoryObjects.ts';

const HOUR = 3_600_000;

function late(table: string): MonitorFinding {
  const code = 'SLUICE_MONITOR_TABLE_LATE';
  return { code, monitor: 'freshness', subject: table, text: `${table} is late.`, command: ['status'] };
}

let now: number;
let store: MemoryObjects;
/** What each monitor finds. */
let finds: Partial<Record<MonitorName, readonly MonitorFinding[] | Error>>;
let unknown: Look['isUnknown'];
let looked: MonitorName[];
let told: string[];
/** Called instead of the topic taking a message. */
let refuse: (() => void) | null;

beforeEach(() => {
  now = Date.parse('2026-11-25T00:10:00Z');
  store = new MemoryObjects();
  finds = {};
  unknown = () => false;
  looked = [];
  told = [];
  refuse = null;
});

const state = () => readState(storedText(store, STATE_KEY));

function run(more: Partial<MonitorRun> = {}): Promise<number | null> {
  return runMonitors({
    ...{ monitors: monitorsSchema.parse({}), store, clock: { now: () => now }, endsAt: now + 600_000 },
    async look(monitor) {
      await Promise.resolve();
      looked.push(monitor);
      const found = finds[monitor] ?? [];
      if (found instanceof Error) throw found;
      return { monitor, found, isUnknown: unknown };
    },
    async tell(events: readonly MonitorEvent[]) {
      await Promise.resolve();
      refuse?.();
      told.push(...events.map(({ what, id, text }) => `${what} ${id}: ${text}`));
    },
    log: () => {},
    ...more,
  });
}

async function runNextHour(): Promise<number | null> {
  now += HOUR;
  return run();
}

describe('runMonitors', () => {
  it('tells once what begins, and once what ends', async () => {
    finds = { freshness: [late('orders')] };
    expect(await run()).toBe(1);
    expect(await runNextHour()).toBe(0);
    finds = {};
    expect(await runNextHour()).toBe(1);
    expect(await runNextHour()).toBe(0);
    expect(told).toEqual(['began m1: orders is late.', 'ended m1: orders is late.']);
    finds = { freshness: [late('orders')] };
    await runNextHour();
    expect(told.at(-1)).toBe('began m2: orders is late.');
    expect((await state()).history.map(({ what, id }) => `${what} ${id}`)).toEqual([
      'began m2',
      'ended m1',
      'began m1',
    ]);
  });

  it('looks at experiments and names once a day from the hour on, and at the others every time', async () => {
    await run();
    expect(looked).toEqual(['freshness', 'refused']);
    await runNextHour();
    looked = [];
    await runNextHour();
    expect(looked).toEqual(['sampleRatio', 'freshness', 'events', 'refused']);
    looked = [];
    await runNextHour();
    expect(looked).toEqual(['freshness', 'refused']);
    now += 23 * HOUR;
    looked = [];
    await run();
    expect(looked).toEqual(['sampleRatio', 'freshness', 'events', 'refused']);
  });

  it('keeps what is open of a monitor that cannot look, looks again, and says so at the end', async () => {
    now += 2 * HOUR;
    finds = { freshness: [late('orders')], events: new Error('Athena is away') };
    await expect(run()).rejects.toThrow('events.');
    expect(told).toEqual(['began m1: orders is late.']);
    finds = { freshness: new Error('Athena is away') };
    await expect(runNextHour()).rejects.toThrow('freshness.');
    expect((await state()).open).toHaveLength(1);
    expect((await state()).looks).toMatchObject({
      freshness: { at: '2026-11-25T02:10:00.000Z', failed: 'Error' },
      events: { at: '2026-11-25T03:10:00.000Z', failed: null },
    });
    expect(told).toHaveLength(1);
  });

  it('keeps what nothing can be said of', async () => {
    finds = { freshness: [late('orders')] };
    await run();
    finds = {};
    unknown = ({ subject }) => subject === 'orders';
    await runNextHour();
    expect((await state()).open).toHaveLength(1);
    expect(told).toHaveLength(1);
  });

  it('tells with the next run what the topic did not take, and nothing else again', async () => {
    finds = { freshness: [late('orders')] };
    refuse = () => {
      throw new Error('away');
    };
    await expect(run()).rejects.toMatchObject({ code: 'SLUICE_MONITOR_NOT_TOLD' });
    expect((await state()).untold).toHaveLength(1);
    refuse = null;
    await runNextHour();
    await runNextHour();
    expect(told).toEqual(['began m1: orders is late.']);
  });

  it('tells what a run that was killed had found', async () => {
    finds = { freshness: [late('orders')] };
    // The write after the message fails, and nothing more is done: the claim, the state of each look, then this one.
    store.faults = [null, null, null, 'away'];
    await expect(run()).rejects.toThrow();
    expect(told).toHaveLength(1);
    await runNextHour();
    expect(told).toEqual(['began m1: orders is late.', 'began m1: orders is late.']);
    await runNextHour();
    expect(told).toHaveLength(2);
  });

  it.each(['lost_answer', 'written_twice', 'conflict'] as const)(
    'tells once if a write has the fault %s',
    async (fault) => {
      for (let place = 0; place < 4; place += 1) {
        store = new MemoryObjects();
        told = [];
        finds = { freshness: [late('orders')] };
        store.faults = [...Array.from({ length: place }, () => null), fault];
        await run().catch(() => undefined);
        store.faults = [];
        now += HOUR;
        await run();
        expect(told.length === 1 || (fault === 'lost_answer' && told.length === 2)).toBe(true);
      }
    },
  );

  it('does nothing while another run goes on, and takes over from one that was killed', async () => {
    finds = { freshness: [late('orders')] };
    let second: number | null | undefined;
    await run({
      async look(monitor) {
        second ??= await run();
        const found = monitor === 'freshness' ? [late('orders')] : [];
        return { monitor, found, isUnknown: () => false };
      },
    });
    expect(second).toBe(null);
    expect(looked).toEqual([]);
    expect(told).toHaveLength(1);
  });

  it('tells nothing more of what was acknowledged, until it begins again', async () => {
    finds = { freshness: [late('orders'), late('refunds')] };
    await run();
    const object = storedText(store, STATE_KEY);
    await changeState(object, (before) => acknowledge(before, 'm1', now) ?? before);
    expect(acknowledge(await state(), 'm7', now)).toBe(null);
    finds = {};
    await runNextHour();
    expect(told.slice(2)).toEqual(['ended m2: refunds is late.']);
    finds = { freshness: [late('orders')] };
    await runNextHour();
    expect(told.at(-1)).toBe('began m3: orders is late.');
    expect((await state()).history.map(({ what }) => what)).toContain('acknowledged');
  });

  it('drops without a word what a monitor had found that is turned off', async () => {
    finds = { freshness: [late('orders')] };
    await run();
    now += HOUR;
    await run({ monitors: monitorsSchema.parse({ freshness: false }) });
    expect((await state()).open).toEqual([]);
    expect(told).toHaveLength(1);
  });

  it('keeps and shows without a topic what it would have told', async () => {
    finds = { freshness: [late('orders')] };
    expect(await run({ tell: null })).toBe(1);
    expect((await state()).untold).toEqual([]);
    expect((await state()).open).toHaveLength(1);
  });

  it('refuses a state that it did not write', async () => {
    await store.write(STATE_KEY, '{"open":1}');
    await expect(run()).rejects.toMatchObject({ code: 'SLUICE_MONITOR_STATE_UNREADABLE' });
  });
});

describe('tellText', () => {
  const event = (id: string, more: Partial<MonitorEvent> = {}): MonitorEvent => ({
    ...{ id, code: 'SLUICE_MONITOR_SPLIT', subject: 'check out', text: '2,000 units.', what: 'began' },
    ...{ command: ['check', 'check out'], at: '2026-11-25T02:10:00.000Z', ...more },
  });

  it('has the commands of the deployment', () => {
    const { subject, text } = tellText([event('m1'), event('m0', { what: 'ended' })], {
      stage: 'prod',
      region: 'eu-west-1',
    });
    expect(subject).toBe('Sluice prod: 1 began, 1 ended');
    expect(
      text,
    ).toBe(`BEGAN 2026-11-25T02:10:00.000Z  Units of an experiment are not split as expected, or a group has units that is not expected.
2,000 units.
npx sluice check 'check out' --stage prod --region eu-west-1
Acknowledge: npx sluice monitors --acknowledge m1 --stage prod --region eu-west-1
SLUICE_MONITOR_SPLIT

ENDED 2026-11-25T02:10:00.000Z  Units of an experiment are not split as expected, or a group has units that is not expected.
2,000 units.
SLUICE_MONITOR_SPLIT`);
  });

  it('fits into a message, and shows no hidden characters', () => {
    const many = Array.from({ length: 3_000 }, (_, i) => event(`m${i}`, { text: '\u202e\n'.repeat(5_000) }));
    const { subject, text } = tellText(many, { stage: 'local', region: 'us-east-1' });
    expect(Buffer.byteLength(text)).toBeLessThan(262_144);
    expect(subject.length).toBeLessThan(100);
    expect(text).not.toContain('\u202e');
    expect(text).toContain('2970 more: npx sluice monitors --local');
  });
});
