import type { Config } from '../schema/config.ts';
import { LEDGER_FOLDER } from '../tables/ledgerKeys.ts';
import { errorFolder, overflowFolder, QUERY_RESULTS_FOLDER } from '../tables/objectKeys.ts';
import { landedFolders, tableFolder } from '../tables/tableFolders.ts';
import { arnIn, objectsArn, type Place, workgroupArn } from './place.ts';
import { type PolicyDocument, policyDocument, type Statement } from './policyDocument.ts';
import {
  findUploads,
  listFolders,
  locateBuckets,
  readTables,
  seeDefaultDatabase,
  useKey,
} from './readerStatements.ts';

/**
 * Everything `sluice probe` does: docs/aws.md. It deletes files of the delivered tables, as nothing narrower names those
 * that hold rows of a probe alone.
 *
 * @param stack Name of the stack: `sluice-prod`.
 */
export function probePolicy(place: Place, config: Config, stack: string): PolicyDocument {
  const { bucket } = place;
  const [events, quarantine] = [tableFolder(config, 'events'), tableFolder(config, 'quarantine')];
  const left = [overflowFolder('events'), errorFolder('events')];
  const objects = (Sid: string, Action: readonly string[], folders: readonly string[]): Statement => ({
    Sid,
    Effect: 'Allow',
    Action,
    Resource: folders.map((folder) => objectsArn(place, bucket, folder)),
  });
  return policyDocument([
    {
      Sid: 'FindCollector',
      Effect: 'Allow',
      Action: ['cloudformation:DescribeStacks'],
      Resource: [arnIn(place, 'cloudformation', `stack/${stack}/*`)],
    },
    {
      Sid: 'RunQueries',
      Effect: 'Allow',
      Action: [
        'athena:GetQueryExecution',
        'athena:GetQueryResults',
        'athena:StartQueryExecution',
        'athena:StopQueryExecution',
      ],
      Resource: [workgroupArn(place, place.workgroup)],
    },
    readTables(place, [
      'glue:BatchGetPartition',
      'glue:GetDatabase',
      'glue:GetPartition',
      'glue:GetPartitions',
      'glue:GetTable',
    ]),
    seeDefaultDatabase(place),
    objects('ReadRows', ['s3:GetObject'], [...landedFolders(place), quarantine]),
    listFolders(place, [...landedFolders(place), quarantine, QUERY_RESULTS_FOLDER, LEDGER_FOLDER, ...left]),
    locateBuckets(place, [bucket]),
    findUploads(place),
    objects(
      'WriteResults',
      [
        's3:AbortMultipartUpload',
        's3:DeleteObject',
        's3:GetObject',
        's3:ListMultipartUploadParts',
        's3:PutObject',
      ],
      [QUERY_RESULTS_FOLDER],
    ),
    objects('LeaveWork', ['s3:DeleteObject', 's3:GetObject', 's3:PutObject'], left),
    objects('DeleteOwnRows', ['s3:DeleteObject'], [events, quarantine]),
    useKey(place, 'read and write'),
    {
      Sid: 'ReadMetrics',
      Effect: 'Allow',
      Action: ['cloudwatch:GetMetricData'],
      Resource: ['*'],
    },
    ...askParts(place, config, stack),
  ]);
}

/** What is there only with `sources` or `exports`. */
function askParts(place: Place, { sources, exports }: Config, stack: string): readonly Statement[] {
  const parts = [...(sources.length > 0 ? ['ingest-plan'] : []), ...(exports.length > 0 ? ['export'] : [])];
  if (parts.length === 0) return [];
  const loads: readonly Statement[] = [
    {
      Sid: 'ReadLedger',
      Effect: 'Allow',
      Action: ['s3:GetObject'],
      Resource: sources.map(({ name }) => objectsArn(place, place.bucket, `${LEDGER_FOLDER}${name}/`)),
    },
    {
      Sid: 'AskForLoad',
      Effect: 'Allow',
      Action: ['sqs:GetQueueUrl', 'sqs:SendMessage'],
      Resource: [arnIn(place, 'sqs', `${stack}-ingest-plan`)],
    },
  ];
  return [
    {
      Sid: 'ReadRecursiveLoop',
      Effect: 'Allow',
      Action: ['lambda:GetFunctionRecursionConfig'],
      Resource: parts.map((part) => arnIn(place, 'lambda', `function:${stack}-${part}`)),
    },
    ...(sources.length > 0 ? loads : []),
  ];
}
