import { defineErrorFamily } from '../base/errors.ts';

/** Why the function `relay`, or a command about it, did not do its work. */
export const RelayError = defineErrorFamily('system', {
  SLUICE_RELAY_NOT_TAKEN: {
    cause: 'The target of relay did not take a copy of a request. It is tried again.',
    cure: 'None needed for a passing error. If it persists, look at the status or the name of the error in the detail, and at the target.',
  },
  SLUICE_RELAY_REFUSED: {
    cause:
      'The target of relay refused copies of requests for good. They are under relay/refused/ for at least seven days.',
    cure: 'Find out why by the status: 401 and 403 mean the SDK key, 413 the size. Then send them again: `sluice relay redrive --reason 401` (docs/relay.md).',
  },
  SLUICE_RELAY_BUCKET_FAILED: {
    cause: 'The bucket, or the queue of relay, could not be read or written.',
    cure: 'None needed for a passing error: the copy is tried again. If it persists, check the name of the error in the detail and the permissions of the role.',
  },
  SLUICE_RELAY_MESSAGE_INVALID: {
    cause: "A message in a queue of relay is none of Sluice's. It was moved to the dead-letter queue.",
    cure: 'Read the message there and find out who sends to the queue besides the collector and the rule.',
  },
  SLUICE_RELAY_INVOCATION_UNKNOWN: {
    cause: 'The function relay was invoked with something else than messages of its queues.',
    cure: 'None needed: it has nothing else to do. `sluice relay redrive` sends refused copies again.',
  },
  SLUICE_RELAY_ENVIRONMENT_INVALID: {
    cause: 'An environment variable of relay is missing or empty.',
    cure: 'Deploy again: serverless.yml sets it.',
  },
});
