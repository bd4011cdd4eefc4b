import type { Clock } from '../base/clock.ts';
import type { Call, RecordedCall } from '../iam/permissions.ts';

/** Entries that are kept; one is about a kilobyte. */
const MOST_CALLS = 10_000;

interface Entry {
  readonly call: Call;
  count: number;
  readonly firstMs: number;
  lastMs: number;
}

/**
 * Who called what, and what permission that needs: what a policy can be held against. Equal calls are counted, and the
 * entry that has not been met for longest goes when there are too many, so memory is bounded.
 */
export class CallRecorder {
  readonly #clock: Clock;
  readonly #most: number;
  /** In the order of their last call. */
  readonly #entries = new Map<string, Entry>();
  #dropped = 0;

  /** @param most Entries that are kept at most. */
  constructor(clock: Clock, most = MOST_CALLS) {
    this.#clock = clock;
    this.#most = most;
  }

  record(call: Call): void {
    const key = JSON.stringify(call);
    const now = this.#clock.now();
    const entry = this.#entries.get(key) ?? { call, count: 0, firstMs: now, lastMs: now };
    entry.count += 1;
    entry.lastMs = now;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size <= this.#most) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      this.#dropped += 1;
      break;
    }
  }

  /** Entries that went to make room: 0 means that the list is whole. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Every entry, the one met last at the end. */
  list(): RecordedCall[] {
    return [...this.#entries.values()].map(({ call, count, firstMs, lastMs }) => ({
      ...call,
      count,
      firstAt: new Date(firstMs).toISOString(),
      lastAt: new Date(lastMs).toISOString(),
    }));
  }

  clear(): void {
    this.#entries.clear();
    this.#dropped = 0;
  }
}
