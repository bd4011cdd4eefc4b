import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { nodeErrorCode, SluiceError } from '../../base/errors.ts';
import { quoteName, quoteText } from '../../base/sql.ts';
import { sum } from '../../base/sum.ts';
import { DuckDbSession } from '../../parquet/DuckDbSession.ts';
import { engineFailure } from '../../parquet/EngineError.ts';
import { fileFailure } from '../../parquet/FileError.ts';
import type { EngineFile, FileSchema } from '../../parquet/FileSchema.ts';
import { DUCKDB_TYPES } from '../../parquet/tableFile.ts';
import type { Column } from '../../tables/Table.ts';
import { CurateError } from '../CurateError.ts';
import { copyColumns } from '../curatedTables.ts';
import type { CuratedFiles, CuratedInput, CurateRequest, WrittenFile } from './CurateRequest.ts';
import {
  copiesStatements,
  countCopiesStatement,
  countKeptStatement,
  differingQuery,
  filesQuery,
  IDENTITY,
  keepStatement,
  keptQuery,
  keptStatement,
  laneFolder,
  namesStatement,
  ofSlice,
  rawOf,
  rowsQuery,
  stageStatement,
  writeStatement,
} from './curateStatements.ts';
import { cutLanes, type Lanes } from './lanes.ts';
import { describeRaw, findUnreadable, rawRowsQuery } from './rawRows.ts';

/** Rows of a sample from which the names of a batch are counted: of 40 lanes each is some 4 % off. */
const SAMPLE_ROWS = 20_000;
/** How many more rows than planned are still sorted at once. */
const TOLERANCE = 1.3;
/** The most lanes, about: each is a file that is written at the same time while rows are staged. */
const MOST_LANES = 200;

/**
 * Curates one slice of a day: one row an event in sorted files.
 *
 * Rows that are sorted together must fit the memory, as the temporary files of a larger sort are several times as large as
 * the raw files. So a slice with more rows is staged first: cut into lanes, which are ranges of names ({@link cutLanes}),
 * with a Parquet file each. Then each lane is sorted and written by itself. All copies of an event are in one lane.
 *
 * @throws CurateError naming a raw file that can't be read, or if the counts do not add up; EngineError if the machine is
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

/** Makes the files of one slice, with one session of DuckDB for each lane. */
class Curation {
  readonly #request: CurateRequest;
  /** Folder of staged rows. */
  readonly #work: string;
  /** Files with the rows of events whose copies differ. */
  readonly #differing: string[] = [];
  readonly #written: WrittenFile[] = [];
  readonly #account = { rawRows: 0, sliceRows: 0, kept: 0, resends: 0, differing: 0 };

  constructor(request: CurateRequest, work: string) {
    this.#request = request;
    this.#work = work;
  }

  /** Takes all batches, and then curates what was staged of them. */
  async run(): Promise<CuratedFiles> {
    let lanes: Lanes | undefined;
    let batches = 0;
    for (let files = await this.#next(); files !== null; files = await this.#next()) {
      lanes = (await this.#takeBatch(files, batches, lanes)) ?? lanes;
      batches += 1;
    }
    await this.#session([], async (session) => {
      for (let lane = 0; lane < (lanes?.count ?? 0); lane += 1) {
        await this.#curateLane(session, lane, batches);
      }
      if (this.#differing.length > 0) await this.#write(session, filesQuery(this.#differing), 'differing');
    });
    return { written: this.#written, account: this.#settled() };
  }

  /** Fetches the next batch; null after the last. */
  async #next(): Promise<readonly CuratedInput[] | null> {
    this.#request.signal?.throwIfAborted();
    return this.#request.nextBatch();
  }

  /** Stages a batch; or curates it at once if it is the whole day and not too large. */
  async #takeBatch(
    files: readonly CuratedInput[],
    batch: number,
    known: Lanes | undefined,
  ): Promise<Lanes | undefined> {
    const { slices, rowsAtOnce, files: all } = this.#request;
    if (files.length === 0) return undefined;
    return this.#session(files, async (session) => {
      const [raw, kept] = await this.#describe(session, files);
      const rawRows = rowsOf(raw);
      const rows = rowsOf(raw) + rowsOf(kept);
      this.#account.rawRows += rawRows;
      const from = ofSlice(this.#query(raw, kept), this.#request);
      if (files.length === all && rows / slices <= rowsAtOnce * TOLERANCE) {
        this.#account.sliceRows = slices === 1 ? rawRows : await countRows(session, this.#rawOf(from));
        await this.#curate(session, from);
        return undefined;
      }
      const lanes = known ?? (await this.#cutLanes(session, from, { rows, share: all / files.length }));
      await session.run(stageStatement({ query: from, lane: lanes.sql, folder: this.#batchFolder(batch) }));
      return lanes;
    });
  }

  /** The raw files of a batch, and those of the version before. */
  async #describe(session: DuckDbSession, files: readonly CuratedInput[]) {
    const kept = new Set(files.flatMap(({ isKept, path }) => (isKept === true ? [path] : [])));
    const described = await describeRaw(session, this.#columns, files);
    return [
      described.filter(({ path }) => !kept.has(path)),
      described.filter(({ path }) => kept.has(path)),
    ] as const;
  }

  /** The columns of a raw row. With rows of the version before, also the columns that say which copy a row is. */
  get #columns(): readonly Column[] {
    const { table, hasKept = false } = this.#request;
    return hasKept ? [...table.raw, ...copyColumns] : table.raw;
  }

  /** SQL of the raw rows of a batch, and of the rows of the version before. */
  #query(raw: readonly FileSchema[], kept: readonly FileSchema[]): string {
    const { table, hasKept = false } = this.#request;
    if (!hasKept) return rawRowsQuery(table.raw, raw);
    const nullColumns = copyColumns.map(
      ({ name, type }) => `CAST(NULL AS ${DUCKDB_TYPES[type]}) AS ${quoteName(name)}`,
    );
    return [
      ...(raw.length === 0
        ? []
        : [`SELECT *, ${nullColumns.join(', ')} FROM (${rawRowsQuery(table.raw, raw)})`]),
      ...(kept.length === 0 ? [] : [rawRowsQuery(this.#columns, kept)]),
    ].join(' UNION ALL ');
  }

  /** The raw rows among those of a query. */
  #rawOf(from: string): string {
    return this.#request.hasKept === true ? rawOf(this.#request.table, from) : from;
  }

  /** Cuts the rows of the slice into lanes, by a sample of the first batch. */
  async #cutLanes(
    session: DuckDbSession,
    from: string,
    batch: { readonly rows: number; readonly share: number },
  ): Promise<Lanes> {
    const { table, slices, rowsAtOnce } = this.#request;
    const everyNth = Math.max(1, Math.ceil(batch.rows / slices / SAMPLE_ROWS));
    const sampled = await session.rows(namesStatement(table, from, everyNth));
    const names = sampled.map(
      (row) => [String(row['name']), Number(row['rows']) * everyNth * batch.share] as const,
    );
    const rows = sum(names.map(([, count]) => count));
    return cutLanes(names, Math.max(rowsAtOnce, rows / MOST_LANES), {
      name: table.shared,
      identity: IDENTITY,
    });
  }

  /** Curates the staged rows of a lane, and deletes them. */
  async #curateLane(session: DuckDbSession, lane: number, batches: number): Promise<void> {
    const folders = Array.from({ length: batches }, (_, batch) =>
      join(this.#batchFolder(batch), laneFolder(lane)),
    );
    const listed = await Promise.all(folders.map(parquetFiles));
    const files = listed.flat();
    if (files.length === 0) return;
    const from = filesQuery(files);
    const rows = await countRows(session, from);
    this.#account.sliceRows +=
      this.#request.hasKept === true ? await countRows(session, this.#rawOf(from)) : rows;
    // There is more than one pass if the first batch had fewer rows of these names than the others.
    const passes = Math.max(1, Math.ceil(rows / (this.#request.rowsAtOnce * TOLERANCE)));
    for (let pass = 0; pass < passes; pass += 1) {
      const ofPass = `${from} WHERE hash(${IDENTITY}, 'pass') % ${passes} = ${pass}`;
      await this.#curate(session, passes === 1 ? from : ofPass);
    }
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  }

  /** Curates the rows of a query, which are sorted at once. */
  async #curate(session: DuckDbSession, from: string): Promise<void> {
    const { table, hasKept = false } = this.#request;
    const raw = this.#rawOf(from);
    for (const statement of copiesStatements(table, raw)) await session.run(statement);
    const [counted] = await session.rows(countCopiesStatement);
    let differing = Number(counted?.['differing']);
    this.#account.resends += Number(counted?.['resends']);
    if (hasKept) {
      await session.run(keptStatement(table, from));
      const [kept] = await session.rows(countKeptStatement);
      this.#account.kept += Number(kept?.['kept']);
      differing += Number(kept?.['differing']);
    }
    this.#account.differing += differing;
    const keptRows = (isDiffering: boolean) => (hasKept ? ` UNION ALL ${keptQuery(isDiffering)}` : '');
    await this.#write(session, rowsQuery(table, raw) + keptRows(false), fourDigits(this.#written.length));
    if (differing === 0) return;
    const path = join(this.#work, `differing-${this.#differing.length}.parquet`);
    await session.run(keepStatement(differingQuery(table) + keptRows(true), path));
    this.#differing.push(path);
  }

  /** Writes rows to a file of the slice; a file without rows is deleted. */
  async #write(session: DuckDbSession, from: string, name: string): Promise<void> {
    const { table, outputDirectory, slice } = this.#request;
    const path = join(outputDirectory, `rows-${fourDigits(slice)}-${name}.parquet`);
    await session.run(writeStatement(table, from, path));
    const [footer] = await session.rows(
      `SELECT num_rows AS rows FROM parquet_file_metadata(${quoteText(path)})`,
    );
    const rows = Number(footer?.['rows']);
    if (rows === 0) await rm(path);
    else this.#written.push({ path, bytes: (await stat(path)).size, rows });
  }

  /** The account of the slice. @throws CurateError unless every row is accounted for. */
  #settled(): CuratedFiles['account'] {
    const { rawRows, sliceRows, kept, resends, differing } = this.#account;
    const rows = sum(this.#written.map((file) => file.rows));
    const isAll = this.#request.slices > 1 || rawRows === sliceRows;
    if (!isAll || sliceRows + kept !== rows + resends) {
      throw new CurateError(
        'SLUICE_CURATE_COUNTS_DIFFER',
        `${rawRows} raw rows, ${sliceRows} of them in slice ${this.#request.slice}, ${kept} kept: ${rows} written, ${resends} resends.`,
      );
    }
    return { rawRows, sliceRows, kept, rows, resends, differing };
  }

  /** Folder of the staged rows of a batch. */
  #batchFolder(batch: number): string {
    return join(this.#work, `batch-${batch}`);
  }

  /** Works in a session that reaches some raw files. @throws CurateError of one that can't be read. */
  async #session<Result>(
    files: readonly EngineFile[],
    work: (session: DuckDbSession) => Promise<Result>,
  ): Promise<Result> {
    const { limits, outputDirectory, signal, table } = this.#request;
    const open = (readFiles: readonly EngineFile[]) => {
      const reach = { files: readFiles.map(({ path }) => path), directories: [outputDirectory] };
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

/** The rows of files, as their footers say. */
function rowsOf(files: readonly FileSchema[]): number {
  return sum(files.map(({ rows }) => rows));
}

/** Counts the rows of a relation. */
async function countRows(session: DuckDbSession, from: string): Promise<number> {
  const [row] = await session.rows(`SELECT count(*) AS n FROM (${from})`);
  return Number(row?.['n']);
}

/** The Parquet files of a folder; none if there is no folder. */
async function parquetFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (nodeErrorCode(error) === 'ENOENT') return [];
    throw error;
  });
  return names.map((name) => join(folder, name));
}

/** A number as a text of four digits, so that names sort in the order of numbers. Letters come after digits. */
function fourDigits(value: number): string {
  return String(value).padStart(4, '0');
}
