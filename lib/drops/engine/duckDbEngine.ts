import * as z from 'zod';
import { SluiceError } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import { quoteName, quoteText } from '../../base/sql.ts';
import { quotedName } from '../../base/text.ts';
import type { EngineLimits } from '../../parquet/DuckDbSession.ts';
import { DuckDbSession, type SessionRow } from '../../parquet/DuckDbSession.ts';
import { describeFiles } from '../../parquet/describeFiles.ts';
import { EngineError, engineFailure } from '../../parquet/EngineError.ts';
import { FileError, type FileFailure, fileFailure } from '../../parquet/FileError.ts';
import type { EngineFile } from '../../parquet/FileSchema.ts';
import { ParquetFooter, readEnds } from '../../parquet/parquetFooter.ts';
import { verifyPages } from '../../parquet/verifyPages.ts';
import { isRowReason, type RowReason } from '../rowReasons.ts';
import {
  CODES,
  type Engine,
  type FieldContent,
  type FileRows,
  KEPT_VALUES,
  type LoadRequest,
  type MappedGroup,
  type MappedRows,
  type RowContent,
  sumRows,
} from './Engine.ts';
import {
  acceptedRowsStatement,
  countedRows,
  counterName,
  probeStatement,
  ROWS_DIFFER,
  refusedProbeStatement,
  refusedRowsStatements,
} from './loadStatements.ts';

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

function isInvalidText(failure: unknown): failure is FileFailure {
  return failure instanceof FileError && failure.code === 'SLUICE_INGEST_FILE_TEXT_INVALID';
}

type Counts = Partial<Record<RowReason, number>>;

/**
 * Implements {@link Engine.load}. The input is read once. Files with refused rows are read again for these rows only, so
 * that unmapped columns are read only for raw rows.
 */
async function loadFiles(session: DuckDbSession, request: LoadRequest): Promise<MappedRows> {
  const { files, mapping, rowsPath: output } = request;
  if (files.length === 0) return sumRows([], []);
  await verifyMapped(request);
  const contents = mapping.groups.map((group, i) => countContent(session, request, group, i));
  await session.run(acceptedRowsStatement(request, output));
  const { taken, isOfOtherDays } = await acceptedByFile(session, request);
  const rows = files.map(({ name, rows: all }) => {
    const out = taken.get(name) ?? 0;
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
  const days = isOfOtherDays ? await rowsOfOtherDays(session, request) : {};
  const mapped = sumRows(byFile, [{ rows: 0, fields: {}, days }, ...contents.map((content) => content())]);
  const { out } = mapped.rows;
  const { rows: written } = new ParquetFooter(readEnds(output));
  if (written === out) return mapped;
  throw new EngineError('SLUICE_ENGINE_FAILED', `${out} rows were counted, and ${written} written.`);
}

/** All columns. */
const ALL = [[0, Number.POSITIVE_INFINITY]] as const;

/** Verifies the checksums of mapped columns. @throws FileError */
async function verifyMapped({ files, mapping, signal }: LoadRequest): Promise<void> {
  for (const { files: places, leaves } of mapping.groups.flatMap(({ raws }) => raws)) {
    for (const i of places) {
      const file = files[i];
      if (file?.mayHaveChecksums === true) await verifyPages(file, { leaves, signal });
    }
  }
}

/** Accepted rows by file, and whether some of them are of another day than that of the folder and its neighbours. */
async function acceptedByFile(
  session: DuckDbSession,
  { mapping: { otherDay }, rowsPath }: LoadRequest,
): Promise<{ readonly taken: ReadonlyMap<string, number>; readonly isOfOtherDays: boolean }> {
  const rows = await session.rows(
    `SELECT source_file, count(*) AS n, count(${otherDay ?? 'NULL'}) AS other FROM read_parquet(${quoteText(rowsPath)}) GROUP BY source_file`,
  );
  return {
    taken: new Map(rows.map(({ source_file, n }) => [String(source_file), Number(n)])),
    isOfOtherDays: rows.some(({ other }) => Number(other) > 0),
  };
}

/** Accepted rows by day, without the day of the folder and its neighbours. */
async function rowsOfOtherDays(
  session: DuckDbSession,
  { mapping: { otherDay }, rowsPath }: LoadRequest,
): Promise<RowContent['days']> {
  const rows = await session.rows(
    `SELECT CAST(greatest(least(day, DATE '2200-12-31'), DATE '1900-01-01') AS VARCHAR) AS day, count(*) AS n
     FROM (SELECT ${otherDay} AS day FROM read_parquet(${quoteText(rowsPath)})) WHERE day IS NOT NULL GROUP BY ALL`,
  );
  return Object.fromEntries(rows.map(({ day, n }) => [String(day), Number(n)]));
}

/** A row of values, as the sampler gets it. */
const textsSchema = z.array(z.string().nullable());

/**
 * Makes the functions that count what the accepted rows of a group hold while they are written.
 *
 * @returns What they hold, once they are written.
 */
function countContent(
  session: DuckDbSession,
  { files }: LoadRequest,
  group: MappedGroup,
  index: number,
): () => RowContent {
  const values = group.fields.map(() => new Set<string>());
  const counter = session.addCounter(counterName(index), (texts) => {
    if (values.every(({ size }) => size === KEPT_VALUES)) return;
    for (const [i, text] of textsSchema.parse(parseJson(texts)).entries()) {
      const kept = values[i];
      if (text !== null && text.trim() !== '' && kept !== undefined && kept.size < KEPT_VALUES)
        kept.add(text);
    }
  });
  // Each counted row stands for those that are not counted.
  const { weight } = countedRows(files, group);
  return () => {
    const codes = counter();
    const counted = codes[0]?.reduce((sum, n) => sum + n, 0) ?? 0;
    if (counted === 0) return { rows: 0, fields: {}, days: {} };
    const fields = group.fields.map(({ field, column, type }, i): [field: string, content: FieldContent] => {
      const rowsWith = (code: number) => codes[i]?.[code] ?? 0;
      const none = rowsWith(CODES.none);
      const types = none < counted ? { [type]: [...(values[i] ?? [])] } : {};
      return [field, { column, none: none * weight, numbers: rowsWith(CODES.number) * weight, types }];
    });
    return { rows: counted * weight, fields: Object.fromEntries(fields), days: {} };
  };
}

async function writeRefused(session: DuckDbSession, request: LoadRequest, only: ReadonlySet<number>) {
  const path = request.refusedPath;
  for (const i of only) {
    const file = request.files[i];
    if (file?.mayHaveChecksums === true) await verifyPages(file, { leaves: ALL, signal: request.signal });
  }
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
