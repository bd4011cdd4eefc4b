import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SluiceError } from '../../base/errors.ts';
import { quoteText } from '../../base/sql.ts';
import { DuckDbSession } from '../../parquet/DuckDbSession.ts';
import { engineFailure } from '../../parquet/EngineError.ts';
import { fileFailure } from '../../parquet/FileError.ts';
import type { EngineFile } from '../../parquet/FileSchema.ts';
import type { WrittenFile } from '../../parquet/parquetFooter.ts';
import type { CuratedFiles, CurateRequest } from './Curation.ts';
import {
  copiesStatements,
  countCopiesStatement,
  differingQuery,
  filesQuery,
  IDENTITY,
  keepStatement,
  laneOf,
  lanesStatement,
  ofSlice,
  rowsQuery,
  stageStatement,
  writeStatement,
} from './curateStatements.ts';
import { findUnreadable, readRawRows } from './rawRows.ts';

/** How many more rows than planned are still sorted at once. */
const TOLERANCE = 1.3;
/** About the most lanes: each is a file that is written at the same time while rows are staged. */
const MOST_LANES = 200;

/**
 * Curates one slice of a day: one row an event in sorted files.
 *
 * Rows that are sorted together must fit the memory, as the temporary files of a larger sort are several times as large as
 * the raw files. So a slice with more rows is staged first: cut into lanes, which are ranges of names, with a folder each. Then each lane is sorted and written by itself. All copies of an event are in one lane.
 *
 * @throws CurateError naming a raw file that can't be read; EngineError if the machine is
 *   too small; the signal's reason.
 */
export async function curateFiles(request: CurateRequest): Promise<CuratedFiles> {
  const work = join(request.limits.temporaryDirectory, 'curate');
  await mkdir(work);
  try {
    return await new Curation(request, work).run();
  } catch (error) {
    if (error instanceof SluiceError || request.signal?.aborted === true) throw error;
    throw engineFailure(error);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

class Curation {
  readonly #request: CurateRequest;
  readonly #work: string;
  /** Folder of staged rows, with a folder a lane. */
  readonly #staged: string;
  /** How many of them are sorted at once. Undefined: none were staged. */
  #rowsAtOnce: number | undefined;
  /** Files with the rows of events whose copies differ. */
  readonly #differing: string[] = [];
  readonly #written: WrittenFile[] = [];
  readonly #account = { rawRows: 0, sliceRows: 0, resends: 0, differing: 0 };

  constructor(request: CurateRequest, work: string) {
    this.#request = request;
    this.#work = work;
    this.#staged = join(work, 'staged');
  }

  async run(): Promise<CuratedFiles> {
    this.#request.signal?.throwIfAborted();
    for await (const files of this.#request.batches) {
      if (files.length > 0) await this.#takeBatch(files);
      this.#request.signal?.throwIfAborted();
    }
    const lanes = await readdir(this.#staged).catch(() => []);
    await this.#session([], async (session) => {
      for (const lane of lanes.sort((left, right) => laneOf(left) - laneOf(right))) {
        await this.#curateLane(session, join(this.#staged, lane));
      }
      if (this.#differing.length > 0) await this.#write(session, filesQuery(this.#differing), 'differing');
    });
    const rows = this.#written.reduce((sum, file) => sum + file.rows, 0);
    return { written: this.#written, account: { ...this.#account, rows } };
  }

  /** Stages a batch; or curates it at once if it is the whole day and not too large. */
  async #takeBatch(files: readonly EngineFile[]): Promise<void> {
    const { table, slices, bytes, bytesAtOnce, files: all } = this.#request;
    await this.#session(files, async (session) => {
      const raw = await readRawRows(session, table.raw, files);
      this.#account.rawRows += raw.count;
      const from = ofSlice(raw.query, this.#request);
      if (files.length === all && bytes / slices <= bytesAtOnce * TOLERANCE) {
        this.#account.sliceRows = slices === 1 ? raw.count : await countRows(session, from);
        return this.#curate(session, from);
      }
      const lanes = join(this.#work, 'lanes.parquet');
      if (this.#rowsAtOnce === undefined) {
        const times = all / files.length;
        const rows = raw.count * times;
        this.#rowsAtOnce = Math.max(1, Math.ceil(rows * Math.min(1, bytesAtOnce / bytes)));
        const aim = Math.max(this.#rowsAtOnce, Math.ceil(rows / slices / MOST_LANES));
        await session.run(lanesStatement(table, from, { times, aim, path: lanes }));
      }
      await session.run(stageStatement(table, from, lanes, this.#staged));
    });
  }

  async #curateLane(session: DuckDbSession, folder: string): Promise<void> {
    const names = await readdir(folder);
    const from = filesQuery(names.map((name) => join(folder, name)));
    const rows = await countRows(session, from);
    this.#account.sliceRows += rows;
    // More than one if the first batch had fewer rows of these names than the others.
    const passes = Math.ceil(rows / ((this.#rowsAtOnce ?? rows) * TOLERANCE));
    for (let pass = 0; pass < passes; pass += 1) {
      const own = `${from} WHERE hash(${IDENTITY}, 'pass') % ${passes} = ${pass}`;
      await this.#curate(session, passes === 1 ? from : own);
    }
    await rm(folder, { recursive: true });
  }

  /** Curates the rows of a query, which are sorted at once. */
  async #curate(session: DuckDbSession, from: string): Promise<void> {
    const { table } = this.#request;
    for (const statement of copiesStatements(table, from)) await session.run(statement);
    const [counted] = await session.rows(countCopiesStatement);
    const differing = Number(counted?.['differing']);
    this.#account.resends += Number(counted?.['resends']);
    this.#account.differing += differing;
    await this.#write(session, rowsQuery(table, from), number(this.#written.length));
    if (differing === 0) return;
    const path = join(this.#work, `differing-${this.#differing.length}.parquet`);
    await session.run(keepStatement(differingQuery(table), path));
    this.#differing.push(path);
  }

  async #write(session: DuckDbSession, from: string, name: string): Promise<void> {
    const { table, outputDirectory, slice } = this.#request;
    const path = join(outputDirectory, `rows-${number(slice)}-${name}.parquet`);
    await session.run(writeStatement(table, from, path));
    const [footer] = await session.rows(
      `SELECT num_rows AS rows FROM parquet_file_metadata(${quoteText(path)})`,
    );
    const rows = Number(footer?.['rows']);
    if (rows === 0) await rm(path);
    else this.#written.push({ path, bytes: (await stat(path)).size, rows });
  }

  /** Works in a session that reaches some raw files. @throws CurateError of one that can't be read. */
  async #session<Result>(
    files: readonly EngineFile[],
    work: (session: DuckDbSession) => Promise<Result>,
  ): Promise<Result> {
    const { limits, outputDirectory, signal, table } = this.#request;
    const open = async (some: readonly EngineFile[]) => {
      const reach = { files: some.map(({ path }) => path), directories: [outputDirectory] };
      return DuckDbSession.open(limits, reach, signal);
    };
    const session = await open(files);
    try {
      return await work(session);
    } catch (error) {
      const isKnown = error instanceof SluiceError || signal?.aborted === true;
      if (isKnown || files.length === 0 || fileFailure(error, '') === null) throw error;
      for (const file of files) await findUnreadable(file, table.raw, open);
      throw error;
    } finally {
      session.close();
    }
  }
}

async function countRows(session: DuckDbSession, from: string): Promise<number> {
  const [row] = await session.rows(`SELECT count(*) AS n FROM (${from})`);
  return Number(row?.['n']);
}

/** A number in names that sort in its order. Letters come after it. */
function number(value: number): string {
  return String(value).padStart(4, '0');
}
