import { z } from 'zod';
import { notImplemented } from '../../protocol/AwsError.ts';
import { ATHENA_LIMITS as LIMITS } from './limits.ts';

/**
 * Where and how results are written.
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

/** A valid result configuration. */
export type ResultConfiguration = Readonly<z.output<typeof resultConfigurationSchema>>;

/** Rejects client-side encryption, which would change the bytes in S3. @throws AwsError NotImplemented */
export function assertNoClientEncryption(configuration: ResultConfiguration | undefined): void {
  if (configuration?.EncryptionConfiguration?.EncryptionOption === 'CSE_KMS') {
    throw notImplemented('athena EncryptionOption CSE_KMS');
  }
}

/** The only supported engine. https://docs.aws.amazon.com/athena/latest/ug/engine-versions.html */
export const ENGINE_VERSION = 'Athena engine version 3';

/** The version of the engine that a workgroup selects. */
const engineVersionSchema = z.strictObject({
  SelectedEngineVersion: z.enum(['AUTO', ENGINE_VERSION]).default('AUTO'),
  /** Set by Athena. Accepted because exported templates contain it. */
  EffectiveEngineVersion: z.string().optional(),
});

/** The most bytes that a query may scan. */
const cutoffSchema = z
  .int()
  .min(
    LIMITS.leastCutoffBytes,
    `BytesScannedCutoffPerQuery must be greater than or equal to ${LIMITS.leastCutoffBytes}`,
  );

/** Settings that creating and updating a workgroup have in common. */
const settings = {
  EnforceWorkGroupConfiguration: z.boolean().optional(),
  /** Stored without effect, as the next two are: there are no metrics and no billing, and any encryption is allowed. */
  PublishCloudWatchMetricsEnabled: z.boolean().optional(),
  RequesterPaysEnabled: z.boolean().optional(),
  EnableMinimumEncryptionConfiguration: z.boolean().optional(),
  BytesScannedCutoffPerQuery: cutoffSchema.optional(),
  EngineVersion: engineVersionSchema.optional(),
};

/** https://docs.aws.amazon.com/athena/latest/APIReference/API_WorkGroupConfiguration.html, without notebooks and managed results. */
export const workGroupConfigurationSchema = z.strictObject({
  ...settings,
  ResultConfiguration: resultConfigurationSchema.optional(),
});

/** A configuration with its defaults. */
export type WorkGroupConfiguration = Readonly<z.output<typeof workGroupConfigurationSchema>>;

/** https://docs.aws.amazon.com/athena/latest/APIReference/API_WorkGroupConfigurationUpdates.html, without what removes members. */
export const configurationUpdatesSchema = z.strictObject({
  ...settings,
  ResultConfigurationUpdates: resultConfigurationSchema.optional(),
});

/** Applies updates to a configuration. Members that the updates omit do not change. */
export function updateConfiguration(
  before: WorkGroupConfiguration,
  { ResultConfigurationUpdates: results, ...set }: z.output<typeof configurationUpdatesSchema>,
): WorkGroupConfiguration {
  const ResultConfiguration = { ...before.ResultConfiguration, ...results };
  return { ...before, ...set, ...(results === undefined ? {} : { ResultConfiguration }) };
}
