import { randomUUID } from 'node:crypto';

/** Limits of the feed, which keeps the newest writes. A write is output of a function, or a record of a stream. */
const LIMITS = { writes: 20_000, bytes: 16 * 1_048_576 } as const;
/** The part of a full feed that stays. To drop a few entries at every write would cost more. */
const KEPT_PART = 0.8;
/** Bytes of the texts of one answer. A single text may be larger. */
const ANSWER_BYTES = 4 * 1_048_576;

/** Reads the documents of a record that a stream has accepted. It never throws. */
export type ReadRecord = (record: Uint8Array) => readonly string[];

/** A request that no function has had, because its `Host` or its target is not of this machine. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  /** The Host header as it was sent; null without one. */
  readonly host: string | null;
}

/** One line of a function's log, one document that a delivery stream accepted, or one refused request. */
export type FeedEntry = {
  /** Consecutive, from 0; another run of the local cloud begins again. */
  readonly sequence: number;
  /** Time at which the entry was written or accepted, ISO 8601. */
  readonly at: string;
} & (
  | { readonly function: string; readonly line: string }
  | { readonly stream: string; readonly document: string }
  | { readonly refusal: Refusal }
);

/** The answer to a read of the feed. */
export interface FeedAnswer {
  readonly entries: readonly FeedEntry[];
  /** The position to read on from. */
  readonly next: string;
  /** Entries after the cursor that went before they were read, to make room. */
  readonly dropped: number;
  /** Whether the cursor is of an earlier run: the answer begins with the oldest entry of this one. */
  readonly restarted: boolean;
  /** Whether the local cloud is stopping: nothing follows. */
  readonly ended: boolean;
}

/** Selects entries of the feed. */
export interface FeedQuestion {
  /** `next` of an earlier answer. Default: what comes from now on, and `last`. */
  readonly after?: string | undefined;
  /** How many entries before now are returned, too, if there is no `after`. Default 0. */
  readonly last?: number;
  /** The most entries. */
  readonly most: number;
  /** How long to wait for the first entry, in milliseconds of the machine. Default 0. */
  readonly waitMs?: number;
  /** Ends the wait: nobody reads the answer. */
  readonly signal?: AbortSignal;
}

interface Write {
  readonly at: number;
  readonly from: 'function' | 'stream' | Refusal;
  readonly name: string;
  readonly content: string | Uint8Array;
  /** Sequence number of its first line, and the number of its lines; undefined until somebody asks. */
  first: number;
  lines: number | undefined;
}

/**
 * The output of functions and the records that delivery streams accept, in order of arrival, for a client that follows
 * them. Writers only leave a reference: lines are counted and texts are made when somebody reads.
 */
export class Feed {
  readonly #readRecord: ReadRecord | undefined;
  readonly #run = randomUUID().slice(0, 8);
  #writes: Write[] = [];
  #bytes = 0;
  /** Writes of `#writes` whose lines are counted, and the sequence number of the next line. */
  #counted = 0;
  #next = 0;
  #ended = false;
  readonly #waiting = new Set<() => void>();

  /** @param readRecord Default: a record's documents are its lines. */
  constructor(readRecord?: ReadRecord) {
    this.#readRecord = readRecord;
  }

  /** Takes the output of a function: whole lines. @param at Epoch milliseconds. */
  addOutput(name: string, text: string, at: number): void {
    this.#add('function', name, text, text.length, at);
  }

  /** Takes a record that a stream accepted. @param at Epoch milliseconds. */
  addRecord(name: string, data: Uint8Array, at: number): void {
    // Small buffers share memory with others, which the reference would keep.
    const copied = data.byteLength * 2 < data.buffer.byteLength ? new Uint8Array(data) : data;
    this.#add('stream', name, copied, copied.byteLength, at);
  }

  /** Takes a request that an endpoint has refused. @param at Epoch milliseconds. */
  addRefusal(refusal: Refusal, at: number): void {
    const line = `Host: ${refusal.host ?? 'none'}`;
    this.#add(refusal, '', line, line.length, at);
  }

  /** Entries after a cursor. If there is no entry yet, waits for the first one. */
  async read({ after, last = 0, most, waitMs = 0, signal }: FeedQuestion): Promise<FeedAnswer> {
    this.#count();
    const from = this.#position(after, last);
    if (from.sequence >= this.#next && waitMs > 0 && !this.#ended) await this.#more(waitMs, signal);
    this.#count();
    const oldest = this.#writes[0]?.first ?? this.#next;
    const start = Math.max(from.sequence, oldest);
    const entries = this.#entries(start, most);
    const read = entries.at(-1);
    return {
      entries,
      // Empty lines have a number and no entry.
      next: `${this.#run}.${read === undefined ? this.#next : read.sequence + 1}`,
      dropped: start - from.sequence,
      restarted: from.restarted,
      ended: this.#ended,
    };
  }

  /** Answers everybody who waits. Later reads do not wait. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  #add(from: Write['from'], name: string, content: Write['content'], bytes: number, at: number): void {
    this.#writes.push({ at, from, name, content, first: 0, lines: undefined });
    this.#bytes += bytes;
    if (this.#bytes > LIMITS.bytes || this.#writes.length > LIMITS.writes) this.#makeRoom();
    if (this.#waiting.size > 0) this.#wake();
  }

  #makeRoom(): void {
    this.#count();
    let gone = 0;
    const isOver = () =>
      this.#bytes > LIMITS.bytes * KEPT_PART || this.#writes.length - gone > LIMITS.writes * KEPT_PART;
    while (gone < this.#writes.length - 1 && isOver()) {
      this.#bytes -= this.#writes[gone]?.content.length ?? 0;
      gone += 1;
    }
    this.#writes = this.#writes.slice(gone);
    this.#counted -= gone;
  }

  /** Numbers the lines of the writes that have come since. */
  #count(): void {
    for (; this.#counted < this.#writes.length; this.#counted += 1) {
      const write = this.#writes[this.#counted];
      if (write === undefined) continue;
      write.first = this.#next;
      write.lines = this.#documents(write)?.length ?? countLines(write.content);
      this.#next += write.lines;
    }
  }

  #position(after: string | undefined, last: number): { sequence: number; restarted: boolean } {
    if (after === undefined) return { sequence: this.#lastEntries(last), restarted: false };
    const [run, sequence] = after.split('.');
    const isOurs = run === this.#run && Number(sequence) <= this.#next;
    return isOurs
      ? { sequence: Number(sequence), restarted: false }
      : { sequence: this.#writes[0]?.first ?? this.#next, restarted: true };
  }

  #lastEntries(count: number): number {
    return Math.max(this.#writes[0]?.first ?? this.#next, this.#next - count);
  }

  #entries(start: number, most: number): FeedEntry[] {
    const entries: FeedEntry[] = [];
    let bytes = 0;
    for (let i = this.#writeOf(start); i < this.#writes.length; i += 1) {
      const write = this.#writes[i];
      if (write === undefined) break;
      const { content, first, from, name } = write;
      const lines = this.#documents(write) ?? textOf(content).split('\n');
      const at = new Date(write.at).toISOString();
      for (const [line, text] of lines.entries()) {
        const sequence = first + line;
        if (sequence < start || text === '') continue;
        if (entries.length > 0 && (entries.length === most || bytes + text.length > ANSWER_BYTES))
          return entries;
        bytes += text.length;
        entries.push(
          from === 'function'
            ? { sequence, at, function: name, line: text }
            : from === 'stream'
              ? { sequence, at, stream: name, document: text }
              : { sequence, at, refusal: from },
        );
      }
    }
    return entries;
  }

  #documents({ content }: Write): readonly string[] | undefined {
    return typeof content === 'string' ? undefined : this.#readRecord?.(content);
  }

  /** The number of the write that has a line. */
  #writeOf(sequence: number): number {
    let low = 0;
    let high = this.#writes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#writes[middle]?.first ?? 0) <= sequence) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }

  #more(waitMs: number, signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, waitMs);
    this.#waiting.add(resolve);
    signal?.addEventListener('abort', () => resolve(), { once: true });
    if (signal?.aborted === true) resolve();
    return promise.finally(() => {
      clearTimeout(timer);
      this.#waiting.delete(resolve);
    });
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

function textOf(content: string | Uint8Array): string {
  return typeof content === 'string' ? content : Buffer.from(content).toString('utf8');
}

function countLines(content: string | Uint8Array): number {
  let lines = 0;
  let at = 0;
  for (;;) {
    const end = typeof content === 'string' ? content.indexOf('\n', at) : content.indexOf(0x0a, at);
    if (end < 0) return at < content.length ? lines + 1 : lines;
    lines += 1;
    at = end + 1;
  }
}
