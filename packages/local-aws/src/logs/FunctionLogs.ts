import { createReadStream, createWriteStream, mkdirSync, statSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import { readEmbeddedMetrics } from '../cloudwatch/embeddedMetrics.ts';
import type { MetricStore } from '../cloudwatch/MetricStore.ts';
import { LineJournal } from '../disk/LineJournal.ts';

/** How long output waits before its metrics are read, in milliseconds of the machine: an answer does not wait for that. */
const READ_EVERY_MS = 1_000;
/** Precision of the times of lines, in milliseconds. */
const MARK_EVERY_MS = 250;
/** Characters of output after which it is read at once, so that waiting output takes little memory. */
const READ_AT_LENGTH = 1_048_576;

/** From this position of the file on, lines were written at this time (epoch milliseconds) or later. */
type Mark = readonly [position: number, at: number];
/** Marks of a log that are kept. Beyond that, every second one of the older half goes: old lines have coarser times. */
const MOST_MARKS = 10_000;
const markSchema = z.tuple([z.number(), z.number()]);

/** One line of a log. */
export interface LogLine {
  /** Position of its first byte in the file. */
  readonly position: number;
  /** When it was written, epoch milliseconds: to a quarter of a second, of old lines less precisely. */
  readonly at: number;
  readonly text: string;
}

/** The log of one function: its lines in `<function>.log`, and the times of their positions in `<function>.times`. */
class FunctionLog {
  readonly file: string;
  #marks: Mark[];
  readonly #journal: LineJournal<Mark>;
  readonly #output: WriteStream;
  #length: number;
  #closed = false;

  constructor(directory: string, name: string) {
    this.file = join(directory, `${name}.log`);
    const times = join(directory, `${name}.times`);
    this.#output = createWriteStream(this.file, { flags: 'a' });
    this.#length = statSync(this.file, { throwIfNoEntry: false })?.size ?? 0;
    const isNew = statSync(times, { throwIfNoEntry: false }) === undefined;
    const opened = isNew
      ? { journal: LineJournal.create<Mark>(times, []), lines: [] }
      : LineJournal.open<Mark>(times, (value) => markSchema.parse(value));
    this.#journal = opened.journal;
    this.#marks = opened.lines;
  }

  /** Output that an environment writes while it is ended is dropped once the log is closed. */
  write(text: string, at: number): void {
    if (this.#closed) return;
    const last = this.#marks.at(-1);
    if (last === undefined || Math.abs(at - last[1]) >= MARK_EVERY_MS) {
      const mark: Mark = [this.#length, at];
      this.#marks.push(mark);
      this.#journal.append(mark);
      if (this.#marks.length > MOST_MARKS) {
        this.#marks = this.#marks.filter((_, i) => i % 2 === 0 || i > MOST_MARKS / 2);
        this.#journal.compact(this.#marks);
      }
    }
    this.#output.write(text);
    this.#length += Buffer.byteLength(text);
  }

  /** The lines from a position on, until the end of the file as it is now. */
  async *lines(from: number): AsyncGenerator<LogLine> {
    const end = this.#length;
    if (from >= end) return;
    await new Promise<void>((resolve) => this.#output.write('', () => resolve()));
    const input = createReadStream(this.file, { start: from, end: end - 1 });
    let position = from;
    let mark = this.#markBefore(from);
    try {
      for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
        while ((this.#marks[mark + 1]?.[0] ?? Number.POSITIVE_INFINITY) <= position) mark += 1;
        yield { position, at: this.#marks[mark]?.[1] ?? 0, text };
        position += Buffer.byteLength(text) + 1;
      }
    } finally {
      input.destroy();
    }
  }

  /** The position from which on lines can have been written at a time or later. */
  positionAt(time: number): number {
    // The clock can have been set back: the first mark that is late enough counts.
    const at = this.#marks.findIndex(([, written]) => written >= time);
    if (at === -1) return this.#marks.at(-1)?.[0] ?? 0;
    return this.#marks[Math.max(0, at - 1)]?.[0] ?? 0;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#journal.close();
    await new Promise<void>((resolve) => this.#output.end(resolve));
  }

  #markBefore(position: number): number {
    let low = 0;
    let high = this.#marks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#marks[middle]?.[0] ?? 0) <= position) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/** The logs of the functions. The metrics that they print in the embedded format go to the store of metrics. */
export class FunctionLogs {
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #metrics: MetricStore;
  readonly #onOutput: (functionName: string, text: string, at: number) => void;
  readonly #logs = new Map<string, FunctionLog>();
  #unread: string[] = [];
  #unreadLength = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: {
    readonly directory: string;
    readonly clock: Clock;
    readonly metrics: MetricStore;
    /** Called with all output: whole lines, and epoch milliseconds. Default: not called. */
    readonly onOutput?: (functionName: string, text: string, at: number) => void;
  }) {
    this.#directory = options.directory;
    this.#clock = options.clock;
    this.#metrics = options.metrics;
    this.#onOutput = options.onOutput ?? (() => undefined);
    mkdirSync(this.#directory, { recursive: true });
  }

  /**
   * Opens the log of a function, or continues with it, and returns what its output is written with: whole lines. The log
   * stays when the function is replaced or deleted.
   */
  open(functionName: string): (text: string) => void {
    const log = this.#logs.get(functionName) ?? new FunctionLog(this.#directory, functionName);
    this.#logs.set(functionName, log);
    return (text) => {
      const at = this.#clock.now();
      log.write(text, at);
      this.#onOutput(functionName, text, at);
      this.#unread.push(text);
      this.#unreadLength += text.length;
      if (this.#unreadLength >= READ_AT_LENGTH) this.readMetrics();
      this.#timer ??= setTimeout(() => this.readMetrics(), READ_EVERY_MS).unref();
    };
  }

  /** The log of a function; undefined when there is no such function. */
  find(functionName: string): Pick<FunctionLog, 'lines' | 'positionAt'> | undefined {
    return this.#logs.get(functionName);
  }

  /** Reads the metrics in the output so far, and writes them to disk. */
  readMetrics(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const unread = this.#unread;
    this.#unread = [];
    this.#unreadLength = 0;
    for (const text of unread)
      for (const line of text.split('\n')) this.#metrics.add(readEmbeddedMetrics(line));
    this.#metrics.flush();
  }

  async close(): Promise<void> {
    this.readMetrics();
    await Promise.all([...this.#logs.values()].map((log) => log.close()));
  }
}
