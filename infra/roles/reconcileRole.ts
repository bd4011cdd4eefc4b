import { databaseArns } from '../../lib/access/arns.ts';
import { READ_TABLES, RUN_QUERIES, WRITE_RESULTS } from '../../lib/access/readerStatements.ts';
import { tableKinds } from '../../lib/schema/kinds.ts';
import { ERASURES_FOLDER } from '../../lib/tables/ledgerKeys.ts';
import { AGAIN_FOLDER, DAMAGED_FOLDER, QUERY_RESULTS_FOLDER } from '../../lib/tables/objectKeys.ts';
import { receivedHoursFolder, tableFolders } from '../../lib/tables/tableFolders.ts';
import { bucketArn, objectsArns } from '../data/bucket.ts';
import { catalogArns } from '../data/catalog.ts';
import { arn, PSEUDO_PARAMETERS, type Resources, sub } from '../template/Resource.ts';
import type { Stack } from '../template/Stack.ts';
import { functionRole } from './policies.ts';

/**
 * The role that reads metrics and the rows of the raw tables, by Athena as people do, and sees what waits. It writes
 * the table of received hours and the results of its queries, and nothing else.
 */
export function reconcileRole(stack: Stack): Resources {
  const { config } = stack;
  const objects = (...folders: readonly string[]) => objectsArns(stack, folders);
  const tables = tableKinds.flatMap((kind) => tableFolders(config, kind));
  const receivedHours = receivedHoursFolder(config);
  return functionRole(stack, 'reconcile', [
    { Action: ['cloudwatch:GetMetricData'], Resource: ['*'] },
    {
      Action: ['s3:GetObject'],
      Resource: objects(AGAIN_FOLDER, DAMAGED_FOLDER, ERASURES_FOLDER, receivedHours, ...tables),
    },
    { Action: ['s3:PutObject'], Resource: objects(receivedHours) },
    { Action: WRITE_RESULTS, Resource: objects(QUERY_RESULTS_FOLDER) },
    {
      Action: ['s3:GetBucketLocation', 's3:ListBucket', 's3:ListBucketMultipartUploads'],
      Resource: [bucketArn(stack)],
    },
    { Action: RUN_QUERIES, Resource: [arn('athena', `workgroup/${config.athena.workgroup}`)] },
    { Action: READ_TABLES, Resource: catalogArns(stack, tableKinds) },
    // lib/access/readerStatements.ts, seeDefaultDatabase, says why.
    { Action: ['glue:GetDatabase'], Resource: databaseArns(PSEUDO_PARAMETERS, 'default').map(sub) },
  ]);
}
