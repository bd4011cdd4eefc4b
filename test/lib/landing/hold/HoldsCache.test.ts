import { describe, expect, it } from '@jest/globals';
import { HOLDS_FRESH_MS, HOLDS_STALE_MS, HoldsCache } from '../../../../lib/landing/hold/HoldsCache.ts';
import { changeHolds, readHolds } from '../../../../lib/landing/hold/StreamHolds.ts';
import { ManualClock } from '../../../../packages/local-aws/src/base/index.ts';

const START = Date.UTC(2026, 10, 20, 12);
const HELD =
  '{"held":{"events":{"since":"2026-11-20T10:00:00.000Z","by":"check","why":"Late.","until":"delivery","probe":false}},"released":{}}';
const NONE = '{"held":{},"released":{"events":"2026-11-20T11:00:00.000Z"}}';

/** A cache that reads what the test says: a text, or an error. */
function start() {
  const clock = new ManualClock(START);
  const log: Record<string, unknown>[] = [];
  const state = { text: NONE as string | Error, reads: 0 };
  const cache = new HoldsCache({
    read: async () => {
      state.reads += 1;
      await new Promise((read) => setImmediate(read));
      if (state.text instanceof Error) throw state.text;
      return state.text;
    },
    clock,
    random: () => 0.5,
    log: (line) => log.push(line),
  });
  /** Uses the cache as a request does. */
  const request = async () => {
    cache.refresh(clock.now() + 2_500);
    await cache.ready();
    const isHeld = cache.isHeld('events');
    await cache.settled();
    return isHeld;
  };
  return { clock, log, state, request, cache };
}

describe('what an environment knows of held streams', () => {
  it('is read before the first rows, and then in the background of a request every five minutes', async () => {
    const { clock, state, request } = start();
    state.text = HELD;
    expect(await request()).toBe(true);
    clock.advance(HOLDS_FRESH_MS - 1);
    expect([await request(), state.reads]).toEqual([true, 1]);
    state.text = NONE;
    clock.advance(1);
    // This request does not wait for the read that it starts.
    expect([await request(), state.reads]).toEqual([true, 2]);
    expect(await request()).toBe(false);
  });

  it.each([
    ['since its oldest record', ',"oldest":"2026-11-20T08:00:00.000Z"', 16],
    ['since it was held, if that is not known', '', 18],
  ])('is that a held stream takes what nothing else takes, up to 20 hours %s', async (_, member, hours) => {
    const { clock, state, request, cache } = start();
    await request();
    expect(cache.isLastResort('events')).toBe(false);
    state.text = HELD.replace(',"by"', `${member},"by"`);
    clock.advance(HOLDS_STALE_MS);
    expect([await request(), cache.isLastResort('events')]).toEqual([true, true]);
    clock.advance(hours * 3_600_000 - HOLDS_STALE_MS - 1);
    expect(cache.isLastResort('events')).toBe(true);
    clock.advance(1);
    expect(cache.isLastResort('events')).toBe(false);
  });

  it('is waited for by an environment that was frozen for long', async () => {
    const { clock, state, request } = start();
    expect(await request()).toBe(false);
    state.text = HELD;
    clock.advance(HOLDS_STALE_MS);
    expect(await request()).toBe(true);
    // It does not wait before: so a hold is known everywhere after this time, not earlier.
    state.text = NONE;
    clock.advance(HOLDS_STALE_MS - 1);
    expect(await request()).toBe(true);
    expect(await request()).toBe(false);
  });

  it.each([
    ['Secrets Manager does not answer', new Error('away'), 'SLUICE_HOLD_UNAVAILABLE'],
    ['the object is damaged', 'no JSON', 'SLUICE_HOLD_UNREADABLE'],
    ['the object names no stream of ours', '{"held":{"other":{}}}', 'SLUICE_HOLD_UNREADABLE'],
  ])('stays as it was while %s', async (_, text, code) => {
    const { clock, log, state, request } = start();
    state.text = HELD;
    await request();
    state.text = text;
    for (let i = 0; i < 3; i += 1) {
      clock.advance(HOLDS_FRESH_MS);
      expect(await request()).toBe(true);
    }
    expect(log).toHaveLength(3);
    expect(log[0]).toMatchObject({ level: 'warn', event: 'holds', code, failures: 1 });
    state.text = NONE;
    clock.advance(HOLDS_FRESH_MS);
    await request();
    expect(await request()).toBe(false);
  });

  it('is nothing, and rows go on, if it could never be read; reads are not repeated by each request', async () => {
    const { clock, state, request } = start();
    state.text = new Error('away');
    expect(await request()).toBe(false);
    expect([await request(), state.reads]).toEqual([false, 1]);
    clock.advance(60_000);
    state.text = HELD;
    expect(await request()).toBe(true);
  });
});

describe('the object', () => {
  it.each([
    ['[]', 'It is not a JSON object.'],
    ['{"more":1}', 'It has a member "more".'],
    ['{"held":[]}', 'held or released is not an object.'],
    ['{"held":{"events":1}}', 'held.events is not an object.'],
    ['{"held":{"events":{"by":"cron"}}}', 'held.events.by is neither check nor hand.'],
    [
      '{"held":{"events":{"by":"hand","until":"noon"}}}',
      'held.events.until is neither delivery nor release.',
    ],
    [
      '{"held":{"events":{"by":"hand","until":"release","why":1}}}',
      'held.events.why is not a text, or its probe neither true nor false.',
    ],
    [
      '{"held":{"events":{"by":"hand","until":"release","why":"","probe":false}}}',
      'held.events.since is not a time.',
    ],
    [
      '{"held":{"events":{"since":"2026-11-20T10:00:00Z","by":"check","until":"delivery","why":"","probe":true,"probeSince":1}}}',
      'held.events.probeSince is not a time.',
    ],
    ['{"released":{"events":"soon"}}', 'released.events is not a time.'],
  ])('%s is refused', (text, detail) => {
    expect(() => readHolds(text)).toThrow(
      expect.objectContaining({ code: 'SLUICE_HOLD_UNREADABLE', detail }),
    );
  });

  it('is changed on the newest version, and not at all if nothing changes', async () => {
    const versions = [NONE, HELD];
    const written: string[] = [];
    const store = {
      read: async () => ({ text: versions[0] ?? '', version: versions[0] ?? '' }),
      replace: async (text: string, version: string) => {
        // Somebody else is faster the first time.
        if (versions.length > 1) versions.shift();
        if (version !== versions[0]) return false;
        written.push(text);
        return true;
      },
    };
    expect(await changeHolds(store, (holds) => ({ ...holds, released: {} }))).toEqual({
      ...readHolds(HELD),
      released: {},
    });
    expect(written).toHaveLength(1);
    await changeHolds(store, (holds) => holds);
    expect(written).toHaveLength(1);
    const busy = { ...store, replace: async () => false };
    await expect(changeHolds(busy, (holds) => ({ ...holds }))).rejects.toMatchObject({
      code: 'SLUICE_HOLD_BUSY',
    });
  });
});
