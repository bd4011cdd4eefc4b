import { SluiceError } from '../../base/errors.ts';
import { DuckDbSession, type EngineLimits } from '../../parquet/DuckDbSession.ts';
import type { LoadRequest } from './Engine.ts';

/** Opens a session that can read the files of a load, and write its two results, and nothing else. */
export function openForLoad(
  limits: EngineLimits,
  { files, rowsPath, refusedPath, signal }: LoadRequest,
): Promise<DuckDbSession> {
  return DuckDbSession.open(
    limits,
    { files: [...files.map(({ path }) => path), rowsPath, refusedPath], directories: [] },
    signal,
  );
}

/**
 * An error that is thrown unchanged: one of Sluice, and any error of a load that was stopped. Undefined for another,
 * which is DuckDB's.
 */
export function passedThrough(error: unknown, signal: AbortSignal | undefined): unknown {
  return error instanceof SluiceError || signal?.aborted === true ? error : undefined;
}
