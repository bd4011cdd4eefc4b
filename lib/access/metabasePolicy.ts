import { landedFolders } from '../tables/tableFolders.ts';
import { arnIn, awsDataCatalogArn, catalogArns, objectsArn, type Place, workgroupArn } from './place.ts';
import { type PolicyDocument, policyDocument, type Statement } from './policyDocument.ts';
import {
  findUploads,
  listFolders,
  locateBuckets,
  type ReaderWorkgroup,
  readRows,
  readTables,
  useKey,
} from './readerStatements.ts';

/** Everything Metabase may do while it only reads: docs/readers.md compares it with Metabase's document. */
export function metabasePolicy(place: Place, own: ReaderWorkgroup): PolicyDocument {
  return policyDocument([
    runQueries(place, own),
    seeCatalog(place),
    listCatalogs(),
    listEveryTable(place),
    readTables(place, [
      'glue:BatchGetPartition',
      'glue:GetPartition',
      'glue:GetPartitions',
      'glue:GetTableVersion',
      'glue:GetTableVersions',
    ]),
    readRows(place),
    listFolders(place, [...landedFolders(place), own.resultsFolder]),
    locateBuckets(place, [place.bucket]),
    findUploads(place),
    writeResults(place, own),
    useKey(place, 'read and write'),
  ]);
}

/**
 * What Metabase may do besides, where it is let make tables: in a database of its own, which the stack makes. Where
 * their files go is the workgroup's say: into its own folder, which is not emptied for that reason.
 */
export function metabaseWritePolicy(place: Place, ownDatabase: string): PolicyDocument {
  return policyDocument([
    {
      Sid: 'MakeOwnTables',
      Effect: 'Allow',
      Action: [
        'glue:BatchCreatePartition',
        'glue:BatchDeletePartition',
        'glue:BatchDeleteTable',
        'glue:BatchGetPartition',
        'glue:CreatePartition',
        'glue:CreateTable',
        'glue:DeletePartition',
        'glue:DeleteTable',
        'glue:GetPartition',
        'glue:GetPartitions',
        'glue:UpdatePartition',
        'glue:UpdateTable',
      ],
      Resource: catalogArns(place, ownDatabase),
    },
  ]);
}

function runQueries(place: Place, { workgroup }: ReaderWorkgroup): Statement {
  return {
    Sid: 'RunQueries',
    Effect: 'Allow',
    Action: [
      'athena:BatchGetNamedQuery',
      'athena:BatchGetQueryExecution',
      'athena:CreatePreparedStatement',
      'athena:DeletePreparedStatement',
      'athena:GetNamedQuery',
      'athena:GetPreparedStatement',
      'athena:GetQueryExecution',
      'athena:GetQueryResults',
      'athena:GetQueryResultsStream',
      'athena:GetWorkGroup',
      'athena:ListNamedQueries',
      'athena:ListQueryExecutions',
      'athena:ListTagsForResource',
      'athena:StartQueryExecution',
      'athena:StopQueryExecution',
    ],
    Resource: [workgroupArn(place, workgroup)],
  };
}

/** Its driver reads columns with `GetTableMetadata`, which Metabase's document forgot. */
function seeCatalog(place: Place): Statement {
  return {
    Sid: 'SeeCatalog',
    Effect: 'Allow',
    Action: ['athena:GetTableMetadata', 'athena:ListDatabases', 'athena:ListTableMetadata'],
    Resource: [awsDataCatalogArn(place)],
  };
}

/** Athena offers nothing narrower than `*` for lists of catalogues and of workgroups. */
function listCatalogs(): Statement {
  return {
    Sid: 'ListCatalogs',
    Effect: 'Allow',
    Action: ['athena:ListDataCatalogs', 'athena:ListWorkGroups'],
    Resource: ['*'],
  };
}

/**
 * Metabase lists the tables of every database there is and gives up the whole sync when one refuses. It sees names
 * and columns of all, the database `default` that Athena looks at among them, and rows of ours only.
 */
function listEveryTable(place: Place): Statement {
  return {
    Sid: 'ListEveryTable',
    Effect: 'Allow',
    Action: ['glue:GetDatabase', 'glue:GetDatabases', 'glue:GetTable', 'glue:GetTables'],
    Resource: [
      arnIn(place, 'glue', 'catalog'),
      arnIn(place, 'glue', 'database/*'),
      arnIn(place, 'glue', 'table/*/*'),
    ],
  };
}

/**
 * Results of its queries, in the workgroup's folder; large ones go up in parts. Metabase's document leaves out that
 * parts are listed, which AWS's own policy for Athena has.
 * https://docs.aws.amazon.com/athena/latest/ug/managed-policies.html, BaseQueryResultsPermissions
 */
function writeResults(place: Place, { resultsFolder }: ReaderWorkgroup): Statement {
  return {
    Sid: 'WriteResults',
    Effect: 'Allow',
    Action: ['s3:AbortMultipartUpload', 's3:GetObject', 's3:ListMultipartUploadParts', 's3:PutObject'],
    Resource: [objectsArn(place, place.bucket, resultsFolder)],
  };
}
