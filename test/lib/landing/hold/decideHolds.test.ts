import { describe, expect, it } from '@jest/globals';
import { decideHolds } from '../../../../lib/landing/hold/checkStreams.ts';
import {
  NO_HOLDS,
  type StreamHolds,
  withHold,
  withoutHold,
} from '../../../../lib/landing/hold/StreamHolds.ts';
import type { StreamReading, StreamReadings } from '../../../../lib/landing/hold/streamAge.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
const HOUR = 3_600;
const IDLE: StreamReading = { freshness: [], delivered: 0, undelivered: 0 };
const of = (freshness: readonly number[], delivered = 0, undelivered = 0, exposures = IDLE): StreamReadings =>
  new Map([
    ['exposures', exposures],
    ['landing', { freshness, delivered, undelivered }],
    ['quarantine', IDLE],
  ]);
const decide = (holds: StreamHolds, freshness: readonly number[], delivered = 0, undelivered = 0) =>
  decideHolds(holds, of(freshness, delivered, undelivered), NOW);

const byCheck = {
  since: '2026-11-20T10:00:00.000Z',
  by: 'check',
  why: 'Late.',
  until: 'delivery',
  probe: false,
} as const;
const held = withHold(NO_HOLDS, 'landing', byCheck);
const probes = { ...byCheck, probe: true, probeSince: '2026-11-20T12:00:00.000Z' } as const;
const probing = withHold(NO_HOLDS, 'landing', probes);

describe('a stream that is not held', () => {
  it.each([
    ['nothing is known of it', [], 0],
    ['it is idle', [0, 0, 0], 0],
    ['it is a second short of two hours', [7_199, 7_199, 7_199], 0],
    ['it was late for two minutes only, after a jump of the clock for example', [60, 86_400, 86_400], 3],
    ['it was late before', [9_000, 9_000, 9_000, 30], 5],
    ['only two minutes are known', [9_000, 9_000], 0],
  ] as const)('stays so while %s', (_, freshness, delivered) => {
    const decided = decide(NO_HOLDS, freshness, delivered);
    expect(decided).toEqual({ holds: NO_HOLDS, changes: [] });
    expect(decided.holds).toBe(NO_HOLDS);
  });

  it('is held when its oldest record has waited for two hours, three minutes in a row', () => {
    const { holds, changes } = decide(NO_HOLDS, [100, 7_200, 7_260, 7_320], 9);
    const why = 'Its oldest record waited 2.0 hours to be delivered.';
    expect(holds).toEqual({
      held: {
        landing: {
          ...{ since: '2026-11-20T12:00:00.000Z', by: 'check', why, until: 'delivery', probe: false },
          oldest: '2026-11-20T09:58:00.000Z',
        },
      },
      released: {},
      drain: null,
    });
    expect(changes).toEqual([{ table: 'landing', state: 'held', why }]);
  });
});

/** Firehose reports no freshness of it:
 *  https://docs.aws.amazon.com/firehose/latest/dev/data-freshness-metric-not-emitted.html */
describe('a stream whose delivery is completely blocked', () => {
  it('is held when records have arrived for two hours and none was delivered since', () => {
    expect(decide(NO_HOLDS, [], 0, 7_199).holds).toBe(NO_HOLDS);
    const { holds, changes } = decide(NO_HOLDS, [], 0, 7_200);
    expect(holds.held.landing).toMatchObject({ by: 'check', until: 'delivery', probe: false });
    expect(changes).toEqual([
      { table: 'landing', state: 'held', why: 'Its oldest record waited 2.0 hours to be delivered.' },
    ]);
  });

  it('is held when the few values that there are say so too, and not when one says otherwise', () => {
    expect(decide(NO_HOLDS, [9_000], 0, 9_000).holds.held.landing).toBeDefined();
    expect(decide(NO_HOLDS, [30], 0, 9_000).holds).toBe(NO_HOLDS);
    expect(decide(NO_HOLDS, [9_000, 9_000, 30], 0, 9_000).holds).toBe(NO_HOLDS);
  });

  it('stays held while they wait, and asks for a probe only when nothing waits any more', () => {
    expect(decide(held, [], 0, 80_000).holds).toBe(held);
    expect(decide(held, [], 0, 0).holds.held.landing).toEqual(probes);
    expect(decide(probing, [], 0, 3_540).holds).toBe(probing);
    expect(decide(probing, [], 0, HOUR).holds.held.landing).toEqual(byCheck);
  });
});

describe('a stream that the check holds', () => {
  it.each([
    ['is as late as before', [8_000, 8_060, 8_120], 0],
    ['delivers a backlog that is still more than an hour old', [9_000, 7_000, 3_600], 500],
  ] as const)('stays held while it %s', (_, freshness, delivered) => {
    expect(decide(held, freshness, delivered).holds).toBe(held);
  });

  it('is released when it delivers and nothing in it is an hour old', () => {
    const { holds, changes } = decide(held, [9_000, 20, 0], 500);
    expect(holds).toEqual({
      held: {},
      released: { landing: '2026-11-20T12:00:00.000Z' },
      drain: null,
    });
    expect(changes).toMatchObject([{ table: 'landing', state: 'released' }]);
  });

  it('is not released by a first delivery alone, of which no age is told yet: the rest of its backlog may be late', () => {
    const { holds } = decide(held, [], 500);
    expect(holds.held.landing).toEqual(probes);
    expect(decide(holds, [8_000], 500).holds.held.landing).toEqual(byCheck);
    expect(decide(holds, [], 500).holds.held).toEqual({});
  });

  it('asks for a probe when it has nothing that it could deliver: that says nothing about the next row', () => {
    for (const freshness of [[], [0], [86_400, 86_400, 0]]) {
      const { holds, changes } = decide(held, freshness);
      expect(holds.held.landing).toEqual(probes);
      expect(changes).toMatchObject([{ state: 'probing' }]);
      expect(decide(holds, freshness).holds).toBe(holds);
    }
  });

  it('is released when it asks for a probe in vain for an hour while another stream delivers', () => {
    const decideAt = (minutes: number, deliveredByOther: number) =>
      decideHolds(probing, of([], 0, 0, { ...IDLE, delivered: deliveredByOther }), NOW + minutes * 60_000);
    expect(decideAt(59, 9).holds).toBe(probing);
    expect(decideAt(60, 0).holds).toBe(probing);
    const { holds, changes } = decideAt(60, 9);
    expect(holds.held).toEqual({});
    expect(changes).toMatchObject([{ table: 'landing', state: 'released' }]);
    // A probe is in it.
    expect(decideHolds(probing, of([], 0, 600, { ...IDLE, delivered: 9 }), NOW + 9 * 3_600_000).holds).toBe(
      probing,
    );
  });

  it('of several is not released so while another gets the records: it may be the one that is broken', () => {
    const free: StreamReading = { freshness: [0], delivered: 9, undelivered: 0 };
    const readings: StreamReadings = new Map([
      ['exposures', free],
      ['landing', IDLE],
      ['landing-2', free],
    ]);
    const twoHours = NOW + 2 * HOUR * 1_000;
    expect(decideHolds(probing, readings, twoHours).holds).toBe(probing);
    // All streams of the landing are held: the others say nothing about its records, as with one stream.
    const both = withHold(probing, 'landing-2', { ...byCheck, by: 'hand', until: 'release' });
    expect(Object.keys(decideHolds(both, readings, twoHours).holds.held)).toEqual(['landing-2']);
    // A stream's own delivery releases it.
    const delivering: StreamReadings = new Map([...readings, ['landing', { ...free, delivered: 1 }]]);
    expect(decideHolds(probing, delivering, twoHours).holds.held).toEqual({});
  });

  it('asks for no more probes while one waits for more than an hour, and is released when it lands', () => {
    expect(decide(probing, [3_540]).holds).toBe(probing);
    const { holds, changes } = decide(probing, [3_540, HOUR]);
    expect(holds.held.landing).toEqual(byCheck);
    expect(changes).toMatchObject([{ state: 'waiting' }]);
    expect(decide(holds, [HOUR, 0], 1).holds.held).toEqual({});
    expect(decide(probing, [120], 1).holds.held).toEqual({});
  });
});

describe('a stream that a person holds', () => {
  const byHand = withHold(NO_HOLDS, 'landing', { ...byCheck, by: 'hand', until: 'release' });

  it('is left to the person', () => {
    for (const freshness of [[], [0, 0, 0], [9_000, 9_000, 9_000]])
      expect(decide(byHand, freshness, 100).holds).toBe(byHand);
  });

  it('keeps since when it is held, and is released once', () => {
    const again = withHold(byHand, 'landing', { ...byCheck, since: '2026-11-20T11:00:00.000Z', why: 'New.' });
    expect(again.held.landing).toMatchObject({ since: byCheck.since, why: 'New.' });
    const released = withoutHold(again, 'landing', NOW);
    expect(released).toEqual({
      held: {},
      released: { landing: '2026-11-20T12:00:00.000Z' },
      drain: null,
    });
    expect(withoutHold(released, 'landing', NOW + 1)).toBe(released);
  });
});
