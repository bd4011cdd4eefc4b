import { scanLimitBytes } from '../../lib/schema/config.ts';
import { QUERY_RESULTS_FOLDER } from '../../lib/tables/objectKeys.ts';
import { s3Location } from '../data/bucket.ts';
import { keyArn } from '../data/key.ts';
import { type Resource, type Resources, ref, type Value } from '../template/Resource.ts';
import { logicalIds, type Stack } from '../template/Stack.ts';

/** The Athena workgroup for people, unless the configuration names an existing one. Each reader has its own workgroup. */
export function workgroup(stack: Stack): Resources {
  const { athena, existing } = stack.config;
  if (existing.workgroup) return {};
  return {
    [logicalIds.workgroup]: workgroupResource(stack, {
      name: athena.workgroup,
      description: "Queries of what Sluice landed; results go to the bucket's query-results/",
      folder: QUERY_RESULTS_FOLDER,
    }),
  };
}

/**
 * A workgroup. It enforces the location and the encryption of results, whatever a client requests. Its history and its
 * saved queries are deleted with it.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-athena-workgroup.html
 */
export function workgroupResource(
  stack: Stack,
  settings: {
    /** Name of the workgroup. */
    readonly name: string;
    /** What it is for, in a sentence. */
    readonly description: string;
    /** The folder of results in the bucket, with a slash at its end. */
    readonly folder: string;
  },
): Resource {
  const key = keyArn(stack);
  return {
    Type: 'AWS::Athena::WorkGroup',
    Properties: {
      Name: settings.name,
      Description: settings.description,
      State: 'ENABLED',
      RecursiveDeleteOption: true,
      WorkGroupConfiguration: {
        EngineVersion: { SelectedEngineVersion: 'Athena engine version 3' },
        EnforceWorkGroupConfiguration: true,
        PublishCloudWatchMetricsEnabled: true,
        RequesterPaysEnabled: false,
        BytesScannedCutoffPerQuery: scanLimitBytes(stack.config),
        ResultConfiguration: {
          OutputLocation: s3Location(stack, settings.folder),
          EncryptionConfiguration:
            key === undefined ? { EncryptionOption: 'SSE_S3' } : { EncryptionOption: 'SSE_KMS', KmsKey: key },
          ExpectedBucketOwner: ref('AWS::AccountId'),
        },
      },
    },
  };
}

/** Name of the Athena workgroup, whether the stack creates it or it exists already. */
export function workgroupName({ config }: Pick<Stack, 'config'>): Value {
  return config.existing.workgroup ? config.athena.workgroup : ref(logicalIds.workgroup);
}
