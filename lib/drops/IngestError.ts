import { defineErrorFamily } from '../base/errors.ts';

/** What can go wrong in the plan itself, whichever bucket it looks at. */
export const IngestError = defineErrorFamily('system', {
  SLUICE_INGEST_LEDGER_INVALID: {
    cause: 'An object of the ledger holds no ledger entry.',
    cure: 'Delete the object it names; the day is loaded anew.',
  },
  SLUICE_INGEST_LEDGER_UNAVAILABLE: {
    cause: 'The ledger could not be read or written.',
    cure: 'Nothing is to be done: the run comes again. If it persists, look at S3 and at the rights of the role.',
  },
  SLUICE_INGEST_SESSION_REFUSED: {
    cause: 'The load could not assume its own role for one dataset.',
    cure: 'Deploy serverless.yml as it is: the role of the load must trust itself and may assume itself. The load is tried again.',
  },
  SLUICE_INGEST_OUT_OF_TIME: {
    cause: 'The run ended before the dataset was looked at.',
    cure: 'Nothing is to be done: the run comes again. If it persists, raise `timeout` of `ingest-plan` in serverless.yml, to 900 at most.',
  },
  SLUICE_INGEST_MESSAGE_INVALID: {
    cause: 'A message on the queue is none of ours.',
    cure: 'Look at the dead-letter queue, and at who may send to the queue.',
  },
  SLUICE_INGEST_INVOCATION_UNKNOWN: {
    cause: 'The function was invoked with an event that it does not know.',
    cure: 'Invoke it with a batch of its queue, or with a request: docs/ingest.md.',
  },
  SLUICE_INGEST_ENVIRONMENT_INVALID: {
    cause: "The function's environment is not complete.",
    cure: 'Deploy serverless.yml as it is, or set the variables it sets.',
  },
});
