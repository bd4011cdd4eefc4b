import { PRIMARY_WORKGROUP } from '../schema/config.ts';
import { landedFolders } from '../tables/tableFolders.ts';
import { awsDataCatalogArn, bucketArn, catalogArns, objectsArn, type Place, workgroupArn } from './place.ts';
import { type PolicyDocument, policyDocument, type Statement } from './policyDocument.ts';
import {
  listFolders,
  locateBuckets,
  readRows,
  readTables,
  seeDefaultDatabase,
  useKey,
} from './readerStatements.ts';

/** What of OWOX's is its own. */
export interface OwoxAccess {
  /** Bucket of its results. Its form takes a bucket without a prefix, so it must be a bucket of its own. */
  readonly resultsBucket: string;
  /** Glue database in which it makes views and tables. */
  readonly ownDatabase: string;
}

/** Everything OWOX Data Marts may do: docs/readers.md compares it with OWOX's document. */
export function owoxPolicy(place: Place, { resultsBucket, ownDatabase }: OwoxAccess): PolicyDocument {
  return policyDocument([
    runQueries(place),
    seeCatalog(place),
    listCatalogs(),
    readTables(place, [
      'glue:BatchGetPartition',
      'glue:GetDatabase',
      'glue:GetDatabases',
      'glue:GetPartition',
      'glue:GetPartitions',
      'glue:GetTable',
      'glue:GetTables',
    ]),
    makeOwnTables(place, ownDatabase),
    seeDefaultDatabase(place),
    readRows(place),
    listFolders(place, landedFolders(place)),
    locateBuckets(place, [place.bucket, resultsBucket]),
    listResults(place, resultsBucket),
    writeResults(place, resultsBucket),
    useKey(place, 'read and write'),
  ]);
}

function runQueries(place: Place): Statement {
  return {
    Sid: 'RunQueries',
    Effect: 'Allow',
    Action: [
      'athena:BatchGetQueryExecution',
      'athena:GetQueryExecution',
      'athena:GetQueryResults',
      'athena:GetWorkGroup',
      'athena:StartQueryExecution',
      'athena:StopQueryExecution',
    ],
    Resource: [workgroupArn(place, PRIMARY_WORKGROUP)],
  };
}

/** `GetTableMetadata` tells when a source was last changed; OWOX's document forgot it. */
function seeCatalog(place: Place): Statement {
  return {
    Sid: 'SeeCatalog',
    Effect: 'Allow',
    Action: [
      'athena:GetDataCatalog',
      'athena:GetDatabase',
      'athena:GetTableMetadata',
      'athena:ListDatabases',
    ],
    Resource: [awsDataCatalogArn(place)],
  };
}

/** Athena offers nothing narrower than `*` for lists of catalogues. */
function listCatalogs(): Statement {
  return { Sid: 'ListCatalogs', Effect: 'Allow', Action: ['athena:ListDataCatalogs'], Resource: ['*'] };
}

/**
 * Views of its data marts and tables of its connectors, in a database of its own. The stack makes that database, but
 * connectors begin with `CREATE SCHEMA IF NOT EXISTS` all the same, for which Athena asks `glue:CreateDatabase`.
 */
function makeOwnTables(place: Place, ownDatabase: string): Statement {
  return {
    Sid: 'MakeOwnTables',
    Effect: 'Allow',
    Action: [
      'glue:BatchGetPartition',
      'glue:CreateDatabase',
      'glue:CreateTable',
      'glue:DeleteTable',
      'glue:GetDatabase',
      'glue:GetDatabases',
      'glue:GetPartition',
      'glue:GetPartitions',
      'glue:GetTable',
      'glue:GetTables',
      'glue:UpdateTable',
    ],
    Resource: catalogArns(place, ownDatabase),
  };
}

function listResults(place: Place, resultsBucket: string): Statement {
  return {
    Sid: 'ListResults',
    Effect: 'Allow',
    Action: ['s3:ListBucket', 's3:ListBucketMultipartUploads'],
    Resource: [bucketArn(place, resultsBucket)],
  };
}

/** Results, which OWOX deletes when it has read them, and the files of its connectors' tables. */
function writeResults(place: Place, resultsBucket: string): Statement {
  return {
    Sid: 'WriteResults',
    Effect: 'Allow',
    Action: [
      's3:AbortMultipartUpload',
      's3:DeleteObject',
      's3:GetObject',
      's3:ListMultipartUploadParts',
      's3:PutObject',
    ],
    Resource: [objectsArn(place, resultsBucket)],
  };
}
