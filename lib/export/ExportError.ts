import { defineErrorFamily } from '../base/errors.ts';

/** Why a day could not be exported. */
export const ExportError = defineErrorFamily('user', {
  SLUICE_EXPORT_ACCESS_DENIED: {
    cause: "The customer's bucket refuses the call.",
    cure: "Compare the bucket's policy with `sluice policy print --for export-target`; S3 answers the same when the bucket is not of the account that the export names as `target.owner`.",
  },
  SLUICE_EXPORT_KEY_DENIED: {
    cause: "The key that the customer's bucket encrypts with refuses, or is disabled.",
    cure: "Set `target.kmsKeyArn`, and let the export's role use the key in the key's own policy.",
  },
  SLUICE_EXPORT_ROLE_DENIED: {
    cause: "The role in the customer's account could not be assumed.",
    cure: "Let the export's role assume it in its trust policy, with the external ID of the export if it asks for one.",
  },
  SLUICE_EXPORT_SESSION_REFUSED: {
    cause: 'The function could not assume its own role for one export.',
    cure: 'Deploy serverless.yml as it is: the role of the export must trust itself and may assume itself. The task is tried again.',
  },
  SLUICE_EXPORT_BUCKET_MISSING: {
    cause: 'There is no such bucket.',
    cure: 'Mend `target.bucket` of the export.',
  },
  SLUICE_EXPORT_REGION_WRONG: {
    cause: 'The bucket is in another region.',
    cure: 'Mend `target.region` of the export.',
  },
  SLUICE_EXPORT_TARGET_UNAVAILABLE: {
    cause: "The customer's bucket did not answer in time, or S3 is busy.",
    cure: 'Nothing is to be done: the next run tries again.',
  },
  SLUICE_EXPORT_SOURCE_UNAVAILABLE: {
    cause: "The deployment's own bucket or catalog could not be read.",
    cure: "Nothing, if it passes: the next run tries again. If it stays, look at the code in the detail, and at the function's role.",
  },
  SLUICE_EXPORT_TABLE_MISSING: {
    cause: 'There is no such table, or it has no days.',
    cure: 'Correct `table` of the export: a forwarded table, or the table of a dataset; and deploy.',
  },
  SLUICE_EXPORT_TOO_MANY_FILES: {
    cause: 'The day has more files than one export takes.',
    cure: "Nothing of Sluice writes so many: look in the day's folder for files of somebody else, and move them away.",
  },
  SLUICE_EXPORT_FILES_CHANGING: {
    cause: 'Files of the day were replaced again and again while they were copied.',
    cure: 'Nothing: the next run tries again.',
  },
  SLUICE_EXPORT_OUT_OF_TIME: {
    cause: 'The day takes longer to copy than a function may run.',
    cure: 'Nothing, as long as it gets on: what was copied stays, and the rest goes on at once.',
  },
  SLUICE_EXPORT_STOPPED: {
    cause: 'Something failed that nobody expected.',
    cure: "Look at the function's log; the day is tried again.",
  },
  SLUICE_EXPORT_MESSAGE_INVALID: {
    cause: 'A message on the queue is none of ours.',
    cure: 'Look at the dead-letter queue, and at who may send to the queue.',
  },
  SLUICE_EXPORT_INVOCATION_UNKNOWN: {
    cause: 'The function was invoked with an event that it does not know.',
    cure: 'Invoke it with a batch of its queue, or with a request: docs/export.md.',
  },
  SLUICE_EXPORT_ENVIRONMENT_INVALID: {
    cause: "The function's environment is not complete.",
    cure: 'Deploy serverless.yml as it is, or set the variables it sets.',
  },
});

const PASSING: ReadonlySet<string> = new Set([
  'SLUICE_EXPORT_TARGET_UNAVAILABLE',
  'SLUICE_EXPORT_SOURCE_UNAVAILABLE',
  'SLUICE_EXPORT_FILES_CHANGING',
  'SLUICE_EXPORT_STOPPED',
  'SLUICE_INGEST_LEDGER_UNAVAILABLE',
  'SLUICE_QUEUE_NOT_SENT',
]);

/** Whether a failure of this code may be over with the next try, though nobody mends anything. */
export function isTransientCode(code: string): boolean {
  return PASSING.has(code);
}
