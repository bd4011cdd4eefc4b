import { appendFile, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SluiceError } from '../../base/errors.ts';
import { quoteText } from '../../base/sql.ts';
import { isoDay, type UtcDay } from '../../base/time.ts';
import { DuckDbSession, type EngineLimits } from '../../parquet/DuckDbSession.ts';
import { engineFailure } from '../../parquet/EngineError.ts';
import type { Config } from '../../schema/config.ts';
import type { TableKind } from '../../schema/kinds.ts';
import { deliveredTables } from '../../tables/deliveredTables.ts';
import type { QuarantineRows } from '../quarantineWriter.ts';
import { type LineFailure, lineFailure, writeRowsStatement } from './lineStatements.ts';
import { quarantineLines, type RefusedLine } from './quarantineLines.ts';
import type { RoundLines } from './Round.ts';
import { WriteError } from './WriteError.ts';

/** A round to be written. */
export interface RoundRequest {
  readonly config: Pick<Config, 'bucket' | 'statsigFolder' | 'tables' | 'unitIds'>;
  readonly lines: readonly RoundLines[];
  readonly limits: EngineLimits;
  /** Existing folder of the round alone. */
  readonly directory: string;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly signal?: AbortSignal | undefined;
}

/** The files of a round, on the disk. */
export interface WrittenRound {
  readonly files: readonly {
    readonly kind: TableKind;
    readonly day: UtcDay;
    readonly path: string;
    readonly rows: number;
  }[];
  readonly refused: readonly RefusedLine[];
  /** Refused lines that are too large for a row: they are put before the rows that point to them. */
  readonly large: QuarantineRows['large'];
}

/**
 * Writes the files of a round: all lines of a kind and a day at once. If DuckDB refuses them, halves of them are read, down to one
 * line, which becomes a row of quarantine, and all others are written.
 *
 * @throws EngineError if the machine is the cause; WriteError if rows are missing in the files; the signal's reason.
 */
export async function writeRound(request: RoundRequest): Promise<WrittenRound> {
  const { config, lines, limits, directory, now, signal } = request;
  const session = await DuckDbSession.open(limits, { files: [], directories: [directory] }, signal);
  try {
    const writer = new LinesWriter(session, request);
    for (const own of lines) await writer.write(own);
    const refused = [...writer.refused];
    const { text, rows, longest, large } = quarantineLines(refused, config, now);
    if (rows > 0) {
      const path = join(directory, 'refused.ndjson');
      await writeFile(path, text);
      await writer.write({
        kind: 'quarantine',
        day: isoDay(now),
        path,
        rows,
        bytes: text.length,
        longest,
        keyAt: () => '',
      });
      const [failure] = writer.refused.slice(refused.length);
      if (failure !== undefined)
        throw new WriteError('SLUICE_WRITE_FAILED', `${failure.code} ${failure.detail}`);
    }
    return { files: writer.files, refused, large };
  } catch (error) {
    if (error instanceof SluiceError || signal?.aborted === true) throw error;
    throw engineFailure(error);
  } finally {
    session.close();
  }
}

/** Writes lines to files, without those that DuckDB refuses. */
class LinesWriter {
  readonly files: WrittenRound['files'][number][] = [];
  readonly refused: RefusedLine[] = [];
  readonly #session: DuckDbSession;
  readonly #tables: ReturnType<typeof deliveredTables>;
  /** File of some lines, and what DuckDB makes of them. */
  readonly #some: string;

  constructor(session: DuckDbSession, { config, directory }: RoundRequest) {
    this.#session = session;
    this.#tables = deliveredTables(config);
    this.#some = join(directory, 'some');
  }

  async write(lines: RoundLines): Promise<void> {
    const { kind, day } = lines;
    const before = this.refused.length;
    const path = `${lines.path}.parquet`;
    if ((await this.#tryWrite(lines, lines.path, path)) !== null) {
      const fit = `${lines.path}.fit`;
      await this.#separate(lines, fit);
      const failure =
        lines.rows === this.refused.length - before ? null : await this.#tryWrite(lines, fit, path);
      if (failure !== null) throw new WriteError('SLUICE_WRITE_FAILED', `${failure.code} ${failure.detail}`);
      await rm(fit, { force: true });
    }
    await rm(lines.path);
    const rows = lines.rows - (this.refused.length - before);
    if (rows === 0) return;
    const [footer] = await this.#session.rows(
      `SELECT num_rows AS rows FROM parquet_file_metadata(${quoteText(path)})`,
    );
    if (Number(footer?.['rows']) !== rows)
      throw new WriteError(
        'SLUICE_WRITE_COUNTS_DIFFER',
        `${kind}, ${day}: ${rows} lines, ${String(footer?.['rows'])} rows.`,
      );
    this.files.push({ kind, day, path, rows });
  }

  async #tryWrite({ kind, longest }: RoundLines, from: string, path: string): Promise<LineFailure | null> {
    try {
      await this.#session.run(writeRowsStatement(this.#tables[kind], from, longest, path));
      return null;
    } catch (error) {
      const failure = lineFailure(error);
      if (failure === null) throw error;
      return failure;
    }
  }

  /** Finds the lines that DuckDB refuses, of which there are some, and copies all others to a file. */
  async #separate(lines: RoundLines, fit: string): Promise<void> {
    const file = await open(lines.path);
    try {
      const read = async (from: number, to: number) => {
        const bytes = Buffer.alloc(to - from);
        await file.read(bytes, 0, bytes.length, from);
        return bytes;
      };
      const half = await middleOf(0, lines.bytes, read);
      for (const [from, to] of [[0, half] as const, [half, lines.bytes] as const])
        await this.#separatePiece(lines, { from, to }, read, fit);
    } finally {
      await file.close();
    }
  }

  /** Lines that may have one among them that DuckDB refuses. */
  async #separatePiece(
    lines: RoundLines,
    { from, to }: { readonly from: number; readonly to: number },
    read: ReadLines,
    fit: string,
  ): Promise<void> {
    if (from === to) return;
    const bytes = await read(from, to);
    await writeFile(this.#some, bytes);
    const failure = await this.#tryWrite(lines, this.#some, `${this.#some}.parquet`);
    if (failure === null) return appendFile(fit, bytes);
    const half = await middleOf(from, to, read);
    const isAllRefused = this.refused.length >= MOST_SINGLE && to - from <= PIECE_BYTES;
    if (half === to || isAllRefused) {
      for (const { at, line } of linesOf(bytes))
        this.refused.push({
          ...failure,
          kind: lines.kind,
          day: lines.day,
          key: lines.keyAt(from + at),
          text: line.toString(),
        });
      return;
    }
    await this.#separatePiece(lines, { from, to: half }, read, fit);
    await this.#separatePiece(lines, { from: half, to }, read, fit);
  }
}

/**
 * Lines that are refused each by itself. Beyond, all rows are taken to have the same fault, and pieces of some lines are refused
 * as a whole: to find each line would outlast the function. What was fit among them is in quarantine, too.
 */
const MOST_SINGLE = 2_000;
const PIECE_BYTES = 65_536;

/** The lines of a text, without their line breaks, and where each begins. */
function linesOf(bytes: Buffer): { readonly at: number; readonly line: Buffer }[] {
  const lines: { readonly at: number; readonly line: Buffer }[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(LINE_BREAK, at);
    lines.push({ at, line: bytes.subarray(at, end) });
    at = end + 1;
  }
  return lines;
}

type ReadLines = (from: number, to: number) => Promise<Buffer>;

/** Where a line begins near the middle; the end if there is only one line. */
async function middleOf(from: number, to: number, read: ReadLines): Promise<number> {
  const bytes = await read(from, to);
  const behind = bytes.indexOf(LINE_BREAK, bytes.length >> 1) + 1;
  if (behind < bytes.length) return from + behind;
  // The last line is more than half of it.
  const before = bytes.lastIndexOf(LINE_BREAK, bytes.length - 2) + 1;
  return before === 0 ? to : from + before;
}

const LINE_BREAK = 0x0a;
