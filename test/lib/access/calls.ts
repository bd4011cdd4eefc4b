import type { PolicyScope } from '../../../lib/access/arns.ts';
import type { PolicyDocument } from '../../../lib/access/policyDocument.ts';
import type { Call } from './decideCall.ts';

/** The place that every test here plays in. */
export const scope = {
  partition: 'aws',
  account: '111122223333',
  region: 'eu-west-1',
  bucket: 'acme-experiments',
  keyArn: 'arn:aws:kms:eu-west-1:111122223333:key/0a1b2c3d-0000-1111-2222-333344445555',
  statsigFolder: 'statsig',
  database: 'sluice',
  stagingDatabase: 'statsig_staging',
  workgroup: 'sluice',
} satisfies PolicyScope;

const DAY = '2026-11-20';
export const EXPOSURES_FILE = `statsig/statsig_forwarded_exposures/statsig_forwarded_exposures/${DAY}/a.parquet`;
export const EVENTS_FILE = `statsig/statsig_forwarded_events/statsig_forwarded_events/${DAY}/a.parquet`;
export const CURATED_FILE = `statsig/ingested/curated_exposures/${DAY}/v1/a.parquet`;
export const INGESTED_FILE = `statsig/ingested/warehouse_metrics/${DAY}/v1/a.parquet`;

const arn = (service: string, resource: string) =>
  `arn:aws:${service}:${scope.region}:${scope.account}:${resource}`;

/** A call on an object of S3. */
export function object(action: string, key: string, bucket = scope.bucket): Call {
  return { action: `s3:${action}`, resources: [`arn:aws:s3:::${bucket}/${key}`] };
}

/** A list of a bucket; without a prefix `HeadBucket` looks the same to IAM. */
export function list(prefix?: string, bucket = scope.bucket): Call {
  return {
    action: 's3:ListBucket',
    resources: [`arn:aws:s3:::${bucket}`],
    ...(prefix === undefined ? {} : { context: { 's3:prefix': prefix } }),
  };
}

/** Where a bucket is. */
export function locate(bucket = scope.bucket): Call {
  return { action: 's3:GetBucketLocation', resources: [`arn:aws:s3:::${bucket}`] };
}

/** A call on a database, or on a table of it, which Glue checks with every ancestor. */
export function glue(action: string, database: string, table?: string): Call {
  return {
    action: `glue:${action}`,
    resources: [
      arn('glue', 'catalog'),
      arn('glue', `database/${database}`),
      ...(table === undefined ? [] : [arn('glue', `table/${database}/${table}`)]),
    ],
  };
}

/** A call in a workgroup. */
export function inWorkgroup(action: string, workgroup: string): Call {
  return { action: `athena:${action}`, resources: [arn('athena', `workgroup/${workgroup}`)] };
}

/** A call on Athena's name for Glue's catalogue. @param name As the client spells it: PyAthena has it in lower case. */
export function inCatalog(
  action: string,
  name: 'AwsDataCatalog' | 'awsdatacatalog' = 'AwsDataCatalog',
): Call {
  return { action: `athena:${action}`, resources: [arn('athena', `datacatalog/${name}`)] };
}

/** A list of everything of a kind, for which there is no ARN. */
export function everywhere(action: string): Call {
  return { action, resources: ['*'] };
}

/** The key, by way of S3 unless another service is named. */
export function key(action: 'Decrypt' | 'GenerateDataKey' | 'PutKeyPolicy', via = 's3'): Call {
  return {
    action: `kms:${action}`,
    resources: [scope.keyArn],
    context: { 'kms:ViaService': `${via}.${scope.region}.amazonaws.com` },
  };
}

/** The key's policy, as in infra/data/key.ts: it leaves the decision to IAM. */
export const keyPolicy: PolicyDocument = {
  Version: '2012-10-17',
  Statement: [
    {
      Sid: 'IamOfThisAccount',
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${scope.account}:root` },
      Action: ['kms:*'],
      Resource: ['*'],
    },
  ],
};

/** Calls that Athena makes on a query's files and partitions with its caller's permissions. */
export function readTable(database: string, table: string, file: string): Call[] {
  const folder = file.slice(0, file.lastIndexOf('/') + 1);
  return [
    glue('GetDatabase', 'default'),
    glue('GetDatabase', database),
    glue('GetTable', database, table),
    glue('GetPartitions', database, table),
    glue('GetPartition', database, table),
    glue('BatchGetPartition', database, table),
    locate(),
    list(folder),
    object('GetObject', file),
    key('Decrypt'),
  ];
}

/** One query from its start to its last page, its results written to a folder, in parts that broke off once. */
export function query(workgroup: string, resultsBucket: string, folder: string): Call[] {
  return [
    inWorkgroup('StartQueryExecution', workgroup),
    locate(resultsBucket),
    { action: 's3:ListBucketMultipartUploads', resources: [`arn:aws:s3:::${resultsBucket}`] },
    object('PutObject', `${folder}5f0c.csv`, resultsBucket),
    object('ListMultipartUploadParts', `${folder}5f0c.csv`, resultsBucket),
    object('AbortMultipartUpload', `${folder}5f0c.csv`, resultsBucket),
    key('GenerateDataKey'),
    inWorkgroup('GetQueryExecution', workgroup),
    inWorkgroup('GetQueryResults', workgroup),
    object('GetObject', `${folder}5f0c.csv`, resultsBucket),
    key('Decrypt'),
  ];
}
