import { defineErrorFamily } from '../../base/errors.ts';

/** Errors of the writer. An object that could not become files of tables stays in the landing, whole, and is tried again. */
export const WriteError = defineErrorFamily('system', {
  SLUICE_WRITE_BUCKET_FAILED: {
    cause: 'The bucket could not be read or written.',
    cure: 'No action is needed for a passing error. If it persists, check the error name in the detail, the key of the bucket and the permissions of the role.',
  },
  SLUICE_WRITE_COUNTS_DIFFER: {
    cause:
      'The rows of the files, of quarantine and of parked frames are not as many as the headers say. None of them was put.',
    cure: 'Report it with the detail.',
  },
  SLUICE_WRITE_OBJECT_CHANGED: {
    cause: 'The object was replaced while it was written, or another attempt has gone on with it.',
    cure: 'The new content of the object is written next. If it comes again, find out who writes to the landing besides Sluice and its stream.',
  },
  SLUICE_WRITE_CUT_SHORT: {
    cause:
      'An attempt at an object ended without saying how: the function ran out of memory or time, or was stopped.',
    cure: 'No action is needed if the object is gone by now. Otherwise look for `Task timed out` and `OutOfMemory` in the log of the function, and give it more memory.',
  },
  SLUICE_WRITE_OUT_OF_TIME: {
    cause: 'The invocation had no time left for the object.',
    cure: 'No action is needed: its message returns. If it persists, give the function more memory: Lambda gives it more CPU with it.',
  },
  SLUICE_WRITE_FAILED: {
    cause: 'An object could not be written for a reason that Sluice does not know.',
    cure: 'Look up the detail. The object is tried again.',
  },
  SLUICE_WRITE_MESSAGE_INVALID: {
    cause: 'A message of the queue names no object.',
    cure: 'Find out who sends to the queue besides EventBridge and the schedule. The message ends in the dead-letter queue.',
  },
  SLUICE_WRITE_ENVIRONMENT_INVALID: {
    cause: 'An environment variable of the function is missing or wrong.',
    cure: 'Deploy again. Environment variables are set in infra/serverless/service.ts.',
  },
  SLUICE_WRITE_INVOCATION_UNKNOWN: {
    cause: 'The function was invoked with an event that it does not know.',
    cure: 'Invoke it with messages of its queue or with {"sluice":"look"}.',
  },
});
