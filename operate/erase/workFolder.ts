import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Folders of erasures: the process that works there, and random characters. */
const NAME = /^sluice-erase-(\d+)-/;

/**
 * Makes a folder that only this erasure uses, also beside another one of the same units on the same machine, and removes the
 * folders of processes that were killed.
 *
 * @returns Its path. The caller removes it.
 */
export async function makeWorkFolder(): Promise<string> {
  const root = tmpdir();
  for (const name of await readdir(root)) {
    const pid = NAME.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    // Folders that belong to another user stay.
    await rm(join(root, name), { recursive: true, force: true }).catch(() => undefined);
  }
  // Only its owner may read it: https://nodejs.org/api/fs.html#fspromisesmkdtempprefix-options
  return mkdtemp(join(root, `sluice-erase-${process.pid}-`));
}

/** Whether a process runs. One of another user does, as only its signal is refused. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}
