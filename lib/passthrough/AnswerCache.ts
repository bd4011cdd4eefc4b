import type { Clock } from '../base/time.ts';

/** A read as it is sent to Statsig. */
export interface Read {
  readonly method: string;
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Null without a body. */
  readonly body: Uint8Array | null;
}

/** An answer of Statsig as it is passed on: bytes as they came, compressed or not. */
export interface ReadAnswer {
  readonly status: number;
  /** Names in lower case; only those that are passed on. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Most bytes of bodies that an execution environment keeps: a few of the largest answers. */
const MOST_BYTES = 32 * 1024 * 1024;
/** Bytes that an entry takes besides its body: its key, its headers, its objects. */
const ENTRY_BYTES = 2 * 1024;

/** Answers of the last seconds, by a hash of everything that an answer depends on. The least recently asked leave first. */
export class AnswerCache {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #entries = new Map<string, { readonly answer: ReadAnswer; readonly until: number }>();
  #bytes = 0;

  /** @param seconds For how long an answer is given; 0 keeps none. */
  constructor(seconds: number, clock: Clock) {
    this.#ms = seconds * 1_000;
    this.#clock = clock;
  }

  /** The answer, unless it is older. */
  get(key: string): ReadAnswer | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#remove(key);
    // A clock that is set back must not lengthen it.
    if (this.#clock.now() >= entry.until || entry.until > this.#clock.now() + this.#ms) return undefined;
    this.#add(key, entry);
    return entry.answer;
  }

  /** Keeps an answer, and removes the oldest for which there is no room any more. */
  set(key: string, answer: ReadAnswer): void {
    if (this.#ms === 0 || answer.body.length > MOST_BYTES) return;
    this.#remove(key);
    this.#add(key, { answer, until: this.#clock.now() + this.#ms });
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= MOST_BYTES) break;
      this.#remove(oldest);
    }
  }

  #add(key: string, entry: { readonly answer: ReadAnswer; readonly until: number }): void {
    this.#entries.set(key, entry);
    this.#bytes += entry.answer.body.length + ENTRY_BYTES;
  }

  #remove(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#bytes -= entry.answer.body.length + ENTRY_BYTES;
    this.#entries.delete(key);
  }
}
