import { describe, expect, it } from '@jest/globals';
import { checkStreams } from '../../../../lib/landing/hold/checkStreams.ts';
import {
  holdsText,
  NO_HOLDS,
  type StreamHolds,
  withHold,
  withoutHold,
} from '../../../../lib/landing/hold/StreamHolds.ts';
import type { CountedStreams, StreamReading } from '../../../../lib/landing/hold/streamAge.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
const WELL: StreamReading = { freshness: [70, 130, 70], delivered: 0, undelivered: 0 };
const byHand = withHold(NO_HOLDS, 'quarantine', {
  ...{ since: '2026-11-20T10:00:00.000Z', by: 'hand', why: 'A test.', until: 'release', probe: false },
});

/** Runs a check. Returns its metrics and its questions. */
async function check(events: StreamReading, holds: StreamHolds = NO_HOLDS, now = NOW, failing = false) {
  const probed: string[] = [];
  const metrics: (readonly [name: string, table: unknown, value: unknown])[] = [];
  const asked: (CountedStreams | undefined)[] = [];
  const report = await checkStreams({
    store: { read: async () => ({ text: holdsText(holds), version: '1' }), replace: async () => true },
    readStreams: async (counts) => {
      asked.push(counts);
      return new Map([
        ['landing', WELL],
        ['exposures', WELL],
        ['events', events],
        ['quarantine', WELL],
      ]);
    },
    putProbe: async (stream) => {
      probed.push(stream);
      if (failing) throw new RangeError('full');
    },
    clock: { now: () => now },
    log: (line) => {
      for (const name of ['streams_held', 'oldest_record_seconds'])
        if (name in line) metrics.push([name, line['table'], line[name]]);
    },
    ...{ stage: 'prod', lateSeconds: 900 },
  });
  return { metrics, asked, report, probed };
}

describe('a check of the streams', () => {
  it('puts a probe into a stream of the landing whose hold asks for one', async () => {
    const hold = { since: '2026-11-20T10:00:00.000Z', by: 'check', why: 'Late.', until: 'delivery' } as const;
    const asking = withHold(NO_HOLDS, 'landing', { ...hold, probe: true });
    const empty = { freshness: [], delivered: 0, undelivered: 0 };
    expect((await check(empty, asking)).probed).toEqual(['landing']);
    expect((await check(empty, asking, NOW, true)).report.held).toEqual(['landing']);
    expect((await check(empty, withHold(NO_HOLDS, 'events', { ...hold, probe: true }))).probed).toEqual([]);
  });

  it('writes no metric while all streams are well, and counts no more than it must', async () => {
    const { metrics, asked, report } = await check({ ...WELL, freshness: [899] });
    expect(metrics).toEqual([]);
    expect(asked).toEqual(['doubtful']);
    expect(report).toEqual({ event: 'streams_checked', held: [], changed: [] });
  });

  it('tells the age of a late stream alone', async () => {
    const { metrics } = await check({ ...WELL, freshness: [300, 900] });
    expect(metrics).toEqual([['oldest_record_seconds', 'events', 900]]);
  });

  it('counts streams that it holds, and then all that arrives and is delivered', async () => {
    const late = { freshness: [], delivered: 0, undelivered: 7_200 };
    expect((await check(late)).metrics).toEqual([
      ['streams_held', undefined, 1],
      ['oldest_record_seconds', 'events', 7_200],
    ]);
    const held = await check(WELL, byHand);
    expect(held.metrics).toEqual([
      ['streams_held', undefined, 1],
      ['oldest_record_seconds', 'quarantine', 70],
    ]);
    expect(held.asked).toEqual(['all']);
  });

  it('tells what ends an alarm, because alarms keep their state without values', async () => {
    // The stream was late some minutes ago, by Firehose's metric or by its undelivered records.
    expect((await check({ ...WELL, freshness: [900, 70] })).metrics).toEqual([
      ['oldest_record_seconds', 'events', 70],
    ]);
    expect((await check({ freshness: [], delivered: 9, undelivered: 0 })).metrics).toEqual([
      ['oldest_record_seconds', 'events', 0],
    ]);
    const released = withoutHold(byHand, 'quarantine', NOW - 59 * 60_000);
    expect((await check(WELL, released)).metrics).toEqual([
      ['streams_held', undefined, 0],
      ['oldest_record_seconds', 'quarantine', 70],
    ]);
    expect((await check(WELL, withoutHold(byHand, 'quarantine', NOW - 60 * 60_000))).metrics).toEqual([]);
  });

  it('tells all once a day', async () => {
    const midnight = Date.UTC(2026, 10, 21);
    const told = async (minutes: number) =>
      (await check(WELL, NO_HOLDS, midnight + minutes * 60_000)).metrics;
    expect(await told(4)).toHaveLength(5);
    expect(await told(5)).toEqual([]);
    expect(await told(-1)).toEqual([]);
  });

  it('reads no metrics again when somebody else changed the holds meanwhile', async () => {
    let [reads, writes] = [0, 0];
    const late = { freshness: [], delivered: 0, undelivered: 7_200 };
    const report = await checkStreams({
      store: {
        read: async () => ({ text: holdsText(NO_HOLDS), version: String(writes) }),
        replace: async () => {
          writes += 1;
          return writes > 1;
        },
      },
      readStreams: async () => {
        reads += 1;
        return new Map([['events', late]]);
      },
      putProbe: async () => {},
      ...{ clock: { now: () => NOW }, log: () => undefined, stage: 'prod', lateSeconds: 900 },
    });
    expect([report.held, reads, writes]).toEqual([['events'], 1, 2]);
  });
});
