import core, { type MiddlewareObj, type MiddyfiedHandler } from '@middy/core';
import type { Context } from 'aws-lambda';
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

/** A function, to which middlewares and a handler are added. */
export function middy<Event, Result>(): MiddyfiedHandler<Event, Result> {
  // middy's own timer is off: every function has its own deadline, and the collector's answer must come before it.
  return core<Event, Result>({ timeoutEarlyInMillis: 0 });
}

/** When Lambda stops the invocation, in epoch milliseconds. All deadlines count back from it. */
export function endOf(context: Pick<Context, 'getRemainingTimeInMillis'>): number {
  return systemClock.now() + context.getRemainingTimeInMillis();
}

/**
 * Logs which version runs, at the first invocation of an execution environment and before anything else:
 * `{"level":"info","event":"start","version":"0.3.0","function":"sluice-prod-collect","stage":"prod","node":"v24.21.0"}`.
 */
export function startLine(): MiddlewareObj<unknown, unknown, Error, Context> {
  let isLogged = false;
  return {
    before({ context }) {
      if (isLogged) return;
      isLogged = true;
      const { functionName } = context;
      const fields = { version: VERSION, function: functionName, stage: process.env['SLUICE_STAGE'] };
      logLine({ level: 'info', event: 'start', ...fields, node: process.version });
    },
  };
}

/** What reads a function's environment: a zod schema, or code by hand in a bundle that has no other use for zod. */
export interface EnvironmentSchema<Environment> {
  /** The settings, or the variables that are missing or wrong. It never throws. */
  safeParse(variables: NodeJS.ProcessEnv):
    | { readonly success: true; readonly data: Environment }
    | {
        readonly success: false;
        readonly error: { readonly issues: readonly { readonly path: readonly PropertyKey[] }[] };
      };
}

/**
 * Adds the function's environment to its context: what the deployment, and Lambda, give it. It is read once.
 *
 * @returns A middleware that throws LambdaError `SLUICE_LAMBDA_ENVIRONMENT_INVALID` at every invocation until all variables
 *   are right. The error has their names, as values may be secret.
 */
export function environment<Environment extends object>(
  schema: EnvironmentSchema<Environment>,
): MiddlewareObj<unknown, unknown, Error, Context & { environment: Environment }> {
  let known: Environment | undefined;
  const read = (): Environment => {
    const result = schema.safeParse(process.env);
    if (result.success) return result.data;
    const names = result.error.issues.map(({ path }) => path.join('.'));
    throw new LambdaError('SLUICE_LAMBDA_ENVIRONMENT_INVALID', names.join(', '));
  };
  return {
    before({ context }) {
      known ??= read();
      context.environment = known;
    },
  };
}
