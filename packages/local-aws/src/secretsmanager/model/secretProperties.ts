import { z } from 'zod';
import { readProperties } from '../../protocol/readProperties.ts';
import { SECRETS_MANAGER_LIMITS as LIMITS } from '../limits.ts';

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html */
export const nameSchema = z
  .string()
  .min(1)
  .max(LIMITS.nameCharacters)
  .regex(
    /^[\w/+=.@!-]+$/,
    'Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!',
  );

/** A secret's description. */
export const descriptionSchema = z.string().max(LIMITS.descriptionCharacters);

/** A text as a value, as long as Secrets Manager takes it. */
export const stringValueSchema = z
  .string()
  .min(1)
  .refine(
    (text) => Buffer.byteLength(text) <= LIMITS.valueBytes,
    `Member must have length less than or equal to ${LIMITS.valueBytes}`,
  );

const propertiesSchema = z.strictObject({
  Name: nameSchema.optional(),
  Description: descriptionSchema.optional(),
  SecretString: stringValueSchema.optional(),
});

/** What a template's `AWS::SecretsManager::Secret` may say; another property is refused by name. */
export function secretProperties(properties: unknown): z.output<typeof propertiesSchema> {
  return readProperties(propertiesSchema, properties, 'AWS::SecretsManager::Secret');
}
