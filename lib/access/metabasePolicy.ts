import { landedFolders } from '../tables/tableFolders.ts';
import { arnIn, awsDataCatalogArn, catalogArns, objectsArn, type Place, workgroupArn } from './place.ts';
import { allow, type PolicyDocument, policyDocument, type Statement } from './policyDocument.ts';
import {
  findUploads,
  LIST_TABLES,
  listFolders,
  locateBuckets,
  mergeActions,
  READ_PARTITIONS,
  type ReaderWorkgroup,
  RUN_QUERIES,
  readRows,
  readTables,
  useKey,
  WRITE_RESULTS,
} from './readerStatements.ts';

/** Everything Metabase may do while it only reads: docs/appendix/policies.md compares it with Metabase's document. */
export function metabasePolicy(place: Place, own: ReaderWorkgroup): PolicyDocument {
  return policyDocument([
    runQueries(place, own),
    seeCatalog(place),
    listCatalogs(),
    listEveryTable(place),
    readTables(place, mergeActions(READ_PARTITIONS, ['glue:GetTableVersion', 'glue:GetTableVersions'])),
    readRows(place),
    listFolders(place, [...landedFolders(place), own.resultsFolder]),
    locateBuckets(place, [place.bucket]),
    findUploads(place),
    writeResults(place, own),
    useKey(place),
  ]);
}

/**
 * What else Metabase may do if it makes tables: write to a database of its own, which the stack makes. The workgroup
 * decides where their files go: to its own folder, which therefore does not expire.
 */
export function metabaseWritePolicy(place: Place, ownDatabase: string): PolicyDocument {
  const write = [
    'glue:BatchCreatePartition',
    'glue:BatchDeletePartition',
    'glue:BatchDeleteTable',
    'glue:CreatePartition',
    'glue:CreateTable',
    'glue:DeletePartition',
    'glue:DeleteTable',
    'glue:UpdatePartition',
    'glue:UpdateTable',
  ];
  const actions = mergeActions(READ_PARTITIONS, write);
  return policyDocument([allow('MakeOwnTables', actions, catalogArns(place, ownDatabase))]);
}

function runQueries(place: Place, { workgroup }: ReaderWorkgroup): Statement {
  const more = [
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
  return allow('RunQueries', mergeActions(RUN_QUERIES, more), [workgroupArn(place, workgroup)]);
}

/** Its driver reads columns with `GetTableMetadata`, which Metabase's document forgot. */
function seeCatalog(place: Place): Statement {
  const actions = ['athena:GetTableMetadata', 'athena:ListDatabases', 'athena:ListTableMetadata'];
  return allow('SeeCatalog', actions, [awsDataCatalogArn(place)]);
}

/** Athena offers nothing narrower than `*` for lists of catalogues and of workgroups. */
function listCatalogs(): Statement {
  return allow('ListCatalogs', ['athena:ListDataCatalogs', 'athena:ListWorkGroups'], ['*']);
}

/**
 * Lets Metabase list the tables of every database in the account, and see their names and columns. Its sync lists them
 * all, `default` too, and fails as a whole when one database refuses. It reads the rows of our tables only.
 */
function listEveryTable(place: Place): Statement {
  const everything = ['catalog', 'database/*', 'table/*/*'].map((name) => arnIn(place, 'glue', name));
  return allow('ListEveryTable', LIST_TABLES, everything);
}

/**
 * Results of its queries, in the workgroup's folder; large ones go up in parts. Metabase's document leaves out that
 * parts are listed, which AWS's own policy for Athena has.
 * https://docs.aws.amazon.com/athena/latest/ug/managed-policies.html, BaseQueryResultsPermissions
 */
function writeResults(place: Place, { resultsFolder }: ReaderWorkgroup): Statement {
  return allow('WriteResults', WRITE_RESULTS, [objectsArn(place, place.bucket, resultsFolder)]);
}
