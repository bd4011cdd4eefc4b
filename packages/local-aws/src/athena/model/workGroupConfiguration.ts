import { z } from 'zod';
import { ATHENA_LIMITS as LIMITS } from './limits.ts';
import { resultConfigurationSchema } from './resultConfiguration.ts';

/** The one engine there is. https://docs.aws.amazon.com/athena/latest/ug/engine-versions.html */
export const ENGINE_VERSION = 'Athena engine version 3';

const engineVersionSchema = z.strictObject({
  SelectedEngineVersion: z.enum(['AUTO', ENGINE_VERSION]).default('AUTO'),
  /** Athena's to say; accepted since templates that were exported have it. */
  EffectiveEngineVersion: z.string().optional(),
});

const cutoffSchema = z
  .int()
  .min(
    LIMITS.leastCutoffBytes,
    `BytesScannedCutoffPerQuery must be greater than or equal to ${LIMITS.leastCutoffBytes}`,
  );

const settings = {
  EnforceWorkGroupConfiguration: z.boolean().optional(),
  /** There are no metrics here, nobody who pays, and no key: told again as they were set. */
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

/** https://docs.aws.amazon.com/athena/latest/APIReference/API_WorkGroupConfigurationUpdates.html */
export const configurationUpdatesSchema = z.strictObject({
  ...settings,
  RemoveBytesScannedCutoffPerQuery: z.boolean().optional(),
  ResultConfigurationUpdates: z
    .strictObject({
      ...resultConfigurationSchema.shape,
      RemoveOutputLocation: z.boolean().optional(),
      RemoveEncryptionConfiguration: z.boolean().optional(),
      RemoveExpectedBucketOwner: z.boolean().optional(),
      RemoveAclConfiguration: z.boolean().optional(),
    })
    .optional(),
});

type ConfigurationUpdates = z.output<typeof configurationUpdatesSchema>;

/** A configuration with updates: what they don't name stays. */
export function updateConfiguration(
  before: WorkGroupConfiguration,
  updates: ConfigurationUpdates,
): WorkGroupConfiguration {
  const { RemoveBytesScannedCutoffPerQuery, ResultConfigurationUpdates, ...set } = updates;
  const { ResultConfiguration, BytesScannedCutoffPerQuery, ...rest } = { ...before, ...set };
  const results = updateResults(ResultConfiguration, ResultConfigurationUpdates);
  const keepsCutoff = BytesScannedCutoffPerQuery !== undefined && RemoveBytesScannedCutoffPerQuery !== true;
  return {
    ...rest,
    ...(keepsCutoff ? { BytesScannedCutoffPerQuery } : {}),
    ...(results === undefined ? {} : { ResultConfiguration: results }),
  };
}

function updateResults(
  before: WorkGroupConfiguration['ResultConfiguration'],
  updates: ConfigurationUpdates['ResultConfigurationUpdates'],
): WorkGroupConfiguration['ResultConfiguration'] {
  if (updates === undefined) return before;
  const {
    RemoveOutputLocation,
    RemoveEncryptionConfiguration,
    RemoveExpectedBucketOwner,
    RemoveAclConfiguration,
    ...set
  } = updates;
  const results = { ...before, ...set };
  if (RemoveOutputLocation === true) delete results.OutputLocation;
  if (RemoveEncryptionConfiguration === true) delete results.EncryptionConfiguration;
  if (RemoveExpectedBucketOwner === true) delete results.ExpectedBucketOwner;
  if (RemoveAclConfiguration === true) delete results.AclConfiguration;
  return results;
}
