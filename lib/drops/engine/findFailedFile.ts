import { quoteName, quoteText } from '../../base/sql.ts';
import { quotedName } from '../../base/text.ts';
import type { DuckDbSession, EngineLimits, SessionRow } from '../../parquet/DuckDbSession.ts';
import { engineFailure } from '../../parquet/EngineError.ts';
import { FileError, type FileFailure, fileFailure } from '../../parquet/FileError.ts';
import type { EngineFile } from '../../parquet/FileSchema.ts';
import type { LoadRequest } from './Engine.ts';
import { openForLoad, passedThrough } from './loadSession.ts';
import { probeStatement, ROWS_DIFFER, refusedProbeStatement } from './loadStatements.ts';

/**
 * Finds the file that a load failed for, as DuckDB does not always name it. Each file is read alone, in its own DuckDB:
 * first its mapped columns, then the whole rows if it has refused rows or a wrong number of rows, as missing rows counted as
 * refused.
 *
 * @param reads Called before each file with its number.
 */
export async function findFailedFile(
  error: unknown,
  limits: EngineLimits,
  request: LoadRequest,
  reads?: (file: number) => void,
): Promise<unknown> {
  if (fileFailure(error, '') === null) return engineFailure(error);
  const withRefused: number[] = [];
  for (const i of request.files.keys()) {
    reads?.(i);
    const [row, failure] = await probeFile(limits, request, i, probeStatement(request, i));
    if (failure !== null) return failure;
    if (Number(row?.['problem']) > 0 || row?.[ROWS_DIFFER] === true) withRefused.push(i);
  }
  for (const i of withRefused) {
    reads?.(i);
    const [, failure] = await probeFile(limits, request, i, refusedProbeStatement(request, i));
    if (failure !== null) return failure;
  }
  return engineFailure(error);
}

/** The row of a statement over one file, or the statement's error. */
async function probeFile(
  limits: EngineLimits,
  request: LoadRequest,
  i: number,
  sql: string,
): Promise<readonly [SessionRow | undefined, unknown]> {
  const session = await openForLoad(limits, request);
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
