import type { S3Operation } from './S3Operation.ts';

type Named = Readonly<Partial<Record<S3Operation['method'], string>>>;

/**
 * Operations that are not emulated, by the query parameter that selects them: so that each is refused by AWS's name.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
 */
const ON_BUCKET: Readonly<Record<string, Named>> = {
  abac: { GET: 'GetBucketAbac', PUT: 'PutBucketAbac' },
  accelerate: { GET: 'GetBucketAccelerateConfiguration', PUT: 'PutBucketAccelerateConfiguration' },
  acl: { GET: 'GetBucketAcl', PUT: 'PutBucketAcl' },
  analytics: settingsByName('BucketAnalyticsConfiguration'),
  cors: settings('BucketCors'),
  'intelligent-tiering': settingsByName('BucketIntelligentTieringConfiguration'),
  inventory: settingsByName('BucketInventoryConfiguration'),
  logging: { GET: 'GetBucketLogging', PUT: 'PutBucketLogging' },
  metadataConfiguration: {
    DELETE: 'DeleteBucketMetadataConfiguration',
    GET: 'GetBucketMetadataConfiguration',
    POST: 'CreateBucketMetadataConfiguration',
  },
  metadataTable: {
    DELETE: 'DeleteBucketMetadataTableConfiguration',
    GET: 'GetBucketMetadataTableConfiguration',
    POST: 'CreateBucketMetadataTableConfiguration',
  },
  metrics: settingsByName('BucketMetricsConfiguration'),
  'object-lock': { GET: 'GetObjectLockConfiguration', PUT: 'PutObjectLockConfiguration' },
  policyStatus: { GET: 'GetBucketPolicyStatus' },
  replication: settings('BucketReplication'),
  requestPayment: { GET: 'GetBucketRequestPayment', PUT: 'PutBucketRequestPayment' },
  session: { GET: 'CreateSession' },
  tagging: settings('BucketTagging'),
  website: settings('BucketWebsite'),
};

const ON_OBJECT: Readonly<Record<string, Named>> = {
  acl: { GET: 'GetObjectAcl', PUT: 'PutObjectAcl' },
  attributes: { GET: 'GetObjectAttributes' },
  encryption: { PUT: 'UpdateObjectEncryption' },
  'legal-hold': { GET: 'GetObjectLegalHold', PUT: 'PutObjectLegalHold' },
  renameObject: { PUT: 'RenameObject' },
  restore: { POST: 'RestoreObject' },
  retention: { GET: 'GetObjectRetention', PUT: 'PutObjectRetention' },
  select: { POST: 'SelectObjectContent' },
  tagging: settings('ObjectTagging'),
  torrent: { GET: 'GetObjectTorrent' },
};

function settings(name: string): Named {
  return { DELETE: `Delete${name}`, GET: `Get${name}`, PUT: `Put${name}` };
}

/** A bucket has several of them: a GET without an ID lists them. */
function settingsByName(name: string): Named {
  return { ...settings(name), GET: `List${name}s` };
}

/** AWS's name of an operation that is not emulated; undefined if the request is not one of S3's. */
export function operationName(
  on: S3Operation['on'],
  method: string,
  query: URLSearchParams,
): string | undefined {
  const table: Readonly<Record<string, Readonly<Partial<Record<string, string>>>>> =
    on === 'bucket' ? ON_BUCKET : on === 'object' ? ON_OBJECT : {};
  for (const parameter of query.keys()) {
    const name = Object.hasOwn(table, parameter) ? table[parameter]?.[method] : undefined;
    if (name !== undefined) return query.has('id') ? name.replace(/^List(.*)s$/, 'Get$1') : name;
  }
  return undefined;
}
