import { z } from 'zod';
import { readProperties } from '../../protocol/readProperties.ts';
import { ATHENA_LIMITS as LIMITS } from './limits.ts';
import { workGroupConfigurationSchema } from './workGroupConfiguration.ts';

/** https://docs.aws.amazon.com/athena/latest/APIReference/API_CreateWorkGroup.html */
export const workGroupNameSchema = z
  .string()
  .min(1)
  .max(LIMITS.workGroupCharacters)
  .regex(/^[a-zA-Z0-9._-]+$/, 'a name of letters, digits, dots, underscores and hyphens');

/** A workgroup's description, as long as Athena takes it. */
export const descriptionSchema = z.string().max(LIMITS.descriptionCharacters);

/** A tag: kept, and without effect. */
export const tagSchema = z.strictObject({ Key: z.string().min(1).max(128), Value: z.string().max(256) });

const propertiesSchema = z.strictObject({
  Name: workGroupNameSchema,
  Description: descriptionSchema.optional(),
  State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
  /** Only of importance when the stack is deleted. */
  RecursiveDeleteOption: z.boolean().optional(),
  Tags: z.array(tagSchema).default([]),
  WorkGroupConfiguration: workGroupConfigurationSchema.default({}),
});

/** What a template's `AWS::Athena::WorkGroup` may say; another property is refused by name. */
export function workGroupProperties(properties: unknown): z.output<typeof propertiesSchema> {
  return readProperties(propertiesSchema, properties, 'AWS::Athena::WorkGroup');
}
