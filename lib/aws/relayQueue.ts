import { once } from 'node:events';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { ChangeMessageVisibilityCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { SignatureV4 } from '@smithy/signature-v4';
import { isJsonObject, parseJson } from '../base/json.ts';
import type { CopyKeeperOptions } from '../relay/CopyKeeper.ts';
import type { RelayQueues } from '../relay/Relayer.ts';

/** Media type of AWS JSON 1.0, which SQS speaks. */
const MEDIA_TYPE = 'application/x-amz-json-1.0';

/**
 * Sends messages. A request is signed and sent once: who keeps a copy goes to the bucket instead of trying again. It goes
 * without the client's command, whose middlewares and checks cost the collector more than all the rest of relay
 * (`npm run bench -- relay`).
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests-json.html
 */
export function sqsSend(client: SQSClient, QueueUrl: string): CopyKeeperOptions['send'] {
  const { credentials, region, sha256 } = client.config;
  const signer = new SignatureV4({ credentials, region, sha256, service: 'sqs' });
  const { protocol, hostname, host, port } = new URL(QueueUrl);
  const [send, agent] =
    protocol === 'https:'
      ? [httpsRequest, new HttpsAgent({ keepAlive: true })]
      : [httpRequest, new HttpAgent({ keepAlive: true })];
  return async (MessageBody, timeoutMs) => {
    const body = JSON.stringify({ QueueUrl, MessageBody });
    const { headers } = await signer.sign({
      method: 'POST',
      protocol,
      hostname,
      path: '/',
      headers: { host, 'content-type': MEDIA_TYPE, 'x-amz-target': 'AmazonSQS.SendMessage' },
      body,
    });
    const signal = AbortSignal.timeout(timeoutMs);
    const sent = send({ hostname, port, method: 'POST', path: '/', headers, agent, signal });
    // With its length: a body that is ended at once is not sent in chunks.
    sent.end(body);
    const [answer]: IncomingMessage[] = await once(sent, 'response');
    const said = answer === undefined ? '' : await text(answer);
    if (answer?.statusCode !== 200) throw new SendMessageError(answer?.statusCode ?? 0, said);
  };
}

/** SQS did not take a message. Its name is SQS's code, or the status of an answer without one. */
class SendMessageError extends Error {
  constructor(status: number, answer: string) {
    super('SQS did not take the message.');
    const said = parseJson(answer);
    const type = isJsonObject(said) && typeof said['__type'] === 'string' ? said['__type'] : '';
    this.name = type.split('#').at(-1) || String(status);
  }
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
