import { open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SluiceError } from '../../base/errors.ts';
import { quoteText } from '../../base/sql.ts';
import { DuckDbSession, type EngineLimits } from '../../duckdb/DuckDbSession.ts';
import { duckDbFailure, engineFailure } from '../../duckdb/EngineError.ts';
import type { Table } from '../../tables/Table.ts';
import { LandingError } from '../frames/LandingError.ts';
import { decodeFrame, type WalkedFrame } from '../frames/records.ts';
import type { RowFailureReason } from '../quarantineReasons.ts';
import type { OutputPart, PlannedFrame, PlannedOutput } from './planOutputs.ts';
import {
  BATCH,
  countDaysStatement,
  ROWS,
  rowFailure,
  stageStatement,
  takeBatchStatement,
  writeDayStatement,
} from './rowStatements.ts';

/** A part to be written. */
export interface PartRequest {
  readonly table: Table;
  readonly part: OutputPart;
  /** Reads a frame of the object, as it is. */
  readonly read: (frame: WalkedFrame) => Promise<Uint8Array>;
  readonly limits: EngineLimits;
  /** Existing folder for the files. What is in it belongs to this part alone. */
  readonly directory: string;
  readonly signal?: AbortSignal | undefined;
}

/** A row that its table does not take. */
export interface RefusedRow {
  readonly of: PlannedFrame;
  readonly raw: Buffer;
  readonly code: RowFailureReason;
  readonly detail: string;
}

/** A frame whose rows can't be read, or do not match its header. */
export interface DamagedFrame {
  readonly of: PlannedFrame;
  readonly error: SluiceError;
}

/** Outcome of the rows of a part. Each row is in one of the three. */
export interface WrittenPart {
  /** Without outputs that got no row. */
  readonly files: readonly { readonly output: PlannedOutput; readonly path: string; readonly rows: number }[];
  readonly refused: readonly RefusedRow[];
  readonly damaged: readonly DamagedFrame[];
}

/**
 * Writes the files of a part on the disk.
 *
 * All rows are read at once. If that fails, halves of them are, down to one frame, and in that one row by row: a row that
 * does not fit its table is refused, a frame that is not what its header says is damaged, and all others are written.
 *
 * @throws EngineError if the machine, DuckDB or a statement is the cause; the signal's reason.
 */
export async function writePart(request: PartRequest): Promise<WrittenPart> {
  const { limits, directory, signal } = request;
  const lines = join(directory, 'lines');
  const damaged: DamagedFrame[] = [];
  let session: DuckDbSession | undefined;
  try {
    const texts = await decodeTo(lines, request, damaged);
    session = await DuckDbSession.open(limits, { files: [], directories: [directory] }, signal);
    return await new PartWriter(request, session, damaged).write(lines, texts);
  } catch (error) {
    if (error instanceof SluiceError || signal?.aborted === true) throw error;
    throw engineFailure(error);
  } finally {
    session?.close();
  }
}

/** Where the lines of a frame are in the file of all lines. */
interface FrameText {
  readonly of: PlannedFrame;
  readonly from: number;
  readonly to: number;
  /** Bytes of its longest line, or more. */
  readonly longestRow: number;
}

/** Bytes of lines that are written at once. */
const WRITTEN_BYTES = 1_048_576;

/** Decodes the frames of a part into a file, without the damaged ones. */
async function decodeTo(
  path: string,
  { part, read, signal }: PartRequest,
  damaged: DamagedFrame[],
): Promise<FrameText[]> {
  const texts: FrameText[] = [];
  const file = await open(path, 'w');
  try {
    let waiting: Buffer[] = [];
    let waitingBytes = 0;
    let at = 0;
    const flush = async () => {
      await file.appendFile(Buffer.concat(waiting));
      [waiting, waitingBytes] = [[], 0];
    };
    for (const of of part.frames) {
      signal?.throwIfAborted();
      const text = decoded(await read(of.frame), of, damaged);
      if (text === null) continue;
      texts.push({ of, from: at, to: at + text.length, longestRow: longestRow(text) });
      at += text.length;
      waiting.push(text);
      waitingBytes += text.length;
      if (waitingBytes >= WRITTEN_BYTES) await flush();
    }
    await flush();
  } finally {
    await file.close();
  }
  return texts;
}

function decoded(bytes: Uint8Array, of: PlannedFrame, damaged: DamagedFrame[]): Buffer | null {
  try {
    return decodeFrame(bytes, of.frame);
  } catch (error) {
    if (!(error instanceof LandingError)) throw error;
    damaged.push({ of, error });
    return null;
  }
}

/** Bytes of a line that DuckDB reads without larger buffers than its own. */
export const SMALL_ROW = 1_048_576;
const LINE_BREAK = 0x0a;

function longestRow(text: Buffer): number {
  if (text.length <= SMALL_ROW) return SMALL_ROW;
  let longest = SMALL_ROW;
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf(LINE_BREAK, from) + 1;
    longest = Math.max(longest, end - from);
    from = end;
  }
  return longest;
}

type DayCounts = ReadonlyMap<string, number>;
/** Why rows could not be staged: one of them does not fit, or their days do not match the headers. */
type StageProblem = ReturnType<typeof rowFailure> | 'other_days';

/** Stages the rows of a part in a session, and writes its files. */
class PartWriter {
  readonly #request: PartRequest;
  readonly #session: DuckDbSession;
  readonly #damaged: DamagedFrame[];
  readonly #refused: RefusedRow[] = [];
  /** File of the lines that are staged, if they are not all. */
  readonly #some: string;

  constructor(request: PartRequest, session: DuckDbSession, damaged: DamagedFrame[]) {
    this.#request = request;
    this.#session = session;
    this.#damaged = damaged;
    this.#some = join(request.directory, 'some-lines');
  }

  async write(lines: string, texts: readonly FrameText[]): Promise<WrittenPart> {
    if ((await this.#stage(lines, ROWS, texts)) !== null) await this.#stageInPieces(lines, texts);
    await rm(lines);
    const { table, part, directory } = this.#request;
    const staged = await this.#countDays(ROWS);
    const files: WrittenPart['files'][number][] = [];
    for (const output of part.outputs) {
      if (!staged.has(output.day)) continue;
      const path = join(directory, `${output.day}.parquet`);
      await this.#session.run(writeDayStatement(table, output.day, path));
      const [footer] = await this.#session.rows(
        `SELECT num_rows AS rows FROM parquet_file_metadata(${quoteText(path)})`,
      );
      files.push({ output, path, rows: Number(footer?.['rows']) });
    }
    return { files, refused: this.#refused, damaged: this.#damaged };
  }

  /** Stages a file of lines. @returns Why not, if the rows are the reason; null if they are staged. */
  async #stage(lines: string, into: string, texts: readonly FrameText[]): Promise<StageProblem> {
    const longest = texts.reduce((most, { longestRow: bytes }) => Math.max(most, bytes), SMALL_ROW);
    const failure = await this.#tryStage(lines, into, longest);
    if (failure !== null) return failure;
    const days = await this.#countDays(into);
    const stated = daysOf(texts);
    const isSame = days.size === stated.size && [...stated].every(([day, rows]) => days.get(day) === rows);
    return isSame ? null : 'other_days';
  }

  async #tryStage(lines: string, into: string, longest: number): Promise<ReturnType<typeof rowFailure>> {
    try {
      await this.#session.run(stageStatement(this.#request.table, lines, into, longest));
      return null;
    } catch (error) {
      const { type, text, machineFault } = duckDbFailure(error);
      const failure = machineFault === null ? rowFailure(type, text) : null;
      if (failure === null) throw error;
      return failure;
    }
  }

  async #stageInPieces(lines: string, texts: readonly FrameText[]): Promise<void> {
    await writeFile(this.#some, '');
    await this.#tryStage(this.#some, ROWS, SMALL_ROW);
    const file = await open(lines);
    try {
      const read = async (from: number, to: number) => {
        const bytes = Buffer.alloc(to - from);
        await file.read(bytes, 0, bytes.length, from);
        return bytes;
      };
      await this.#stageHalves(texts, read);
    } finally {
      await file.close();
      await rm(this.#some);
    }
  }

  /** Stages the halves of frames that can't be staged together; of one frame its rows. */
  async #stageHalves(
    texts: readonly FrameText[],
    read: (from: number, to: number) => Promise<Buffer>,
  ): Promise<void> {
    const half = texts.length >> 1;
    const pieces = half === 0 ? [texts] : [texts.slice(0, half), texts.slice(half)];
    for (const piece of pieces) {
      const [first] = piece;
      const last = piece.at(-1);
      if (first === undefined || last === undefined) continue;
      const bytes = await read(first.from, last.to);
      await writeFile(this.#some, bytes);
      const problem = await this.#stage(this.#some, BATCH, piece);
      if (problem === null) await this.#session.run(takeBatchStatement);
      else if (first !== last) await this.#stageHalves(piece, read);
      else if (problem === 'other_days') this.#noteOtherDays(first);
      else await this.#stageRows(first, bytes);
    }
  }

  /** Stages the rows of a frame of which some do not fit. */
  async #stageRows(text: FrameText, bytes: Buffer): Promise<void> {
    const { of, longestRow: longest } = text;
    const fit: Buffer[] = [];
    const refused: RefusedRow[] = [];
    for (let from = 0; from < bytes.length; ) {
      const end = bytes.indexOf(LINE_BREAK, from) + 1;
      const line = bytes.subarray(from, end);
      from = end;
      await writeFile(this.#some, line);
      const failure = await this.#tryStage(this.#some, BATCH, longest);
      if (failure === null) fit.push(line);
      else refused.push({ of, raw: line.subarray(0, -1), ...failure });
    }
    await writeFile(this.#some, Buffer.concat(fit));
    await this.#tryStage(this.#some, BATCH, longest);
    const days = await this.#countDays(BATCH);
    const stated = daysOf([text]);
    const rows = [...days.values()].reduce((sum, count) => sum + count, 0);
    if (rows !== fit.length || [...days].some(([day, count]) => count > (stated.get(day) ?? 0))) {
      this.#noteOtherDays(text);
      return;
    }
    await this.#session.run(takeBatchStatement);
    this.#refused.push(...refused);
  }

  #noteOtherDays({ of }: FrameText): void {
    const detail = `At offset ${of.frame.offset}. ${of.frame.table}: its rows are of other days.`;
    this.#damaged.push({ of, error: new LandingError('SLUICE_LANDING_FRAME_DAMAGED', detail) });
  }

  async #countDays(staged: string): Promise<DayCounts> {
    const days = await this.#session.rows(countDaysStatement(staged));
    return new Map(days.map(({ day, rows }) => [String(day), Number(rows)]));
  }
}

/** Rows by day, as headers say. */
function daysOf(texts: readonly FrameText[]): DayCounts {
  const days = new Map<string, number>();
  for (const { of } of texts)
    for (const [day, rows] of Object.entries(of.frame.rows)) days.set(day, (days.get(day) ?? 0) + rows);
  return days;
}
