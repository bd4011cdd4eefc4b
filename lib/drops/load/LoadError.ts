import { defineErrorFamily, errorText, SluiceError } from '../../base/errors.ts';
import { CatalogCallError } from '../../landing/catalog/catalogCalls.ts';

/** Why a day could not be loaded, except for problems of its files (FileError) or of the customer's bucket (SourceError). */
export const LoadError = defineErrorFamily('system', {
  SLUICE_LOAD_ROWS_REFUSED: {
    cause: 'More rows were refused than the dataset allows. Nothing of the day was loaded.',
    cure: "Check the day's rows in the quarantine table, correct the mapping or the files, or raise `refusedShare` of the dataset.",
    repeats: 'always',
  },
  SLUICE_LOAD_DISK_FULL: {
    cause: "Files of the day did not fit the function's disk, although there was room for them.",
    cure: 'The day is retried when it is next planned. If it persists, have smaller files written: a large file is a piece of its own.',
    repeats: 'always',
  },
  SLUICE_LOAD_FILES_CHANGING: {
    cause: 'Files were replaced repeatedly while they were read.',
    cure: 'The day is retried. If the writer does not finish, raise `settleMinutes` of the source.',
  },
  SLUICE_LOAD_OUT_OF_TIME: {
    cause: 'The load of one piece of the day takes longer than a function may run.',
    cure: 'Raise `memorySize` of `ingest-load` in serverless.yml, to at most 10240, which also adds CPUs, or have smaller files written: a large file is a piece of its own.',
    repeats: 'twice',
  },
  SLUICE_LOAD_KILLED: {
    cause:
      'No load of the day, or of the piece of it that the detail names, came to its end in its time, and none said why: the function was killed, or crashed.',
    cure: 'The end of its runs in the log of `ingest-load` says which. Out of memory (`maxMemoryUsedMB` is near `memorySizeMB`): raise its `memorySize` in serverless.yml, to at most 10240, or have smaller files written. Then run `sluice ingest backfill`.',
  },
  SLUICE_LOAD_BUCKET_FAILED: {
    cause: "The deployment's own bucket could not be written or read.",
    cure: "Check the code in the detail, the function's role, and the bucket and its key. The day is retried.",
  },
  SLUICE_LOAD_CATALOG_FAILED: {
    cause: "The day's partition could not be created or moved.",
    cure: 'The day is retried. If it persists, the code in the detail says why. After a denial `npx sluice doctor --drift` names what was changed of the role of the function or of the catalog, and how to set it back. Of a table that is gone `SLUICE_FINDING_RESOURCE_MISSING` has the commands. If the dataset is new, deploy, which creates its table.',
  },
  SLUICE_LOAD_STOPPED: {
    cause: 'An unexpected error occurred.',
    cure: 'Check the log of the function. The day is retried when it is next planned.',
  },
});

/** The failure of a day or of one of its files. */
export interface Failure {
  /** The code of an error of Sluice. */
  readonly code: string;
  /** The cause and its detail, in words. */
  readonly message: string;
}

/** The failure of a load, and whether a retry has it again. */
export type LoadFailure = Failure & Pick<SluiceError, 'repeats'>;

/** Converts any error into what the ledger records. Only messages of Sluice's errors are kept, as others may quote data. */
export function toLoadFailure(error: unknown): LoadFailure {
  if (error instanceof SluiceError) {
    const { code, message, repeats } = error;
    return { code, message, repeats };
  }
  return toLoadFailure(
    error instanceof CatalogCallError
      ? new LoadError('SLUICE_LOAD_CATALOG_FAILED', `${errorText(error, error.code)}.`)
      : new LoadError('SLUICE_LOAD_STOPPED', `${errorText(error)}.`),
  );
}
