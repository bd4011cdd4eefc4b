import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import type { EngineLimits } from '../../lib/drops/engine/Engine.ts';

/** What a function of so much memory is, and what DuckDB may take of it. */

/** MiB at which a function has one whole CPU: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
const CPU_MEGABYTES = 1_769;
/** Lambda's most (same page). */
const MOST_CPUS = 6;
/** Part of the memory that DuckDB manages; it takes more than that, and Node some besides (docs/ingest.md, "Memory"). */
const DUCKDB_SHARE = 0.5;

/**
 * What DuckDB may take of a function.
 *
 * @param memoryMegabytes The function's, MiB.
 */
export function engineShare(memoryMegabytes: number): Pick<EngineLimits, 'memoryMegabytes' | 'threads'> {
  const cpus = Math.round(memoryMegabytes / CPU_MEGABYTES);
  return {
    memoryMegabytes: Math.floor(memoryMegabytes * DUCKDB_SHARE),
    threads: Math.min(MOST_CPUS, Math.max(1, cpus)),
  };
}

const PREFIX = 'sluice-load-';

/** A folder of one invocation's own. */
export interface WorkDirectory {
  readonly path: string;
  readonly remove: () => Promise<void>;
}

/**
 * Makes an empty folder for one invocation. Lambda keeps the disk of an environment whose function it has killed, and so
 * what an earlier one left behind goes first: gigabytes, maybe. An environment runs one invocation at a time, but the
 * local cloud has many in one process, each a thread: so folders are named after both.
 *
 * @param temporary Folder for temporary files: `/tmp` on Lambda.
 */
export async function makeWorkDirectory(temporary: string): Promise<WorkDirectory> {
  const own = `${PREFIX}${process.pid}-${threadId}`;
  for (const name of await readdir(temporary)) {
    const [, pid] = /^sluice-load-(\d+)-\d+$/.exec(name) ?? [];
    if (pid === undefined) continue;
    if (name === own || !isAlive(Number(pid)))
      await rm(join(temporary, name), { recursive: true, force: true });
  }
  const path = join(temporary, own);
  // On a machine that others use as well, the files of a customer are the process's alone.
  await mkdir(path, { mode: 0o700 });
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** Signal 0 only asks. Somebody else's process, which may not be asked, is alive. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
