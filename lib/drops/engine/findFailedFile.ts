import { quoteName, quoteText } from '../../base/sql.ts';
import { quotedName } from '../../base/text.ts';
import type { DuckDbSession, EngineLimits, SessionRow } from '../../parquet/DuckDbSession.ts';
import { duckDbFailure, engineFailure } from '../../parquet/EngineError.ts';
import { FileError, type FileFailure, fileFailure } from '../../parquet/FileError.ts';
import type { EngineFile } from '../../parquet/FileSchema.ts';
import type { LoadRequest } from './Engine.ts';
import { openForLoad, passedThrough } from './loadSession.ts';
import { probeStatement, ROWS_DIFFER, refusedProbeStatement } from './loadStatements.ts';

/**
 * Finds the file that a load failed for, as DuckDB does not always name it. Each file is read alone, in its own DuckDB:
 * first its mapped columns. Then each file with refused rows is read as a whole, and so is each with fewer rows than
 * its footer says: the load had counted the missing ones as refused.
 *
 * @param error What the load failed with. For the machine's own faults no file is read.
 * @param onRead Called with the index of a file before each time that it is read: if DuckDB crashes, the last one made it.
 *   Default: nothing is called.
 * @returns What the load is to fail with: a FileError; an EngineError for the machine's own faults, and if no file fails
 *   alone; of a load that was stopped, the error that reading the file ended with.
 * @throws EngineError if a DuckDB for a file cannot be opened.
 */
export async function findFailedFile(
  error: unknown,
  limits: EngineLimits,
  request: LoadRequest,
  onRead?: (index: number) => void,
): Promise<unknown> {
  if (duckDbFailure(error).machineFault !== null) return engineFailure(error);
  const withRefused = new Set<number>();
  for (const [index, file] of request.files.entries()) {
    onRead?.(index);
    const probed = await probeFile(limits, request, file, probeStatement(request, index));
    if ('failure' in probed) return probed.failure;
    const { problem: refused, [ROWS_DIFFER]: rowsDiffer } = probed.row;
    if (Number(refused) > 0 || rowsDiffer === true) withRefused.add(index);
  }
  for (const [index, file] of request.files.entries()) {
    if (!withRefused.has(index)) continue;
    onRead?.(index);
    const probed = await probeFile(limits, request, file, refusedProbeStatement(request, index));
    if ('failure' in probed) return probed.failure;
  }
  return engineFailure(error);
}

/** What reading a file alone has come to: the row of its statement, or what {@link findFailedFile} returns. */
type Probed = { readonly row: SessionRow } | { readonly failure: unknown };

/** Runs a statement over one file. */
async function probeFile(
  limits: EngineLimits,
  request: LoadRequest,
  file: EngineFile,
  sql: string,
): Promise<Probed> {
  const session = await openForLoad(limits, request);
  try {
    const [row = {}] = await session.rows(sql);
    return { row };
  } catch (error) {
    const passed = passedThrough(error, request.signal);
    if (passed !== undefined) return { failure: passed };
    const failure = fileFailure(error, file.name);
    return {
      failure: failure === null ? engineFailure(error) : await withColumnOfText(failure, file, session),
    };
  } finally {
    session.close();
  }
}

/** A failure with the column whose text cannot be read, if that is what failed: DuckDB does not name it. */
async function withColumnOfText(
  failure: FileFailure,
  { name, path }: EngineFile,
  session: DuckDbSession,
): Promise<FileFailure> {
  if (!isOfText(failure)) return failure;
  const from = `read_parquet(${quoteText(path)}, hive_partitioning = false)`;
  try {
    for (const { column_name } of await session.rows(`DESCRIBE SELECT * FROM ${from}`)) {
      const column = String(column_name);
      if (await failsForText(session, `SELECT max(hash(${quoteName(column)})) FROM ${from}`))
        return new FileError('SLUICE_INGEST_FILE_TEXT_INVALID', `${name}: column ${quotedName(column)}.`, {
          cause: failure,
        });
    }
  } catch {
    // The names of the columns cannot be read either: what is known is told.
  }
  return failure;
}

/** Whether a statement fails for a text. Any other failure is not looked for. */
async function failsForText(session: DuckDbSession, sql: string): Promise<boolean> {
  try {
    await session.rows(sql);
    return false;
  } catch (error) {
    return isOfText(fileFailure(error, ''));
  }
}

/** Whether a file failed because of a text: one that is not UTF-8, or that is no JSON in a column of JSON. */
function isOfText(failure: FileFailure | null): boolean {
  return failure?.code === 'SLUICE_INGEST_FILE_TEXT_INVALID';
}
