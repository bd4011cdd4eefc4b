import { CLAIM_FOLDER } from '../lib/layout/claimKey.ts';
import { PARKED_FOLDER } from '../lib/layout/parkedKey.ts';
import { getAtt, ref, sub } from './intrinsics.ts';
import type { Resources } from './Resource.ts';
import { logicalIds, type Stack } from './Stack.ts';

/** Days after which Athena's results go: a query run again makes them anew. */
const QUERY_RESULT_DAYS = 30;
/** Days after which the parts of an upload that nobody completed go. */
const UNFINISHED_UPLOAD_DAYS = 7;

/** Days after which claims of redrive go: whoever left one behind died. */
const CLAIM_DAYS = 1;
/** Days after which what is parked costs less to keep; it goes by nobody's hand but yours. */
const PARKED_DAYS = 30;

/** The one bucket and who may reach it. It outlives the stack: data goes only by someone's own hand. */
export function storage(stack: Stack): Resources {
  return {
    [logicalIds.bucket]: {
      Type: 'AWS::S3::Bucket',
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        BucketName: stack.config.bucket,
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
        },
        LifecycleConfiguration: {
          Rules: [
            {
              Id: 'query-results',
              Status: 'Enabled',
              Prefix: 'query-results/',
              ExpirationInDays: QUERY_RESULT_DAYS,
            },
            {
              Id: 'redrive-claims',
              Status: 'Enabled',
              Prefix: CLAIM_FOLDER,
              ExpirationInDays: CLAIM_DAYS,
            },
            {
              Id: 'parked',
              Status: 'Enabled',
              Prefix: PARKED_FOLDER,
              Transitions: [{ StorageClass: 'STANDARD_IA', TransitionInDays: PARKED_DAYS }],
            },
            {
              Id: 'unfinished-uploads',
              Status: 'Enabled',
              AbortIncompleteMultipartUpload: { DaysAfterInitiation: UNFINISHED_UPLOAD_DAYS },
            },
          ],
        },
        NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
        OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
      },
    },
    DataBucketPolicy: {
      Type: 'AWS::S3::BucketPolicy',
      Properties: {
        Bucket: ref(logicalIds.bucket),
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              Sid: 'EncryptedTransportOnly',
              Effect: 'Deny',
              Principal: '*',
              Action: 's3:*',
              Resource: [getAtt(logicalIds.bucket), sub(`\${${logicalIds.bucket}.Arn}/*`)],
              Condition: { Bool: { 'aws:SecureTransport': 'false' } },
            },
          ],
        },
      },
    },
  };
}
