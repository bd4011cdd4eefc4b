import { defineErrorFamily } from '../../base/errors.ts';

/** Why something waits in overflow or errors, or waits no more. */
export const RedriveError = defineErrorFamily('system', {
  SLUICE_REDRIVE_PARKED: {
    cause: 'An object was tried as often as it shall be and was moved to parked/.',
    cure: 'Mend what its log line names, then move it back to its own key (docs/redrive.md).',
  },
  SLUICE_REDRIVE_NOT_DELIVERED: {
    cause: 'Firehose took none of the documents of an overflow object.',
    cure: 'Nothing if it passes: it is tried again. If it stays, look at the code in the detail.',
  },
  SLUICE_REDRIVE_NO_TIME: {
    cause: 'An object was not begun because the time of the function was up.',
    cure: 'Nothing: its message comes again. If it stays, look for what takes the time: a stream that does not answer.',
  },
  SLUICE_REDRIVE_NOT_QUARANTINED: {
    cause: 'Records of an error object could not be kept in quarantine.',
    cure: 'Nothing if it passes: it is tried again. If it stays, look at the quarantine stream.',
  },
  SLUICE_REDRIVE_UNREADABLE: {
    cause: 'An overflow object is not the gzip of whole lines that we wrote.',
    cure: 'Look at it under parked/: somebody else wrote or changed it.',
  },
  SLUICE_REDRIVE_QUARANTINE_REFUSED: {
    cause:
      'Firehose could not deliver rows of the quarantine table itself, which can only be looked at by hand.',
    cure: 'Look at the lines of the object under parked/: each tells why; compare the table with the deployed one.',
  },
  SLUICE_REDRIVE_BUCKET_FAILED: {
    cause: 'The bucket could not be read or written, or something unforeseen failed.',
    cure: 'Nothing if it passes: it is tried again. If it stays, look at the name in the detail and at the role.',
  },
  SLUICE_REDRIVE_MESSAGE_INVALID: {
    cause: 'A message of the queue that feeds redrive is no "Object Created" event of S3.',
    cure: 'Look at it in the dead-letter queue, where it ends, and find who sends to the queue besides the rule.',
  },
  SLUICE_REDRIVE_INVOCATION_UNKNOWN: {
    cause: 'Redrive was invoked with neither messages of its queue nor the input of its schedule.',
    cure: 'Invoke it with {"sluice":"stragglers"} to redrive by hand what has waited for long.',
  },
  SLUICE_REDRIVE_ENVIRONMENT_INVALID: {
    cause: 'An environment variable of redrive is missing or empty.',
    cure: 'Deploy again: serverless.yml sets it.',
  },
});
