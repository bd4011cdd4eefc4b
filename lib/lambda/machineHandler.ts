import type { SQSBatchResponse } from 'aws-lambda';
import * as z from 'zod';
import type { QueueMessage } from '../base/queue.ts';
import { type Machine, onMachine } from './machine.ts';
import { type EnvironmentSchema, endOf } from './middlewares.ts';
import { type QueueHandler, queueHandler } from './queueHandler.ts';

/** Settings that every function on a machine has. */
export const machineSettings = {
  /** `maxReceiveCount` of the queue: the try after which a day fails. */
  SLUICE_TRIES: z.coerce.number().int().min(1),
  /** MiB. Lambda sets it: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html */
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: z.coerce.number().int().min(128),
};

/** Makes the handler of a function that loads or curates the days that messages of its queue name. */
export function machineHandler<Settings extends { readonly AWS_LAMBDA_FUNCTION_MEMORY_SIZE: number }>(
  schema: EnvironmentSchema<Settings>,
  work: (
    machine: Machine,
    messages: readonly QueueMessage[],
    settings: Settings,
  ) => Promise<SQSBatchResponse>,
): QueueHandler<Settings> {
  return queueHandler(schema, (messages, context) =>
    onMachine(context.environment.AWS_LAMBDA_FUNCTION_MEMORY_SIZE, endOf(context), (machine) =>
      work(machine, messages, context.environment),
    ),
  );
}
