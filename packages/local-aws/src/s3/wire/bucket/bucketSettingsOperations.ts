import { z } from 'zod';
import { notImplemented } from '../../../protocol/AwsError.ts';
import type { XmlElement } from '../../../protocol/xml.ts';
import { s3Errors } from '../../errors.ts';
import { type BucketSettings, type LifecycleRule, objectOwnerships } from '../../model/bucketSettings.ts';
import { objectOwnership } from '../objectOwnership.ts';
import type { S3Call, S3Operation } from '../S3Operation.ts';
import { type ParsedElement, readXmlBody, xmlResponse } from '../xmlBodies.ts';

/** Operations that read a bucket's settings: encryption, public access, versioning, lifecycle, notifications. */
export const bucketSettingsOperations: readonly S3Operation[] = [
  reading('GetBucketEncryption', 'encryption', (call) => {
    const [rule] = settings(call).BucketEncryption?.ServerSideEncryptionConfiguration ?? [];
    const { SSEAlgorithm = 'AES256', KMSMasterKeyID } = rule?.ServerSideEncryptionByDefault ?? {};
    return xmlResponse([
      'ServerSideEncryptionConfiguration',
      [
        [
          'Rule',
          [
            [
              'ApplyServerSideEncryptionByDefault',
              [
                ['SSEAlgorithm', SSEAlgorithm],
                KMSMasterKeyID === undefined ? undefined : ['KMSMasterKeyID', KMSMasterKeyID],
              ],
            ],
            ['BucketKeyEnabled', rule?.BucketKeyEnabled ?? false],
          ],
        ],
      ],
    ]);
  }),
  reading('GetPublicAccessBlock', 'publicAccessBlock', (call) => {
    const block = settings(call).PublicAccessBlockConfiguration;
    if (block === undefined) throw s3Errors.noSuchPublicAccessBlock(call.bucket);
    return xmlResponse(['PublicAccessBlockConfiguration', Object.entries(block)]);
  }),
  reading('GetBucketVersioning', 'versioning', (call) => {
    const status = settings(call).VersioningConfiguration?.Status;
    return xmlResponse(['VersioningConfiguration', status === undefined ? [] : [['Status', status]]]);
  }),
  reading('GetBucketLifecycleConfiguration', 'lifecycle', (call) => {
    const rules = settings(call).LifecycleConfiguration?.Rules;
    if (rules === undefined) throw s3Errors.noSuchLifecycleConfiguration(call.bucket);
    return xmlResponse(['LifecycleConfiguration', rules.map(ruleElement)]);
  }),
  reading('GetBucketOwnershipControls', 'ownershipControls', ({ store, bucket }) => {
    if (store.bucket(bucket).settings.withoutOwnershipControls === true)
      throw s3Errors.noSuchOwnershipControls(bucket);
    const ownership = objectOwnership(store.bucket(bucket));
    return xmlResponse(['OwnershipControls', [['Rule', [['ObjectOwnership', ownership]]]]]);
  }),
  reading('GetBucketNotificationConfiguration', 'notification', ({ store, bucket }) => {
    const { eventBridge } = store.bucket(bucket).info;
    return xmlResponse(['NotificationConfiguration', eventBridge ? [['EventBridgeConfiguration', '']] : []]);
  }),
];

function reading(name: string, parameter: string, run: S3Operation['run']): S3Operation {
  return { name, on: 'bucket', method: 'GET', selectedBy: [parameter], run };
}

function settings({ store, bucket }: S3Call) {
  return store.bucket(bucket).settings;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html */
function ruleElement(rule: LifecycleRule, index: number): XmlElement {
  const { ExpirationInDays, ExpiredObjectDeleteMarker, NoncurrentVersionExpiration } = rule;
  return [
    'Rule',
    [
      ['ID', rule.Id ?? `rule-${index + 1}`],
      ['Filter', [['Prefix', rule.Prefix ?? '']]],
      ['Status', rule.Status],
      ExpirationInDays === undefined && ExpiredObjectDeleteMarker === undefined
        ? undefined
        : ['Expiration', members({ Days: ExpirationInDays, ExpiredObjectDeleteMarker })],
      NoncurrentVersionExpiration && [
        'NoncurrentVersionExpiration',
        members({ ...NoncurrentVersionExpiration }),
      ],
      ...(rule.Transitions ?? []).map(
        ({ TransitionInDays, StorageClass }): XmlElement => [
          'Transition',
          [
            ['Days', TransitionInDays],
            ['StorageClass', StorageClass],
          ],
        ],
      ),
      rule.AbortIncompleteMultipartUpload && [
        'AbortIncompleteMultipartUpload',
        members({ ...rule.AbortIncompleteMultipartUpload }),
      ],
    ],
  ];
}

function members(values: Readonly<Record<string, number | boolean | undefined>>): XmlElement[] {
  return Object.entries(values).flatMap(([name, value]): XmlElement[] =>
    value === undefined ? [] : [[name, value]],
  );
}

const flag = z.enum(['true', 'false']).transform((text) => text === 'true');
const days = z
  .string()
  .regex(/^\d{1,6}$/)
  .transform(Number)
  .pipe(z.int().min(1));
const empty = z.literal('');

const lifecycleRule = z
  .strictObject({
    ID: z.string().max(255).optional(),
    Status: z.enum(['Enabled', 'Disabled']),
    Filter: z.union([empty, z.strictObject({ Prefix: z.string() })]).optional(),
    /** What rules had before filters. */
    Prefix: z.string().optional(),
    Expiration: z
      .strictObject({ Days: days.optional(), ExpiredObjectDeleteMarker: flag.optional() })
      .optional(),
    NoncurrentVersionExpiration: z
      .strictObject({ NoncurrentDays: days, NewerNoncurrentVersions: days.optional() })
      .optional(),
    Transition: z.array(z.strictObject({ Days: days, StorageClass: z.string() })).optional(),
    AbortIncompleteMultipartUpload: z.strictObject({ DaysAfterInitiation: days }).optional(),
  })
  .transform(({ ID, Filter, Expiration, Transition, ...rule }) => ({
    ...rule,
    ...(ID === undefined ? {} : { Id: ID }),
    ...(typeof Filter === 'object' ? { Prefix: Filter.Prefix } : {}),
    ExpirationInDays: Expiration?.Days,
    ExpiredObjectDeleteMarker: Expiration?.ExpiredObjectDeleteMarker,
    Transitions: Transition?.map(({ Days, StorageClass }) => ({ TransitionInDays: Days, StorageClass })),
  }));

/** Operations that change the settings which GetBucket… returns. Anything else in a document is refused by name. */
export const putBucketSettings: readonly S3Operation[] = [
  putting(
    'PutBucketEncryption',
    ['encryption', 'ServerSideEncryptionConfiguration'],
    z.strictObject({
      Rule: z
        .array(
          z.strictObject({
            ApplyServerSideEncryptionByDefault: z.strictObject({
              SSEAlgorithm: z.enum(['AES256', 'aws:kms']),
              KMSMasterKeyID: z.string().optional(),
            }),
            BucketKeyEnabled: flag.optional(),
          }),
        )
        .length(1),
    }),
    ({ Rule }) => ({
      BucketEncryption: {
        ServerSideEncryptionConfiguration: Rule.map(({ ApplyServerSideEncryptionByDefault, ...rule }) => ({
          ...rule,
          ServerSideEncryptionByDefault: ApplyServerSideEncryptionByDefault,
        })),
      },
    }),
  ),
  putting(
    'PutPublicAccessBlock',
    ['publicAccessBlock', 'PublicAccessBlockConfiguration'],
    z.strictObject({
      BlockPublicAcls: flag.default(false),
      IgnorePublicAcls: flag.default(false),
      BlockPublicPolicy: flag.default(false),
      RestrictPublicBuckets: flag.default(false),
    }),
    (PublicAccessBlockConfiguration) => ({ PublicAccessBlockConfiguration }),
  ),
  putting(
    'PutBucketVersioning',
    ['versioning', 'VersioningConfiguration'],
    z.strictObject({
      Status: z.enum(['Enabled', 'Suspended']).optional(),
      MfaDelete: z.enum(['Enabled', 'Disabled']).optional(),
    }),
    ({ Status, MfaDelete }) => {
      if (MfaDelete === 'Enabled') throw notImplemented('S3 PutBucketVersioning with MfaDelete');
      if (Status === undefined) throw s3Errors.illegalVersioning();
      return { VersioningConfiguration: { Status } };
    },
  ),
  putting(
    'PutBucketLifecycleConfiguration',
    ['lifecycle', 'LifecycleConfiguration'],
    z.strictObject({ Rule: z.array(lifecycleRule).min(1) }),
    ({ Rule }) => ({ LifecycleConfiguration: { Rules: Rule } }),
  ),
  putting(
    'PutBucketOwnershipControls',
    ['ownershipControls', 'OwnershipControls'],
    z.strictObject({
      Rule: z.array(z.strictObject({ ObjectOwnership: z.enum(objectOwnerships) })).length(1),
    }),
    ({ Rule }) => ({ OwnershipControls: { Rules: Rule }, withoutOwnershipControls: undefined }),
  ),
  putting(
    'PutBucketNotificationConfiguration',
    ['notification', 'NotificationConfiguration'],
    z.union([empty, z.strictObject({ EventBridgeConfiguration: empty.optional() })]),
    (document, { store, bucket }) => {
      const on = typeof document === 'object' && document.EventBridgeConfiguration !== undefined;
      store.bucket(bucket).setEventBridge(on);
      return {};
    },
  ),
];

/** An operation that reads an XML document and applies its settings. */
function putting<Schema extends z.ZodType>(
  name: string,
  [parameter, root]: readonly [parameter: string, root: string],
  schema: Schema,
  settings: (document: z.output<Schema>, call: S3Call) => BucketSettings,
): S3Operation {
  return {
    name,
    on: 'bucket',
    method: 'PUT',
    selectedBy: [parameter],
    async run(call) {
      const bucket = call.store.bucket(call.bucket);
      const element = await readXmlBody(call, root);
      if (element === undefined) throw s3Errors.malformedXml('it is empty.');
      const read = schema.safeParse(plain(element));
      if (!read.success) throw refusal(name, read.error);
      bucket.settings = { ...bucket.settings, ...settings(read.data, call) };
      return { status: 200 };
    },
  };
}

/** Elements that may occur more than once. */
const REPEATED: ReadonlySet<string> = new Set(['Rule', 'Transition']);

/** An element as an object of its children, or as its text. */
function plain({ children, text }: ParsedElement): unknown {
  if (children.length === 0) return text.trim();
  const members: Record<string, unknown> = {};
  for (const child of children) {
    const before = members[child.name];
    if (REPEATED.has(child.name))
      members[child.name] = [...(Array.isArray(before) ? before : []), plain(child)];
    else if (before === undefined) members[child.name] = plain(child);
    else throw s3Errors.malformedXml(`<${child.name}> comes twice.`);
  }
  return members;
}

function refusal(name: string, error: z.ZodError): Error {
  for (const issue of error.issues) {
    if (issue.code === 'unrecognized_keys')
      return notImplemented(`S3 ${name} with ${[...issue.path, issue.keys.join(', ')].join('.')}`);
  }
  const [issue] = error.issues;
  return s3Errors.malformedXml(`${issue?.path.join('.')}: ${issue?.message}.`);
}

/**
 * Operations that take a setting away. A bucket without it is answered 204 as well. Get… then says that there is none;
 * for encryption it is S3's own key, which every bucket has.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketEncryption.html
 */
export const deleteBucketSettings: readonly S3Operation[] = [
  deleting('DeleteBucketEncryption', 'encryption', ({ BucketEncryption: _, ...rest }) => rest),
  deleting('DeleteBucketOwnershipControls', 'ownershipControls', ({ OwnershipControls: _, ...rest }) => ({
    ...rest,
    withoutOwnershipControls: true,
  })),
  deleting('DeleteBucketLifecycle', 'lifecycle', ({ LifecycleConfiguration: _, ...rest }) => rest),
  deleting(
    'DeletePublicAccessBlock',
    'publicAccessBlock',
    ({ PublicAccessBlockConfiguration: _, ...rest }) => rest,
  ),
];

function deleting(
  name: string,
  parameter: string,
  without: (settings: BucketSettings) => BucketSettings,
): S3Operation {
  return {
    name,
    on: 'bucket',
    method: 'DELETE',
    selectedBy: [parameter],
    run(call) {
      const bucket = call.store.bucket(call.bucket);
      bucket.settings = without(bucket.settings);
      return { status: 204 };
    },
  };
}
