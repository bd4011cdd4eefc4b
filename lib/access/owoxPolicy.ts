import { PRIMARY_WORKGROUP } from '../schema/fields/athena.ts';
import { landedFolders } from '../tables/tableFolders.ts';
import {
  awsDataCatalogArns,
  bucketArn,
  catalogArns,
  objectsArn,
  type PolicyScope,
  workgroupArn,
} from './arns.ts';
import { allow, type PolicyDocument, policyDocument, type Statement } from './policyDocument.ts';
import {
  listFolders,
  locateBuckets,
  mergeActions,
  READ_TABLES,
  RUN_QUERIES,
  readRows,
  readTables,
  seeDefaultDatabase,
  useKey,
  WRITE_RESULTS,
} from './readerStatements.ts';

/** Resources that belong to OWOX alone. */
interface OwoxAccess {
  /** Bucket of its results. OWOX's form takes a bucket without a prefix, so the bucket must be OWOX's alone. */
  readonly resultsBucket: string;
  /** Glue database in which it makes views and tables. */
  readonly ownDatabase: string;
  /** ARN of the key of an existing bucket of results. Default: our bucket's key. */
  readonly resultsKeyArn?: string | undefined;
}

/** Everything OWOX Data Marts may do: docs/readers.md has what OWOX's document lacks. */
export function owoxPolicy(
  scope: PolicyScope,
  { resultsBucket, ownDatabase, resultsKeyArn }: OwoxAccess,
): PolicyDocument {
  return policyDocument([
    runQueries(scope),
    seeCatalog(scope),
    listCatalogs(),
    readTables(scope),
    makeOwnTables(scope, ownDatabase),
    seeDefaultDatabase(scope),
    readRows(scope),
    listFolders(scope, landedFolders(scope)),
    locateBuckets(scope, [scope.bucket, resultsBucket]),
    listResults(scope, resultsBucket),
    writeResults(scope, resultsBucket),
    useKey(scope, resultsKeyArn),
  ]);
}

/** Lets OWOX run queries in the workgroup that it cannot change. */
function runQueries(scope: PolicyScope): Statement {
  const actions = mergeActions(RUN_QUERIES, ['athena:BatchGetQueryExecution', 'athena:GetWorkGroup']);
  return allow('RunQueries', actions, [workgroupArn(scope, PRIMARY_WORKGROUP)]);
}

/** `GetTableMetadata` returns when a source was last changed. It is missing in OWOX's document. */
function seeCatalog(scope: PolicyScope): Statement {
  const actions = [
    'athena:GetDataCatalog',
    'athena:GetDatabase',
    'athena:GetTableMetadata',
    'athena:ListDatabases',
  ];
  return allow('SeeCatalog', actions, awsDataCatalogArns(scope));
}

/** Athena has no resource narrower than `*` for lists of catalogues. */
function listCatalogs(): Statement {
  return allow('ListCatalogs', ['athena:ListDataCatalogs'], ['*']);
}

/**
 * Makes the views of its data marts and the tables of its connectors, in a database of its own. The stack makes that
 * database, but connectors begin with `CREATE SCHEMA IF NOT EXISTS` all the same, for which Athena requires
 * `glue:CreateDatabase`.
 */
function makeOwnTables(scope: PolicyScope, ownDatabase: string): Statement {
  const actions = mergeActions(READ_TABLES, [
    'glue:CreateDatabase',
    'glue:CreateTable',
    'glue:DeleteTable',
    'glue:UpdateTable',
  ]);
  return allow('MakeOwnTables', actions, catalogArns(scope, ownDatabase));
}

/** Lets OWOX list the bucket of its results. */
function listResults(scope: PolicyScope, resultsBucket: string): Statement {
  const actions = ['s3:ListBucket', 's3:ListBucketMultipartUploads'];
  return allow('ListResults', actions, [bucketArn(scope, resultsBucket)]);
}

/** Writes results, which OWOX deletes when it has read them, and the files of its connectors' tables. */
function writeResults(scope: PolicyScope, resultsBucket: string): Statement {
  const actions = mergeActions(WRITE_RESULTS, ['s3:DeleteObject']);
  return allow('WriteResults', actions, [objectsArn(scope, resultsBucket)]);
}
