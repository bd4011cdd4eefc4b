import type { MiddlewareObj } from '@middy/core';
import type { Context } from 'aws-lambda';
import { type QueueMessage, queueMessages } from '../base/queue.ts';

/** Puts the messages of the function's SQS queue on the context; null when it was invoked in another way. */
export function withMessages(): MiddlewareObj<
  unknown,
  unknown,
  Error,
  Context & { messages: readonly QueueMessage[] | null }
> {
  return {
    before({ event, context }) {
      context.messages = queueMessages(event);
    },
  };
}
