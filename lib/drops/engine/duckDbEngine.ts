import { SluiceError } from '../../errors/SluiceError.ts';
import { DuckDbSession, type SessionRow } from './DuckDbSession.ts';
import { describeFiles } from './describeFiles.ts';
import type { Engine, EngineLimits, LoadRequest } from './Engine.ts';
import { engineFailure } from './engineFailure.ts';
import { fileFailure } from './fileFailure.ts';
import { loadFiles } from './loadFiles.ts';
import { probeStatement, ROWS_DIFFER, refusedProbeStatement } from './loadStatements.ts';

/** The engine of loads that fit one machine: each call has a DuckDB of its own, which can reach nothing but its files. */
export function duckDbEngine(limits: EngineLimits): Engine {
  return {
    async describe(files, signal) {
      const reach = { files: files.map(({ path }) => path), directories: [] };
      const session = await DuckDbSession.open(limits, reach, signal);
      try {
        return await describeFiles(session, files);
      } catch (error) {
        throw known(error, signal) ?? engineFailure(error);
      } finally {
        session.close();
      }
    },
    async load(request) {
      const session = await openForLoad(request);
      try {
        return await loadFiles(session, request);
      } catch (error) {
        throw known(error, request.signal) ?? (await blamed(error, request));
      } finally {
        session.close();
      }
    },
  };
}

function openForLoad({ files, outputDirectory, refusedPath, limits, signal }: LoadRequest) {
  return DuckDbSession.open(
    limits,
    { files: [...files.map(({ path }) => path), refusedPath], directories: [outputDirectory] },
    signal,
  );
}

/** What needs no translation. */
function known(error: unknown, signal: AbortSignal | undefined): unknown {
  return error instanceof SluiceError || signal?.aborted === true ? error : undefined;
}

/**
 * Finds the file that a load failed for: DuckDB doesn't always say. Each is read alone, in a DuckDB of its own: what is
 * mapped of it, then the whole rows of those that have refused ones, or not as many rows as they say: what is missing was
 * taken for refused.
 */
async function blamed(error: unknown, request: LoadRequest): Promise<unknown> {
  if (fileFailure(error, '') === null) return engineFailure(error);
  const withRefused: number[] = [];
  for (const i of request.files.keys()) {
    const [row, failure] = await probed(request, i, probeStatement(request, i));
    if (failure !== null) return failure;
    if (Number(row?.['problem']) > 0 || row?.[ROWS_DIFFER] === true) withRefused.push(i);
  }
  for (const i of withRefused) {
    const [, failure] = await probed(request, i, refusedProbeStatement(request, i));
    if (failure !== null) return failure;
  }
  return engineFailure(error);
}

/** The one row of a statement over one file, or what the statement fails with. */
async function probed(
  request: LoadRequest,
  file: number,
  sql: string,
): Promise<readonly [SessionRow | undefined, unknown]> {
  const session = await openForLoad(request);
  try {
    return [(await session.rows(sql))[0], null];
  } catch (failure) {
    const name = request.files[file]?.name ?? '';
    return [
      undefined,
      known(failure, request.signal) ?? fileFailure(failure, name) ?? engineFailure(failure),
    ];
  } finally {
    session.close();
  }
}
