import type { MiddlewareObj, MiddyfiedHandler, Request } from '@middy/core';
import type { Context, SQSBatchResponse } from 'aws-lambda';
import { type QueueMessage, queueMessages } from '../base/queue.ts';
import { type EnvironmentSchema, environment, LambdaError, middy, startLine } from './middlewares.ts';

/** The handler of a function whose queue invokes it. Its settings come from the environment. */
export type QueueHandler<Settings extends object> = MiddyfiedHandler<
  unknown,
  SQSBatchResponse,
  Error,
  Context & { environment: Settings }
>;

/** Reads the messages of an event; null for an event that has none. */
type ReadMessages<Message> = (event: unknown) => readonly Message[] | null;

/**
 * Makes the handler of a function that works off the messages of its queue. It rejects with LambdaError
 * `SLUICE_LAMBDA_INVOCATION_UNKNOWN` for any other event, and with `SLUICE_LAMBDA_ENVIRONMENT_INVALID`.
 *
 * @param schema Reads the settings from the environment, once.
 * @param work Works off a batch, and says which of its messages the queue hands out again.
 * @param read Reads the messages of an event. Default: {@link QueueMessage}s.
 */
export function queueHandler<Settings extends object>(
  schema: EnvironmentSchema<Settings>,
  work: QueueWork<Settings, QueueMessage>,
): QueueHandler<Settings>;
export function queueHandler<Settings extends object, Message>(
  schema: EnvironmentSchema<Settings>,
  work: QueueWork<Settings, Message>,
  read: ReadMessages<Message>,
): QueueHandler<Settings>;
export function queueHandler<Settings extends object>(
  schema: EnvironmentSchema<Settings>,
  work: QueueWork<Settings, never>,
  read: ReadMessages<unknown> = queueMessages,
): QueueHandler<Settings> {
  return middy<unknown, SQSBatchResponse>()
    .use(startLine())
    .use(environment(schema))
    .use(messagesOnly(read))
    .handler((messages, context) => work(messages, context));
}

/** Works off a batch of messages. */
type QueueWork<Settings, Message> = (
  messages: readonly Message[],
  context: Context & { readonly environment: Settings },
) => Promise<SQSBatchResponse>;

/** Gives the function the messages of its queue in place of the event. */
function messagesOnly(read: ReadMessages<unknown>): MiddlewareObj<readonly never[], SQSBatchResponse> {
  return {
    before(request: Request<unknown>) {
      const messages = read(request.event);
      if (messages === null) throw new LambdaError('SLUICE_LAMBDA_INVOCATION_UNKNOWN');
      request.event = messages;
    },
  };
}
