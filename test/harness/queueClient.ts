import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';

/** A client of an SQS all of whose queues have so many messages. */
export function queueClient([visible, hidden]: readonly [number, number]): SQSClient {
  const client = new SQSClient({ region: 'us-east-1' });
  client.middlewareStack.add(
    (_, { commandName }) =>
      async () => ({
        response: {},
        output: {
          $metadata: {},
          ...(commandName === GetQueueAttributesCommand.name
            ? {
                Attributes: {
                  ApproximateNumberOfMessages: String(visible),
                  ApproximateNumberOfMessagesNotVisible: String(hidden),
                },
              }
            : { QueueUrl: 'https://queue' }),
        },
      }),
    { step: 'initialize' },
  );
  return client;
}
