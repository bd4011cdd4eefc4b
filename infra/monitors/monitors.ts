import { monitorWorkgroup } from '../../lib/schema/fields/monitors.ts';
import { forwardedKinds } from '../../lib/schema/kinds.ts';
import { GROUPS_TABLE } from '../../lib/tables/groupsTable.ts';
import { MONITORS_FOLDER } from '../../lib/tables/ledgerKeys.ts';
import { MONITOR_RESULTS_FOLDER } from '../../lib/tables/objectKeys.ts';
import { groupsFolder, ingestedTableFolders, tableFolders } from '../../lib/tables/tableFolders.ts';
import type { ViewName } from '../../lib/views/View.ts';
import { bucketArn, objectsArn } from '../data/bucket.ts';
import { tableArns } from '../data/catalog.ts';
import { workgroupResource } from '../readers/workgroup.ts';
import { consumeQueue, lambdaService, serviceRole, useKey, writeLogs } from '../roles/policies.ts';
import { workQueue } from '../streams/queues.ts';
import { schedule } from '../streams/schedules.ts';
import { arn, type Resource, type Resources } from '../template/Resource.ts';
import { monitorIds, partName, type Stack } from '../template/Stack.ts';

/** Timeout of the function in infra/serverless/service.ts. */
const MONITOR_SECONDS = 600;
/** The next run looks again anyway. */
const MONITOR_RECEIVES = 3;

/** The resources of monitors, except the alarm: queue, schedule, workgroup and role. Nothing without `monitors`. */
export function monitorResources(stack: Stack): Resources {
  if (stack.config.monitors === null) return {};
  const { queue, deadLetters } = monitorIds;
  return {
    ...workQueue(stack, {
      ...{ part: 'monitor', queue, deadLetters },
      timeoutSeconds: MONITOR_SECONDS,
      maxReceives: MONITOR_RECEIVES,
    }),
    ...schedule({
      id: 'Monitor',
      name: partName(stack, 'monitor'),
      description: 'Looks at experiments, tables, event names and refusals, and tells what begins and ends',
      // Ten minutes after the hour the rows of the hour before have landed.
      expression: 'cron(10 * * * ? *)',
      ...{ queue, deadLetters },
      input: { sluice: 'monitor' },
      // The next run starts before a longer retry would help.
      oldestSeconds: 1_800,
      attempts: 5,
    }),
    [monitorIds.workgroup]: workgroupResource(stack, {
      name: monitorWorkgroup(stack.config),
      description: `Queries of the monitors; results go to the bucket's ${MONITOR_RESULTS_FOLDER}`,
      folder: MONITOR_RESULTS_FOLDER,
    }),
    [monitorIds.role]: monitorRole(stack),
  };
}

/** Reads tables by Athena and counts of the collector, keeps what it found, and tells the topic. It changes no row. */
function monitorRole(stack: Stack): Resource {
  const { config } = stack;
  const { topicArn } = config.alarms;
  const rewritten = [
    ...config.sources.flatMap(({ datasets }) => datasets.map(({ table }) => table)),
    // Read by the view of holdouts.
    ...(config.curate ? [config.curatedTables.exposures] : []),
  ];
  const tables = [...forwardedKinds.map((kind) => config.tables[kind]), ...rewritten];
  const holdouts: ViewName = 'secondary_exposures';
  const folders = [
    ...forwardedKinds.flatMap((kind) => tableFolders(config, kind)),
    ...rewritten.flatMap((table) => ingestedTableFolders(config, table)),
    groupsFolder(config),
  ];
  return serviceRole(lambdaService, [
    writeLogs(stack, 'monitor'),
    {
      Action: [
        'athena:GetQueryExecution',
        'athena:GetQueryResults',
        'athena:StartQueryExecution',
        'athena:StopQueryExecution',
      ],
      Resource: [arn('athena', `workgroup/${monitorWorkgroup(config)}`)],
    },
    { Action: ['glue:GetTable'], Resource: tableArns(stack, [...tables, GROUPS_TABLE, holdouts]) },
    { Action: ['glue:GetPartitions'], Resource: tableArns(stack, tables) },
    {
      // Athena looks at both before any query: https://docs.aws.amazon.com/athena/latest/ug/fine-grained-access-to-glue-resources.html
      Action: ['glue:GetDatabase'],
      Resource: [...tableArns(stack, []), arn('glue', 'database/default')],
    },
    { Action: ['s3:GetObject'], Resource: folders.map((folder) => objectsArn(stack, folder)) },
    {
      Action: ['s3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'],
      Resource: [objectsArn(stack, MONITOR_RESULTS_FOLDER)],
    },
    {
      Action: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
      Resource: [objectsArn(stack, MONITORS_FOLDER)],
    },
    {
      // On all names: without the permission to list, S3 answers 403 instead of 404 for a missing object.
      // https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
      Action: ['s3:ListBucket', 's3:GetBucketLocation', 's3:ListBucketMultipartUploads'],
      Resource: [bucketArn(stack)],
    },
    useKey(stack, 'kms:Decrypt', 'kms:GenerateDataKey'),
    // CloudWatch has no resources for metrics.
    { Action: ['cloudwatch:GetMetricData'], Resource: ['*'] },
    ...(topicArn === null ? [] : [{ Action: ['sns:Publish'], Resource: [topicArn] }]),
    consumeQueue(monitorIds.queue),
  ]);
}
