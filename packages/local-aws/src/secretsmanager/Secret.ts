import { createHash } from 'node:crypto';
import { z } from 'zod';
import { readProperties } from '../protocol/readProperties.ts';
import { SECRETS_MANAGER_LIMITS as LIMITS } from './errors.ts';

/** A version of a secret as its file has it. */
const versionSchema = z.strictObject({
  id: z.string(),
  /** Epoch milliseconds, as all times here. */
  createdAt: z.number(),
  value: z.string(),
  /** Staging labels; a version without any is deprecated and may be removed. */
  stages: z.array(z.string()),
});

/** A secret with its versions, the oldest first, as stored on disk. */
export const secretSchema = z.strictObject({
  name: z.string(),
  arn: z.string(),
  description: z.string().optional(),
  /** Epoch milliseconds. */
  createdAt: z.number(),
  changedAt: z.number(),
  /** Time at which a scheduled deletion takes place. */
  deletedAt: z.number().optional(),
  versions: z.array(versionSchema),
  /** The `SecretString` of the template that was deployed last. An update puts it again only when it differs. */
  declared: z.string().optional(),
});

/** One version of a secret, with its stages. */
export type SecretVersion = Readonly<z.output<typeof versionSchema>>;
/** A secret with all its versions. */
export type Secret = Readonly<z.output<typeof secretSchema>>;

/** Stage of the version that is answered by default. */
export const CURRENT = 'AWSCURRENT';
/** Stage of the version that was current before. Secrets Manager moves it by itself. */
export const PREVIOUS = 'AWSPREVIOUS';

/** The version that a staging label is on. */
export function versionAt(secret: Secret, stage: string): SecretVersion | undefined {
  return secret.versions.find(({ stages }) => stages.includes(stage));
}

/** A name: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html */
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

/** The properties of `AWS::SecretsManager::Secret`. */
const propertiesSchema = z.strictObject({
  Name: nameSchema.optional(),
  Description: descriptionSchema.optional(),
  SecretString: stringValueSchema.optional(),
});

/** Reads the properties of a template's `AWS::SecretsManager::Secret`; any other property is refused by name. */
export function secretProperties(properties: unknown): z.output<typeof propertiesSchema> {
  return readProperties(propertiesSchema, properties, 'AWS::SecretsManager::Secret');
}

/**
 * ARN of a secret. AWS ends it with six random characters, so that a policy for a secret that was deleted does not apply to a
 * new secret of the same name. Here they are derived from the name, so that `Ref` is the same after a restart.
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
 */
export function secretArn(secret: {
  /** The first part of ARNs after `arn:`. */
  readonly partition: string;
  /** The region of the secret. */
  readonly region: string;
  /** The account of the secret: twelve digits. */
  readonly account: string;
  /** Name of the secret. */
  readonly name: string;
}): string {
  const { partition, region, account, name } = secret;
  const suffix = createHash('sha256').update(`${account}/${region}/${name}`).digest('hex').slice(0, 6);
  return `arn:${partition}:secretsmanager:${region}:${account}:secret:${name}-${suffix}`;
}
