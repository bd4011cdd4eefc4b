import type { MiddlewareObj, Request } from '@middy/core';
import type { SQSBatchResponse } from 'aws-lambda';
import { queueMessages as messagesOf, type QueueMessage } from '../base/queue.ts';
import { LambdaError } from './middlewares.ts';

/**
 * Gives the function the messages of its SQS queue in place of the event.
 *
 * @param read Reads the messages from the event; null for an event that has none. Default: reads {@link QueueMessage}s.
 * @returns A middleware that throws LambdaError `SLUICE_LAMBDA_INVOCATION_UNKNOWN` for any other event.
 */
export function queueMessages(): MiddlewareObj<readonly QueueMessage[], SQSBatchResponse>;
export function queueMessages<Message>(
  read: (event: unknown) => readonly Message[] | null,
): MiddlewareObj<readonly Message[], SQSBatchResponse>;
export function queueMessages(read: (event: unknown) => readonly unknown[] | null = messagesOf) {
  return {
    before(request: Request<unknown>) {
      const messages = read(request.event);
      if (messages === null) throw new LambdaError('SLUICE_LAMBDA_INVOCATION_UNKNOWN');
      request.event = messages;
    },
  };
}
