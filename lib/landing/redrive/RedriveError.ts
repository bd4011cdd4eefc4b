import { defineErrorFamily } from '../../base/errors.ts';

/** Why an object remains in overflow or errors, or was parked. */
export const RedriveError = defineErrorFamily('system', {
  SLUICE_REDRIVE_PARKED: {
    cause: 'An object failed at its last try and was moved to parked/.',
    cure: 'Correct the problem that its log line names, then move the object back: `sluice redrive --parked` (docs/redrive.md).',
  },
  SLUICE_REDRIVE_NOT_DELIVERED: {
    cause: 'Firehose did not accept all of the rows of an overflow object.',
    cure: 'None needed for a passing error: the object is retried. If the error persists, look up the code in the detail.',
  },
  SLUICE_REDRIVE_NO_TIME: {
    cause: 'The function had no time left to start an object.',
    cure: 'None needed: the queue delivers its message again. If the error persists, look for a stream that does not answer.',
  },
  SLUICE_REDRIVE_NOT_QUARANTINED: {
    cause: 'Records of an error object could not be kept in quarantine.',
    cure: 'None needed for a passing error: the object is retried. If the error persists, check the quarantine stream.',
  },
  SLUICE_REDRIVE_ROW_TOO_LARGE: {
    cause:
      'A row of an overflow object is larger than a record of Firehose. The other rows of the object were delivered.',
    cure: 'Read the row in the object under parked/: no stream takes it.',
  },
  SLUICE_REDRIVE_UNREADABLE: {
    cause: 'An overflow object is not a gzip file of whole lines, as Sluice writes them.',
    cure: 'Inspect it under parked/: somebody else wrote or changed it.',
  },
  SLUICE_REDRIVE_QUARANTINE_REFUSED: {
    cause: 'Firehose could not deliver rows of the quarantine table itself. They have no other place to go.',
    cure: 'Read the lines of the object under parked/: each has its reason. Compare the table with the deployed one, then put the rows on the stream again: `sluice redrive --parked` (docs/redrive.md).',
  },
  SLUICE_REDRIVE_BUCKET_FAILED: {
    cause: 'The bucket could not be read or written, or an unexpected error occurred.',
    cure: 'None needed for a passing error: the object is retried. If the error persists, check the error name in the detail and the permissions of the role.',
  },
  SLUICE_REDRIVE_MESSAGE_INVALID: {
    cause: 'A message in the queue of redrive is not an "Object Created" event of S3.',
    cure: 'Read the message in the dead-letter queue and find out who sends to the queue besides the rule.',
  },
  SLUICE_REDRIVE_INVOCATION_UNKNOWN: {
    cause: 'Redrive was invoked with neither queue messages nor the input of its schedule.',
    cure: 'To redrive old objects by hand, invoke it with {"sluice":"stragglers"}.',
  },
  SLUICE_REDRIVE_ENVIRONMENT_INVALID: {
    cause: 'An environment variable of redrive is missing or empty.',
    cure: 'Deploy again: serverless.yml sets it.',
  },
});
