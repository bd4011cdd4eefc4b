import { z } from 'zod';
import { unionMessage } from '../base/errors.ts';
import { AwsError, notImplemented } from './AwsError.ts';

/** A property that CloudFormation accepts and that has no effect here. */
export const inert = z.unknown().optional();

/**
 * Validates the properties of a template's resource, as CloudFormation has them.
 *
 * @param what Names the resource, e.g. `AWS::SQS::Queue`.
 * @throws AwsError `NotImplemented` for a property that the schema doesn't know, by name;
 * `InvalidRequest`, CloudFormation's own, for one that is missing or out of bounds.
 */
export function readProperties<Schema extends z.ZodType>(
  schema: Schema,
  properties: unknown,
  what: string,
): z.output<Schema> {
  const result = schema.safeParse(properties, { error: unionMessage });
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    if (issue.code === 'unrecognized_keys') {
      throw notImplemented(`${what} property ${[...issue.path, issue.keys.join(', ')].join('.')}`);
    }
  }
  const messages = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new AwsError('InvalidRequest', 400, `${what} ${messages.join('; ')}`);
}
