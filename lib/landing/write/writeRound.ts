import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
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
        throw new WriteError('SLUICE_WRITE_COUNTS_DIFFER', `${failure.code} ${failure.detail}`);
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
  /** A file of the lines that are being tried; with `.parquet`, what DuckDB makes of them. */
  readonly #triedPath: string;

  constructor(session: DuckDbSession, { config, directory }: RoundRequest) {
    this.#session = session;
    this.#tables = deliveredTables(config);
    this.#triedPath = join(directory, 'tried');
  }

  async write(lines: RoundLines): Promise<void> {
    const { kind, day } = lines;
    const before = this.refused.length;
    const path = `${lines.path}.parquet`;
    const refusal = await this.#tryWrite(lines, lines.path, path);
    if (refusal !== null) {
      const fit = `${lines.path}.fit`;
      await this.#separate(lines, { bytes: await readFile(lines.path), at: 0 }, fit, refusal);
      const failure =
        lines.rows === this.refused.length - before ? null : await this.#tryWrite(lines, fit, path);
      if (failure !== null)
        throw new WriteError('SLUICE_WRITE_COUNTS_DIFFER', `${failure.code} ${failure.detail}`);
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

  /**
   * Finds the lines of a piece that DuckDB refuses, and copies all others to a file.
   *
   * @param at Where the piece begins in the file of the lines.
   * @param known Why DuckDB refuses some of the lines. Default: it is found out.
   */
  async #separate(
    lines: RoundLines,
    { bytes, at }: { readonly bytes: Buffer; readonly at: number },
    fit: string,
    known: LineFailure | null = null,
  ): Promise<void> {
    if (known === null) await writeFile(this.#triedPath, bytes);
    const failure = known ?? (await this.#tryWrite(lines, this.#triedPath, `${this.#triedPath}.parquet`));
    if (failure === null) return appendFile(fit, bytes);
    const half = middleOf(bytes);
    const isAllRefused = this.refused.length >= MOST_SINGLE && bytes.length <= PIECE_BYTES;
    if (half === bytes.length || isAllRefused) {
      for (let from = 0; from < bytes.length; ) {
        const end = bytes.indexOf(LINE_BREAK, from);
        this.refused.push({
          ...failure,
          kind: lines.kind,
          day: lines.day,
          key: lines.keyAt(at + from),
          text: bytes.toString('utf8', from, end),
        });
        from = end + 1;
      }
      return;
    }
    await this.#separate(lines, { bytes: bytes.subarray(0, half), at }, fit);
    await this.#separate(lines, { bytes: bytes.subarray(half), at: at + half }, fit);
  }
}

/**
 * Lines that are refused one by one. Once there are so many, all rows are taken to have the same fault, and short
 * pieces are refused as a whole: to find each line would outlast the function. Lines of such a piece that would fit are
 * in quarantine, too.
 */
const MOST_SINGLE = 2_000;
const PIECE_BYTES = 65_536;

/** Where a line begins near the middle; the end of the bytes if there is only one line. */
function middleOf(bytes: Buffer): number {
  const behind = bytes.indexOf(LINE_BREAK, bytes.length >> 1) + 1;
  // The last line may be more than half of it.
  return behind < bytes.length ? behind : bytes.lastIndexOf(LINE_BREAK, -2) + 1 || bytes.length;
}

const LINE_BREAK = 0x0a;
