import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HOUR_MS, MINUTE_MS } from '../../../../lib/base/time.ts';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import type { Config } from '../../../../lib/schema/config.ts';
import {
  type NotedEvents,
  readAnswers,
  readMainSender,
  readNoted,
  readOverflowError,
} from '../../../../observe/facts/flow/loggedRequests.ts';
import { answeredBy } from '../../../harness/answering.ts';
import { NOON, stackOf, startLogs } from '../../startLogs.ts';
import { wellHour } from '../../statusFacts.ts';

const started = await startLogs();
afterAll(() => started.close());

/** All arguments but the first. */
type DropFirst<All extends readonly unknown[]> = All extends readonly [unknown, ...infer More] ? More : never;

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
    await started.wait(10);
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

describe('what is told of requests', () => {
  const answersOf = (stage: string, ...about: DropFirst<Parameters<typeof readAnswers>>) =>
    readAnswers({ logs: started.client, stack: stackOf(stage), now: started.clock.now() }, ...about);

  it('that were not stored includes the time at which a request of their sender was stored since, also hours ago', async () => {
    const write = started.collectLog('unstored');
    const code = 'SLUICE_COLLECT_NOT_DELIVERED';
    const fail = (key: string) => write({ key, level: 'error', status: 503, code });
    const day = new Map([[started.clock.now(), { ...wellHour, failedBy: { [code]: 2 } }]]);
    for (const key of ['web', 'gone', 'gone']) fail(key);
    await started.wait(60);
    const storedAt = started.isoNow();
    write({ key: 'web', level: 'info' });
    await started.wait(120);
    // The search begins with the sender whose last failure is the longest ago.
    fail('late');
    day.set(started.clock.now(), { ...wellHour, failedBy: { [code]: 1 } });
    await started.wait(60);
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

  it('of nine senders includes that time for the eight that sent most', async () => {
    const write = started.collectLog('nine');
    const refused = { level: 'warn', status: 401, code: 'SLUICE_BODY_NOT_JSON' };
    const day = new Map([[started.clock.now(), { ...wellHour, refusedBy: { SLUICE_BODY_NOT_JSON: 10 } }]]);
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'most', 'most']) write({ ...refused, key });
    await started.wait(1);
    const storedAt = started.isoNow();
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'most']) write({ key });
    await started.wait(1);
    const { groups = [] } = (await answersOf('nine', day, 'refusedBy')) ?? {};
    expect(groups[0]).toMatchObject({ key: 'most', storedAt });
    expect(groups.filter((group) => group.storedAt === undefined)).toHaveLength(1);
  });

  it('is counted from the newest hours where the log has more lines than are read', async () => {
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

  it('of senders without a key includes that time, too', async () => {
    const write = started.collectLog('keyless');
    const refused = { level: 'warn', status: 401 };
    const day = new Map([[started.clock.now(), { ...wellHour, refusedBy: { SLUICE_KEY_MISSING: 1 } }]]);
    for (const key of ['a', 'b']) write({ ...refused, key, code: 'SLUICE_BODY_NOT_JSON' });
    write({ ...refused, code: 'SLUICE_KEY_MISSING' });
    write({ ...refused, sent_key: '9f86', code: 'SLUICE_KEY_UNKNOWN' });
    // It is stored, and of the level of a warning for what was noted.
    write({ key: 'noted', level: 'warn', noted: { clock_ahead: 1 } });
    await started.wait(1);
    const storedAt = started.isoNow();
    for (const key of ['a', 'b', undefined]) write({ key, level: 'info' });
    await started.wait(1);
    const read = await answersOf('keyless', day, 'refusedBy');
    expect(new Map(read?.groups.map((group) => [group.key, group.storedAt]))).toEqual(
      new Map([
        [null, storedAt],
        ['9f86', undefined],
        ['a', storedAt],
        ['b', storedAt],
      ]),
    );
    expect(read?.since).toBe(new Date(Math.min(...day.keys())).toISOString());
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

describe('who sent a spike', () => {
  const config = defineConfig({ bucket: 'acme', logs: { successes: 0.1 } });
  const asked = { stack: stackOf('prod'), isLocal: false, config };
  const spike = { what: 'requests', hour: 999, usual: 1, day: 999 } as const;
  /** Who sent most since now. */
  const senderOf = (
    what: 'requests' | 'events' | 'ignored',
    more: { isLocal?: boolean; config?: Config } = {},
  ) =>
    readMainSender(
      { ...asked, logs: started.client, ...more },
      { ...spike, what, first: started.isoNow(), last: started.isoNow() },
    );
  beforeAll(async () => {
    const write = started.collectLog();
    const line = (key: string, more: object = {}) => write({ key, sdk: `${key} 1`, events: 1, ...more });
    line('before');
    await started.wait(10);
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
    const last = started.isoNow();
    const first = new Date(started.clock.now() - 10 * MINUTE_MS).toISOString();
    expect(await readMainSender({ ...asked, logs: started.client }, { ...spike, first, last })).toMatchObject(
      {
        key: 'web',
        share: 1 / 3,
      },
    );
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
    expect(await readMainSender({ ...asked, logs: started.client }, undefined)).toBeNull();
    const unlogged = defineConfig({ bucket: 'acme', logs: { successes: 0 } });
    expect(await senderOf('requests', { config: unlogged })).toBeNull();
  });
});

describe('the error with which the stream did not take requests', () => {
  it('is that of the last one within five minutes, but for requests that are too large for it', async () => {
    const write = started.collectLog('overflowed');
    const asked = { logs: started.client, stack: stackOf('overflowed') };
    const read = (since: number) => readOverflowError(asked, new Date(since).toISOString());
    const line = (not_streamed: string) => write({ not_streamed });
    const at = started.clock.now();
    line('too_large');
    expect(await read(at)).toBeNull();
    line('not_acknowledged: TimeoutError');
    await started.wait(5);
    line('held_back: ThrottlingException');
    line('too_large');
    await started.clock.advance(1);
    line('not_acknowledged: ServiceUnavailableException');
    expect(await read(at)).toBe('ThrottlingException');
  });
});
