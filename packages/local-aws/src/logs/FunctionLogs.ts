import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  statSync,
  type WriteStream,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import { reportDefect } from '../base/reportDefect.ts';
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
/** Instead of a time: the mark has the position of the first byte of the file, or of the one before it. */
const FILE_BEGINS = -1;
const FILE_BEFORE_BEGINS = -2;
/** Instead of a time: here the next file begins, once this one is moved. A kill or a full disk can come in between. */
const NEXT_FILE_BEGINS = -3;
/** Bytes of a log's file, after which another is begun. The one before it is kept: a log has twice as much at the most. */
const FILE_BYTES = 64 * 1024 * 1024;

/** One line of a log. */
export interface LogLine {
  /** Position of its first byte in the file. */
  readonly position: number;
  /** When it was written, epoch milliseconds: to a quarter of a second, of old lines less precisely. */
  readonly at: number;
  readonly text: string;
}

/**
 * The log of one function: its lines in `<function>.log` and, once that is full, `<function>.log.1`, and the times of their
 * positions in `<function>.times`. Positions count from the function's first line, also when that is no longer kept.
 * Nobody waits for a log: what a full disk does not take is missing in it.
 */
class FunctionLog {
  readonly #file: string;
  readonly #fileBytes: number;
  #marks: Mark[];
  readonly #journal: LineJournal<Mark>;
  #output: WriteStream;
  /** Where the file begins, and the one before it. */
  #begins: number;
  #beforeBegins: number;
  #length: number;
  #closed = false;
  #broken = false;
  /** Where files begin could not be written. */
  #unwritten = false;
  #rotated: Promise<unknown> = Promise.resolve();

  constructor(directory: string, name: string, fileBytes: number) {
    this.#file = join(directory, `${name}.log`);
    this.#fileBytes = fileBytes;
    const times = join(directory, `${name}.times`);
    const isNew = statSync(times, { throwIfNoEntry: false }) === undefined;
    const opened = isNew
      ? { journal: LineJournal.create<Mark>(times, []), lines: [] }
      : LineJournal.open<Mark>(times, (value) => markSchema.parse(value));
    this.#journal = opened.journal;
    [this.#beforeBegins, this.#begins] = this.#findBegins(opened.lines);
    this.#marks = ascending(opened.lines.filter(([, at]) => at >= 0));
    this.#length = this.#begins + (sizeOf(this.#file) ?? 0);
    this.#output = this.#openOutput();
    const kept = this.#marks.length;
    this.#dropLateMarks();
    if (this.#marks.length < kept || opened.lines.some(([, at]) => at === NEXT_FILE_BEGINS)) this.#compact();
  }

  /** Where the file before begins, and the file: what the marks say, unless files were moved after that. */
  #findBegins(lines: readonly Mark[]): readonly [before: number, begins: number] {
    const last = (kind: number) => lines.findLastIndex(([, at]) => at === kind);
    const begins = lines[last(FILE_BEGINS)]?.[0] ?? 0;
    const before = lines[last(FILE_BEFORE_BEGINS)]?.[0] ?? 0;
    const next = last(NEXT_FILE_BEGINS) > last(FILE_BEGINS) ? lines[last(NEXT_FILE_BEGINS)]?.[0] : undefined;
    // Files are moved when they are full: one that is far from that has been begun since.
    if (next !== undefined && (sizeOf(this.#file) ?? 0) < (next - begins) / 2) return [begins, next];
    // An earlier version wrote down only afterwards that it had moved a file.
    if (begins <= before) return [before, before + (sizeOf(this.#before) ?? 0)];
    return [before, begins];
  }

  /** Output that an environment writes while it is ended is dropped once the log is closed. */
  write(text: string, at: number): void {
    if (this.#closed) return;
    try {
      if (this.#broken) this.#reopen();
      if (this.#length - this.#begins >= this.#fileBytes) this.#rotate();
      this.#mark(at);
    } catch (error) {
      reportDefect(error);
    }
    this.#output.write(text);
    this.#length += Buffer.byteLength(text);
  }

  /** The lines from a position on, until the end of the log as it is now. */
  async *lines(from: number): AsyncGenerator<LogLine> {
    const [end, begins, before] = [this.#length, this.#begins, this.#beforeBegins];
    if (from >= end) return;
    await this.#rotated;
    await new Promise<void>((resolve) => this.#output.write('', () => resolve()));
    if (from < begins && this.#begins === begins)
      yield* this.#read(this.#before, Math.max(from, before), before, begins);
    // A rotation in between has moved the file: then it has the name of the file before.
    const current = this.#begins === begins ? this.#file : this.#before;
    if (end > begins) yield* this.#read(current, Math.max(from, begins), begins, end);
  }

  async *#read(file: string, from: number, begins: number, end: number): AsyncGenerator<LogLine> {
    // Somebody may have deleted it.
    if (!existsSync(file)) return;
    const input = createReadStream(file, { start: from - begins, end: end - begins - 1 });
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

  get #before(): string {
    return `${this.#file}.1`;
  }

  /** Opened at once: the file can be moved before its first write has ended. */
  #openOutput(): WriteStream {
    const output = createWriteStream(this.#file, { fd: openSync(this.#file, 'a') });
    output.on('error', (error) => {
      reportDefect(error);
      if (this.#output === output) this.#broken = true;
    });
    return output;
  }

  /** After a failed write the stream takes no more. */
  #reopen(): void {
    this.#output = this.#openOutput();
    this.#length = this.#begins + (sizeOf(this.#file) ?? 0);
    this.#broken = false;
    this.#dropLateMarks();
  }

  /** Marks of lines that are not in the file: it has been cut, or a full disk has not taken them. */
  #dropLateMarks(): void {
    while ((this.#marks.at(-1)?.[0] ?? -1) >= this.#length) this.#marks.pop();
  }

  /** Begins another file. The current one is kept as the file before; older lines are gone. */
  #rotate(): void {
    this.#journal.append([this.#length, NEXT_FILE_BEGINS]);
    renameSync(this.#file, this.#before);
    this.#beforeBegins = this.#begins;
    this.#begins = this.#length;
    const full = this.#output;
    this.#rotated = new Promise<void>((resolve) => {
      full.once('close', resolve);
      full.end();
    });
    this.#output = this.#openOutput();
    const first = Math.max(0, this.#markBefore(this.#beforeBegins));
    this.#marks = this.#marks.slice(first);
    this.#compact();
  }

  #mark(at: number): void {
    if (this.#unwritten) this.#compact();
    const last = this.#marks.at(-1);
    if (last !== undefined && Math.abs(at - last[1]) < MARK_EVERY_MS) return;
    const mark: Mark = [this.#length, at];
    this.#marks.push(mark);
    this.#journal.append(mark);
    if (this.#marks.length <= MOST_MARKS) return;
    this.#marks = this.#marks.filter((_, i) => i % 2 === 0 || i > MOST_MARKS / 2);
    this.#compact();
  }

  /** Writes where files begin, and the marks. If the disk is full, again with the next mark. */
  #compact(): void {
    this.#unwritten = true;
    try {
      this.#journal.rewrite([
        [this.#beforeBegins, FILE_BEFORE_BEGINS],
        [this.#begins, FILE_BEGINS],
        ...this.#marks,
      ]);
      this.#unwritten = false;
    } catch {
      // Until then the marks that are there say that a file is moved.
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

function sizeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.size;
}

/** Drops marks whose positions do not ascend. The later marks are valid: the file was cut in between. */
function ascending(marks: readonly Mark[]): Mark[] {
  const kept: Mark[] = [];
  for (const mark of marks) {
    while ((kept.at(-1)?.[0] ?? -1) >= mark[0]) kept.pop();
    kept.push(mark);
  }
  return kept;
}

/** The logs of the functions. The metrics that they print in the embedded format go to the store of metrics. */
export class FunctionLogs {
  readonly #directory: string;
  readonly #fileBytes: number;
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
    /** Bytes of a log's file, after which another is begun. Default 64 MiB. */
    readonly fileBytes?: number | undefined;
  }) {
    this.#fileBytes = options.fileBytes ?? FILE_BYTES;
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
    const log =
      this.#logs.get(functionName) ?? new FunctionLog(this.#directory, functionName, this.#fileBytes);
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
    try {
      this.#metrics.flush();
    } catch (error) {
      // As of a log: what a full disk does not take is missing.
      reportDefect(error);
    }
  }

  async close(): Promise<void> {
    this.readMetrics();
    await Promise.all([...this.#logs.values()].map((log) => log.close()));
  }
}
