import { defineErrorFamily } from '../base/errors.ts';

/** Errors of the ledger. */
export const LedgerError = defineErrorFamily('system', {
  SLUICE_INGEST_LEDGER_INVALID: {
    cause: 'An object in the ledger does not contain a valid entry.',
    cure: 'Bring an earlier version of the named object back: S3 keeps them for `retention.stateVersionDays`. Do not delete it: it may be all that says which rows or files the day keeps.',
  },
  SLUICE_INGEST_LEDGER_UNAVAILABLE: {
    cause: 'The ledger could not be read or written.',
    cure: 'The run is retried. If it persists, check S3 and the permissions of the role.',
  },
});
