import { randomUUID } from 'node:crypto';

/** The most writes that the feed keeps, the newest. A write is output of a function, or a record of a stream. */
const MOST_WRITES = 20_000;
/** The most bytes of kept writes. The newest write is kept, however large it is. */
const MOST_BYTES = 16 * 1_048_576;
/** The part of a full feed that stays. To drop a few writes at every new one would cost more. */
const KEPT_PART = 0.8;
/** The most bytes of the texts in one answer. A single text may be larger. */
const ANSWER_BYTES = 4 * 1_048_576;

/**
 * Reads the documents of a record that a stream has accepted. It never throws, and returns the same documents each time: a
 * record is read once to number its documents, and again for each answer that has some of them.
 */
type ReadRecord = (record: Uint8Array) => readonly string[];

/** A request that no function has had, because its `Host` or its target is not of this machine. */
interface Refusal {
  /** Status of the answer. */
  readonly status: number;
  /** Code of the answer's error. */
  readonly code: string;
  /** The Host header as it was sent; null without one. */
  readonly host: string | null;
}

/** One line of a function's log, one document that a delivery stream accepted, or one refused request. */
type FeedEntry = {
  /** Consecutive, from 0; another run of the local cloud begins again. */
  readonly sequence: number;
  /** Time at which the entry was written or accepted, ISO 8601. */
  readonly at: string;
} & EntryContent;

/** The content of an entry, by its source. */
type EntryContent =
  | { readonly function: string; readonly line: string }
  | { readonly stream: string; readonly document: string }
  | { readonly refusal: Refusal };

/** The answer to a read of the feed. */
export interface FeedAnswer {
  /** The entries, the oldest first. */
  readonly entries: readonly FeedEntry[];
  /** The cursor to read on from. */
  readonly next: string;
  /** Entries after the cursor that were dropped before they were read, to make room. */
  readonly dropped: number;
  /** Whether the local cloud is stopping: nothing follows. */
  readonly ended: boolean;
}

/** Selects entries of the feed. */
interface FeedQuestion {
  /** `next` of an earlier answer. Default: what comes from now on, and `last`. */
  readonly after?: string | undefined;
  /** From how many lines before now on entries are returned, too, if there is no `after`. Empty lines count. Default 0. */
  readonly last?: number;
  /** The most entries, at least 1. */
  readonly most: number;
  /** How long to wait for the first entry, in milliseconds of the machine. Default 0. */
  readonly waitMs?: number;
  /** Ends the wait: nobody reads the answer. */
  readonly signal?: AbortSignal;
}

/** What a function or a stream has written. Each of its lines, or documents, has a sequence number. */
interface Write {
  /** When it came, epoch milliseconds. */
  readonly time: number;
  /** Who has written it; for a request that was refused, the refusal. */
  readonly source: 'function' | 'stream' | Refusal;
  /** Name of the function or the stream; '' for a refusal. */
  readonly name: string;
  /** What was written: text or bytes of lines, or of a record; '' for a refusal. */
  readonly content: string | Uint8Array;
  /** Bytes of the content in UTF-8. */
  readonly bytes: number;
  /** Sequence number of its first line. It is 0 until `#countLines` has come to the write. */
  firstSequence: number;
}

/**
 * The output of functions and the records that delivery streams accept, in order of arrival, for a client that follows
 * them. Writers only leave a reference: lines are counted and texts are made when somebody reads.
 */
export class Feed {
  readonly #readRecord: ReadRecord | undefined;
  /** The part of a cursor that tells this run from others. It has no dot. */
  readonly #run = randomUUID().slice(0, 8);
  /** The kept writes, the oldest first. */
  #writes: Write[] = [];
  /** Bytes of all kept writes. */
  #bytes = 0;
  /** How many of the kept writes have numbers for their lines: always the oldest ones. */
  #countedWrites = 0;
  /** Sequence number of the first line that has none yet. */
  #nextSequence = 0;
  #ended = false;
  /** Ends the wait of each reader that waits. */
  readonly #waiting = new Set<() => void>();

  /** @param readRecord Default: a record's documents are its lines. */
  constructor(readRecord?: ReadRecord) {
    this.#readRecord = readRecord;
  }

  /** Takes the output of a function: whole lines. @param time Epoch milliseconds. */
  addOutput(name: string, text: string, time: number): void {
    this.#add({ time, source: 'function', name, content: text, bytes: Buffer.byteLength(text) });
  }

  /** Takes a record that a stream accepted. @param time Epoch milliseconds. */
  addRecord(name: string, data: Uint8Array, time: number): void {
    // Small buffers share memory with others, which the reference would keep.
    const content = data.byteLength * 2 < data.buffer.byteLength ? new Uint8Array(data) : data;
    this.#add({ time, source: 'stream', name, content, bytes: content.byteLength });
  }

  /** Takes a request that an endpoint has refused. @param time Epoch milliseconds. */
  addRefusal(refusal: Refusal, time: number): void {
    const content = `Host: ${refusal.host ?? 'none'}`;
    this.#add({ time, source: refusal, name: '', content, bytes: Buffer.byteLength(content) });
  }

  /** Entries after a cursor. If there is no entry yet, waits for the first one. */
  async read({ after, last = 0, most, waitMs = 0, signal }: FeedQuestion): Promise<FeedAnswer> {
    this.#countLines();
    const from = this.#readCursor(after, last);
    const isAtEnd = from >= this.#nextSequence;
    if (isAtEnd && waitMs > 0 && !this.#ended) await this.#waitForWrite(waitMs, signal);
    this.#countLines();
    const start = Math.max(from, this.#oldestSequence());
    const entries = this.#entriesFrom(start, most);
    const newest = entries.at(-1);
    // Without an entry, only empty lines can follow, which have a number and no entry: they are passed over.
    const next = newest === undefined ? this.#nextSequence : newest.sequence + 1;
    return {
      entries,
      next: `${this.#run}.${next}`,
      dropped: start - from,
      ended: this.#ended,
    };
  }

  /** Answers everybody who waits. Later reads do not wait. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** Adds a write, and answers everybody who waits. */
  #add(write: Omit<Write, 'firstSequence'>): void {
    this.#writes.push({ ...write, firstSequence: 0 });
    this.#bytes += write.bytes;
    if (this.#bytes > MOST_BYTES || this.#writes.length > MOST_WRITES) this.#makeRoom();
    if (this.#waiting.size > 0) this.#wake();
  }

  /**
   * Drops the oldest writes until {@link KEPT_PART} of both limits is left; the newest stays. Their lines are counted before,
   * so that readers learn how many entries they have missed.
   */
  #makeRoom(): void {
    this.#countLines();
    const newest = this.#writes.length - 1;
    let dropped = 0;
    for (const write of this.#writes) {
      const isOver =
        this.#bytes > MOST_BYTES * KEPT_PART || this.#writes.length - dropped > MOST_WRITES * KEPT_PART;
      if (!isOver || dropped === newest) break;
      this.#bytes -= write.bytes;
      dropped += 1;
    }
    this.#writes = this.#writes.slice(dropped);
    this.#countedWrites -= dropped;
  }

  /** Gives numbers to the lines of the writes that have come since it was called last. */
  #countLines(): void {
    for (const write of this.#writes.slice(this.#countedWrites)) {
      write.firstSequence = this.#nextSequence;
      this.#nextSequence += this.#documents(write)?.length ?? lineCount(write.content);
    }
    this.#countedWrites = this.#writes.length;
  }

  /**
   * The sequence number to read from. A cursor is `<run>.<sequence>`, as `read` returns it; controlApi.ts accepts no other form.
   * For a cursor of another run, or with a number that was not reached yet, that is the oldest entry's.
   */
  #readCursor(after: string | undefined, last: number): number {
    const oldest = this.#oldestSequence();
    if (after === undefined) return Math.max(oldest, this.#nextSequence - last);
    const [run, sequenceText] = after.split('.');
    const sequence = Number(sequenceText);
    return run === this.#run && sequence <= this.#nextSequence ? sequence : oldest;
  }

  /** Sequence number of the oldest line that is kept; of the next line if none is. All writes are counted. */
  #oldestSequence(): number {
    return this.#writes[0]?.firstSequence ?? this.#nextSequence;
  }

  /** The entries from a sequence number on, as many as one answer takes. */
  #entriesFrom(start: number, most: number): FeedEntry[] {
    const entries: FeedEntry[] = [];
    let bytes = 0;
    for (const write of this.#writes.slice(this.#writeWith(start))) {
      const at = new Date(write.time).toISOString();
      const lines = this.#documents(write) ?? textOf(write.content).split('\n');
      for (const [i, text] of lines.entries()) {
        const sequence = write.firstSequence + i;
        if (sequence < start || text === '') continue;
        bytes += Buffer.byteLength(text);
        if (entries.length > 0 && (entries.length === most || bytes > ANSWER_BYTES)) return entries;
        entries.push({ sequence, at, ...entryOf(write, text) });
      }
    }
    return entries;
  }

  /** The documents of a stream's record as `readRecord` reads them; undefined where the lines count. */
  #documents({ content }: Write): readonly string[] | undefined {
    return typeof content === 'string' ? undefined : this.#readRecord?.(content);
  }

  /** The index of the write that has the line of a sequence number; of the newest if that line has not come yet. */
  #writeWith(sequence: number): number {
    let low = 0;
    let high = this.#writes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const write = this.#writes[middle];
      if (write !== undefined && write.firstSequence <= sequence) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }

  /** Resolves at the next write, at the end of the feed, after a time, or when the reader gives up. */
  #waitForWrite(waitMs: number, signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, waitMs);
    const giveUp = () => resolve();
    this.#waiting.add(resolve);
    signal?.addEventListener('abort', giveUp);
    if (signal?.aborted === true) resolve();
    return promise.finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', giveUp);
      this.#waiting.delete(resolve);
    });
  }

  /** Lets everybody who waits look again. */
  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

/** The content of an entry. @param text The line, or the document. */
function entryOf({ source, name }: Write, text: string): EntryContent {
  switch (source) {
    case 'function':
      return { function: name, line: text };
    case 'stream':
      return { stream: name, document: text };
    default:
      return { refusal: source };
  }
}

/** The content as text. */
function textOf(content: string | Uint8Array): string {
  return typeof content === 'string' ? content : Buffer.from(content).toString('utf8');
}

/** How many lines a content has. The last one may lack its line break; nothing follows a line break at the end. */
function lineCount(content: string | Uint8Array): number {
  let lines = 0;
  let start = 0;
  while (start < content.length) {
    const end = typeof content === 'string' ? content.indexOf('\n', start) : content.indexOf(0x0a, start);
    lines += 1;
    if (end < 0) break;
    start = end + 1;
  }
  return lines;
}
