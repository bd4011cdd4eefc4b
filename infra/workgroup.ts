import { QUERY_RESULTS_FOLDER } from '../lib/layout/queryResultsFolder.ts';
import { s3Location } from './bucketArn.ts';
import { ref } from './intrinsics.ts';
import { keyArn } from './keyArn.ts';
import type { Resources } from './Resource.ts';
import { logicalIds, type Stack } from './Stack.ts';

/** As Athena counts: https://docs.aws.amazon.com/athena/latest/ug/workgroups-setting-control-limits-cloudwatch.html */
const BYTES_A_GIGABYTE = 1_000_000_000;

/**
 * The Athena workgroup, unless one is brought. Where results go and how they are encrypted is its say, whatever a
 * client asks for. With its removal go its history and the queries saved in it.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-athena-workgroup.html
 */
export function workgroup(stack: Stack): Resources {
  const { athena, existing } = stack.config;
  if (existing.workgroup) return {};
  return {
    [logicalIds.workgroup]: {
      Type: 'AWS::Athena::WorkGroup',
      Properties: {
        Name: athena.workgroup,
        Description: "Queries of what Sluice landed; results go to the bucket's query-results/",
        State: 'ENABLED',
        RecursiveDeleteOption: true,
        WorkGroupConfiguration: {
          EngineVersion: { SelectedEngineVersion: 'Athena engine version 3' },
          EnforceWorkGroupConfiguration: true,
          PublishCloudWatchMetricsEnabled: true,
          RequesterPaysEnabled: false,
          BytesScannedCutoffPerQuery: Math.round(athena.scanLimitGigabytes * BYTES_A_GIGABYTE),
          ResultConfiguration: {
            OutputLocation: s3Location(stack, QUERY_RESULTS_FOLDER),
            EncryptionConfiguration: { EncryptionOption: 'SSE_KMS', KmsKey: keyArn(stack) },
            ExpectedBucketOwner: ref('AWS::AccountId'),
          },
        },
      },
    },
  };
}
