import { ChangeMessageVisibilityCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { CopyKeeperOptions } from '../relay/CopyKeeper.ts';
import type { RelayQueues } from '../relay/Relayer.ts';

/**
 * Sends one message. The request is signed and sent once: who keeps a copy goes to the bucket instead of trying again.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
export function sqsSend(client: SQSClient, QueueUrl: string): CopyKeeperOptions['send'] {
  return async (MessageBody, timeoutMs) => {
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody }), {
      abortSignal: AbortSignal.timeout(timeoutMs),
    });
  };
}

let singleTry: SQSClient | undefined;

/** A client of SQS that does not retry, created on first use. */
export function sqsSingleTryClient(): SQSClient {
  singleTry ??= new SQSClient({
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 5_000, throwOnRequestTimeout: true },
  });
  return singleTry;
}

/** Seconds for which a message may be hidden: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html */
const LONGEST_HIDDEN_SECONDS = 43_200;

/**
 * The queues of relay in SQS.
 *
 * @param deadLetters URL of the dead-letter queue. Those of the others differ from it by their name, the last part of an ARN.
 */
export function relayQueues(client: SQSClient, deadLetters: string): RelayQueues {
  return {
    async hide({ queueArn, receipt }, ms) {
      const name = queueArn.split(':').at(-1) ?? '';
      const QueueUrl = deadLetters.replace(/[^/]*$/, name);
      const VisibilityTimeout = Math.min(LONGEST_HIDDEN_SECONDS, Math.ceil(ms / 1_000));
      await client.send(
        new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle: receipt, VisibilityTimeout }),
      );
    },

    async bury(body) {
      await client.send(new SendMessageCommand({ QueueUrl: deadLetters, MessageBody: body }));
    },
  };
}
