import { z } from 'zod';
import { blob } from '../../protocol/blob.ts';
import { invalidParameter } from '../errors.ts';
import { SECRETS_MANAGER_LIMITS as LIMITS } from '../limits.ts';
import type { SecretValue } from '../model/Secret.ts';
import { stringValueSchema } from '../model/secretProperties.ts';

/** `SecretId`: a name or an ARN. */
export const idSchema = z.string().min(1).max(LIMITS.idCharacters);

/** `ClientRequestToken`: becomes the version's ID. */
export const tokenSchema = z.string().min(LIMITS.tokenLeastCharacters).max(LIMITS.tokenMostCharacters);

/** A staging label. */
export const stageSchema = z.string().min(1).max(LIMITS.stageCharacters);

/** The two ways to give a value; only one of them at a time. */
export const valueMembers = {
  SecretString: stringValueSchema.optional(),
  SecretBinary: blob
    .refine(
      (bytes) => bytes.byteLength >= 1 && bytes.byteLength <= LIMITS.valueBytes,
      `Member must have length between 1 and ${LIMITS.valueBytes}`,
    )
    .optional(),
};

/** The value that an input gives, if any. */
export function readValue(members: {
  readonly SecretString?: string | undefined;
  readonly SecretBinary?: Uint8Array | undefined;
}): SecretValue | undefined {
  const { SecretString, SecretBinary } = members;
  if (SecretString !== undefined && SecretBinary !== undefined) {
    throw invalidParameter(
      "You can't specify both a binary secret value and a string secret value in the same secret.",
    );
  }
  if (SecretString !== undefined) return { SecretString };
  return SecretBinary && { SecretBinary: Buffer.from(SecretBinary).toString('base64') };
}
