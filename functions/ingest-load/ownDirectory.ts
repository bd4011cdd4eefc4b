import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';

const PREFIX = 'sluice-load-';

/** A folder of one invocation's own. */
export interface OwnDirectory {
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
export async function ownDirectory(temporary: string): Promise<OwnDirectory> {
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
