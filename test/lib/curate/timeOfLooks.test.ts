import { describe, expect, it } from '@jest/globals';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../lib/base/time.ts';
import { PUBLISH_MS } from '../../../lib/curate/limits.ts';
import { windowDays } from '../../../lib/curate/youngDays.ts';
import { curatedFolder } from '../../../lib/tables/ledgerKeys.ts';
import { CHECK, lastDays, NIGHT, rawDayOf, START, startListed, TIME_MS } from './startListed.ts';

describe('a run that ends before it has looked at all days', () => {
  it('has sent what it found, and the next one begins with the days that were looked at longest ago', async () => {
    const days = lastDays(300);
    const started = await startListed({ exposures: days });
    const { store, clock, run, looks, takeSent } = started;
    // Each has a new raw file.
    for (const day of days) await store.write(started.rawKey('exposures', day, 'b'), 'more');
    const order: string[] = [];
    store.onCall = (key) => {
      const day = rawDayOf(key);
      if (day === undefined) return;
      order.push(day);
      clock.advance(2_000);
    };
    expect(await run(NIGHT)).toBe(true);
    expect(takeSent()).toHaveLength(31);
    const first = Object.keys(await looks('exposures'));
    // A look takes two seconds, and the last one begins within 195: the minute to publish is left.
    expect(first).toHaveLength(98);
    expect(order.slice(0, 50)).toEqual(days.slice(0, 50));
    expect(await started.listed('exposures')).toHaveLength(202);
    order.length = 0;
    clock.advance(DAY_MS);
    expect(await run(NIGHT)).toBe(true);
    const window = days.filter((day) => day >= '2026-11-13');
    expect(new Set(order.slice(0, window.length))).toEqual(new Set(window));
    expect(order.slice(window.length).slice(0, 30)).toEqual(days.slice(98, 128));
  });

  it.each([
    { when: 'looks at the last days', killsAt: /./ },
    { when: 'takes days out of the list', killsAt: new RegExp(`^${curatedFolder('exposures')}days\\.json$`) },
  ])(
    'has noted its place if it is killed while it $when: the next one goes on there',
    async ({ killsAt }) => {
      const days = lastDays(300);
      const { store, clock, run, looks, rawKey, listed, hours, config } = await startListed({
        exposures: days,
      });
      for (const day of days) await store.write(rawKey('exposures', day, 'b'), 'more');
      const order: string[] = [];
      let isKilled = false;
      store.onCall = (key) => {
        const day = rawDayOf(key);
        if (day !== undefined) {
          order.push(day);
          clock.advance(2_000);
        }
        isKilled ||= order.length > 80 && killsAt.test(key);
        // A process that is killed calls nobody any more.
        if (isKilled) throw new Error('killed');
      };
      await run(NIGHT).catch(() => {});
      expect(isKilled).toBe(true);
      isKilled = false;
      store.onCall = () => {};
      const first = Object.keys(await looks('exposures'));
      expect(first.length).toBeGreaterThan(40);
      const window = new Set(windowDays(config, clock.now()));
      clock.advance(HOUR_MS);
      const again: string[] = [];
      store.onCall = (key) => {
        const day = rawDayOf(key);
        if (day !== undefined && !window.has(day)) again.push(day);
      };
      await run(CHECK);
      const next = again.slice(0, 100);
      expect(next).toHaveLength(100);
      expect(next.filter((day) => first.includes(day))).toEqual([]);
      store.onCall = () => {};
      // What it had found is found again, and taken out of the list.
      expect(await hours(2, async () => (await listed('exposures')).length === 0)).not.toBeNull();
    },
  );

  const TABLES = [
    { slow: 'exposures', other: 'events' },
    { slow: 'events', other: 'exposures' },
  ] as const;

  it.each(TABLES)(
    'has looked at all days of $other, though those of $slow take too long',
    async ({ slow, other }) => {
      const { store, clock, run, looks, config } = await startListed({
        [slow]: lastDays(400),
        [other]: lastDays(20),
      });
      const folder = `${config.statsigFolder}/statsig_forwarded_${slow}`;
      store.onCall = (key) => clock.advance(key.startsWith(folder) ? 3_000 : 0);
      expect(await run(NIGHT)).toBe(true);
      expect(Object.keys(await looks(other))).toHaveLength(20);
      // A look takes three seconds of the same 195, and so does the listing of the folders before.
      expect(Object.keys(await looks(slow))).toHaveLength(64);
    },
  );

  it.each(TABLES)(
    'has looked at all days of $other, though no listing of $slow ends in its time',
    async ({ slow, other }) => {
      const days = lastDays(100);
      const { run, clock, looks } = await startListed({ [slow]: days, [other]: days });
      let calls = 0;
      const isUp = Promise.withResolvers<void>();
      const running = run(NIGHT, {
        async before(kind) {
          calls += 1;
          if (kind === slow) await isUp.promise;
        },
      });
      // Until nobody asks for anything any more.
      for (let seen = -1; seen < calls || calls === 0; ) {
        seen = calls;
        for (let i = 0; i < 100; i += 1) await new Promise(setImmediate);
      }
      clock.advance(TIME_MS - PUBLISH_MS);
      isUp.resolve();
      expect(await running).toBe(true);
      expect(Object.keys(await looks(other))).toHaveLength(days.length);
      expect(await looks(slow)).toEqual({});
    },
  );

  it('stops within the listing of a day, and says of that day that it is left', async () => {
    const { store, clock, run, looks, rawKey, logged } = await startListed({ events: lastDays(2) });
    for (let i = 0; i < 4_500; i += 1) await store.write(rawKey('events', '2026-11-16', `b${i}`), 'x');
    store.onCall = (key) => clock.advance(key.includes('/2026-11-16/') ? MINUTE_MS : 0);
    store.take();
    expect(await run(NIGHT)).toBe(true);
    expect(Object.keys(await looks('events'))).toEqual(['2026-11-17']);
    expect(logged.find(({ event }) => event === 'curate_plan')).toMatchObject({
      tables: [{ kind: 'exposures' }, { kind: 'events', late: 1 }],
    });
    expect(clock.now() - START).toBeLessThan(TIME_MS);
  });

  it('fails if there is no time for a single day', async () => {
    const { run, takeSent } = await startListed({ events: lastDays(40) });
    expect(await run(NIGHT, { time: PUBLISH_MS - 1 })).toBe(false);
    expect(takeSent()).toEqual([]);
  });

  it('fails if days that a person has named are left, and has sent the others', async () => {
    const { run, store, clock, takeSent } = await startListed({ events: lastDays(40) });
    store.onCall = (key) => clock.advance(key.includes('statsig_forwarded_events/') ? 20_000 : 0);
    const named = { ...NIGHT, days: lastDays(40), kinds: ['events'], asked: 'rebuild' };
    expect(await run(named)).toBe(false);
    expect(takeSent().length).toBeGreaterThan(0);
  });

  it('leaves the views to days that were compared, after a deployment, and puts the others back', async () => {
    const days = lastDays(400);
    const { store, clock, run, rawKey, listed, hours, config } = await startListed({
      exposures: days,
      events: lastDays(3),
    });
    await run(NIGHT);
    await store.write(rawKey('events', '2026-11-16', 'b'), 'more');
    const folder = `${config.statsigFolder}/statsig_forwarded_exposures`;
    store.onCall = (key) => clock.advance(key.startsWith(folder) ? 500 : 0);
    const deployed = {
      source: 'aws.cloudformation',
      'detail-type': 'CloudFormation Stack Status Change',
    };
    expect(await run(deployed)).toBe(true);
    const left = (await listed('exposures')).sort();
    expect(left).toEqual(days.slice(0, 195).sort());
    expect(await listed('events')).toEqual(['2026-11-17', '2026-11-15']);
    store.onCall = () => {};
    expect(await hours(2, async () => (await listed('exposures')).length === 400)).not.toBeNull();
  });
});
