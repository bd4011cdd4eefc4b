import type { Config } from '../../schema/config.ts';
import { forwardedKinds, tableKinds } from '../../schema/kinds.ts';
import {
  curatedFolder,
  ERASURES_FOLDER,
  EXPORTS_LEDGER,
  LEDGER_FOLDER,
  LOADS_FOLDER,
} from '../../tables/ledgerKeys.ts';
import {
  chosenResultsFolders,
  DAMAGED_FOLDER,
  LANDING_FOLDER,
  QUARANTINE_LARGE_FOLDER,
  QUERY_RESULTS_FOLDER,
  READER_TABLES_FOLDER,
} from '../../tables/objectKeys.ts';
import { RELAY_FOLDER } from '../../tables/relayKeys.ts';
import { ingestedFolders, receivedHoursFolder, tableFolders } from '../../tables/tableFolders.ts';
import { arnIn, bucketArn, objectsArn, type PolicyScope } from '../arns.ts';
import { allow, type PolicyDocument, policyDocument } from '../policyDocument.ts';
import { useKey } from '../readerStatements.ts';

/**
 * Everything `sluice erase` does: docs/privacy.md. It reads, replaces and deletes all that lands, in every version.
 * Otherwise it touches only its own records, and the ledger of days that are made of what it changes.
 *
 * @param stack Name of the stack: `sluice-prod`.
 */
export function erasePolicy(scope: PolicyScope, config: Config, stack: string): PolicyDocument {
  const { bucket } = scope;
  const tables = [...tableKinds.flatMap((kind) => tableFolders(config, kind)), ...ingestedFolders(config)];
  const wholes = [
    RELAY_FOLDER,
    DAMAGED_FOLDER,
    QUARANTINE_LARGE_FOLDER,
    QUERY_RESULTS_FOLDER,
    LOADS_FOLDER,
    READER_TABLES_FOLDER,
    ...chosenResultsFolders(config),
  ];
  const folders = [...tables, LANDING_FOLDER, ...wholes];
  // Entries of customers' days and their former versions may have values of rows.
  const days = config.sources.map(({ name }) => `${LEDGER_FOLDER}${name}/`);
  const records = [ERASURES_FOLDER, ...forwardedKinds.map(curatedFolder), ...days];
  if (config.exports.length > 0) records.push(`${LEDGER_FOLDER}${EXPORTS_LEDGER}/`);
  const objects = (all: readonly string[]) => all.map((folder) => objectsArn(scope, bucket, folder));
  const askQueue = (Sid: string, part: string) =>
    allow(Sid, ['sqs:GetQueueUrl', 'sqs:SendMessage'], [arnIn(scope, 'sqs', `${stack}-${part}`)]);
  return policyDocument([
    allow('ListVersions', ['s3:ListBucketVersions'], [bucketArn(scope, bucket)], {
      StringLike: { 's3:prefix': [...folders, ...days].map((folder) => `${folder}*`) },
    }),
    allow('EraseVersions', ['s3:DeleteObjectVersion', 's3:GetObjectVersion'], objects([...folders, ...days])),
    // S3 requires both permissions of a caller who replaces an object that it has read:
    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
    allow(
      'ReplaceRows',
      ['s3:GetObject', 's3:PutObject'],
      objects([...tables, LANDING_FOLDER, DAMAGED_FOLDER]),
    ),
    // An object that is deleted as a whole is hidden if older versions of it stay, and only if it is still the one that
    // was read.
    allow('HideObjects', ['s3:DeleteObject', 's3:GetObject'], objects(wholes)),
    // S3 reveals that a record does not exist only to callers that may list it.
    allow('FindRecords', ['s3:ListBucket'], [bucketArn(scope, bucket)]),
    allow('ReadNotes', ['s3:GetObject'], objects([LEDGER_FOLDER, receivedHoursFolder(config)])),
    allow('KeepRecords', ['s3:GetObject', 's3:PutObject'], objects(records)),
    allow('StreamMetrics', ['cloudwatch:GetMetricData'], ['*']),
    allow(
      'StackOutputs',
      ['cloudformation:DescribeStacks'],
      [arnIn(scope, 'cloudformation', `stack/${stack}/*`)],
    ),
    useKey(scope),
    config.curate ? askQueue('AskForDays', 'curate-plan') : undefined,
    config.exports.length === 0 ? undefined : askQueue('AskForExports', 'export'),
    config.relay === undefined
      ? undefined
      : allow(
          'CountCopies',
          ['sqs:GetQueueAttributes', 'sqs:GetQueueUrl'],
          ['relay', 'relay-dead-letters'].map((part) => arnIn(scope, 'sqs', `${stack}-${part}`)),
        ),
  ]);
}
