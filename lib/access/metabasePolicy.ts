import { landedFolders } from '../tables/tableFolders.ts';
import { arnIn, awsDataCatalogArn, catalogArns, objectsArn, type Place, workgroupArn } from './place.ts';
import { allow, type PolicyDocument, policyDocument, type Statement } from './policyDocument.ts';
import {
  findUploads,
  listFolders,
  locateBuckets,
  READ_PARTITIONS,
  type ReaderWorkgroup,
  RUN_QUERIES,
  readRows,
  readTables,
  SEE_TABLES,
  sorted,
  useKey,
  WRITE_RESULTS,
} from './readerStatements.ts';

/** Everything Metabase may do while it only reads: docs/readers.md compares it with Metabase's document. */
export function metabasePolicy(place: Place, own: ReaderWorkgroup): PolicyDocument {
  return policyDocument([
    runQueries(place, own),
    seeCatalog(place),
    listCatalogs(),
    listEveryTable(place),
    readTables(place, sorted(READ_PARTITIONS, 'GetTableVersion GetTableVersions')),
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
  const write =
    'BatchCreatePartition BatchDeletePartition BatchDeleteTable CreatePartition CreateTable DeletePartition DeleteTable UpdatePartition UpdateTable';
  const actions = sorted(READ_PARTITIONS, write);
  return policyDocument([allow('MakeOwnTables', 'glue', actions, catalogArns(place, ownDatabase))]);
}

function runQueries(place: Place, { workgroup }: ReaderWorkgroup): Statement {
  const more =
    'BatchGetNamedQuery BatchGetQueryExecution CreatePreparedStatement DeletePreparedStatement GetNamedQuery GetPreparedStatement GetQueryResultsStream GetWorkGroup ListNamedQueries ListQueryExecutions ListTagsForResource';
  return allow('RunQueries', 'athena', sorted(RUN_QUERIES, more), [workgroupArn(place, workgroup)]);
}

/** Its driver reads columns with `GetTableMetadata`, which Metabase's document forgot. */
function seeCatalog(place: Place): Statement {
  const actions = 'GetTableMetadata ListDatabases ListTableMetadata';
  return allow('SeeCatalog', 'athena', actions, [awsDataCatalogArn(place)]);
}

/** Athena offers nothing narrower than `*` for lists of catalogues and of workgroups. */
function listCatalogs(): Statement {
  return allow('ListCatalogs', 'athena', 'ListDataCatalogs ListWorkGroups', ['*']);
}

/**
 * Metabase lists the tables of every database there is and gives up the whole sync when one refuses. It sees names
 * and columns of all, the database `default` that Athena looks at among them, and rows of ours only.
 */
function listEveryTable(place: Place): Statement {
  const everything = ['catalog', 'database/*', 'table/*/*'].map((name) => arnIn(place, 'glue', name));
  return allow('ListEveryTable', 'glue', SEE_TABLES, everything);
}

/**
 * Results of its queries, in the workgroup's folder; large ones go up in parts. Metabase's document leaves out that
 * parts are listed, which AWS's own policy for Athena has.
 * https://docs.aws.amazon.com/athena/latest/ug/managed-policies.html, BaseQueryResultsPermissions
 */
function writeResults(place: Place, { resultsFolder }: ReaderWorkgroup): Statement {
  return allow('WriteResults', 's3', WRITE_RESULTS, [objectsArn(place, place.bucket, resultsFolder)]);
}
