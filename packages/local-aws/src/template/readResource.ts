import type { z } from 'zod';
import { AwsError } from '../protocol/AwsError.ts';
import { readProperties } from '../protocol/readProperties.ts';
import { LocalTemplateError } from './LocalTemplateError.ts';
import type { ResolvedResource } from './resolveTemplate.ts';

/**
 * The properties of a resource that no service takes over, validated as the services do theirs.
 *
 * @throws LocalTemplateError `SLUICE_TEMPLATE_INVALID`, naming each property that is wrong or not emulated.
 */
export function readResource<Schema extends z.ZodType>(
  { type, logicalId, properties }: ResolvedResource,
  schema: Schema,
): z.output<Schema> {
  try {
    return readProperties(schema, properties, `${type} ${logicalId}`);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    throw new LocalTemplateError('SLUICE_TEMPLATE_INVALID', error.message, { cause: error });
  }
}
