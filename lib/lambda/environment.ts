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
