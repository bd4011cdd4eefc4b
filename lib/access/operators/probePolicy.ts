import type { Config } from '../../schema/config.ts';
import { LANDING_FOLDER, QUERY_RESULTS_FOLDER } from '../../tables/objectKeys.ts';
import { landedFolders, tableFolders } from '../../tables/tableFolders.ts';
import { arnIn, bucketArn, objectsArn, type PolicyScope, workgroupArn } from '../arns.ts';
import { allow, type PolicyDocument, policyDocument, type Statement } from '../policyDocument.ts';
import {
  findUploads,
  listFolders,
  locateBuckets,
  mergeActions,
  READ_PARTITIONS,
  RUN_QUERIES,
  readTables,
  seeDefaultDatabase,
  useKey,
  WRITE_RESULTS,
} from '../readerStatements.ts';

/**
 * Everything `sluice probe` does: docs/aws.md. It deletes files of the delivered tables, as nothing narrower names those
 * that hold rows of a probe alone.
 *
 * @param stack Name of the stack: `sluice-prod`.
 */
export function probePolicy(scope: PolicyScope, config: Config, stack: string): PolicyDocument {
  const { bucket } = scope;
  const objects = (Sid: string, actions: readonly string[], folders: readonly string[]): Statement =>
    allow(
      Sid,
      actions,
      folders.map((folder) => objectsArn(scope, bucket, folder)),
    );
  return policyDocument([
    allow(
      'FindCollector',
      ['cloudformation:DescribeStacks'],
      [arnIn(scope, 'cloudformation', `stack/${stack}/*`)],
    ),
    allow('RunQueries', RUN_QUERIES, [workgroupArn(scope, scope.workgroup)]),
    readTables(scope, mergeActions(READ_PARTITIONS, ['glue:GetDatabase', 'glue:GetTable'])),
    seeDefaultDatabase(scope),
    objects('ReadRows', ['s3:GetObject'], landedFolders(scope)),
    listFolders(scope, [...landedFolders(scope), QUERY_RESULTS_FOLDER]),
    // What Firehose wrote is soon deleted; its versions have its names.
    allow('ListLanded', ['s3:ListBucketVersions'], [bucketArn(scope, bucket)], {
      StringLike: { 's3:prefix': `${LANDING_FOLDER}*` },
    }),
    locateBuckets(scope, [bucket]),
    findUploads(scope),
    objects('WriteResults', mergeActions(WRITE_RESULTS, ['s3:DeleteObjectVersion']), [QUERY_RESULTS_FOLDER]),
    objects('DeleteOwnRows', ['s3:DeleteObjectVersion'], tableFolders(config, 'events')),
    useKey(scope),
    allow('ReadMetrics', ['cloudwatch:GetMetricData'], ['*']),
  ]);
}
