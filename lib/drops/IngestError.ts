import { defineErrorFamily } from '../base/errors.ts';

/** Errors of the plan or a load, independent of any customer's bucket. */
export const IngestError = defineErrorFamily('system', {
  SLUICE_INGEST_SESSION_REFUSED: {
    cause: 'The load could not assume its own role for one dataset.',
    cure: 'Deploy serverless.yml unchanged: the role of the load must trust itself and be allowed to assume itself. The load is retried.',
  },
  SLUICE_INGEST_OUT_OF_TIME: {
    cause: 'The run ended before it had listed a day of the dataset.',
    cure: 'The run is retried. If it persists, raise `timeout` of `ingest-plan` in serverless.yml, to at most 900.',
  },
  SLUICE_INGEST_MESSAGE_INVALID: {
    cause: 'A message on the queue was not sent by Sluice.',
    cure: 'Check the dead-letter queue, and who may send to the queue.',
  },
});
