import type { Context } from 'aws-lambda';
import type * as z from 'zod';
import { defineErrorFamily } from '../base/errors.ts';
import { logLine } from '../base/log.ts';
import { systemClock } from '../base/time.ts';
import { VERSION } from '../base/version.ts';

/** Errors of functions that are not set up, or not invoked, as the deployment does it. */
export const LambdaError = defineErrorFamily('system', {
  SLUICE_LAMBDA_ENVIRONMENT_INVALID: {
    cause: "The function's environment is not complete: variables are missing or wrong.",
    cure: 'Deploy again: infra/serverless/service.ts sets them.',
  },
  SLUICE_LAMBDA_INVOCATION_UNKNOWN: {
    cause: 'The function was invoked with an event that it does not know.',
    cure: 'Send a message to its queue: schedules and commands do.',
  },
});

/** What a function knows of an invocation. */
export interface Invocation<Environment> {
  readonly environment: Environment;
  /** When Lambda stops the invocation, in epoch milliseconds. All deadlines count back from it. */
  readonly endsAt: number;
}

/** A function, as Lambda calls it. */
export type LambdaHandler<Event, Result> = (event: Event, context: Context) => Promise<Result>;

/**
 * Makes a function of what it does. The first invocation of an execution environment logs which version runs, before
 * anything else:
 * `{"level":"info","event":"start","version":"0.3.0","function":"sluice-prod-collect","stage":"prod","node":"v24.21.0"}`.
 *
 * @param readEnvironment Reads the function's environment, once for all invocations. While it throws, every invocation fails.
 */
export function lambdaHandler<Environment extends object, Event, Result>(
  readEnvironment: (variables: NodeJS.ProcessEnv) => Environment,
  run: (event: Event, invocation: Invocation<Environment>) => Promise<Result>,
): LambdaHandler<Event, Result> {
  let isStarted = false;
  let environment: Environment | undefined;
  return async (event, context) => {
    if (!isStarted) {
      isStarted = true;
      logStart(context);
    }
    environment ??= readEnvironment(process.env);
    return run(event, { environment, endsAt: systemClock.now() + context.getRemainingTimeInMillis() });
  };
}

/**
 * Makes the reader of a function's environment: what the deployment, and Lambda, give it.
 *
 * @returns Throws LambdaError `SLUICE_LAMBDA_ENVIRONMENT_INVALID` with the names of variables: values may be secret.
 */
export function environmentReader<Schema extends z.ZodType>(
  schema: Schema,
): (variables: NodeJS.ProcessEnv) => z.output<Schema> {
  return (variables) => {
    const result = schema.safeParse(variables);
    if (result.success) return result.data;
    const names = result.error.issues.map(({ path }) => path.join('.'));
    throw new LambdaError('SLUICE_LAMBDA_ENVIRONMENT_INVALID', names.join(', '));
  };
}

function logStart({ functionName }: Context): void {
  logLine({
    level: 'info',
    event: 'start',
    version: VERSION,
    function: functionName,
    stage: process.env['SLUICE_STAGE'],
    node: process.version,
  });
}
