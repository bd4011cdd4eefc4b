import { defineErrorFamily } from '../errors/defineErrorFamily.ts';

/** What can go wrong when messages are put on a queue of ours. */
export const QueueError = defineErrorFamily('system', {
  SLUICE_QUEUE_NOT_SENT: {
    cause: 'Messages could not be put on their queue.',
    cure: 'In a run nothing is to be done: the next one sends them. By hand, ask again. If it persists, look at SQS and at the rights of the role.',
  },
});
