import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { systemClock } from '../base/time.ts';

/** MiB at which a function has one whole CPU: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
const CPU_MEGABYTES = 1_769;
/** Part of the memory that DuckDB manages. DuckDB uses more than that, and Node needs some too. */
const DUCKDB_SHARE = 0.5;

/** The share of a function's resources that DuckDB may use. */
interface EngineShare {
  /** MiB that DuckDB manages. */
  readonly memoryMegabytes: number;
  /** Threads that DuckDB uses, 1 at least. */
  readonly threads: number;
}

/**
 * The memory and threads that DuckDB may use in a function.
 *
 * @param memoryMegabytes The memory of the function, MiB.
 */
export function engineShare(memoryMegabytes: number): EngineShare {
  const cpus = Math.round(memoryMegabytes / CPU_MEGABYTES);
  return {
    memoryMegabytes: Math.floor(memoryMegabytes * DUCKDB_SHARE),
    threads: Math.max(1, cpus),
  };
}

/**
 * Bytes of the largest disk of a function:
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-ephemeral-storage.html
 */
const MOST_DISK_BYTES = 10_240 * 2 ** 20;

/**
 * Milliseconds before the end of the function at which work stops, so that it can hand its day back and log: a call to
 * S3 may take 10 s and may be retried.
 */
const MARGIN_MS = 45_000;
/** A claim outlives the function by this many milliseconds, so that nobody takes over a day that is still being written. */
const LEASE_SLACK_MS = 60_000;

/** What one invocation works with: its part of the machine, and how long it has it. */
export interface Machine {
  /** An empty folder of its own. */
  readonly directory: string;
  /** What DuckDB may use. */
  readonly limits: EngineShare & { readonly temporaryDirectory: string };
  /** Bytes of the folder's disk, as it is configured. */
  readonly diskBytes: number;
  /** How many bytes of that disk are free. */
  readonly freeBytes: () => Promise<number>;
  /** The owner of what is claimed, and the time that is left. */
  readonly invocation: Invocation;
}

/** One invocation that loads or curates days. */
export interface Invocation {
  /** Identifies the invocation in the ledger. A message that is delivered twice has two owners. */
  readonly owner: string;
  /** Epoch milliseconds until which the invocation keeps the days that it claims: longer than its lifetime. */
  readonly leaseUntil: number;
  /** Epoch milliseconds after which no call of the catalog starts. */
  readonly deadline: number;
  /** Aborted shortly before the function would be killed. */
  readonly signal: AbortSignal;
}

/** An attempt at a task. */
export interface Attempt extends Invocation {
  /** Whether the task is not retried after this attempt, so that a passing failure is final. */
  readonly isLastAttempt: boolean;
  /** Attempts of a piece or a slice, including those whose function was killed. */
  readonly tries: number;
}

/**
 * Works in a folder of its own, which is deleted afterwards.
 *
 * @param memoryMegabytes The memory of the function, MiB.
 * @param endsAt When Lambda stops the invocation, epoch milliseconds.
 */
export async function onMachine<Result>(
  memoryMegabytes: number,
  endsAt: number,
  work: (machine: Machine) => Promise<Result>,
): Promise<Result> {
  const { path: directory, remove } = await makeWorkDirectory(tmpdir());
  try {
    const temporaryDirectory = join(directory, 'spilled');
    await mkdir(temporaryDirectory);
    const deadline = endsAt - MARGIN_MS;
    const { blocks, bsize: blockBytes } = await statfs(directory);
    return await work({
      directory,
      limits: { ...engineShare(memoryMegabytes), temporaryDirectory },
      // The disk of a developer's machine is larger than Lambda's.
      diskBytes: Math.min(blocks * blockBytes, MOST_DISK_BYTES),
      freeBytes: async () => {
        const { bavail, bsize } = await statfs(directory);
        return bavail * bsize;
      },
      invocation: {
        owner: randomUUID(),
        leaseUntil: endsAt + LEASE_SLACK_MS,
        deadline,
        signal: AbortSignal.timeout(Math.max(0, deadline - systemClock.now())),
      },
    });
  } finally {
    await remove();
  }
}

/** Works in a folder that is deleted afterwards: the next day needs the space. */
export async function withFolder<Result>(
  path: string,
  work: (path: string) => Promise<Result>,
): Promise<Result> {
  await mkdir(path);
  try {
    return await work(path);
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}

/** How the names of folders of invocations begin, of whichever function. */
const PREFIX = 'sluice-load-';
/** The name of such a folder: the IDs of its process and of its thread. */
const OF_PROCESS = new RegExp(`^${PREFIX}(\\d+)-\\d+$`);

/** A folder that belongs to one invocation. */
interface WorkDirectory {
  /** The absolute path of the folder. */
  readonly path: string;
  /** Deletes the folder with all that is in it. */
  readonly remove: () => Promise<void>;
}

/**
 * Makes an empty folder for one invocation. Lambda keeps the disk of an environment whose function it has killed, so this
 * first deletes what an earlier invocation left behind, which may be gigabytes. An environment runs one invocation at a
 * time, but the local cloud runs many in one process, each in a thread, so folder names contain both IDs.
 *
 * @param temporary Folder for temporary files: `/tmp` on Lambda.
 */
export async function makeWorkDirectory(temporary: string): Promise<WorkDirectory> {
  const ownName = `${PREFIX}${process.pid}-${threadId}`;
  for (const name of await readdir(temporary)) {
    const [, pid] = OF_PROCESS.exec(name) ?? [];
    if (pid === undefined) continue;
    if (name === ownName || !isAlive(Number(pid)))
      await rm(join(temporary, name), { recursive: true, force: true });
  }
  const path = join(temporary, ownName);
  // Other users of the machine cannot read a customer's files.
  await mkdir(path, { mode: 0o700 });
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/**
 * Whether a process is running. Signal 0 only checks. EPERM means that the process exists and belongs to another user.
 */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
