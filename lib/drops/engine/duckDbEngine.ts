import { SluiceError } from '../../base/errors.ts';
import { quoteName, quoteText } from '../../base/sql.ts';
import { quotedName } from '../../base/text.ts';
import type { EngineLimits } from '../../parquet/DuckDbSession.ts';
import { DuckDbSession, type SessionRow } from '../../parquet/DuckDbSession.ts';
import { describeFiles } from '../../parquet/describeFiles.ts';
import { engineFailure } from '../../parquet/EngineError.ts';
import { FileError, type FileFailure, fileFailure } from '../../parquet/FileError.ts';
import type { EngineFile } from '../../parquet/FileSchema.ts';
import { verifyPages } from '../../parquet/verifyPages.ts';
import type { MappedGroup, RawRows } from '../mapping/CompiledMapping.ts';
import { isRowReason, type RowReason } from '../rowReasons.ts';
import type { Engine, LoadRequest } from './Engine.ts';
import {
  acceptedRowsStatement,
  lookName,
  probeStatement,
  ROWS_DIFFER,
  refusedProbeStatement,
  refusedRowsStatements,
  VALUE_CHARACTERS,
} from './loadStatements.ts';
import {
  emptyContent,
  type FieldContent,
  type FileRows,
  KEPT_VALUES,
  type MappedRows,
  MOST_NAMES,
  type RowContent,
  sumRows,
} from './mappedRows.ts';

/**
 * The engine for loads that fit one machine. Each call has its own DuckDB, which can access only its files.
 *
 * @param reads Called before DuckDB reads one of the files to describe.
 */
export function duckDbEngine(limits: EngineLimits, reads?: (file: EngineFile) => void): Engine {
  return {
    async describe(files, signal) {
      const reach = { files: files.map(({ path }) => path), directories: [] };
      const session = await DuckDbSession.open(limits, reach, signal);
      try {
        return await describeFiles(session, files, reads);
      } catch (error) {
        throw passedThrough(error, signal) ?? engineFailure(error);
      } finally {
        session.close();
      }
    },
    async load(request) {
      const session = await openForLoad(request);
      try {
        return await loadFiles(session, request);
      } catch (error) {
        throw passedThrough(error, request.signal) ?? (await findFailedFile(error, request));
      } finally {
        session.close();
      }
    },
  };
}

/** Opens a session that can read the files of a load, and write its two results, and nothing else. */
function openForLoad({ files, rowsPath, refusedPath, limits, signal }: LoadRequest) {
  return DuckDbSession.open(
    limits,
    { files: [...files.map(({ path }) => path), rowsPath, refusedPath], directories: [] },
    signal,
  );
}

/** Errors that are thrown unchanged. */
function passedThrough(error: unknown, signal: AbortSignal | undefined): unknown {
  return error instanceof SluiceError || signal?.aborted === true ? error : undefined;
}

/**
 * Finds the file that a load failed for, as DuckDB does not always name it. Each file is read alone, in its own DuckDB:
 * first its mapped columns, then the whole rows if it has refused rows or a wrong number of rows, as missing rows counted as
 * refused.
 *
 * @param reads Called before each file with its number.
 */
export async function findFailedFile(
  error: unknown,
  request: LoadRequest,
  reads?: (file: number) => void,
): Promise<unknown> {
  if (fileFailure(error, '') === null) return engineFailure(error);
  const withRefused: number[] = [];
  for (const i of request.files.keys()) {
    reads?.(i);
    const [row, failure] = await probeFile(request, i, probeStatement(request, i));
    if (failure !== null) return failure;
    if (Number(row?.['problem']) > 0 || row?.[ROWS_DIFFER] === true) withRefused.push(i);
  }
  for (const i of withRefused) {
    reads?.(i);
    const [, failure] = await probeFile(request, i, refusedProbeStatement(request, i));
    if (failure !== null) return failure;
  }
  return engineFailure(error);
}

/** The row of a statement over one file, or the statement's error. */
async function probeFile(
  request: LoadRequest,
  i: number,
  sql: string,
): Promise<readonly [SessionRow | undefined, unknown]> {
  const session = await openForLoad(request);
  try {
    return [(await session.rows(sql))[0], null];
  } catch (error) {
    const file = request.files[i];
    const failure = passedThrough(error, request.signal) ?? fileFailure(error, file?.name ?? '');
    if (failure === null || file === undefined) return [undefined, failure ?? engineFailure(error)];
    return [undefined, await withColumnOfText(failure, file, session)];
  } finally {
    session.close();
  }
}

/** A failure with the column whose text is not UTF-8, if that is what failed: DuckDB does not name it. */
async function withColumnOfText(
  failure: unknown,
  { name, path }: EngineFile,
  session: DuckDbSession,
): Promise<unknown> {
  if (!isInvalidText(failure)) return failure;
  const from = `read_parquet(${quoteText(path)}, hive_partitioning = false)`;
  try {
    for (const { column_name } of await session.rows(`DESCRIBE SELECT * FROM ${from}`)) {
      const column = String(column_name);
      const read = session.rows(`SELECT max(hash(${quoteName(column)})) FROM ${from}`);
      const own = await read.then(() => null).catch((error: unknown) => fileFailure(error, name));
      if (isInvalidText(own))
        return new FileError('SLUICE_INGEST_FILE_TEXT_INVALID', `${name}: column ${quotedName(column)}.`, {
          cause: failure,
        });
    }
  } catch {
    // The file is damaged in another way, too, or the machine is at its limit: what is known is said.
  }
  return failure;
}

/** Whether a file failed because a text in it is not UTF-8. */
function isInvalidText(failure: unknown): failure is FileFailure {
  return failure instanceof FileError && failure.code === 'SLUICE_INGEST_FILE_TEXT_INVALID';
}

/** Rows by the reason of their refusal, without zeros. */
type Counts = Partial<Record<RowReason, number>>;

/**
 * Implements {@link Engine.load}. The input is read once. Files with refused rows are read again for these rows only, so
 * that unmapped columns are read only for raw rows.
 */
async function loadFiles(session: DuckDbSession, request: LoadRequest): Promise<MappedRows> {
  const { files, mapping, rowsPath: output } = request;
  if (files.length === 0) return sumRows([], []);
  await verifyMapped(request);
  const looks = mapping.groups.map((group, i) => ({ group, contentOf: lookAtValues(session, group, i) }));
  await session.run(acceptedRowsStatement(request, output));
  const taken = await acceptedByFile(session, request);
  const rows = files.map(({ name, rows: all }) => {
    const out = taken.get(name)?.of ?? 0;
    return { name, in: all, out, refused: all - out };
  });
  const withRefused = new Set(rows.flatMap(({ refused }, i) => (refused > 0 ? [i] : [])));
  const refused = withRefused.size === 0 ? null : await writeRefused(session, request, withRefused);
  const byFile = rows.map(
    (file): FileRows => ({
      ...file,
      reasons: refused?.get(`${mapping.origin}${file.name}`) ?? {},
    }),
  );
  for (const { name, in: said, out: read, refused: count, reasons } of byFile) {
    const explained = Object.values(reasons).reduce((sum, n) => sum + n, 0);
    if (explained === count) continue;
    throw new FileError(
      'SLUICE_INGEST_FILE_DAMAGED',
      `${name}: its footer says ${said} rows, and it holds ${read + explained}.`,
    );
  }
  const day = {
    ...emptyContent(),
    days: await rowsOfOtherDays(session, request),
    repeats: Object.fromEntries([...taken].filter(([, each]) => isRepeated(each))),
    names: await rowsByName(session, request),
  };
  const contents = looks.map(({ group, contentOf }) => {
    const places = new Set(group.files);
    return contentOf(rows.reduce((sum, { out }, i) => (places.has(i) ? sum + out : sum), 0));
  });
  return sumRows(byFile, [day, ...contents]);
}

/** All columns. */
const ALL = [[0, Number.POSITIVE_INFINITY]] as const;

/** Verifies the checksums of mapped columns. @throws FileError */
async function verifyMapped(request: LoadRequest): Promise<void> {
  for (const { files, leaves } of request.mapping.groups.flatMap(({ raws }) => raws))
    await verifyColumns(request, files, leaves);
}

/** @param leaves Ranges of columns. */
async function verifyColumns(
  { files, signal }: LoadRequest,
  places: Iterable<number>,
  leaves: RawRows['leaves'],
): Promise<void> {
  for (const i of places) {
    const file = files[i];
    if (file?.mayHaveChecksums === true) await verifyPages(file, { leaves, signal });
  }
}

/** Rows that are compared with each other; of more it is one in two, in three and so on, which are equal to the same. */
const MOST_COMPARED = 1_000_000;
/** Fewest rows of a file that repeat others, and their share of its rows, from which on they are told. */
const REPEATS = { rows: 5, share: 0.1 };

/** The accepted rows of each file, and how many of them are equal to an earlier one in all that the file says. */
async function acceptedByFile(
  session: DuckDbSession,
  { files, rowsPath }: LoadRequest,
): Promise<ReadonlyMap<string, RowContent['repeats'][string]>> {
  const every = Math.max(1, Math.ceil(files.reduce((sum, { rows }) => sum + rows, 0) / MOST_COMPARED));
  const rows = await session.rows(
    `SELECT source_file, count(*) AS n, ${every} * (count(digest) - count(DISTINCT digest)) AS repeats
     FROM (SELECT source_file, CASE WHEN digest % ${every} = 0 THEN digest END AS digest
       FROM (SELECT source_file, hash(*COLUMNS(* EXCLUDE (source_file, row_number, ingested_at))) AS digest
         FROM read_parquet(${quoteText(rowsPath)}))) GROUP BY source_file`,
  );
  return new Map(
    rows.map(({ source_file, n, repeats }) => [
      String(source_file),
      { rows: Number(repeats), of: Number(n) },
    ]),
  );
}

/** Whether so many rows of a file repeat others that it is told. */
function isRepeated({ rows, of }: RowContent['repeats'][string]): boolean {
  return rows >= REPEATS.rows && rows >= of * REPEATS.share;
}

/** Accepted rows by column of names and name. */
async function rowsByName(
  session: DuckDbSession,
  { mapping, rowsPath }: LoadRequest,
): Promise<RowContent['names']> {
  const names: RowContent['names'] = {};
  for (const column of mapping.names) {
    const rows = await session.rows(
      `SELECT left(${quoteName(column)}, ${VALUE_CHARACTERS}) AS name, count(*) AS n, min(source_file) AS file
       FROM read_parquet(${quoteText(rowsPath)}) GROUP BY name LIMIT ${MOST_NAMES + 1}`,
    );
    names[column] = Object.fromEntries(
      rows.map(({ name, n, file }) => [String(name), { rows: Number(n), file: String(file) }]),
    );
  }
  return names;
}

/** Accepted rows by day, without the day of the folder and its neighbours. */
async function rowsOfOtherDays(
  session: DuckDbSession,
  { mapping: { ownTime }, rowsPath }: LoadRequest,
): Promise<RowContent['days']> {
  if (ownTime === null) return {};
  const { column, otherDay } = ownTime;
  // The footer, which DuckDB has just written, tells at once of most drops that there is none.
  const bounds = `SELECT CAST(unnest([stats_min_value, stats_max_value]) AS TIMESTAMP) AS ${quoteName(column)}
    FROM parquet_metadata(${quoteText(rowsPath)}) WHERE path_in_schema = ${quoteText(column)}`;
  const [outside] = await session.rows(`SELECT count(${otherDay}) AS n FROM (${bounds})`);
  if (Number(outside?.['n']) === 0) return {};
  const rows = await session.rows(
    `SELECT CAST(greatest(least(day, DATE '2200-12-31'), DATE '1900-01-01') AS VARCHAR) AS day, count(*) AS n
     FROM (SELECT ${otherDay} AS day FROM read_parquet(${quoteText(rowsPath)})) WHERE day IS NOT NULL GROUP BY ALL`,
  );
  return Object.fromEntries(rows.map(({ day, n }) => [String(day), Number(n)]));
}

/** The fewest values that stand for those of rows that were not looked at. */
const FEWEST_VALUES = 10;
/** What JavaScript reads as a number, and SQL does not. */
const NO_NUMBER = /^\s*0[xbo]/iu;

/**
 * Adds the function that looks at values of a group's accepted rows while they are written.
 *
 * @returns What the rows hold, once they are written. It gets the group's number of them.
 */
function lookAtValues(
  session: DuckDbSession,
  { fields }: MappedGroup,
  index: number,
): (rows: number) => RowContent {
  const looked = fields.map((field) => {
    return { ...field, none: 0, numbers: 0, size: { values: 0, logs: 0 }, values: new Set<string>() };
  });
  let seen = 0;
  session.addLook(lookName(index), (text, place) => {
    if (place === 0) seen += 1;
    const field = looked[place];
    if (field === undefined) return;
    if (text === null || text.trim() === '') {
      field.none += 1;
      return;
    }
    const number = NO_NUMBER.test(text) ? Number.NaN : Number(text);
    if (Number.isFinite(number)) field.numbers += 1;
    if (Number.isFinite(number) && number !== 0) {
      field.size.values += 1;
      field.size.logs += Math.log10(Math.abs(number));
    }
    if (field.values.size < KEPT_VALUES) field.values.add(text);
  });
  return (rows) => {
    // Rows of which none was looked at say nothing.
    if (seen === 0) return emptyContent();
    const contents = looked.map((each): [field: string, content: FieldContent] => {
      const { field, column, type, values, size } = each;
      const seenValues = seen - each.none;
      const isTooFew = seen >= FEWEST_VALUES && seen < rows && seenValues < FEWEST_VALUES;
      const none = isTooFew ? rows : Math.round((rows * each.none) / seen);
      const numbers = none === rows ? 0 : Math.round(((rows - none) * each.numbers) / seenValues);
      const types = values.size === 0 ? {} : { [type]: [...values] };
      return [field, { column, none, numbers, types, ...(size.values === 0 ? {} : { size }) }];
    });
    return { ...emptyContent(), rows, fields: Object.fromEntries(contents) };
  };
}

/** Writes the refused rows of some files, and counts them by file and reason. */
async function writeRefused(session: DuckDbSession, request: LoadRequest, only: ReadonlySet<number>) {
  const path = request.refusedPath;
  await verifyColumns(request, only, ALL);
  for (const statement of refusedRowsStatements(request, only, path)) await session.run(statement);
  const reasons = new Map<string, Counts>();
  for (const row of await session.rows(
    `SELECT path, reason, count(*) AS n FROM read_parquet(${quoteText(path)}) GROUP BY ALL`,
  )) {
    const reason = String(row['reason']);
    if (!isRowReason(reason)) throw new RangeError(`${reason} is not a known reason.`);
    const file = String(row['path']);
    reasons.set(file, { ...reasons.get(file), [reason]: Number(row['n']) });
  }
  return reasons;
}
