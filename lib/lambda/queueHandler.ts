import type { SQSBatchResponse } from 'aws-lambda';
import type * as z from 'zod';
import { type QueueMessage, queueMessages } from '../base/queue.ts';
import {
  environmentReader,
  type Invocation,
  LambdaError,
  type LambdaHandler,
  lambdaHandler,
} from './handler.ts';

/**
 * Makes a function that works off a queue: {@link lambdaHandler}.
 *
 * @param schema Of its environment.
 * @param work Works off messages; the answer names those that SQS hands out again.
 * @param invoke Answers an invocation without messages, by a person or a test; undefined for an event that it does not know.
 *   Default: it knows none.
 * @returns Throws LambdaError `SLUICE_LAMBDA_ENVIRONMENT_INVALID`, `SLUICE_LAMBDA_INVOCATION_UNKNOWN`.
 */
export function queueHandler<Schema extends z.ZodType<object>, Result = never>(
  schema: Schema,
  work: (
    messages: readonly QueueMessage[],
    invocation: Invocation<z.output<Schema>>,
  ) => Promise<SQSBatchResponse>,
  invoke?: (event: unknown, invocation: Invocation<z.output<Schema>>) => Promise<Result> | undefined,
): LambdaHandler<unknown, SQSBatchResponse | Result> {
  return lambdaHandler(environmentReader(schema), async (event: unknown, invocation) => {
    const messages = queueMessages(event);
    if (messages !== null) return work(messages, invocation);
    const answer = invoke?.(event, invocation);
    if (answer === undefined) throw new LambdaError('SLUICE_LAMBDA_INVOCATION_UNKNOWN');
    return answer;
  });
}
