import {
  closeSync,
  createReadStream,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  truncateSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { reportDefect } from '../base/reportDefect.ts';
import type { MetricStore } from '../cloudwatch/MetricStore.ts';
import { readEmbeddedMetrics } from '../cloudwatch/readEmbeddedMetrics.ts';
import { fileNameOf, readWhole, writeWhole } from '../disk/files.ts';

/** How long output waits before its metrics are read, in milliseconds of the machine: an answer does not wait for that. */
const READ_EVERY_MS = 1_000;
/** Characters of output after which it is read at once, so that waiting output takes little memory. */
const READ_AT_LENGTH = 1_048_576;
/** Bytes of a log's file, after which another is begun. The one before it is kept: a log has twice as much at the most. */
const FILE_BYTES = 64 * 1024 * 1024;
/** Milliseconds between two marks at least. */
const MARK_EVERY_MS = 1_000;
/** The most marks that are kept. Beyond that, every second mark is dropped. */
const MOST_MARKS = 10_000;
/** Characters of a line's time. */
const TIME_LENGTH = '2026-11-20T12:00:00.000Z'.length;

/** One line of a log. */
interface LogLine {
  /** Position of its first byte, counted from the function's first line. */
  readonly position: number;
  /** Time at which the line was written, epoch milliseconds. */
  readonly at: number;
  /** The line, without its line break. */
  readonly text: string;
}

/** A file of a log: `<name>.<position of its first byte>.log`. */
interface LogFile {
  /** Position of its first byte. */
  readonly begins: number;
  /** Path of the file. */
  readonly path: string;
}

/**
 * The log of one function: its lines, each behind its time, in a file and the file before it. Lines for which a full
 * disk had no room are missing.
 */
class FunctionLog {
  readonly #directory: string;
  /** The beginning of the names of its files. */
  readonly #name: string;
  readonly #fileBytes: number;
  /** The file before, if any, and the current file, to which the descriptor belongs. */
  #files: readonly LogFile[];
  #descriptor: number;
  /** Position behind the last line. */
  #length: number;
  /**
   * Positions from which on lines were written at a time or later, so that a search knows where to begin. There are
   * none for lines of earlier processes.
   */
  #marks: (readonly [position: number, at: number])[];
  #closed = false;

  constructor(directory: string, name: string, fileBytes: number) {
    this.#directory = directory;
    this.#name = fileNameOf(name);
    this.#fileBytes = fileBytes;
    this.#files = this.#existingFiles();
    const { path, begins } = this.#files.at(-1) ?? this.#fileAt(0);
    const wholeBytes = existsSync(path) ? readWhole(path).lastIndexOf('\n') + 1 : 0;
    // A kill may have cut the last line.
    if (existsSync(path)) truncateSync(path, wholeBytes);
    this.#descriptor = openSync(path, 'a');
    this.#files = this.#existingFiles();
    this.#length = begins + wholeBytes;
    this.#marks = [[this.#files[0]?.begins ?? 0, 0]];
  }

  /** Appends whole lines. */
  write(text: string, at: number): void {
    // Output that an environment writes while it is ended is dropped once the log is closed.
    if (this.#closed) return;
    const time = new Date(at).toISOString();
    const lines = text.split('\n').filter((line) => line !== '');
    const bytes = Buffer.from(lines.map((line) => `${time} ${line}\n`).join(''));
    try {
      if (this.#length - this.#current.begins >= this.#fileBytes) this.#rotate();
      writeWhole(this.#descriptor, bytes);
    } catch (error) {
      reportDefect(error);
      this.#cut();
      return;
    }
    this.#mark(at);
    this.#length += bytes.length;
  }

  /** The lines from a position on, until the end of the log as it is now. */
  async *lines(from: number): AsyncGenerator<LogLine> {
    const end = this.#length;
    for (const [index, { begins, path }] of this.#files.entries()) {
      const until = this.#files[index + 1]?.begins ?? end;
      // Somebody may have deleted the file.
      if (from >= until || !existsSync(path)) continue;
      let position = Math.max(from, begins);
      const input = createReadStream(path, { start: position - begins, end: until - begins - 1 });
      for await (const line of linesOf(input)) {
        const text = line.toString('utf8');
        yield { position, at: Date.parse(text.slice(0, TIME_LENGTH)), text: text.slice(TIME_LENGTH + 1) };
        position += line.length + 1;
      }
    }
  }

  /** The position from which on lines can have been written at a time or later. */
  positionAt(time: number): number {
    // The clock can have been set back: the first mark that is late enough counts.
    const late = this.#marks.findIndex(([, written]) => written >= time);
    const mark = this.#marks.at(late === -1 ? -1 : Math.max(0, late - 1));
    return mark?.[0] ?? 0;
  }

  /** Closes the file that is written. */
  close(): void {
    this.#closed = true;
    closeSync(this.#descriptor);
  }

  /** The file that is written. */
  get #current(): LogFile {
    return this.#files.at(-1) ?? this.#fileAt(0);
  }

  /** The file that begins at a position of the log. */
  #fileAt(begins: number): LogFile {
    return { begins, path: join(this.#directory, `${this.#name}.${begins}.log`) };
  }

  /** The files that are there, the oldest first. */
  #existingFiles(): LogFile[] {
    return readdirSync(this.#directory)
      .flatMap((name) => {
        if (!name.startsWith(`${this.#name}.`)) return [];
        const begins = /^(\d+)\.log$/.exec(name.slice(this.#name.length + 1))?.[1];
        return begins === undefined ? [] : [this.#fileAt(Number(begins))];
      })
      .sort((a, b) => a.begins - b.begins);
  }

  /** Begins another file. The current one is kept as the file before; older lines are gone. */
  #rotate(): void {
    const next = this.#fileAt(this.#length);
    const descriptor = openSync(next.path, 'a');
    closeSync(this.#descriptor);
    this.#descriptor = descriptor;
    const kept = this.#current;
    for (const { path } of this.#files) if (path !== kept.path) rmSync(path, { force: true });
    this.#files = [kept, next];
    this.#marks = this.#marks.filter(([position]) => position >= kept.begins);
  }

  /** Removes the part of lines that a full disk has taken before it had no more room. */
  #cut(): void {
    try {
      ftruncateSync(this.#descriptor, this.#length - this.#current.begins);
    } catch (error) {
      reportDefect(error);
    }
  }

  /** Notes that the next line is written at a time. */
  #mark(at: number): void {
    const last = this.#marks.at(-1);
    if (last !== undefined && Math.abs(at - last[1]) < MARK_EVERY_MS) return;
    this.#marks.push([this.#length, at]);
    if (this.#marks.length > MOST_MARKS) this.#marks = this.#marks.filter((_, i) => i % 2 === 0);
  }
}

/** The lines of a stream, without their ends. */
async function* linesOf(input: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let unended: Buffer = Buffer.alloc(0);
  for await (const piece of input) {
    unended = Buffer.concat([unended, piece]);
    for (let end = unended.indexOf('\n'); end >= 0; end = unended.indexOf('\n')) {
      yield unended.subarray(0, end);
      unended = unended.subarray(end + 1);
    }
  }
}

/**
 * The logs of the functions, and of streams whose deliveries fail. The metrics that are printed in the embedded format go to the
 * store of metrics.
 */
export class FunctionLogs {
  readonly #directory: string;
  readonly #fileBytes: number;
  readonly #clock: Clock;
  readonly #metrics: MetricStore;
  readonly #onOutput: (functionName: string, text: string, at: number) => void;
  readonly #logs = new Map<string, FunctionLog>();
  /** Output whose metrics are not read yet, and its length in characters. */
  #unread: string[] = [];
  #unreadLength = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: {
    /** Folder of the logs, created when missing. */
    readonly directory: string;
    /** The clock of times of lines. */
    readonly clock: Clock;
    /** Receives what lines count by the embedded metric format. */
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
   * Opens the log of a function, or continues with it. Returns a function that writes output of whole lines. The log stays
   * when the function is replaced or deleted.
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
      // As in a log, output for which a full disk had no room is missing.
      reportDefect(error);
    }
  }

  /** Reads the metrics of the last output, and closes the files. */
  close(): void {
    this.readMetrics();
    for (const log of this.#logs.values()) log.close();
  }
}
