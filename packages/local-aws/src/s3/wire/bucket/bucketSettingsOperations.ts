import { z } from 'zod';
import { notImplemented } from '../../../protocol/AwsError.ts';
import { s3Errors } from '../../errors.ts';
import type { BucketSettings } from '../../model/bucketSettings.ts';
import type { ParsedElement } from '../parseXml.ts';
import type { S3Call, S3Operation } from '../S3Operation.ts';
import { readXmlBody, xmlResponse } from '../xmlBodies.ts';
import { lifecycleElement, lifecycleHeaders } from './lifecycle.ts';

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
    const { LifecycleConfiguration } = settings(call);
    if (LifecycleConfiguration === undefined) throw s3Errors.noSuchLifecycleConfiguration(call.bucket);
    return xmlResponse(lifecycleElement(LifecycleConfiguration), lifecycleHeaders(LifecycleConfiguration));
  }),
  reading('GetBucketOwnershipControls', 'ownershipControls', (call) => {
    settings(call);
    return xmlResponse(['OwnershipControls', [['Rule', [['ObjectOwnership', 'BucketOwnerEnforced']]]]]);
  }),
  reading('GetBucketNotificationConfiguration', 'notification', ({ store, bucket }) => {
    const { eventBridge } = store.bucket(bucket).info;
    return xmlResponse(['NotificationConfiguration', eventBridge ? [['EventBridgeConfiguration', '']] : []]);
  }),
];

/** An operation that reads a setting. @param parameter The query parameter that selects it. */
function reading(name: string, parameter: string, run: S3Operation['run']): S3Operation {
  return { name, on: 'bucket', method: 'GET', selectedBy: [parameter], run };
}

/** The settings of the bucket that a call names. */
function settings({ store, bucket }: S3Call) {
  return store.bucket(bucket).settings;
}

/** A boolean in XML. */
const flag = z.enum(['true', 'false']).transform((text) => text === 'true');
/** An element without content. */
const empty = z.literal('');

/** An element that may have no children. */
const members = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.preprocess((value) => (value === '' ? {} : value), z.strictObject(shape));

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
              SSEAlgorithm: z.enum(['AES256', 'aws:kms', 'aws:kms:dsse']),
              KMSMasterKeyID: z.string().optional(),
            }),
            BucketKeyEnabled: flag.optional(),
          }),
        )
        .length(1),
    }),
    ({ Rule }) => ({
      BucketEncryption: {
        ServerSideEncryptionConfiguration: Rule.map(({ ApplyServerSideEncryptionByDefault, ...rule }) => {
          const { SSEAlgorithm, KMSMasterKeyID } = ApplyServerSideEncryptionByDefault;
          if (SSEAlgorithm === 'aws:kms:dsse')
            throw notImplemented(`S3 PutBucketEncryption with SSEAlgorithm ${SSEAlgorithm}`);
          if (SSEAlgorithm === 'AES256' && KMSMasterKeyID !== undefined)
            throw s3Errors.invalidArgument(
              'ApplyServerSideEncryptionByDefault',
              KMSMasterKeyID,
              'a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse',
            );
          return {
            ...rule,
            ServerSideEncryptionByDefault: { ...ApplyServerSideEncryptionByDefault, SSEAlgorithm },
          };
        }),
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
    members({
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
    'PutBucketNotificationConfiguration',
    ['notification', 'NotificationConfiguration'],
    members({ EventBridgeConfiguration: empty.optional() }),
    ({ EventBridgeConfiguration }, { store, bucket }) => {
      store.bucket(bucket).setEventBridge(EventBridgeConfiguration !== undefined);
      return {};
    },
  ),
];

/** An operation that reads an XML document and applies its settings. */
function putting<Schema extends z.ZodType>(
  name: string,
  [parameter, root]: readonly [parameter: string, root: string],
  schema: Schema,
  settingsOf: (document: z.output<Schema>, call: S3Call) => BucketSettings,
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
      bucket.settings = { ...bucket.settings, ...settingsOf(read.data, call) };
      return { status: 200 };
    },
  };
}

/** Elements that may occur more than once. */
const REPEATED: ReadonlySet<string> = new Set(['Rule']);

/** An element as an object of its children, or as its text. Repeated elements become a list: a schema names them. */
function plain({ children, text }: ParsedElement): unknown {
  if (children.length === 0) return text.trim();
  // The object has no prototype, because an element may have any name.
  const values: Record<string, unknown> = Object.create(null);
  for (const child of children) {
    const before = values[child.name];
    if (before === undefined) values[child.name] = REPEATED.has(child.name) ? [plain(child)] : plain(child);
    else values[child.name] = [...(Array.isArray(before) ? before : [before]), plain(child)];
  }
  return values;
}

/** The error for a document that is no setting: of a member that is not emulated, or of one that is wrong. */
function refusal(name: string, error: z.ZodError): Error {
  for (const issue of error.issues) {
    if (issue.code === 'unrecognized_keys')
      return notImplemented(`S3 ${name} with ${[...issue.path, issue.keys.join(', ')].join('.')}`);
  }
  const [issue] = error.issues;
  return s3Errors.malformedXml(`${issue?.path.join('.')}: ${issue?.message}.`);
}
