import type { Config } from '../lib/schema/config.ts';
import { QUERY_RESULTS_FOLDER } from '../lib/tables/objectKeys.ts';
import { type Deployment, newBucketSettings } from '../packages/local-aws/src/index.ts';

/**
 * A deployment, and beside it what the configuration says is there already: nobody else makes it here. The bucket
 * tells of its objects, as it would once everything asked for has been set, and the workgroup puts results where
 * readers look.
 */
export function withExisting(
  deployment: Deployment,
  { existing, bucket, database, athena }: Pick<Config, 'existing' | 'bucket' | 'database' | 'athena'>,
): Deployment {
  const databases = [
    ...(existing.database ? [database] : []),
    ...(existing.stagingDatabase ? [athena.stagingDatabase] : []),
  ];
  return {
    ...deployment,
    buckets: [
      ...deployment.buckets,
      ...(existing.bucket
        ? [
            {
              logicalId: 'existing.bucket',
              name: bucket,
              eventBridge: true,
              settings: newBucketSettings,
              // The key that is brought with it, else the stack's own.
              keyArn: existing.keyArn ?? deployment.keys[0]?.arn,
            },
          ]
        : []),
    ],
    databases: [
      ...deployment.databases,
      ...databases.map((name) => ({ logicalId: `existing.${name}`, name, input: { Name: name } })),
    ],
    workGroups: [
      ...deployment.workGroups,
      ...(existing.workgroup
        ? [
            {
              logicalId: 'existing.workgroup',
              name: athena.workgroup,
              properties: {
                Name: athena.workgroup,
                WorkGroupConfiguration: {
                  EnforceWorkGroupConfiguration: true,
                  ResultConfiguration: { OutputLocation: `s3://${bucket}/${QUERY_RESULTS_FOLDER}` },
                },
              },
            },
          ]
        : []),
    ],
  };
}
