import { text } from 'node:stream/consumers';
import { ChangeMessageVisibilityCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { HttpRequest } from '@smithy/core/transport';
import { SignatureV4 } from '@smithy/signature-v4';
import { isJsonObject, parseJson } from '../base/json.ts';
import type { CopyKeeperOptions } from '../relay/CopyKeeper.ts';
import type { RelayQueues } from '../relay/Relayer.ts';

/** Media type of AWS JSON 1.0, which SQS speaks. */
const MEDIA_TYPE = 'application/x-amz-json-1.0';

/**
 * Sends messages. A request is signed and sent once: who keeps a copy goes to the bucket instead of trying again. It goes
 * over the client's connections, but without its command, whose middlewares and checks cost the collector more than all the
 * rest of relay (`npm run bench -- relay`).
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests-json.html
 */
export function sqsSend(client: SQSClient, QueueUrl: string): CopyKeeperOptions['send'] {
  const { credentials, region, sha256, requestHandler } = client.config;
  const signer = new SignatureV4({ credentials, region, sha256, service: 'sqs' });
  const { protocol, hostname, host, port } = new URL(QueueUrl);
  const to = {
    method: 'POST',
    protocol,
    hostname,
    path: '/',
    ...(port === '' ? null : { port: Number(port) }),
  };
  return async (MessageBody, timeoutMs) => {
    const body = JSON.stringify({ QueueUrl, MessageBody });
    const request = new HttpRequest({
      ...to,
      // The body is ASCII: lib/relay/RelayCopy.ts.
      headers: {
        host,
        'content-type': MEDIA_TYPE,
        'content-length': String(body.length),
        'x-amz-target': 'AmazonSQS.SendMessage',
      },
      body,
    });
    const signed = HttpRequest.clone(await signer.sign(request));
    const abortSignal = AbortSignal.timeout(timeoutMs);
    const { response } = await requestHandler.handle(signed, { abortSignal });
    const said = await text(response.body);
    if (response.statusCode !== 200) throw new SendMessageError(response.statusCode, said);
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
