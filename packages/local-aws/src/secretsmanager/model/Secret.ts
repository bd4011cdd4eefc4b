import { z } from 'zod';

/** A value as it was put: text, or bytes as base64. */
const valueSchema = z.union([
  z.strictObject({ SecretString: z.string() }),
  z.strictObject({ SecretBinary: z.base64() }),
]);

const versionSchema = z.strictObject({
  id: z.string(),
  /** Epoch milliseconds, as all times here. */
  createdAt: z.number(),
  value: valueSchema,
  /** Staging labels; a version without any is deprecated and may be removed. */
  stages: z.array(z.string()),
});

/** A secret with its versions, the oldest first, as it lies on disk. */
export const secretSchema = z.strictObject({
  name: z.string(),
  arn: z.string(),
  description: z.string().optional(),
  createdAt: z.number(),
  changedAt: z.number(),
  versions: z.array(versionSchema),
  /** The `SecretString` that the template had: CloudFormation puts it anew only when it changes. */
  declared: z.string().optional(),
});

/** A text, or bytes in base64. */
export type SecretValue = Readonly<z.output<typeof valueSchema>>;
/** One version of a secret, with its stages. */
export type SecretVersion = Readonly<z.output<typeof versionSchema>>;
/** A secret as it is kept, versions and all. */
export type Secret = Readonly<z.output<typeof secretSchema>>;

/** Stage of the version that is answered when none is asked for. */
export const CURRENT = 'AWSCURRENT';
/** Stage of the version before it, which Secrets Manager moves by itself. */
export const PREVIOUS = 'AWSPREVIOUS';

/** The version that a staging label is on. */
export function versionAt(secret: Secret, stage: string): SecretVersion | undefined {
  return secret.versions.find(({ stages }) => stages.includes(stage));
}
