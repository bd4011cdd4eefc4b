import { describe, expect, it } from '@jest/globals';
import { HoldsCache } from '../../../../lib/landing/hold/HoldsCache.ts';
import {
  holdsText,
  NO_HOLDS,
  readHolds,
  withDrain,
  withDrained,
  withHold,
  withoutDrain,
  withoutHold,
} from '../../../../lib/landing/hold/StreamHolds.ts';
import { request, startCollector } from '../../collect/startCollector.ts';

const event = { eventName: 'bought' };
const START = Date.UTC(2026, 10, 20, 12);
const HOUR = 3_600_000;
const draining = withDrain(NO_HOLDS, START);
const byHand = {
  since: '2026-11-20T10:00:00.000Z',
  by: 'hand',
  why: 'Work.',
  until: 'release',
  probe: false,
} as const;

describe('the drain of a deployment', () => {
  it('has one beginning, however often it is asked for, and one mark', () => {
    expect(draining.drain).toEqual({ since: '2026-11-20T12:00:00.000Z', drained: null });
    expect(withDrain(draining, START + HOUR)).toBe(draining);
    const drained = withDrained(draining, START + HOUR);
    expect(drained.drain).toEqual({ since: '2026-11-20T12:00:00.000Z', drained: '2026-11-20T13:00:00.000Z' });
    expect(withDrained(drained, START + 2 * HOUR)).toBe(drained);
    expect(withDrain(drained, START + 2 * HOUR)).toBe(drained);
  });

  it('is not marked when it was cancelled meanwhile', () => {
    const cancelled = withoutDrain(draining);
    expect(cancelled).toEqual(NO_HOLDS);
    expect(withDrained(cancelled, START)).toBe(cancelled);
  });

  it('outlives holds and releases of streams, and its text', () => {
    const held = withHold(draining, 'events', byHand);
    const released = withoutHold(held, 'events', START);
    expect([held.drain, released.drain]).toEqual([draining.drain, draining.drain]);
    expect(readHolds(holdsText(released))).toEqual(released);
    // The text without a drain is that of the template.
    expect(holdsText(NO_HOLDS)).toBe('{"held":{},"released":{}}');
  });

  it.each([
    '{"drain":7}',
    '{"drain":{}}',
    '{"drain":{"since":"soon"}}',
    '{"drain":{"since":"2026-11-20","drained":1}}',
  ])('is not read from %s', (text) => {
    expect(() => readHolds(text)).toThrow(expect.objectContaining({ code: 'SLUICE_HOLD_UNREADABLE' }));
  });
});

describe('a collector that is drained', () => {
  const holdsOf = (text: string) => (clock: ReturnType<typeof startCollector>['clock']) => ({
    holds: new HoldsCache({ read: async () => text, clock, random: () => 0.5, log: () => undefined }),
  });

  it('answers 503 and stores nothing: no event, no refused one, nothing in overflow', async () => {
    const { send, rows, overflow, large, metrics } = startCollector({ parts: holdsOf(holdsText(draining)) });
    for (const events of [[event], [7], [{ eventName: 'e'.repeat(2_000_000) }]])
      expect(await send(request({ body: { events } }))).toMatchObject({ status: 503 });
    expect(await send({ ...request({ body: {} }), body: 'no JSON' })).toMatchObject({ status: 503 });
    expect([rows, overflow, large]).toEqual([{ exposures: [], events: [], quarantine: [] }, [], []]);
    expect(metrics).toContainEqual(
      expect.objectContaining({ reason: 'SLUICE_COLLECT_DRAINING', refused_requests: 1 }),
    );
  });

  it('accepts events when the drain is cancelled', async () => {
    const { send, rows } = startCollector({ parts: holdsOf(holdsText(withoutDrain(draining))) });
    expect(await send(request({ body: { events: [event] } }))).toMatchObject({ status: 202 });
    expect(rows.events).toHaveLength(1);
  });
});
