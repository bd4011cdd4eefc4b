import { PRIMARY_WORKGROUP } from '../schema/fields/athena.ts';
import { landedFolders } from '../tables/tableFolders.ts';
import { awsDataCatalogArn, bucketArn, catalogArns, objectsArn, type Place, workgroupArn } from './place.ts';
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

/** What of OWOX's is its own. */
export interface OwoxAccess {
  /** Bucket of its results. Its form takes a bucket without a prefix, so it must be a bucket of its own. */
  readonly resultsBucket: string;
  /** Glue database in which it makes views and tables. */
  readonly ownDatabase: string;
}

/** Everything OWOX Data Marts may do: docs/appendix/policies.md compares it with OWOX's document. */
export function owoxPolicy(place: Place, { resultsBucket, ownDatabase }: OwoxAccess): PolicyDocument {
  return policyDocument([
    runQueries(place),
    seeCatalog(place),
    listCatalogs(),
    readTables(place),
    makeOwnTables(place, ownDatabase),
    seeDefaultDatabase(place),
    readRows(place),
    listFolders(place, landedFolders(place)),
    locateBuckets(place, [place.bucket, resultsBucket]),
    listResults(place, resultsBucket),
    writeResults(place, resultsBucket),
    useKey(place),
  ]);
}

function runQueries(place: Place): Statement {
  const actions = mergeActions(RUN_QUERIES, ['athena:BatchGetQueryExecution', 'athena:GetWorkGroup']);
  return allow('RunQueries', actions, [workgroupArn(place, PRIMARY_WORKGROUP)]);
}

/** `GetTableMetadata` tells when a source was last changed; OWOX's document forgot it. */
function seeCatalog(place: Place): Statement {
  const actions = [
    'athena:GetDataCatalog',
    'athena:GetDatabase',
    'athena:GetTableMetadata',
    'athena:ListDatabases',
  ];
  return allow('SeeCatalog', actions, [awsDataCatalogArn(place)]);
}

/** Athena offers nothing narrower than `*` for lists of catalogues. */
function listCatalogs(): Statement {
  return allow('ListCatalogs', ['athena:ListDataCatalogs'], ['*']);
}

/**
 * Views of its data marts and tables of its connectors, in a database of its own. The stack makes that database, but
 * connectors begin with `CREATE SCHEMA IF NOT EXISTS` all the same, for which Athena asks `glue:CreateDatabase`.
 */
function makeOwnTables(place: Place, ownDatabase: string): Statement {
  const actions = mergeActions(READ_TABLES, [
    'glue:CreateDatabase',
    'glue:CreateTable',
    'glue:DeleteTable',
    'glue:UpdateTable',
  ]);
  return allow('MakeOwnTables', actions, catalogArns(place, ownDatabase));
}

function listResults(place: Place, resultsBucket: string): Statement {
  const actions = ['s3:ListBucket', 's3:ListBucketMultipartUploads'];
  return allow('ListResults', actions, [bucketArn(place, resultsBucket)]);
}

/** Results, which OWOX deletes when it has read them, and the files of its connectors' tables. */
function writeResults(place: Place, resultsBucket: string): Statement {
  const actions = mergeActions(WRITE_RESULTS, ['s3:DeleteObject']);
  return allow('WriteResults', actions, [objectsArn(place, resultsBucket)]);
}
