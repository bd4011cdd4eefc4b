import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../../lib/base/time.ts';
import { startKeys } from './startKeys.ts';
import { secretOf, testKey } from './testKeys.ts';

/** As long as keys that were read are believed. */
const FRESH_MS = 5 * MINUTE_MS;
/** Between two lookups of keys that are not known. */
const UNKNOWN_KEY_PAUSE_MS = 30_000;
const web = testKey('web');
const app = testKey('app');
const next = testKey('web', 'client-web-2');

/** Keys of a secret that has one. */
function startWeb() {
  const keys = startKeys();
  keys.has(web);
  return keys;
}

describe('a key', () => {
  it('is recognized by its hash, with the settings of its entry', async () => {
    const keys = startKeys();
    keys.secret.text = secretOf({ ...web.entry, environment: 'staging', kinds: ['events'] });
    expect(await keys.gate.admit(web.key, keys.clock.now() + 2_500)).toEqual({
      label: 'web',
      sha256: web.sha256,
      environment: 'staging',
      kinds: ['events'],
    });
    await keys.expectJudged(app.key, 'SLUICE_KEY_UNKNOWN');
  });

  it('that is missing is refused with the reason', async () => {
    const keys = startKeys();
    const missing = { code: 'SLUICE_KEY_MISSING', detail: 'why' };
    await expect(keys.gate.admit(null, 0, 'why')).rejects.toMatchObject(missing);
  });

  it('of the configuration needs no call, and keeps its label', async () => {
    const keys = startKeys({ configured: [{ ...web.entry, kinds: ['exposures', 'events'] }] });
    keys.secret.text = secretOf({ ...web.entry, label: 'other' });
    keys.secret.down = true;
    await keys.expectJudged(web.key, 'web');
    expect(keys.secret.reads).toBe(0);
  });

  it('of any kind is accepted where that is allowed, with its own label if it has one, even without a secret', async () => {
    const keys = startKeys({ allowAnyKey: true });
    keys.has(web);
    await keys.expectJudged(web.key, 'web');
    for (let i = 0; i < 50; i += 1) {
      keys.clock.advance(1_000);
      await keys.expectJudged(`client-${i}`, 'any');
    }
    expect(keys.secret.reads).toBe(1);
    const broken = startKeys({ allowAnyKey: true });
    broken.secret.down = true;
    await broken.expectJudged(web.key, 'any');
  });
});

describe('rotation', () => {
  it('accepts a new key immediately, or after the pause if a lookup was just made', async () => {
    const keys = startWeb();
    await keys.expectJudged(web.key, 'web');
    keys.clock.advance(UNKNOWN_KEY_PAUSE_MS);
    keys.has(web, next);
    await keys.expectJudged(next.key, 'web');
    keys.has(web, next, app);
    keys.clock.advance(UNKNOWN_KEY_PAUSE_MS - 1);
    await keys.expectJudged(app.key, 'SLUICE_KEY_UNKNOWN');
    keys.clock.advance(1);
    await keys.expectJudged(app.key, 'app');
  });

  it('accepts a removed key for less than five minutes, and reads once in that time', async () => {
    const keys = startWeb();
    await keys.judge(web.key);
    keys.has(next);
    keys.clock.advance(FRESH_MS - 1);
    await keys.expectJudged(web.key, 'web');
    expect(keys.secret.reads).toBe(1);
  });

  it('rejects a removed key after five minutes, also with the first request of that time', async () => {
    const keys = startWeb();
    await keys.expectJudged(web.key, 'web');
    keys.has(next);
    keys.clock.advance(FRESH_MS);
    await keys.expectJudged(web.key, 'SLUICE_KEY_UNKNOWN');
    await keys.expectJudged(next.key, 'web');
    expect(keys.secret.reads).toBe(2);
  });

  it('answers from the keys it has when their read outlasts a quarter of the time, and lets the read end', async () => {
    const keys = startWeb();
    await keys.judge(web.key);
    keys.has();
    keys.clock.advance(FRESH_MS);
    keys.secret.held = true;
    const judged = keys.judge(web.key);
    keys.clock.advance(2_500 / 4);
    expect(await judged).toBe('web');
    expect(keys.secret.timeouts.at(-1)).toBe(1_500);
    expect(keys.secret.reads).toBe(2);
    keys.release();
    await keys.gate.settled();
    await keys.expectJudged(web.key, 'SLUICE_KEY_UNKNOWN');
  });

  it('refreshes again when the clock is set back', async () => {
    const keys = startKeys();
    keys.clock.advance(DAY_MS);
    await keys.expectJudged(web.key, 'SLUICE_KEY_UNKNOWN');
    keys.has(web);
    keys.clock.advance(-DAY_MS);
    await keys.expectJudged(web.key, 'web');
  });
});

describe('a client that guesses keys', () => {
  it('causes one lookup per half minute, however many keys it tries', async () => {
    const keys = startKeys();
    for (let i = 0; i < 1_000; i += 1) {
      await keys.expectJudged(`client-guess-${i}`, 'SLUICE_KEY_UNKNOWN');
      keys.clock.advance(120);
    }
    expect(keys.secret.reads).toBe(4);
  });

  it('causes one lookup for concurrent requests', async () => {
    const keys = startWeb();
    keys.secret.held = true;
    const all = Array.from({ length: 200 }, (_, i) => keys.judge(i % 2 === 0 ? web.key : `client-${i}`));
    await Promise.resolve();
    keys.release();
    const answers = await Promise.all(all);
    expect(new Set(answers)).toEqual(new Set(['web', 'SLUICE_KEY_UNKNOWN']));
    expect(keys.secret.reads).toBe(1);
  });
});

describe('an outage of Secrets Manager', () => {
  it('is over for a request after the clock was set back', async () => {
    const keys = startWeb();
    keys.secret.down = true;
    await keys.expectJudged(web.key, 'SLUICE_KEYS_UNAVAILABLE');
    keys.secret.down = false;
    keys.clock.advance(-DAY_MS);
    await keys.expectJudged(web.key, 'web');
    // It logs the failure, and then that this is over, and nothing more of reads that succeed.
    keys.clock.advance(FRESH_MS);
    await keys.expectJudged(web.key, 'web');
    expect(keys.lines.map(({ level }) => level)).toEqual(['error', 'info']);
  });

  it('leads to 503, never 401, and a call a second until the first successful read', async () => {
    const keys = startKeys();
    keys.secret.down = true;
    for (let i = 0; i < 300; i += 1) {
      await keys.expectJudged(i % 2 === 0 ? web.key : 'client-guess', 'SLUICE_KEYS_UNAVAILABLE');
      keys.clock.advance(100);
    }
    expect(keys.secret.reads).toBe(31);
  });

  it('keeps known keys valid for days, and leads to 503 for a key that cannot be looked up', async () => {
    const keys = startWeb();
    await keys.judge(web.key);
    keys.secret.down = true;
    for (let hour = 0; hour < 72; hour += 1) {
      keys.clock.advance(HOUR_MS);
      await keys.expectJudged(web.key, 'web');
      await keys.gate.settled();
    }
    await keys.expectJudged(app.key, 'SLUICE_KEYS_UNAVAILABLE');
    keys.secret.down = false;
    keys.clock.advance(61_000);
    await keys.expectJudged(app.key, 'SLUICE_KEY_UNKNOWN');
  });

  it('limits a lookup to the remaining time of the request once keys are known', async () => {
    const keys = startKeys();
    await keys.judge(web.key);
    keys.clock.advance(UNKNOWN_KEY_PAUSE_MS);
    await keys.gate.admit(app.key, keys.clock.now() + 300).catch(() => undefined);
    keys.clock.advance(UNKNOWN_KEY_PAUSE_MS);
    keys.secret.held = true;
    const answer = keys.judge(app.key);
    await keys.judge(null);
    keys.clock.advance(2_500);
    // Nobody knows yet whether the key is in the list.
    expect(await answer).toBe('SLUICE_KEYS_UNAVAILABLE');
    expect(keys.secret.timeouts.slice(1)).toEqual([300, 1_500]);
  });

  it('is logged by name, without the content of the secret', async () => {
    const keys = startKeys();
    keys.secret.down = true;
    await keys.judge(web.key);
    expect(keys.lines).toEqual([
      {
        level: 'error',
        event: 'keys',
        code: 'SLUICE_KEYS_UNAVAILABLE',
        error: 'InternalServiceError',
        failures: 1,
      },
    ]);
  });
});

describe('a slow secret of a new environment', () => {
  /** Requests one after the other until one is accepted: how many are refused, and when the last is answered. */
  async function requestsOf(keys: ReturnType<typeof startKeys>) {
    const start = keys.clock.now();
    for (let refused = 0; refused < 20; refused += 1) {
      const answer = Promise.withResolvers<string>();
      let isDone = false;
      void keys.judge(web.key).then((label) => {
        isDone = true;
        answer.resolve(label);
      });
      while (!isDone) {
        for (let turns = 0; turns < 20; turns += 1) await Promise.resolve();
        if (!isDone) keys.clock.advance(100);
      }
      if ((await answer.promise) === 'web') return { refused, afterMs: keys.clock.now() - start };
    }
    return { refused: 20, afterMs: keys.clock.now() - start };
  }

  it.each([
    { slowMs: 3_000, expected: { refused: 1, afterMs: 3_000 } },
    // A request that is under way when the read ends is accepted.
    { slowMs: 9_900, expected: { refused: 3, afterMs: 9_900 } },
    { slowMs: 10_000, expected: { refused: 3, afterMs: 10_000 } },
  ])(
    'that answers after $slowMs ms refuses as many requests as wait their 2.5 s in vain',
    async ({ slowMs, expected }) => {
      const keys = startKeys();
      keys.has(web);
      keys.secret.slowMs = slowMs;
      expect(await requestsOf(keys)).toEqual(expected);
      expect(keys.secret.reads).toBe(1);
    },
  );

  it('is read again within a second after a failure, which the answer tells', async () => {
    const keys = startKeys();
    keys.secret.text = 'client-walk';
    for (let failures = 0; failures < 10; failures += 1) {
      keys.secret.down = failures % 2 > 0;
      const code = keys.secret.down ? 'SLUICE_KEYS_UNAVAILABLE' : 'SLUICE_KEYS_INVALID';
      await keys.expectJudged(web.key, code);
      keys.clock.advance(1_000);
    }
    expect(keys.secret.reads).toBe(10);
    keys.secret.down = false;
    keys.has(web);
    await keys.expectJudged(web.key, 'web');
  });

  it('does not take a request that needs no key of it all of its time', async () => {
    const keys = startKeys({ allowAnyKey: true });
    keys.secret.slowMs = 10_000;
    const admitted = keys.judge(web.key);
    keys.clock.advance(1_500);
    expect(await admitted).toBe('any');
  });
});

describe('an invalid secret', () => {
  it('as a whole keeps the keys that were read before', async () => {
    const keys = startWeb();
    await keys.judge(web.key);
    keys.secret.text = '{"keys":[';
    keys.clock.advance(FRESH_MS);
    await keys.expectJudged(web.key, 'web');
    expect(keys.lines.at(-1)).toMatchObject({ detail: 'It is not JSON.' });
    await keys.expectJudged(app.key, 'SLUICE_KEYS_INVALID');
    keys.has(web);
    keys.clock.advance(FRESH_MS);
    await keys.judge(web.key);
    expect(keys.lines.at(-1)).toEqual({ level: 'info', event: 'keys' });
  });

  it('with one invalid entry keeps the others valid, and leads to 503 for a key that the entry may mean', async () => {
    const keys = startKeys();
    keys.secret.text = secretOf(web.entry, { label: 'app', sha256: `${app.sha256}0` });
    await keys.expectJudged(web.key, 'web');
    await keys.expectJudged(app.key, 'SLUICE_KEYS_INVALID');
    expect(keys.lines).toEqual([
      { level: 'error', event: 'keys', problems: [expect.stringContaining('app: sha256: expected 64')] },
    ]);
  });
});

describe('any history of the secret', () => {
  it('never admits a key that was in no version, and never rejects one that was in all', async () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('advance'), ms: fc.integer({ min: 0, max: 2 * FRESH_MS }) }),
      fc.record({ do: fc.constantFrom('rotate', 'spoil', 'down', 'up') }),
      fc.record({ do: fc.constantFrom('web', 'guess', 'next') }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const keys = startKeys();
        keys.has(web);
        let everNext = false;
        let now = 0;
        let looks = 0;
        for (const drawn of steps) {
          if (drawn.do === 'rotate') {
            keys.has(web, next);
            everNext = true;
          } else if (drawn.do === 'spoil') keys.secret.text = 'spoilt';
          else if (drawn.do === 'down' || drawn.do === 'up') keys.secret.down = drawn.do === 'down';
          else if ('ms' in drawn) {
            keys.clock.advance(drawn.ms);
            now += drawn.ms;
          } else {
            const key = { web: web.key, guess: 'client-guess', next: next.key }[drawn.do] ?? '';
            const answer = await keys.judge(key);
            await keys.gate.settled();
            if (drawn.do === 'web') expect(answer).not.toBe('SLUICE_KEY_UNKNOWN');
            if (drawn.do === 'guess') expect(answer).not.toBe('web');
            if (drawn.do === 'next' && !everNext) expect(answer).not.toBe('web');
            looks += 1;
          }
        }
        expect(keys.secret.reads).toBeLessThanOrEqual(Math.min(looks * 2, 2 + now / 1_000));
      }),
      { numRuns: 300 },
    );
  });
});
