import { expect } from '@jest/globals';
import { KeyCache } from '../../../../lib/wire/keys/KeyCache.ts';
import { KeyGate, type KeyGateOptions } from '../../../../lib/wire/keys/KeyGate.ts';
import { ManualClock } from '../../../../packages/local-aws/src/base/index.ts';
import { alarmsOf } from './alarms.ts';
import { secretOf } from './testKeys.ts';

const START = Date.UTC(2026, 10, 20, 7, 32);

/** A secret that can be written, broken and slowed down, and the cache and gate in front of it. */
export function startKeys(options: Partial<KeyGateOptions> = {}) {
  const clock = new ManualClock(START);
  const secret = {
    text: secretOf(),
    down: false,
    held: false,
    slowMs: 0,
    reads: 0,
    timeouts: [] as number[],
  };
  const waiting: (() => void)[] = [];
  const lines: Record<string, unknown>[] = [];
  /** A read that answers after that time, or fails after its own timeout. */
  const answerAfter = (ms: number, timeoutMs: number) =>
    new Promise<void>((resolve, reject) => {
      if (ms <= timeoutMs) clock.after(ms, resolve);
      else clock.after(timeoutMs, () => reject(new Error('TimeoutError')));
    });
  const cache = new KeyCache({
    async read(timeoutMs) {
      secret.reads += 1;
      secret.timeouts.push(timeoutMs);
      const { text, down, slowMs } = secret;
      if (slowMs > 0) await answerAfter(slowMs, timeoutMs);
      if (secret.held) await new Promise<void>((resolve) => waiting.push(resolve));
      if (down) throw Object.assign(new Error('secret-leak'), { name: 'InternalServiceError' });
      return text;
    },
    clock,
    random: () => 1,
    alarm: alarmsOf(clock),
    log: (fields) => void lines.push(fields),
  });
  const gate = new KeyGate({
    configured: [],
    cache,
    allowAnyKey: false,
    ...options,
  });
  const judge = (key: string | null) =>
    gate.admit(key, clock.now() + 2_500).then(
      ({ label }) => label,
      (error: { code?: string }) => error.code ?? String(error),
    );
  return {
    clock,
    secret,
    lines,
    cache,
    gate,
    /** Result of admission: the label, or the code of the refusal. */
    judge,
    /** The secret has the entries of these keys from now on. */
    has(...keys: readonly { readonly entry: object }[]) {
      secret.text = secretOf(...keys.map(({ entry }) => entry));
    },
    /** A key has this label, or is refused with this code. */
    expectJudged: async (key: string, expected: string) => expect(await judge(key)).toBe(expected),
    /** Lets reads that were held go on. */
    release() {
      secret.held = false;
      for (const resume of waiting.splice(0)) resume();
    },
  };
}
