import { defineErrorFamily, errorName, errorText, SluiceError } from '../base/errors.ts';
import { CatalogCallError } from '../landing/catalog/catalogCalls.ts';

/** Why a day could not be curated. Its rows stay where they are, and views go on reading them there. */
export const CurateError = defineErrorFamily('system', {
  SLUICE_CURATE_FILE_UNREADABLE: {
    cause: 'A raw file of the day can’t be read.',
    cure: 'Look at the file that the detail names. With `InvalidObjectState` it is archived, and Athena skips it: `SLUICE_FINDING_ARCHIVED` has the commands. With another code every query of the day fails: `SLUICE_FINDING_FILE_DAMAGED` has the commands; if it is not there, bring an earlier version back (docs/platform.md, "Restore"), or delete the version of the file. Rows of it that the curated day has stay.',
    repeats: 'always',
  },
  SLUICE_CURATE_COLUMN_UNFIT: {
    cause: 'A column of a raw file has values that can’t be read in the type of the table.',
    cure: 'Check the file that the detail names: queries of the column fail on this day in Athena, too. If Sluice did not write it, `npx sluice doctor` names it as a file of others (`SLUICE_FINDING_FORWARDED`), and has the commands that copy it and take it out. If its rows are yours, write it again in the type of the table.',
    repeats: 'always',
  },
  SLUICE_CURATE_COUNTS_DIFFER: {
    cause: 'The rows that were written and left out are not the rows of the raw files.',
    cure: 'Nothing was published, and the day is tried again. If the error persists, report it with the detail.',
    repeats: 'twice',
  },
  SLUICE_CURATE_DAY_TOO_LARGE: {
    cause:
      'The raw files of a day are more than the function can list, or curate in its time and on its disk, even in slices.',
    cure: 'Raise `memorySize` of `curate` in serverless.yml, to at most 10240. With the default of 1769, a day of 26 GB of raw files is the largest; with any, one of 50,000 files. Views go on reading the raw rows of the day.',
    repeats: 'always',
  },
  SLUICE_CURATE_FILES_CHANGED: {
    cause: 'Files of the day arrived or changed while it was curated.',
    cure: 'No action is needed: views read the raw rows of the day, and the next plan curates it again.',
  },
  SLUICE_CURATE_VERSION_INCOMPLETE: {
    cause:
      'The folder of the version does not have the files that were written to it. Nothing was published.',
    cure: 'The next plan curates the day again. If it persists, files of the version that the detail names have rows of no raw file: bring them back (docs/platform.md, "Restore"), or give them up (`sluice curate accept` with `--drop`), and find out who deletes objects in the folder of the curated table.',
    repeats: 'always',
  },
  SLUICE_CURATE_TABLE_DIFFERS: {
    cause: 'The curated table in the Data Catalog does not have the columns of this configuration.',
    cure: 'While a deployment runs, the day is retried. Without one run the command that `npx sluice status` prints; if it prints none, deploy.',
  },
  SLUICE_CURATE_KILLED: {
    cause: 'The function was killed or crashed each time it curated the day.',
    cure: 'Check the end of the log of `curate`. Most likely it ran out of memory. Raise its `memorySize` in serverless.yml, to at most 10240. The next nightly run tries the day again. Views go on reading the raw rows of the day.',
    repeats: 'always',
  },
  SLUICE_CURATE_OUT_OF_TIME: {
    cause: 'Curating a day, or looking at days, takes longer than a function may run.',
    cure: 'Raise `memorySize` of the function that logs it, `curate` or `curate-plan`, in serverless.yml, which also adds CPUs, to at most 10240. Views go on reading the raw rows of the day, and the next run goes on with the days that were not looked at.',
    repeats: 'twice',
  },
  SLUICE_CURATE_BUCKET_FAILED: {
    cause: "The deployment's own bucket could not be written or read.",
    cure: "Check the code in the detail, the function's role, and the bucket and its key. The day is retried.",
  },
  SLUICE_CURATE_CATALOG_FAILED: {
    cause: 'A partition or a view could not be read or changed in the Data Catalog.',
    cure: 'The call is retried. If the error persists, the code in the detail says why. After a denial `npx sluice doctor --drift` names what was changed of the role of the function or of the catalog, and how to set it back. Of a table that is gone `SLUICE_FINDING_RESOURCE_MISSING` has the commands.',
  },
  SLUICE_CURATE_LIST_BUSY: {
    cause: 'The list of curated days could not be changed because other changes came first each time.',
    cure: 'No action is needed: the message is delivered again, and the hourly check repeats it.',
  },
  SLUICE_CURATE_STOPPED: {
    cause: 'An unexpected error occurred.',
    cure: 'Check the log of the function. The day is retried when it is next planned.',
  },
  SLUICE_CURATE_MESSAGE_INVALID: {
    cause: 'A message on the queue was not sent by Sluice.',
    cure: '`sluice status` prints the commands that show and delete such a message. Find out who may send to the queue besides Sluice.',
  },
});

/** A failure of a day, whether a retry has it again, and the file that it is about. */
export type CurateFailure = Pick<SluiceError, 'code' | 'message' | 'repeats' | 'file'>;

/**
 * Codes of other rooms whose sentences are about customers' drops, and the code that says the same of a day to curate.
 */
const OWN_CODES: Readonly<Record<string, keyof typeof CurateError.entries>> = {
  SLUICE_LOAD_BUCKET_FAILED: 'SLUICE_CURATE_BUCKET_FAILED',
  SLUICE_ENGINE_OUT_OF_DISK: 'SLUICE_CURATE_DAY_TOO_LARGE',
};

/**
 * Converts any error into what the ledger records. Only messages of Sluice's errors are kept, as others may quote data.
 *
 * @param signal Aborted when the time is over: an aborted step may throw anything.
 */
export function toCurateFailure(error: unknown, signal: AbortSignal): CurateFailure {
  const { code, message, repeats, file } = toSluiceError(
    signal.aborted ? new CurateError('SLUICE_CURATE_OUT_OF_TIME') : error,
  );
  return { code, message, repeats, file };
}

/** Converts any error into one with a code. Only messages of Sluice's errors are kept, as others may quote data. */
function toSluiceError(error: unknown): SluiceError {
  if (error instanceof CatalogCallError) {
    return new CurateError('SLUICE_CURATE_CATALOG_FAILED', `${errorText(error, error.code)}.`, {
      cause: error,
    });
  }
  if (!(error instanceof SluiceError)) {
    return new CurateError('SLUICE_CURATE_STOPPED', `${errorText(error)}.`, {
      cause: error,
    });
  }
  const ownCode = OWN_CODES[error.code];
  const { detail, file } = error;
  return ownCode === undefined ? error : new CurateError(ownCode, detail, { cause: error, file });
}

/**
 * Makes a call of the bucket.
 *
 * @param what What the call is for: a key or a folder.
 * @param file The key of the raw file that it reads. Default none.
 * @throws CurateError for any error of the store.
 */
export async function bucketCall<Result>(
  what: string,
  call: () => Promise<Result>,
  file?: string,
): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    const name = errorName(error);
    // Nobody can read an archived file until somebody restores it.
    const code =
      name === 'InvalidObjectState' ? 'SLUICE_CURATE_FILE_UNREADABLE' : 'SLUICE_CURATE_BUCKET_FAILED';
    throw new CurateError(code, `${what}: ${errorText(error)}.`, { cause: error, file });
  }
}
