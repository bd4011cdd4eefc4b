import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HOUR_MS } from '../../../../../lib/base/time.ts';
import { defineConfig } from '../../../../../lib/config/defineConfig.ts';
import { type NotedEvents, readNoted } from '../../../../../observe/facts/flow/logged/notedEvents.ts';
import { stackOf, startLogs } from '../../../startLogs.ts';

const started = await startLogs();
afterAll(() => started.close());

/** What the collector of a stage noted, which logs this part of the requests that it stores. */
const notedOf = (stage: string, successes = 1) =>
  readNoted({
    logs: started.client,
    stack: stackOf(stage),
    config: defineConfig({ bucket: 'acme', logs: { successes } }),
    isLocal: false,
    now: started.clock.now(),
  });

describe('what the collector noted of events', () => {
  const FIRST = '2026-11-20T12:00:00.000Z';
  const LAST = '2026-11-20T12:10:00.000Z';
  /** A group of the key `shop` with all its requests at once. */
  const once = { code: null, key: 'shop', sdk: 'js 1', first: LAST, last: LAST };
  let noted: NotedEvents;

  beforeAll(async () => {
    const write = started.collectLog('noted');
    /** A request of a sender whose clock is so many hours behind, and whose events are up to so many ahead of now. */
    const line = (key: string, counts: object, hours: number, ahead = 0) =>
      write({ key, noted: counts, clock_skew_ms: hours * HOUR_MS, ahead_ms: ahead * HOUR_MS });
    line('shop', { clock_corrected: 2 }, 3);
    line('near', { clock_corrected: 7 }, 0.9);
    line('none', { time_missing: 1 }, 5);
    started.wait(10);
    line('shop', { clock_corrected: 1, clock_ignored: 4 }, 2);
    line('ahead', { clock_corrected: 1 }, -26);
    line('shop', { clock_corrected: 1 }, -0.99);
    line('unstated', { clock_ahead: 2 }, 0, 25.9);
    line('unstated', { clock_ahead: 1 }, 0, 1);
    for (let i = 0; i < 5; i += 1) line('late', { outside_time_window: 4 }, 0);
    line('shop', { outside_time_window: 4, clock_corrected: 0 }, 3);
    line('zero', { before_2000: 6, outside_time_window: 6 }, 0);
    // Of stored requests about which nothing is noted that is off, half are logged.
    noted = await notedOf('noted', 0.5);
  });

  it('is counted by what it is', () => {
    expect(noted.counts).toEqual({
      clock_corrected: 12,
      clock_ignored: 4,
      clock_ahead: 3,
      time_missing: 1,
      outside_time_window: 30,
      before_2000: 6,
    });
  });

  it('of clocks that are off by nearly an hour or more is told by SDK and key, those behind first', () => {
    expect(noted.corrected).toEqual([
      { ...once, first: FIRST, count: 3, skewMs: 3 * HOUR_MS },
      { ...once, key: 'ahead', count: 1, skewMs: -26 * HOUR_MS },
      { ...once, count: 1, skewMs: -0.99 * HOUR_MS },
    ]);
    expect(noted.uncorrected).toEqual([{ ...once, count: 4, skewMs: 2 * HOUR_MS }]);
  });

  it('of events that are ahead of now is told by sender, with the most of them', () => {
    expect(noted.ahead).toEqual([{ ...once, key: 'unstated', count: 3, skewMs: -25.9 * HOUR_MS }]);
  });

  it('of events from before 2000 is told by sender', () => {
    expect(noted.before2000).toMatchObject([{ key: 'zero', count: 6 }]);
  });

  it('of events from before the time window that no clock explains is told as of all requests, not of the logged half', () => {
    expect(noted.late).toMatchObject([{ key: 'late', count: 40 }]);
  });
});

describe('events from before the time window', () => {
  it('have a clock that is stated, if their sender states it, and come first if it does not', async () => {
    const write = started.collectLog('clocks');
    write({ key: 'stated', noted: { outside_time_window: 9 }, clock_skew_ms: 40_000 });
    write({ key: 'unstated', noted: { outside_time_window: 3 } });
    const { late } = await notedOf('clocks');
    expect(late).toMatchObject([
      { key: 'unstated', count: 3, isClockStated: false },
      { key: 'stated', count: 9, isClockStated: true },
    ]);
  });

  it.each([0, 0.01])(
    'count as they are logged where %d of the requests that were stored are logged, in few lines',
    async (successes) => {
      const stage = `few${successes * 100}`;
      const write = started.collectLog(stage);
      for (let i = 0; i < 4; i += 1)
        write({ key: 'app', noted: { outside_time_window: 3 }, clock_skew_ms: 0 });
      const { late } = await notedOf(stage, successes);
      expect(late.map(({ count }) => count)).toEqual([12]);
    },
  );
});
