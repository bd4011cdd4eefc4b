import type { XmlElement } from '../../protocol/xml.ts';
import { s3Errors } from '../errors.ts';
import type { LifecycleRule } from '../model/bucketSettings.ts';
import { objectOwnership } from './objectOwnership.ts';
import type { S3Call, S3Operation } from './S3Operation.ts';
import { xmlResponse } from './xml.ts';

/** What a bucket is set to, to be read: encryption, public access, versioning, lifecycle, notifications. */
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
