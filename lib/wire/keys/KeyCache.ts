import { errorText } from '../../base/errors.ts';
import { backoffMs } from '../../base/retry.ts';
import type { Clock, SetAlarm } from '../../base/time.ts';
import { type Keyring, KeysError, readKeyring } from './Keyring.ts';

/** Reads the secret's text. Settles within `timeoutMs`. */
export type ReadSecret = (timeoutMs: number) => Promise<string>;

/** Options of {@link KeyCache}. */
interface KeyCacheOptions {
  /** Reads the secret's text. */
  readonly read: ReadSecret;
  /** The time by which the keys are fresh. */
  readonly clock: Clock;
  /** A number from 0 to below 1. */
  readonly random: () => number;
  /** Ends a wait for a read. */
  readonly alarm: SetAlarm;
  /** Writes one line of the log. */
  readonly log: (fields: Record<string, unknown>) => void;
}

/** A code by which the secret can't be read. */
type KeysCode = keyof typeof KeysError.entries;

/**
 * How long keys count as fresh, in milliseconds. Older ones are read again before the next answer, so that a removed key
 * is rejected everywhere after this time, also by an environment that was frozen meanwhile. Only while Secrets Manager
 * cannot be read do they remain valid.
 */
export const FRESH_MS = 5 * 60_000;
/**
 * Milliseconds between two reads for unknown keys, so that guessing keys does not call Secrets Manager for each guess.
 * An added key is accepted everywhere after this time.
 */
export const UNKNOWN_KEY_PAUSE_MS = 30_000;
/**
 * Share of its time that a request waits for a read while keys are known. The rest is for storing its events: a read that
 * hangs must not turn an accepted key into a 503.
 */
const REFRESH_SHARE = 0.25;
/** Timeout of a read while keys are known, in milliseconds. */
const READ_TIMEOUT_MS = 1_500;
/**
 * Timeout of a read while no keys are known. It is longer than a request of the collector waits: the read goes on while
 * the next requests wait for it.
 */
const FIRST_READ_TIMEOUT_MS = 15_000;
/** Pause after a failed read; it doubles with every failure. */
const AFTER_FAILURE = { baseMs: 2_000, capMs: 60_000, leastMs: 1_000 } as const;
/** The pauses while no keys are known, when every request is refused. */
const AFTER_FIRST_FAILURE = { baseMs: 500, capMs: 750, leastMs: 250 } as const;

/**
 * Caches the keys in Secrets Manager for one execution environment. Keys are read when they are first needed, and read
 * again when they are no longer fresh, or for an unknown key. Keys that were read once remain valid
 * while Secrets Manager cannot be read. Before the first successful read, a request waits for a slow read until its own
 * deadline, and the next request goes on waiting. Requests share a read: there is never a second one at the same time.
 */
export class KeyCache {
  readonly #options: KeyCacheOptions;
  #keyring: Keyring | undefined;
  /** When the last successful read began. */
  #lookedAt = Number.NEGATIVE_INFINITY;
  /** How many reads failed since then. */
  #failures = 0;
  /** When the last of them failed. */
  #failedAt = Number.NEGATIVE_INFINITY;
  /** The pause after it. */
  #pauseMs = 0;
  /** Why the last read failed. */
  #failure: KeysCode = 'SLUICE_KEYS_UNAVAILABLE';
  #underWay: Promise<void> | undefined;

  constructor(options: KeyCacheOptions) {
    this.#options = options;
  }

  /**
   * The keys, at most {@link FRESH_MS} old unless they cannot be read in {@link REFRESH_SHARE} of the time. A read that
   * is due delays this request, and goes on when that time is up.
   *
   * @param deadline Epoch milliseconds. While no keys are known it waits for them until then.
   * @param isNeeded False if the caller can do without the keys. Then it waits no longer than for a usual read.
   * @throws KeysError when they were never read. Its code is that of the last failed read; `SLUICE_KEYS_UNAVAILABLE` if
   * none has failed.
   */
  async current(deadline: number, isNeeded = true): Promise<Keyring> {
    if (this.#isOlder(FRESH_MS)) await this.#look(deadline, this.#patience(deadline, isNeeded));
    if (this.#keyring === undefined) throw new KeysError(this.#failure);
    return this.#keyring;
  }

  /**
   * The keys after another read, for a key that is not among them. There is no new read when the last one is no older
   * than {@link UNKNOWN_KEY_PAUSE_MS}.
   *
   * @throws KeysError when that read failed or goes on, so that the keys may be outdated: as {@link current}.
   */
  async renewed(deadline: number): Promise<Keyring> {
    if (this.#isOlder(UNKNOWN_KEY_PAUSE_MS)) await this.#look(deadline);
    if (this.#keyring === undefined || this.#isOlder(UNKNOWN_KEY_PAUSE_MS))
      throw new KeysError(this.#failure);
    return this.#keyring;
  }

  /**
   * Resolves when no read is running. An invocation waits for it before it ends: Lambda would freeze the read, and its
   * connection would be dead afterwards.
   */
  async settled(): Promise<void> {
    await this.#underWay;
  }

  /** Until when a request waits for a read of the keys, in epoch milliseconds. */
  #patience(deadline: number, isNeeded: boolean): number {
    const now = this.#options.clock.now();
    if (this.#keyring !== undefined) return now + REFRESH_SHARE * (deadline - now);
    return isNeeded ? deadline : Math.min(deadline, now + READ_TIMEOUT_MS);
  }

  /** Whether the last read is that old. A read in the future, before the clock was set back, counts as old. */
  #isOlder(ms: number): boolean {
    const age = this.#options.clock.now() - this.#lookedAt;
    return age < 0 || age >= ms;
  }

  /**
   * Reads once. Joins a running read, and does nothing if one has just failed. Never throws.
   *
   * @param deadline Epoch milliseconds, at which the read times out while keys are known.
   * @param until Epoch milliseconds until which it waits for the read.
   */
  async #look(deadline: number, until = deadline): Promise<void> {
    const now = this.#options.clock.now();
    if (this.#underWay === undefined) {
      if (now >= this.#failedAt && now - this.#failedAt < this.#pauseMs) return;
      const timeoutMs =
        this.#keyring === undefined ? FIRST_READ_TIMEOUT_MS : Math.min(READ_TIMEOUT_MS, deadline - now);
      this.#underWay = this.#read(now, Math.max(1, timeoutMs)).finally(() => {
        this.#underWay = undefined;
      });
    }
    const late = Promise.withResolvers<void>();
    const clear = this.#options.alarm(Math.max(0, until - now), late.resolve);
    await Promise.race([this.#underWay, late.promise]).finally(clear);
  }

  /** Reads the secret once. It never throws. */
  async #read(now: number, timeoutMs: number): Promise<void> {
    const { read, log, random, clock } = this.#options;
    try {
      const keyring = readKeyring(await read(timeoutMs));
      if (keyring.problems.length > 0) log({ level: 'error', event: 'keys', problems: keyring.problems });
      // The line shows whoever reads the log that the failure is over.
      else if (this.#failures > 0) log({ level: 'info', event: 'keys' });
      this.#keyring = keyring;
      this.#lookedAt = now;
      this.#failures = 0;
      this.#failure = 'SLUICE_KEYS_UNAVAILABLE';
    } catch (error) {
      this.#failures += 1;
      // The pause keeps a busy environment from reading once for each request.
      const pause = this.#keyring === undefined ? AFTER_FIRST_FAILURE : AFTER_FAILURE;
      this.#pauseMs = backoffMs(this.#failures, random, pause);
      this.#failedAt = clock.now();
      const described = describe(error);
      this.#failure = described.code;
      log({ level: 'error', event: 'keys', ...described, failures: this.#failures });
    }
  }
}

/**
 * The code or name of a failure. Its message is left out, because it could quote the secret; that of a denial cannot.
 */
function describe(error: unknown): Record<string, unknown> & { readonly code: KeysCode } {
  if (error instanceof KeysError) return { code: error.code, detail: error.detail };
  return { code: 'SLUICE_KEYS_UNAVAILABLE', error: errorText(error) };
}
