import { landedFolders } from '../tables/tableFolders.ts';
import {
  arnIn,
  awsDataCatalogArns,
  catalogArns,
  objectsArn,
  type PolicyScope,
  workgroupArn,
} from './arns.ts';
import { allow, type PolicyDocument, policyDocument, type Statement } from './policyDocument.ts';
import {
  findUploads,
  LIST_TABLES,
  listFolders,
  locateBuckets,
  mergeActions,
  READ_MORE_OF_TABLES,
  READ_PARTITIONS,
  type ReaderWorkgroup,
  RUN_QUERIES,
  readRows,
  readTables,
  useKey,
  WRITE_RESULTS,
  WRITE_TABLES,
} from './readerStatements.ts';

/** Everything Metabase may do while it only reads: docs/readers.md has what Metabase's document lacks. */
export function metabasePolicy(scope: PolicyScope, workgroup: ReaderWorkgroup): PolicyDocument {
  return policyDocument([
    runQueries(scope, workgroup),
    seeCatalog(scope),
    listCatalogs(),
    listEveryTable(scope),
    readTables(scope, READ_MORE_OF_TABLES),
    readRows(scope),
    listFolders(scope, [...landedFolders(scope), workgroup.resultsFolder]),
    locateBuckets(scope, [scope.bucket]),
    findUploads(scope),
    writeResults(scope, workgroup),
    useKey(scope),
  ]);
}

/**
 * Additional permissions of a Metabase that makes tables: it may write to a database of its own, which the stack makes.
 * The reader's workgroup decides where the files of its tables go: to its own folder, which therefore does not expire.
 */
export function metabaseWritePolicy(scope: PolicyScope, ownDatabase: string): PolicyDocument {
  const actions = mergeActions(READ_PARTITIONS, WRITE_TABLES, ['glue:BatchDeleteTable']);
  return policyDocument([allow('MakeOwnTables', actions, catalogArns(scope, ownDatabase))]);
}

/** Lets Metabase run queries and saved queries in its workgroup. */
function runQueries(scope: PolicyScope, { workgroup }: ReaderWorkgroup): Statement {
  const metabaseActions = [
    'athena:BatchGetNamedQuery',
    'athena:BatchGetQueryExecution',
    'athena:CreatePreparedStatement',
    'athena:DeletePreparedStatement',
    'athena:GetNamedQuery',
    'athena:GetPreparedStatement',
    'athena:GetQueryResultsStream',
    'athena:GetWorkGroup',
    'athena:ListNamedQueries',
    'athena:ListQueryExecutions',
    'athena:ListTagsForResource',
  ];
  return allow('RunQueries', mergeActions(RUN_QUERIES, metabaseActions), [workgroupArn(scope, workgroup)]);
}

/** Metabase's driver reads columns with `GetTableMetadata`, which Metabase's document leaves out. */
function seeCatalog(scope: PolicyScope): Statement {
  const actions = ['athena:GetTableMetadata', 'athena:ListDatabases', 'athena:ListTableMetadata'];
  return allow('SeeCatalog', actions, awsDataCatalogArns(scope));
}

/** Athena has no resource narrower than `*` for lists of catalogues and of workgroups. */
function listCatalogs(): Statement {
  return allow('ListCatalogs', ['athena:ListDataCatalogs', 'athena:ListWorkGroups'], ['*']);
}

/**
 * Lets Metabase list the tables of every database in the account, and see their names and columns. Its sync lists them
 * all, also `default`, and fails as a whole when one database refuses. It reads the rows of our tables only.
 */
function listEveryTable(scope: PolicyScope): Statement {
  const everything = ['catalog', 'database/*', 'table/*/*'].map((name) => arnIn(scope, 'glue', name));
  return allow('ListEveryTable', LIST_TABLES, everything);
}

/**
 * Writes results of its queries into the workgroup's folder, large ones in parts. Metabase's document leaves out
 * listing the parts, which AWS's own policy for Athena has.
 * https://docs.aws.amazon.com/athena/latest/ug/managed-policies.html, BaseQueryResultsPermissions
 */
function writeResults(scope: PolicyScope, { resultsFolder }: ReaderWorkgroup): Statement {
  return allow('WriteResults', WRITE_RESULTS, [objectsArn(scope, scope.bucket, resultsFolder)]);
}
