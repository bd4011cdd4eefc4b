import { FirehoseClient, PutRecordCommand } from '@aws-sdk/client-firehose';
import type { PutRecord } from '../landing/store/land.ts';
import { ANSWER_MS, CONNECT_MS, clientLimits } from './clientLimits.ts';

/**
 * Puts records into a Firehose delivery stream, each with one call. A call throws what the client throws, and an
 * `AbortError` once its time is over.
 */
export function firehosePutRecord(client: FirehoseClient, stream: string): PutRecord {
  return async (record, timeoutMs) => {
    await client.send(new PutRecordCommand({ DeliveryStreamName: stream, Record: { Data: record } }), {
      abortSignal: AbortSignal.timeout(timeoutMs),
    });
  };
}

let firehose: FirehoseClient | undefined;

/**
 * The shared client of Firehose, created on first use. It does not retry: what is not put in time becomes an object.
 */
export function firehoseClient(): FirehoseClient {
  firehose ??= new FirehoseClient({
    maxAttempts: 1,
    requestHandler: clientLimits({ answerMs: ANSWER_MS.usual, connectMs: CONNECT_MS.ofSender }),
  });
  return firehose;
}
