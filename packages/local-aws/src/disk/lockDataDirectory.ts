import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LocalCloudError } from './LocalCloudError.ts';

const PREFIX = 'lock.';

/**
 * Takes a data directory for this process: two clouds writing the same journals would ruin them.
 *
 * Each process puts down a file of its own, `lock.<pid>`, before it looks for those of others, so that of two
 * that start at once at least one sees the other. The file of a process that is gone (kill -9) counts for nothing.
 *
 * @returns releases the lock.
 * @throws LocalCloudError `SLUICE_LOCAL_DATA_IN_USE` with the other's process id.
 */
export function lockDataDirectory(directory: string): () => void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const own = join(directory, `${PREFIX}${process.pid}`);
  writeFileSync(own, '', { mode: 0o600 });
  const release = () => rmSync(own, { force: true });
  const others = readdirSync(directory)
    .filter((name) => name.startsWith(PREFIX))
    .map((name) => Number(name.slice(PREFIX.length)))
    .filter((pid) => pid !== process.pid);
  const holder = others.find(isRunning);
  if (holder !== undefined) {
    release();
    const file = join(directory, `${PREFIX}${holder}`);
    throw new LocalCloudError('SLUICE_LOCAL_DATA_IN_USE', `Process ${holder} holds it by ${file}.`);
  }
  for (const gone of others) rmSync(join(directory, `${PREFIX}${gone}`), { force: true });
  return release;
}

/**
 * Removes everything from a data directory that no cloud uses.
 *
 * @throws LocalCloudError `SLUICE_LOCAL_DATA_IN_USE`, and removes nothing.
 */
export function emptyDataDirectory(directory: string): void {
  const release = lockDataDirectory(directory);
  for (const name of readdirSync(directory)) {
    if (!name.startsWith(PREFIX)) rmSync(join(directory, name), { recursive: true });
  }
  release();
}

function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
