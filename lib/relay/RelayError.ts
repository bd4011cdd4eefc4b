import { defineErrorFamily } from '../base/errors.ts';

/** Why the function `relay`, or a command about it, did not do its work. */
export const RelayError = defineErrorFamily('system', {
  SLUICE_RELAY_NOT_TAKEN: {
    cause: 'The target of relay did not take a copy of a request. It is tried again.',
    cure: 'Look at the status or the name of the error in the detail, and at the target.',
  },
  SLUICE_RELAY_REFUSED: {
    cause:
      'The target of relay refused copies of requests for good. They are under relay/refused/ for seven days.',
    cure: 'Find out why by the status: 401 and 403 mean the SDK key, 413 the size. Then send them again: `sluice relay redrive --reason 401` (docs/relay.md).',
  },
  SLUICE_RELAY_DELETED: {
    cause:
      'Copies of requests were eleven days old when they were to be sent, and were deleted, as they hold SDK keys. They are in Sluice, not at the target.',
    cure: 'Find out why they were not delivered for so long: `sluice relay status`, and the log lines of relay before. They count as refused, by the reason `deleted`.',
  },
  SLUICE_RELAY_COPY_UNREADABLE: {
    cause:
      'An object in relay/waiting/ is not a copy that this version of Sluice can read. It stays until S3 deletes it.',
    cure: 'After a rollback: deploy the later version again within seven days. Otherwise find out who writes there, and delete the object.',
  },
  SLUICE_RELAY_BUCKET_FAILED: {
    cause: 'The bucket, or the queue of relay, could not be read or written.',
    cure: 'Check the name of the error, in `failed` or in the detail, and the permissions of the role. The copy is tried again.',
  },
  SLUICE_RELAY_MESSAGE_INVALID: {
    cause:
      'A message in the queue of relay does not come from Sluice. It was moved to the dead-letter queue.',
    cure: 'Read the message there and find out who sends to the queue besides the collector and `sluice relay redrive`.',
  },
});
