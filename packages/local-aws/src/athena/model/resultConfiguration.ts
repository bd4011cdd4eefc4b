import { z } from 'zod';
import { notImplemented } from '../../protocol/AwsError.ts';

/**
 * Where and how results are written. Encryption at rest is told and has no effect, as in the local S3.
 * https://docs.aws.amazon.com/athena/latest/APIReference/API_ResultConfiguration.html
 */
export const resultConfigurationSchema = z.strictObject({
  OutputLocation: z.string().optional(),
  EncryptionConfiguration: z
    .strictObject({
      EncryptionOption: z.enum(['SSE_S3', 'SSE_KMS', 'CSE_KMS']),
      KmsKey: z.string().optional(),
    })
    .optional(),
  ExpectedBucketOwner: z
    .string()
    .regex(/^\d{12}$/)
    .optional(),
  AclConfiguration: z.strictObject({ S3AclOption: z.literal('BUCKET_OWNER_FULL_CONTROL') }).optional(),
});

/** A configuration that was taken. */
export type ResultConfiguration = Readonly<z.output<typeof resultConfigurationSchema>>;

/** Refuses what would change the bytes in S3: encryption by the client. @throws AwsError NotImplemented */
export function refuseClientEncryption(configuration: ResultConfiguration | undefined): void {
  if (configuration?.EncryptionConfiguration?.EncryptionOption === 'CSE_KMS') {
    throw notImplemented('athena EncryptionOption CSE_KMS');
  }
}
