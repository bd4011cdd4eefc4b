import { open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SluiceError } from '../../base/errors.ts';
import { quoteText } from '../../base/sql.ts';
import type { UtcDay } from '../../base/time.ts';
import { DuckDbSession, type EngineLimits } from '../../parquet/DuckDbSession.ts';
import { engineFailure } from '../../parquet/EngineError.ts';
import type { Config } from '../../schema/config.ts';
import type { TableKind } from '../../schema/kinds.ts';
import { deliveredTables } from '../../tables/deliveredTables.ts';
import type { Table } from '../../tables/Table.ts';
import type { QuarantineRows } from '../quarantineWriter.ts';
import {
  countDaysStatement,
  type LineFailure,
  lineFailure,
  ROWS,
  SOME,
  stageStatement,
  takeSomeStatement,
  writeDayStatement,
} from './lineStatements.ts';
import { quarantineLines, type RefusedLine } from './quarantineLines.ts';
import { type RoundLines, SMALL_LINE } from './Round.ts';
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
 * Writes the files of a round: of each kind all lines at once. If DuckDB refuses them, halves of them are read, down to one
 * line, which becomes a row of quarantine, and all others are written.
 *
 * @throws EngineError if the machine is the cause; WriteError if rows are missing in the files; the signal's reason.
 */
export async function writeRound(request: RoundRequest): Promise<WrittenRound> {
  const { config, lines, limits, directory, now, signal } = request;
  const tables = deliveredTables(config);
  const session = await DuckDbSession.open(limits, { files: [], directories: [directory] }, signal);
  try {
    const files: WrittenRound['files'][number][] = [];
    const refused: RefusedLine[] = [];
    for (const own of lines.filter(({ kind }) => kind !== 'quarantine')) {
      const writer = new KindWriter(session, tables[own.kind], directory);
      files.push(...(await writer.write(own)));
      refused.push(...writer.refused);
    }
    // Quarantine is last: it gets what the others refuse, and what it refuses itself.
    const writer = new KindWriter(session, tables.quarantine, directory);
    const quarantine = lines.find(({ kind }) => kind === 'quarantine');
    if (quarantine !== undefined) {
      await writer.stage(quarantine);
      refused.push(...writer.refused);
    }
    const { text, longest, large } = quarantineLines(refused, config, now);
    if (text.length > 0) await writer.stageMore(text, longest);
    if (quarantine !== undefined || text.length > 0)
      files.push(
        ...(await writer.writeDays((quarantine?.rows ?? 0) - writer.refused.length + refused.length)),
      );
    return { files, refused, large };
  } catch (error) {
    if (error instanceof SluiceError || signal?.aborted === true) throw error;
    throw engineFailure(error);
  } finally {
    session.close();
  }
}

/** Stages the lines of a kind in a session, and writes its files. */
class KindWriter {
  readonly refused: RefusedLine[] = [];
  readonly #session: DuckDbSession;
  readonly #table: Table;
  readonly #directory: string;
  /** File of the lines that are staged, if they are not all. */
  readonly #some: string;

  constructor(session: DuckDbSession, table: Table, directory: string) {
    this.#session = session;
    this.#table = table;
    this.#directory = directory;
    this.#some = join(directory, 'some.ndjson');
  }

  async write(lines: RoundLines): Promise<WrittenRound['files']> {
    await this.stage(lines);
    return this.writeDays(lines.rows - this.refused.length);
  }

  /** Stages lines, without those that DuckDB refuses. */
  async stage(lines: RoundLines): Promise<void> {
    if ((await this.#tryStage(lines.path, ROWS, lines.longest)) !== null) await this.#stageHalves(lines);
    await rm(lines.path);
  }

  /** Stages further lines, which DuckDB takes. @throws WriteError if it does not. */
  async stageMore(text: Buffer, longest: number): Promise<void> {
    await writeFile(this.#some, text);
    const failure = await this.#tryStage(this.#some, SOME, Math.max(SMALL_LINE, longest));
    if (failure !== null) throw new WriteError('SLUICE_WRITE_FAILED', `${failure.code} ${failure.detail}`);
    await this.#session.run(`CREATE TEMP TABLE IF NOT EXISTS ${ROWS} AS FROM ${SOME} WITH NO DATA`);
    await this.#session.run(takeSomeStatement);
  }

  /** Writes the staged rows, a file a day. @param expected How many they are. */
  async writeDays(expected: number): Promise<WrittenRound['files']> {
    const files: WrittenRound['files'][number][] = [];
    let written = 0;
    for (const { day, rows } of await this.#session.rows(countDaysStatement)) {
      const { kind } = this.#table;
      const path = join(this.#directory, `${kind}-${String(day)}.parquet`);
      await this.#session.run(writeDayStatement(this.#table, String(day), path));
      const [footer] = await this.#session.rows(
        `SELECT num_rows AS rows FROM parquet_file_metadata(${quoteText(path)})`,
      );
      if (Number(footer?.['rows']) !== Number(rows))
        throw new WriteError('SLUICE_WRITE_COUNTS_DIFFER', `${kind}, ${String(day)}: ${String(rows)} rows.`);
      written += Number(rows);
      files.push({ kind, day: String(day), path, rows: Number(rows) });
    }
    await this.#session.run(`DROP TABLE ${ROWS}`);
    if (written !== expected)
      throw new WriteError(
        'SLUICE_WRITE_COUNTS_DIFFER',
        `${this.#table.kind}: ${expected} lines, ${written} rows.`,
      );
    return files;
  }

  async #tryStage(path: string, into: string, longest: number): Promise<LineFailure | null> {
    try {
      await this.#session.run(stageStatement(this.#table, path, into, longest));
      return null;
    } catch (error) {
      const failure = lineFailure(error);
      if (failure === null) throw error;
      return failure;
    }
  }

  async #stageHalves(lines: RoundLines): Promise<void> {
    await writeFile(this.#some, '');
    await this.#tryStage(this.#some, ROWS, SMALL_LINE);
    const file = await open(lines.path);
    try {
      const read = async (from: number, to: number) => {
        const bytes = Buffer.alloc(to - from);
        await file.read(bytes, 0, bytes.length, from);
        return bytes;
      };
      const half = await middleOf(0, lines.bytes, read);
      for (const [from, to] of [[0, half] as const, [half, lines.bytes] as const])
        await this.#stagePiece(lines, { from, to }, read);
    } finally {
      await file.close();
      await rm(this.#some);
    }
  }

  /** Stages lines that may have one among them that DuckDB refuses. */
  async #stagePiece(
    lines: RoundLines,
    { from, to }: { readonly from: number; readonly to: number },
    read: ReadLines,
  ): Promise<void> {
    if (from === to) return;
    const bytes = await read(from, to);
    await writeFile(this.#some, bytes);
    const failure = await this.#tryStage(this.#some, SOME, lines.longest);
    if (failure === null) return this.#session.run(takeSomeStatement);
    const half = await middleOf(from, to, read);
    const isAllRefused = this.refused.length >= MOST_SINGLE && to - from <= PIECE_BYTES;
    if (half === to || isAllRefused) {
      for (const { at, line } of linesOf(bytes))
        this.refused.push({ ...failure, kind: lines.kind, key: lines.keyAt(from + at), line });
      return;
    }
    await this.#stagePiece(lines, { from, to: half }, read);
    await this.#stagePiece(lines, { from: half, to }, read);
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
