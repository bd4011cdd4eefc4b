import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { LocalCloudError } from './LocalCloudError.ts';

/**
 * Takes a data directory for this process: two clouds writing the same journals would ruin them. The lock of a
 * process that is gone (kill -9, power cut) is taken over.
 *
 * @returns releases the lock.
 * @throws LocalCloudError `SLUICE_LOCAL_DATA_IN_USE` with the other's process id.
 */
export function lockDataDirectory(lockFile: string): () => void {
  mkdirSync(dirname(lockFile), { recursive: true });
  for (let attempt = 0; ; attempt += 1) {
    try {
      writeFileSync(lockFile, String(process.pid), { flag: 'wx' });
      return () => rmSync(lockFile, { force: true });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      const holder = Number(readFileSync(lockFile, 'utf8'));
      if (attempt > 0 || isRunning(holder)) {
        throw new LocalCloudError(
          'SLUICE_LOCAL_DATA_IN_USE',
          `${dirname(lockFile)} is held by process ${holder}.`,
        );
      }
      rmSync(lockFile, { force: true });
    }
  }
}

/** Our own id counts as not running: a container gives every new process the same one. */
function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
