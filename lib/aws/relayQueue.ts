import { ChangeMessageVisibilityCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { CopyKeeperOptions } from '../relay/CopyKeeper.ts';
import type { RelayQueues } from '../relay/Relayer.ts';
import { ANSWER_MS, CONNECT_MS, clientLimits } from './clientLimits.ts';

/** Sends messages. A request is sent once: the caller keeps a copy in the bucket instead of trying again. */
export function sqsSend(client: SQSClient, QueueUrl: string): CopyKeeperOptions['send'] {
  return async (MessageBody, timeoutMs) => {
    const abortSignal = AbortSignal.timeout(timeoutMs);
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody }), { abortSignal });
  };
}

let singleTry: SQSClient | undefined;

/**
 * A client of SQS that does not retry, created on first use. It does not hash messages: TLS protects them, and a hash
 * would take time of the answer.
 */
export function sqsSingleTryClient(): SQSClient {
  singleTry ??= new SQSClient({
    maxAttempts: 1,
    md5: false,
    requestHandler: clientLimits({ answerMs: ANSWER_MS.usual, connectMs: CONNECT_MS.ofSender }),
  });
  return singleTry;
}

/** The queue of relay and its dead-letter queue in SQS, by their URLs. */
export function relayQueues(client: SQSClient, queue: string, deadLetters: string): RelayQueues {
  return {
    async hide({ receipt }, ms) {
      const VisibilityTimeout = Math.ceil(ms / 1_000);
      await client.send(
        new ChangeMessageVisibilityCommand({ QueueUrl: queue, ReceiptHandle: receipt, VisibilityTimeout }),
      );
    },

    async bury(body) {
      await client.send(new SendMessageCommand({ QueueUrl: deadLetters, MessageBody: body }));
    },
  };
}
