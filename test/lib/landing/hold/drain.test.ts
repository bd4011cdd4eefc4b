import { describe, expect, it } from '@jest/globals';
import { HoldsCache } from '../../../../lib/landing/hold/HoldsCache.ts';
import {
  holdsText,
  NO_HOLDS,
  readHolds,
  withDrain,
  withHold,
  withLook,
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
  it('has one beginning, however often it is asked for', () => {
    expect(draining.drain).toEqual({ since: '2026-11-20T12:00:00.000Z', empty: null, drained: null });
    expect(withDrain(draining, START + HOUR)).toBe(draining);
  });

  it('is marked when nothing has waited for long enough, and no longer when something waits again', () => {
    const look = (holds: typeof draining, hours: number, isEmpty: boolean) =>
      withLook(holds, START + hours * HOUR, { isEmpty, settleMs: HOUR });
    expect(look(draining, 1, false)).toBe(draining);
    const empty = look(draining, 1, true);
    expect(empty.drain).toMatchObject({ empty: '2026-11-20T13:00:00.000Z', drained: null });
    expect(look(empty, 1.9, true)).toBe(empty);
    const again = look(empty, 1.95, false);
    expect(again.drain).toMatchObject({ empty: null, drained: null });
    expect(look(again, 2, true).drain).toMatchObject({ empty: '2026-11-20T14:00:00.000Z', drained: null });
    const drained = look(empty, 2, true);
    expect(drained.drain).toMatchObject({ drained: '2026-11-20T14:00:00.000Z' });
    expect(look(drained, 5, true)).toBe(drained);
    expect(look(drained, 5, false).drain).toMatchObject({ empty: null, drained: null });
  });

  it('is not noted when it was cancelled meanwhile', () => {
    const cancelled = withoutDrain(draining);
    expect(cancelled).toEqual(NO_HOLDS);
    expect(withLook(cancelled, START, { isEmpty: true, settleMs: 0 })).toBe(cancelled);
  });

  it('outlives holds and releases of streams, and its text', () => {
    const held = withHold(draining, 'events', byHand);
    const released = withoutHold(held, 'events', START);
    expect([held.drain, released.drain]).toEqual([draining.drain, draining.drain]);
    expect(readHolds(holdsText(released))).toEqual(released);
    // The text without a drain equals the template's text.
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

  it('answers 503 and stores nothing: no event, no refused one, no object', async () => {
    const { send, rows, objects, large, metrics } = startCollector({ parts: holdsOf(holdsText(draining)) });
    for (const events of [[event], [7], [{ eventName: 'e'.repeat(2_000_000) }]])
      expect(await send(request({ body: { events } }))).toMatchObject({ status: 503 });
    expect(await send({ ...request({ body: {} }), body: 'no JSON' })).toMatchObject({ status: 503 });
    expect([rows, objects, large]).toEqual([{ exposures: [], events: [], quarantine: [] }, [], []]);
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
