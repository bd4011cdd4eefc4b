import type { z } from 'zod';
import { LocalTemplateError } from './LocalTemplateError.ts';
import type { ResolvedResource } from './resolveTemplate.ts';

/**
 * A resource's properties, validated.
 *
 * @throws LocalTemplateError `SLUICE_TEMPLATE_INVALID`, naming each property that is wrong or not emulated.
 */
export function readProperties<Schema extends z.ZodType>(
  resource: ResolvedResource,
  schema: Schema,
): z.output<Schema> {
  const result = schema.safeParse(resource.properties);
  if (result.success) return result.data;
  const problems = result.error.issues.map(
    ({ path, message }) => `${[resource.logicalId, ...path].join('.')}: ${message}`,
  );
  throw new LocalTemplateError('SLUICE_TEMPLATE_INVALID', `${resource.type}: ${problems.join('; ')}.`);
}
