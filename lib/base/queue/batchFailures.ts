/** What a function tells Lambda of a batch of messages. */
export interface BatchFailures {
  batchItemFailures: { itemIdentifier: string }[];
}

/**
 * The answer to a batch: these messages are to be given again, or end in the dead letters; the others are done.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
export function batchFailures(messageIds: readonly string[]): BatchFailures {
  return { batchItemFailures: messageIds.map((itemIdentifier) => ({ itemIdentifier })) };
}
