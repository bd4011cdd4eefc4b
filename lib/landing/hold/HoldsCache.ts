import { backoffMs } from '../../base/retry.ts';
import type { Clock } from '../../base/time.ts';
import type { StreamId } from '../../tables/streams.ts';
import { HoldError, NO_HOLDS, readHolds, type StreamHolds } from './StreamHolds.ts';

/** Options of {@link HoldsCache}. */
export interface HoldsCacheOptions {
  /** Reads the object's text. Settles within `timeoutMs`. */
  readonly read: (timeoutMs: number) => Promise<string>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: (fields: Record<string, unknown>) => void;
  /** How long the holds count as fresh, milliseconds. Default {@link HOLDS_FRESH_MS}. */
  readonly freshMs?: number;
}

/**
 * How long the holds count as fresh, in milliseconds: an environment in use goes by a hold after this time. One that was idle
 * goes by it at the latest from {@link HOLDS_STALE_MS}, as the request that finds its holds no longer fresh does not wait.
 */
export const HOLDS_FRESH_MS = 5 * 60_000;
/** Age in milliseconds, of a frozen environment for example, at which a request waits for the next read. */
export const HOLDS_STALE_MS = 15 * 60_000;
/** Age of a stream's oldest record up to which it takes what nothing else takes: four hours before it drops that. */
const LAST_RESORT_MS = 20 * 3_600_000;
/** Timeout of a read in milliseconds. It is also the longest delay of an answer. */
const READ_MS = 1_000;
/** Pause after a failed read; it doubles with every failure. */
const AFTER_FAILURE = { baseMs: 5_000, capMs: 60_000, leastMs: 2_000 } as const;

/**
 * Knows for one execution environment which streams are held. The holds are read when the environment starts, and again in
 * the background when they are no longer fresh: a request makes no call for them. While they cannot be read, the last known
 * ones hold. An environment of the collector that never read them holds nothing: its rows cannot wait, and an environment
 * that cannot reach Secrets Manager would refuse all of them. There is never a second read at the same time.
 */
export class HoldsCache {
  readonly #options: HoldsCacheOptions;
  #known: StreamHolds = NO_HOLDS;
  /** When the last successful read began, epoch milliseconds. */
  #readAt = Number.NEGATIVE_INFINITY;
  /** Epoch milliseconds before which no read begins. */
  #dueAt = Number.NEGATIVE_INFINITY;
  #lastLook = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #underWay: Promise<void> | undefined;

  constructor(options: HoldsCacheOptions) {
    this.#options = options;
  }

  /** Whether rows must not go into a stream. */
  isHeld(stream: StreamId): boolean {
    return this.#known.held[stream] !== undefined;
  }

  /**
   * Whether a held stream may take what nothing else takes: its oldest record is so young that what it takes now can still be
   * saved before it is dropped.
   */
  isLastResort(stream: StreamId): boolean {
    const hold = this.#known.held[stream];
    if (hold === undefined) return false;
    return this.#options.clock.now() - Date.parse(hold.oldest ?? hold.since) < LAST_RESORT_MS;
  }

  /** Whether the deployment is drained: it takes no events. */
  get isDraining(): boolean {
    return this.#known.drain !== null;
  }

  /** Starts a read if one is due. It neither throws nor waits. @param deadline Epoch milliseconds. */
  refresh(deadline: number): void {
    const now = this.#options.clock.now();
    // Without this check, a clock that is set back would delay the next read by as much.
    const isDue = now >= this.#dueAt || now < this.#lastLook;
    if (this.#underWay !== undefined || !isDue) return;
    this.#lastLook = now;
    this.#underWay = this.#read(now, Math.max(1, Math.min(READ_MS, deadline - now))).finally(() => {
      this.#underWay = undefined;
    });
  }

  /** Resolves at once, or when the running read has ended if the holds were never read or are too old to go by. */
  async ready(): Promise<void> {
    const age = this.#options.clock.now() - this.#readAt;
    if (age < 0 || age >= HOLDS_STALE_MS) await this.#underWay;
  }

  /** Resolves when no read is running: Lambda would freeze it at the end of the invocation. */
  async settled(): Promise<void> {
    await this.#underWay;
  }

  async #read(now: number, timeoutMs: number): Promise<void> {
    const { read, random, log, freshMs = HOLDS_FRESH_MS } = this.#options;
    try {
      this.#known = readHolds(await read(timeoutMs));
      this.#readAt = now;
      this.#failures = 0;
      this.#dueAt = now + freshMs;
    } catch (error) {
      this.#failures += 1;
      this.#dueAt = now + backoffMs(this.#failures, random, AFTER_FAILURE);
      log({ level: 'warn', event: 'holds', ...describe(error), failures: this.#failures });
    }
  }
}

function describe(error: unknown): Record<string, unknown> {
  if (error instanceof HoldError) return { code: error.code, detail: error.detail };
  return { code: 'SLUICE_HOLD_UNAVAILABLE', error: error instanceof Error ? error.name : 'Error' };
}
