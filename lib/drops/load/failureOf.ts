import { CatalogCallError } from '../../catalog/CatalogCallError.ts';
import { CatalogError } from '../../catalog/CatalogError.ts';
import { SluiceError } from '../../errors/SluiceError.ts';
import { FileError } from '../engine/FileError.ts';
import type { Failure } from './Failure.ts';
import { LoadError } from './LoadError.ts';

/** What another try of the same files on the same machine can't mend. */
const LASTING: ReadonlySet<string> = new Set([
  ...Object.keys(FileError.entries),
  'SLUICE_SOURCE_ACCESS_DENIED',
  'SLUICE_SOURCE_KEY_DENIED',
  'SLUICE_SOURCE_ROLE_DENIED',
  'SLUICE_SOURCE_BUCKET_MISSING',
  'SLUICE_SOURCE_REGION_WRONG',
  'SLUICE_SOURCE_OBJECT_ARCHIVED',
  'SLUICE_SOURCE_TOO_MANY_OBJECTS',
  'SLUICE_SOURCE_NOTHING_LOADABLE',
  'SLUICE_SOURCE_FILES_REPLACED',
  'SLUICE_SOURCE_TOO_MANY_UNKNOWN',
  'SLUICE_SOURCE_DELTA_TABLE',
  'SLUICE_SOURCE_ICEBERG_TABLE',
  'SLUICE_SOURCE_HUDI_TABLE',
  'SLUICE_LOAD_ROWS_REFUSED',
  'SLUICE_LOAD_ROWS_LATE',
  'SLUICE_LOAD_DAY_TOO_LARGE',
  'SLUICE_ENGINE_OUT_OF_MEMORY',
  'SLUICE_ENGINE_OUT_OF_DISK',
  'SLUICE_CATALOG_TABLE_UNFIT',
]);

/** What a load ended with, in our words, and whether the day fails at once or is tried again first. */
export interface LoadFailure extends Failure {
  readonly lasting: boolean;
}

/** Makes of whatever was thrown what the ledger says. Only our own errors' messages are told: others may quote data. */
export function failureOf(error: unknown): LoadFailure {
  const named = inOurWords(error);
  return { code: named.code, message: named.message, lasting: LASTING.has(named.code) };
}

function inOurWords(error: unknown): SluiceError {
  if (error instanceof CatalogError || error instanceof SluiceError) return error;
  if (error instanceof CatalogCallError) {
    return new LoadError('SLUICE_LOAD_CATALOG_FAILED', `${error.code}.`, { cause: error });
  }
  return new LoadError('SLUICE_LOAD_STOPPED', error instanceof Error ? `${error.name}.` : '', {
    cause: error,
  });
}
