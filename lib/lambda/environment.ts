import type { MiddlewareObj } from '@middy/core';
import type { Context } from 'aws-lambda';
import type * as z from 'zod';

/**
 * Makes the reader of a function's environment: what serverless.yml, and Lambda, give it.
 *
 * @param refuse Makes the error for variables that are missing or wrong, from their names: values may be secret.
 */
export function environmentReader<Schema extends z.ZodType>(
  schema: Schema,
  refuse: (names: string) => Error,
): (variables: NodeJS.ProcessEnv) => z.output<Schema> {
  return (variables) => {
    const result = schema.safeParse(variables);
    if (result.success) return result.data;
    throw refuse(result.error.issues.map(({ path }) => path.join('.')).join(', '));
  };
}

/**
 * Puts the function's environment on the context. It is read once for all invocations of an execution environment; while
 * it is not valid, every invocation fails with what `read` throws.
 */
export function withEnvironment<Environment extends object>(
  read: (variables: NodeJS.ProcessEnv) => Environment,
): MiddlewareObj<unknown, unknown, Error, Context & { environment: Environment }> {
  let environment: Environment | undefined;
  return {
    before({ context }) {
      environment ??= read(process.env);
      context.environment = environment;
    },
  };
}
