import type { Config } from '../../schema/config.ts';
import { LEDGER_FOLDER } from '../../tables/ledgerKeys.ts';
import { errorFolder, overflowFolder, QUERY_RESULTS_FOLDER } from '../../tables/objectKeys.ts';
import { landedFolders, tableFolder } from '../../tables/tableFolders.ts';
import { arnIn, objectsArn, type Place, workgroupArn } from '../place.ts';
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
export function probePolicy(place: Place, config: Config, stack: string): PolicyDocument {
  const { bucket } = place;
  const [events, quarantine] = [tableFolder(config, 'events'), tableFolder(config, 'quarantine')];
  const left = [overflowFolder('events'), errorFolder('events')];
  const objects = (Sid: string, actions: readonly string[], folders: readonly string[]): Statement =>
    allow(
      Sid,
      actions,
      folders.map((folder) => objectsArn(place, bucket, folder)),
    );
  return policyDocument([
    allow(
      'FindCollector',
      ['cloudformation:DescribeStacks'],
      [arnIn(place, 'cloudformation', `stack/${stack}/*`)],
    ),
    allow('RunQueries', RUN_QUERIES, [workgroupArn(place, place.workgroup)]),
    readTables(place, mergeActions(READ_PARTITIONS, ['glue:GetDatabase', 'glue:GetTable'])),
    seeDefaultDatabase(place),
    objects('ReadRows', ['s3:GetObject'], [...landedFolders(place), quarantine]),
    listFolders(place, [...landedFolders(place), quarantine, QUERY_RESULTS_FOLDER, LEDGER_FOLDER, ...left]),
    locateBuckets(place, [bucket]),
    findUploads(place),
    objects('WriteResults', mergeActions(WRITE_RESULTS, ['s3:DeleteObject']), [QUERY_RESULTS_FOLDER]),
    objects('LeaveWork', ['s3:DeleteObject', 's3:GetObject', 's3:PutObject'], left),
    objects('DeleteOwnRows', ['s3:DeleteObject'], [events, quarantine]),
    useKey(place),
    allow('ReadMetrics', ['cloudwatch:GetMetricData'], ['*']),
    ...askParts(place, config, stack),
  ]);
}

/** What is there only with `sources` or `exports`. */
function askParts(place: Place, { sources, exports }: Config, stack: string): readonly Statement[] {
  const parts = [...(sources.length > 0 ? ['ingest-plan'] : []), ...(exports.length > 0 ? ['export'] : [])];
  if (parts.length === 0) return [];
  const loads: readonly Statement[] = [
    allow(
      'ReadLedger',
      ['s3:GetObject'],
      sources.map(({ name }) => objectsArn(place, place.bucket, `${LEDGER_FOLDER}${name}/`)),
    ),
    allow(
      'AskForLoad',
      ['sqs:GetQueueUrl', 'sqs:SendMessage'],
      [arnIn(place, 'sqs', `${stack}-ingest-plan`)],
    ),
  ];
  return [
    allow(
      'ReadRecursiveLoop',
      ['lambda:GetFunctionRecursionConfig'],
      parts.map((part) => arnIn(place, 'lambda', `function:${stack}-${part}`)),
    ),
    ...(sources.length > 0 ? loads : []),
  ];
}
