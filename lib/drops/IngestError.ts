import { defineErrorFamily } from '../base/errors.ts';

/**
 * What the plan, the load and the look for late drops report of themselves. Why a day could not be loaded is a
 * LoadError, and what is wrong with the customer's bucket a SourceError.
 */
export const IngestError = defineErrorFamily('system', {
  SLUICE_INGEST_SESSION_REFUSED: {
    cause: 'The load could not assume its own role for one dataset.',
    cure: 'The code in the detail says why. After a denial `npx sluice doctor --drift` names what was changed of the role of the function, and how to set it back: it must trust itself and be allowed to assume itself. The load is retried.',
  },
  SLUICE_INGEST_OUT_OF_TIME: {
    cause: 'The time of the run was over before it had listed a day of the dataset.',
    cure: 'The run is retried. If it persists, raise `timeout` of `ingest-plan` in serverless.yml, to at most 900.',
  },
  // Logged for a message, never thrown.
  SLUICE_INGEST_MESSAGE_INVALID: {
    cause: 'A message on the queue of the plan or the load was not sent by Sluice.',
    cure: '`sluice status` prints the commands that show and delete such a message. Find out who may send to the queue besides Sluice.',
  },
});

/** Whether the time of the run was over before a day was listed. */
export function isOutOfTime(error: unknown): boolean {
  return error instanceof IngestError && error.code === 'SLUICE_INGEST_OUT_OF_TIME';
}
