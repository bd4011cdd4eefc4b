import { QUERY_RESULTS_FOLDER } from '../../tables/objectKeys.ts';
import { landedFolders } from '../../tables/tableFolders.ts';
import { objectsArn, type PolicyScope, workgroupArn } from '../arns.ts';
import { allow, type PolicyDocument, policyDocument } from '../policyDocument.ts';
import {
  findUploads,
  listFolders,
  locateBuckets,
  mergeActions,
  RUN_QUERIES,
  readRows,
  readTables,
  seeDefaultDatabase,
  useKey,
  WRITE_RESULTS,
} from '../readerStatements.ts';

/**
 * Everything `sluice query`, `sluice check` and the console's SQL do: docs/observe.md. They query in the workgroup of
 * people, where no reader may, and their results are in one folder. It reads the tables and views that readers read.
 */
export function analystPolicy(scope: PolicyScope): PolicyDocument {
  const { bucket, workgroup } = scope;
  return policyDocument([
    allow('RunQueries', mergeActions(RUN_QUERIES, ['athena:GetWorkGroup']), [workgroupArn(scope, workgroup)]),
    seeDefaultDatabase(scope),
    readTables(scope),
    readRows(scope),
    listFolders(scope, [...landedFolders(scope), QUERY_RESULTS_FOLDER]),
    locateBuckets(scope, [bucket]),
    findUploads(scope),
    allow('WriteResults', WRITE_RESULTS, [objectsArn(scope, bucket, QUERY_RESULTS_FOLDER)]),
    useKey(scope),
  ]);
}
