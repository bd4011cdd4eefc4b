import type { Clock } from '../base/clock.ts';
import type { Call, RecordedCall } from '../iam/permissions.ts';

/** Maximum number of entries; one takes about a kilobyte. */
const MOST_CALLS = 10_000;

interface Entry {
  readonly call: Call;
  count: number;
  readonly firstMs: number;
  lastMs: number;
}

/**
 * Records callers, their calls and the permissions needed, to compare them with policies. Equal calls are counted. When
 * there are too many entries, the least recently seen one is removed, so memory is bounded.
 */
export class CallRecorder {
  readonly #clock: Clock;
  readonly #most: number;
  /** Ordered by last call. */
  readonly #entries = new Map<string, Entry>();
  #dropped = 0;

  /** @param most Maximum number of entries. */
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

  /** Number of entries removed to make room: 0 means that the list is complete. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Every entry, the most recent one last. */
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
