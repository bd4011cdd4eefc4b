import { defineErrorFamily, SluiceError } from '../../base/errors.ts';
import { CatalogError } from '../../landing/catalog/CatalogError.ts';
import { CatalogCallError } from '../../landing/catalog/catalogCalls.ts';
import { FileError } from '../engine/FileError.ts';

/** Why a day could not be loaded, other than for its files, which FileError tells of, and its bucket, as SourceError. */
export const LoadError = defineErrorFamily('system', {
  SLUICE_LOAD_ROWS_REFUSED: {
    cause: 'More rows were refused than the dataset allows: nothing of the day was taken.',
    cure: "Look at the day's rows in the quarantine table, mend the mapping or the files, or raise `refusedShare` of the dataset.",
  },
  SLUICE_LOAD_ROWS_LATE: {
    cause:
      "More rows than the dataset allows lie further than a day from their folder's: nothing of the day was taken.",
    cure: 'Mend `timezone` or the unit of the time column if the mapping is wrong, or raise `lateShare` of the dataset.',
  },
  SLUICE_LOAD_DAY_TOO_LARGE: {
    cause: "The day's files don't fit the function's disk.",
    cure: 'The function `ingest-load` has the largest disk that Lambda gives, and half of it is for files. Let the files be written with a better compression (zstd), or into two folders, and configure a dataset for each.',
  },
  SLUICE_LOAD_FILES_CHANGING: {
    cause: 'Files were replaced again and again while they were read.',
    cure: 'Nothing, if whoever writes them comes to an end: the day is tried again. Else raise `settleMinutes` of the source.',
  },
  SLUICE_LOAD_OUT_OF_TIME: {
    cause: "The day's load takes longer than a function may run.",
    cure: 'Raise `memorySize` of `ingest-load` in serverless.yml: its CPUs grow with it. If it is at 10240, which is the most, let the files be written into two folders, and configure a dataset for each.',
  },
  SLUICE_LOAD_KILLED: {
    cause: 'The function was killed, or ended by itself, each time that it loaded the day.',
    cure: 'Look at the end of the log of `ingest-load`: most likely its memory is too small. Raise its `memorySize` in serverless.yml, to 10240 at most, or let the files be written into two folders with a dataset each. Then run `sluice ingest backfill`.',
  },
  SLUICE_LOAD_BUCKET_FAILED: {
    cause: "The deployment's own bucket could not be written or read.",
    cure: "Nothing, if it passes: the day is tried again. If it stays, look at the code in the detail, and at the function's role.",
  },
  SLUICE_LOAD_CATALOG_FAILED: {
    cause: "The day's partition could not be created or moved.",
    cure: "Nothing, if it passes: the day is tried again. If it stays, deploy again, which makes the dataset's table, and look at the code in the detail.",
  },
  SLUICE_LOAD_STOPPED: {
    cause: 'Something failed that nobody expected.',
    cure: 'Look at the log of the function; the day is tried again when it is next planned.',
  },
});

/** What a day, or one of its files, failed with. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

/** What another try of the same files on the same machine can't mend. */
const PERMANENT_CODES: ReadonlySet<string> = new Set([
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
  readonly isPermanent: boolean;
}

/** Makes of whatever was thrown what the ledger says. Only our own errors' messages are told: others may quote data. */
export function toLoadFailure(error: unknown): LoadFailure {
  const named = toSluiceError(error);
  return { code: named.code, message: named.message, isPermanent: PERMANENT_CODES.has(named.code) };
}

function toSluiceError(error: unknown): SluiceError {
  if (error instanceof CatalogError || error instanceof SluiceError) return error;
  if (error instanceof CatalogCallError) {
    return new LoadError('SLUICE_LOAD_CATALOG_FAILED', `${error.code}.`, { cause: error });
  }
  return new LoadError('SLUICE_LOAD_STOPPED', error instanceof Error ? `${error.name}.` : '', {
    cause: error,
  });
}
