import { z } from 'zod';
import { LocalTemplateError } from './LocalTemplateError.ts';

const resourceSchema = z.strictObject({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  DependsOn: z
    .union([z.string(), z.array(z.string())])
    .default([])
    .transform((ids) => (typeof ids === 'string' ? [ids] : ids)),
  DeletionPolicy: z.string().optional(),
  UpdateReplacePolicy: z.string().optional(),
});

const outputSchema = z.strictObject({
  Description: z.string().optional(),
  Value: z.unknown(),
  Export: z.unknown().optional(),
});

/**
 * A CloudFormation template as `serverless package` writes it. `Parameters`, `Mappings`, `Conditions` and
 * `Transform` are refused by name: we use none.
 */
const templateSchema = z.strictObject({
  AWSTemplateFormatVersion: z.string().optional(),
  Description: z.string().optional(),
  Resources: z.record(z.string(), resourceSchema),
  Outputs: z.record(z.string(), outputSchema).default({}),
});

/** A template with nothing in it that the local cloud does not know. */
export type Template = z.output<typeof templateSchema>;

/** @throws LocalTemplateError `SLUICE_TEMPLATE_INVALID`, naming each member that is wrong or unknown. */
export function parseTemplate(json: unknown): Template {
  const result = templateSchema.safeParse(json);
  if (result.success) return result.data;
  const problems = result.error.issues.map(
    ({ path, message }) => `${path.join('.') || 'template'}: ${message}`,
  );
  throw new LocalTemplateError('SLUICE_TEMPLATE_INVALID', problems.join('; '));
}
