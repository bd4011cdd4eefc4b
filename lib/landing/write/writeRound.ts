import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SluiceError } from '../../base/errors.ts';
import { quoteText } from '../../base/sql.ts';
import { LINE_BREAK } from '../../base/text.ts';
import { isoDay, type UtcDay } from '../../base/time.ts';
import { DuckDbSession, type EngineLimits } from '../../parquet/DuckDbSession.ts';
import { engineFailure } from '../../parquet/EngineError.ts';
import type { Config } from '../../schema/config.ts';
import type { TableKind } from '../../schema/kinds.ts';
import { deliveredTables } from '../../tables/deliveredTables.ts';
import type { Table } from '../../tables/Table.ts';
import type { QuarantineRows } from '../quarantineWriter.ts';
import { type LineFailure, lineFailure, writeRowsStatement } from './lineStatements.ts';
import { quarantineLines, type RefusedLine } from './quarantineLines.ts';
import { type RoundLines, SMALL_LINE } from './Round.ts';
import { WriteError } from './WriteError.ts';

/**
 * Lines of a kind that are refused one by one. Once there are so many, all its rows are taken to have the same fault,
 * on any day, and pieces of {@link SHORT_PIECE_BYTES} are refused as a whole: to find each line takes several
 * statements, and would outlast the function. Lines of such a piece that DuckDB would take are in quarantine, too.
 */
const MOST_SINGLE_LINES = 2_000;
/** Bytes of a piece that is refused as a whole after {@link MOST_SINGLE_LINES}: some hundred rows. */
const SHORT_PIECE_BYTES = 65_536;

/** A round to be written. */
export interface RoundRequest {
  /** The settings that name the tables, their folders and their columns. */
  readonly config: Pick<Config, 'bucket' | 'statsigFolder' | 'tables' | 'unitIds'>;
  /** The rows of the round, by kind and day. */
  readonly lines: readonly RoundLines[];
  /** Memory and threads of DuckDB, and its folder for what it spills. */
  readonly limits: EngineLimits;
  /** Existing folder of the round alone. */
  readonly directory: string;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Stops the work, which throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Lines of a kind that are refused one by one. Default {@link MOST_SINGLE_LINES}. */
  readonly singleLines?: number | undefined;
}

/** A file with the rows of a kind and a day. */
interface RoundFile {
  /** The kind of the table. */
  readonly kind: TableKind;
  /** The day of its folder. */
  readonly day: UtcDay;
  /** Where it is on the disk. */
  readonly path: string;
}

/** The files of a round, on the disk. */
interface WrittenRound {
  /** The files to put, one or more of a kind and a day. */
  readonly files: readonly RoundFile[];
  /** Lines that DuckDB refuses, as they were. */
  readonly refused: readonly RefusedLine[];
  /** Refused lines that are too large for a row: they are put before the rows that point to them. */
  readonly large: QuarantineRows['large'];
}

/**
 * Writes the files of a round: all lines of a kind and a day at once. If DuckDB refuses them, halves of them are read,
 * down to one line, which becomes a row of quarantine, and all others are written.
 *
 * @throws EngineError if the machine is the cause; WriteError if rows are missing in the files, or DuckDB refuses what it
 *   has accepted before or what the writer has made; the signal's reason.
 */
export async function writeRound(request: RoundRequest): Promise<WrittenRound> {
  const { config, limits, directory, now, signal } = request;
  const session = await DuckDbSession.open(limits, { files: [], directories: [directory] }, signal);
  try {
    const writer = new LinesWriter(session, request);
    for (const lines of request.lines) await writer.write(lines);
    const refused = [...writer.refused];
    const { text, rows, large } = quarantineLines(refused, config, now);
    if (rows > 0) {
      const path = join(directory, 'refused.ndjson');
      await writeFile(path, text);
      const lines = {
        kind: 'quarantine',
        day: isoDay(now),
        path,
        rows,
        bytes: text.length,
        // A row of quarantine fits into a record of Firehose, which is smaller.
        longest: SMALL_LINE,
      } as const;
      await writer.write({ ...lines, keyAt: () => '' });
      const [failure] = writer.refused.slice(refused.length);
      // A row of quarantine about it would be refused as well.
      if (failure !== undefined) throw unexpectedRefusal(failure);
    }
    return { files: writer.files, refused, large };
  } catch (error) {
    if (error instanceof SluiceError || signal?.aborted === true) throw error;
    throw engineFailure(error);
  } finally {
    session.close();
  }
}

/** DuckDB refuses lines that it accepted in pieces, or that the writer has made. */
function unexpectedRefusal({ code, detail }: LineFailure): InstanceType<typeof WriteError> {
  return new WriteError('SLUICE_WRITE_ROWS_REFUSED', `${code} ${detail}`.trimEnd());
}

/** Writes lines to files, without those that DuckDB refuses. */
class LinesWriter {
  readonly files: RoundFile[] = [];
  readonly refused: RefusedLine[] = [];
  /** How many lines of a kind are refused, of all days. */
  readonly #refusedOfKind = new Map<TableKind, number>();
  readonly #session: DuckDbSession;
  readonly #tables: Readonly<Record<TableKind, Table>>;
  /** A file of the lines that are being tried; with `.parquet`, what DuckDB makes of them. */
  readonly #triedPath: string;
  readonly #singleLines: number;

  constructor(session: DuckDbSession, { config, directory, singleLines = MOST_SINGLE_LINES }: RoundRequest) {
    this.#session = session;
    this.#singleLines = singleLines;
    this.#tables = deliveredTables(config);
    this.#triedPath = join(directory, 'tried');
  }

  /**
   * Writes the file of the lines of a kind and a day, which are removed from the disk. Without accepted lines there is
   * no file.
   */
  async write(lines: RoundLines): Promise<void> {
    const { kind, day } = lines;
    const path = `${lines.path}.parquet`;
    const refusedBefore = this.refused.length;
    const failure = await this.#tryWrite(lines, lines.path, path);
    if (failure !== null) await this.#writeAccepted(lines, path, failure);
    await rm(lines.path);
    const rows = lines.rows - (this.refused.length - refusedBefore);
    if (rows === 0) return;
    const [footer] = await this.#session.rows(
      `SELECT num_rows AS rows FROM parquet_file_metadata(${quoteText(path)})`,
    );
    if (Number(footer?.['rows']) !== rows)
      throw new WriteError(
        'SLUICE_WRITE_COUNTS_DIFFER',
        `${kind}, ${day}: ${rows} lines, ${String(footer?.['rows'])} rows.`,
      );
    this.files.push({ kind, day, path });
  }

  /** Writes the file without the lines that DuckDB refuses. @param failure Why it refuses the file of all lines. */
  async #writeAccepted(lines: RoundLines, path: string, failure: LineFailure): Promise<void> {
    const acceptedPath = `${lines.path}.accepted`;
    const all = { bytes: await readFile(lines.path), offset: 0 };
    const refusedBefore = this.refused.length;
    await this.#separate(lines, all, acceptedPath, failure);
    if (this.refused.length - refusedBefore === lines.rows) return;
    const nextFailure = await this.#tryWrite(lines, acceptedPath, path);
    if (nextFailure !== null) throw unexpectedRefusal(nextFailure);
    await rm(acceptedPath);
  }

  /** Makes a Parquet file of a file of lines. @returns Why DuckDB refuses some of them; null if it has written all. */
  async #tryWrite(
    { kind, longest }: RoundLines,
    linesPath: string,
    path: string,
  ): Promise<LineFailure | null> {
    try {
      await this.#session.run(writeRowsStatement(this.#tables[kind], linesPath, longest, path));
      return null;
    } catch (error) {
      const failure = lineFailure(error);
      if (failure === null) throw error;
      return failure;
    }
  }

  /**
   * Finds the lines of a piece that DuckDB refuses, and appends all others to a file.
   *
   * @param knownFailure Why DuckDB refuses some of the lines, if that was tried before.
   */
  async #separate(
    lines: RoundLines,
    piece: Piece,
    acceptedPath: string,
    knownFailure: LineFailure | null = null,
  ): Promise<void> {
    const { bytes, offset } = piece;
    const failure = knownFailure ?? (await this.#tryPiece(lines, bytes));
    if (failure === null) return appendFile(acceptedPath, bytes);
    const middle = lineNearMiddle(bytes);
    const isShort = bytes.length <= SHORT_PIECE_BYTES;
    const refusedOfKind = this.#refusedOfKind.get(lines.kind) ?? 0;
    if (middle === null || (isShort && refusedOfKind >= this.#singleLines)) {
      this.#refuse(lines, piece, failure);
      return;
    }
    const first = { bytes: bytes.subarray(0, middle), offset };
    const second = { bytes: bytes.subarray(middle), offset: offset + middle };
    await this.#separate(lines, first, acceptedPath);
    await this.#separate(lines, second, acceptedPath);
  }

  /** Why DuckDB refuses some lines of a piece; null if it takes them all. */
  async #tryPiece(lines: RoundLines, bytes: Buffer): Promise<LineFailure | null> {
    await writeFile(this.#triedPath, bytes);
    return this.#tryWrite(lines, this.#triedPath, `${this.#triedPath}.parquet`);
  }

  /** Refuses all lines of a piece. */
  #refuse(lines: RoundLines, { bytes, offset }: Piece, failure: LineFailure): void {
    const { kind, day } = lines;
    const refusedBefore = this.refused.length;
    let start = 0;
    while (start < bytes.length) {
      const lineBreak = bytes.indexOf(LINE_BREAK, start);
      // Every line of a round has a line break (Round.ts). Without one, the last line ends with the bytes.
      const end = lineBreak < 0 ? bytes.length : lineBreak;
      const text = bytes.toString('utf8', start, end);
      this.refused.push({ ...failure, kind, day, key: lines.keyAt(offset + start), text });
      start = end + 1;
    }
    const refusedOfKind = this.#refusedOfKind.get(kind) ?? 0;
    this.#refusedOfKind.set(kind, refusedOfKind + this.refused.length - refusedBefore);
  }
}

/** Consecutive lines of a file. */
interface Piece {
  /** The lines, each with its line break. */
  readonly bytes: Buffer;
  /** Where they begin in the file. */
  readonly offset: number;
}

/** Where a line begins near the middle of lines; null if there is only one line. */
function lineNearMiddle(bytes: Buffer): number | null {
  const behindMiddle = bytes.indexOf(LINE_BREAK, bytes.length >> 1) + 1;
  if (behindMiddle > 0 && behindMiddle < bytes.length) return behindMiddle;
  // The last line reaches over the middle. It begins behind the line break before it, if there is one.
  const withoutLastBreak = bytes.subarray(0, bytes.length - 1);
  const lastLine = withoutLastBreak.lastIndexOf(LINE_BREAK) + 1;
  return lastLine > 0 ? lastLine : null;
}
