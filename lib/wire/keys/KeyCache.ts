import { backoffMs } from '../../base/retry.ts';
import type { Clock } from '../../base/time.ts';
import { type Keyring, KeysError, readKeyring } from './Keyring.ts';

/** Reads the secret's text. It settles within `timeoutMs`. */
export type ReadSecret = (timeoutMs: number) => Promise<string>;

/** What {@link KeyCache} works with. */
export interface KeyCacheOptions {
  readonly read: ReadSecret;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: (fields: Record<string, unknown>) => void;
}

/** How long keys are taken as read: within that time a removed key is out everywhere. Milliseconds. */
export const FRESH_MS = 5 * 60_000;
/** After so long without a look (an environment that slept) nothing is answered before one. Milliseconds. */
export const STALE_MS = 30 * 60_000;
/**
 * At most one look in so long for the sake of unknown keys, so that whoever tries out keys can't make us call
 * Secrets Manager for each. Milliseconds; within that time an added key is in everywhere.
 */
export const UNKNOWN_KEY_PAUSE_MS = 30_000;
/** The longest that one look may take, in milliseconds. */
const READ_TIMEOUT_MS = 1_500;
/** Pause after a failed look; it doubles with every failure. */
const AFTER_FAILURE = { baseMs: 2_000, capMs: 60_000, leastMs: 1_000 } as const;

/**
 * The keys in Secrets Manager, as one execution environment knows them: read when first needed, read again in
 * the background when they are no longer fresh, or for a key that isn't among them. Keys that were read once
 * stay good as long as Secrets Manager can't be read. All looks are shared: there is never a second one under way.
 */
export class KeyCache {
  readonly #options: KeyCacheOptions;
  #keyring: Keyring | undefined;
  /** When the last look began that succeeded. */
  #lookedAt = Number.NEGATIVE_INFINITY;
  /** Failures since then, when the last one was, and how long it keeps us from looking again. */
  #failures = 0;
  #failedAt = Number.NEGATIVE_INFINITY;
  #pauseMs = 0;
  #underWay: Promise<void> | undefined;

  constructor(options: KeyCacheOptions) {
    this.#options = options;
  }

  /**
   * The keys, at most {@link FRESH_MS} old unless they can't be read; a look that is due goes on behind.
   *
   * @param deadline Epoch milliseconds.
   * @throws KeysError `SLUICE_KEYS_UNAVAILABLE`, `SLUICE_KEYS_INVALID`, when they were never read.
   */
  async current(deadline: number): Promise<Keyring> {
    if (this.#isOlder(STALE_MS)) await this.#look(deadline);
    else if (this.#isOlder(FRESH_MS)) void this.#look(deadline);
    if (this.#keyring === undefined) throw this.#unavailable();
    return this.#keyring;
  }

  /**
   * The keys after another look, for a key that isn't among them: as they are when the last look is no older than
   * {@link UNKNOWN_KEY_PAUSE_MS}.
   *
   * @throws KeysError `SLUICE_KEYS_UNAVAILABLE` when it can't be known: the last look has failed.
   */
  async renewed(deadline: number): Promise<Keyring> {
    if (this.#isOlder(UNKNOWN_KEY_PAUSE_MS)) await this.#look(deadline);
    if (this.#keyring === undefined || this.#failures > 0) throw this.#unavailable();
    return this.#keyring;
  }

  /**
   * Resolves when no look is under way. An invocation waits for it before it ends: Lambda freezes what is still
   * under way then, and its connection would be dead when it thaws.
   */
  async settled(): Promise<void> {
    await this.#underWay;
  }

  /** Whether the last look is as old as that; one from the future, before the clock was set back, counts as old. */
  #isOlder(ms: number): boolean {
    const age = this.#options.clock.now() - this.#lookedAt;
    return age < 0 || age >= ms;
  }

  /** Looks once, unless a look is under way, which it joins, or one has just failed. Never throws. */
  async #look(deadline: number): Promise<void> {
    const now = this.#options.clock.now();
    if (this.#underWay === undefined) {
      if (now >= this.#failedAt && now - this.#failedAt < this.#pauseMs) return;
      this.#underWay = this.#read(now, Math.max(1, Math.min(READ_TIMEOUT_MS, deadline - now))).finally(() => {
        this.#underWay = undefined;
      });
    }
    await this.#underWay;
  }

  async #read(now: number, timeoutMs: number): Promise<void> {
    const { read, log, random, clock } = this.#options;
    try {
      const keyring = readKeyring(await read(timeoutMs));
      if (keyring.problems.length > 0) log({ level: 'error', event: 'keys', problems: keyring.problems });
      this.#keyring = keyring;
      this.#lookedAt = now;
      this.#failures = 0;
    } catch (error) {
      this.#failures += 1;
      // At least a second, so that a busy environment doesn't call for each of its requests.
      this.#pauseMs = backoffMs(this.#failures, random, AFTER_FAILURE);
      this.#failedAt = clock.now();
      log({ level: 'error', event: 'keys', ...describe(error), failures: this.#failures });
    }
  }

  #unavailable(): Error {
    return new KeysError('SLUICE_KEYS_UNAVAILABLE');
  }
}

/** The name and our own words of a failure, never its message: that could quote what was read. */
function describe(error: unknown): Record<string, unknown> {
  if (error instanceof KeysError) return { code: error.code, detail: error.detail };
  return { code: 'SLUICE_KEYS_UNAVAILABLE', error: error instanceof Error ? error.name : 'Error' };
}
