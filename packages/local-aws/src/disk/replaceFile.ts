import { closeSync, openSync, renameSync, rmSync } from 'node:fs';
import { writeWhole } from './writeWhole.ts';

/**
 * Gives a file its content: written beside its place first and renamed into it, so that a reader, even one in another
 * process, and whoever opens it after a kill see the old content or the new, never a part. A write that fails, as
 * with a full disk, leaves the old one and nothing beside it. Nothing is forced to the disk: a machine that loses
 * power may lose the last moments.
 */
export function replaceFile(file: string, content: string): void {
  closeSync(replaceAndKeepOpen(file, content));
}

/**
 * The same; answers the new file's descriptor, open for appending. Of two files that were renamed and opened one after
 * the other the second step could fail, which would leave the caller with the old one.
 */
export function replaceAndKeepOpen(file: string, content: string): number {
  const beside = `${file}.tmp`;
  // What a kill left would otherwise be appended to.
  rmSync(beside, { force: true });
  const descriptor = openSync(beside, 'ax');
  try {
    writeWhole(descriptor, Buffer.from(content));
    renameSync(beside, file);
  } catch (error) {
    closeSync(descriptor);
    rmSync(beside, { force: true });
    throw error;
  }
  return descriptor;
}
