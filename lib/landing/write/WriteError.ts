import { defineErrorFamily } from '../../base/errors.ts';

/** Errors of the writer. An object that could not become files of tables stays in the landing, and is tried again. */
export const WriteError = defineErrorFamily('system', {
  SLUICE_WRITE_BUCKET_FAILED: {
    cause: 'The bucket could not be read or written.',
    cure: 'Correct what the error name in the detail is about: the permissions of the role, the bucket or its key; `npx sluice doctor` names what denies it. A passing error is tried again.',
  },
  SLUICE_WRITE_COUNTS_DIFFER: {
    cause: 'Files would not have as many rows as there are lines. None of them was put.',
    cure: 'Report it with the detail.',
  },
  SLUICE_WRITE_ROWS_REFUSED: {
    cause:
      'DuckDB refuses rows that it has accepted in smaller files, or rows of quarantine that the writer has made. No file was put.',
    cure: 'Report it with the detail.',
  },
  SLUICE_WRITE_OUT_OF_TIME: {
    cause: 'The invocation had no time left for the object.',
    cure: 'Its message returns. If it persists, give the function more memory: Lambda gives it more CPU with it.',
  },
});
