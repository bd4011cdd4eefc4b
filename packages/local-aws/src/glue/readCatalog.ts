import { readDatabases } from './catalogFiles.ts';
import type { DatabaseEntry } from './entries.ts';

/**
 * The catalog as it lies in a directory, for reading only: for tools that answer while the local cloud runs
 * in another process, or not at all. Databases and their tables in the order of their names; a directory
 * that isn't there is an empty catalog.
 */
export function readCatalog(directory: string): readonly DatabaseEntry[] {
  return [...readDatabases(directory).values()];
}
