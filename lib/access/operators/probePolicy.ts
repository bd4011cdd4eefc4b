import type { Config } from '../../schema/config.ts';
import { LEDGER_FOLDER } from '../../tables/ledgerKeys.ts';
import { LANDING_FOLDER, QUERY_RESULTS_FOLDER } from '../../tables/objectKeys.ts';
import { landedFolders, tableFolders } from '../../tables/tableFolders.ts';
import { arnIn, objectsArn, type PolicyScope, workgroupArn } from '../arns.ts';
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
  const quarantine = tableFolders(config, 'quarantine');
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
    objects('ReadRows', ['s3:GetObject'], [...landedFolders(scope), ...quarantine]),
    listFolders(scope, [
      ...landedFolders(scope),
      ...quarantine,
      QUERY_RESULTS_FOLDER,
      LEDGER_FOLDER,
      LANDING_FOLDER,
    ]),
    locateBuckets(scope, [bucket]),
    findUploads(scope),
    objects('WriteResults', mergeActions(WRITE_RESULTS, ['s3:DeleteObject']), [QUERY_RESULTS_FOLDER]),
    objects('LeaveWork', ['s3:DeleteObject', 's3:GetObject', 's3:PutObject'], [LANDING_FOLDER]),
    objects('DeleteOwnRows', ['s3:DeleteObject'], [...tableFolders(config, 'events'), ...quarantine]),
    useKey(scope),
    allow('ReadMetrics', ['cloudwatch:GetMetricData'], ['*']),
    ...askParts(scope, config, stack),
  ]);
}

/** Statements for functions that exist only with `sources` or `exports`. */
function askParts(scope: PolicyScope, { sources, exports }: Config, stack: string): readonly Statement[] {
  const parts = [...(sources.length > 0 ? ['ingest-plan'] : []), ...(exports.length > 0 ? ['export'] : [])];
  if (parts.length === 0) return [];
  const loads: readonly Statement[] = [
    allow(
      'ReadLedger',
      ['s3:GetObject'],
      sources.map(({ name }) => objectsArn(scope, scope.bucket, `${LEDGER_FOLDER}${name}/`)),
    ),
    allow(
      'AskForLoad',
      ['sqs:GetQueueUrl', 'sqs:SendMessage'],
      [arnIn(scope, 'sqs', `${stack}-ingest-plan`)],
    ),
  ];
  return [
    allow(
      'ReadRecursiveLoop',
      ['lambda:GetFunctionRecursionConfig'],
      parts.map((part) => arnIn(scope, 'lambda', `function:${stack}-${part}`)),
    ),
    ...(sources.length > 0 ? loads : []),
  ];
}
