import { landedFolders } from '../tables/tableFolders.ts';
import { objectsArn, type PolicyScope, workgroupArn } from './arns.ts';
import { allow, type PolicyDocument, policyDocument } from './policyDocument.ts';
import {
  findUploads,
  listFolders,
  locateBuckets,
  type ReaderWorkgroup,
  RUN_QUERIES,
  readRows,
  readTables,
  seeDefaultDatabase,
  useKey,
  WRITE_RESULTS,
} from './readerStatements.ts';

/**
 * Everything GrowthBook may do. It starts, watches, reads and stops queries, and calls nothing else:
 * https://github.com/growthbook/growthbook, packages/back-end/src/services/athena.ts. Its guide gives it
 * `AWSQuicksightAthenaAccess` and `s3:Get*` instead, and it needs neither: https://docs.growthbook.io/warehouses/athena
 */
export function growthbookPolicy(
  scope: PolicyScope,
  { workgroup, resultsFolder }: ReaderWorkgroup,
): PolicyDocument {
  return policyDocument([
    allow('RunQueries', RUN_QUERIES, [workgroupArn(scope, workgroup)]),
    readTables(scope),
    seeDefaultDatabase(scope),
    readRows(scope),
    listFolders(scope, [...landedFolders(scope), resultsFolder]),
    locateBuckets(scope, [scope.bucket]),
    findUploads(scope),
    allow('WriteResults', WRITE_RESULTS, [objectsArn(scope, scope.bucket, resultsFolder)]),
    useKey(scope),
  ]);
}
