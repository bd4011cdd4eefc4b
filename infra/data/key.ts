import { makesKey } from '../../lib/schema/config.ts';
import { getAtt, type Resources, ref, sub, type Value } from '../template/Resource.ts';
import { ALWAYS_RETAINED, logicalIds, type Stack } from '../template/Stack.ts';

/** Days in which the deletion of the key can be cancelled; the maximum of KMS. */
const PENDING_WINDOW_DAYS = 30;

/**
 * The key that encrypts the bucket and copies for relay, unless the configuration names an existing key or wants none. It is
 * retained when the stack is deleted, because the data cannot be read without it. It is also retained when the first deployment fails, because the
 * deploying identity could delete it only with permission to delete any key of the account
 * (lib/access/deployPolicy.ts). The key has no name, so it does not block the next deployment.
 *
 * KMS refuses to create a key whose creator could not change its policy later, unless BypassPolicyLockoutSafetyCheck is
 * set. It is set, so that the deploying identity needs no `kms:PutKeyPolicy` on the account's keys. Nobody is locked
 * out, because the key's policy names the account's root. Control Tower's CT.KMS.PV.3 forbids the setting
 * (docs/deploy.md).
 * https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html
 *
 * The key's policy leaves permissions to IAM, where each role names the key, and names only readers with
 * `keyAdministrator`. It names no service: S3, and SQS for the queues of relay, use the key with the permission of their
 * caller.
 * https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html,
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html and
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
 *
 * @param administrators Statements of the key's policy for readers that administer the key.
 */
export function keyResources(stack: Stack, administrators: readonly Value[]): Resources {
  if (!makesKey(stack.config)) return {};
  return {
    [logicalIds.key]: {
      Type: 'AWS::KMS::Key',
      ...ALWAYS_RETAINED,
      Properties: {
        Description: `Encrypts the objects of the bucket ${stack.config.bucket}`,
        KeySpec: 'SYMMETRIC_DEFAULT',
        KeyUsage: 'ENCRYPT_DECRYPT',
        MultiRegion: false,
        EnableKeyRotation: true,
        BypassPolicyLockoutSafetyCheck: true,
        PendingWindowInDays: PENDING_WINDOW_DAYS,
        KeyPolicy: {
          Version: '2012-10-17',
          Statement: [
            {
              Sid: 'IamOfThisAccount',
              Effect: 'Allow',
              Principal: { AWS: sub(`arn:\${AWS::Partition}:iam::\${AWS::AccountId}:root`) },
              Action: 'kms:*',
              Resource: '*',
            },
            ...administrators,
          ],
        },
      },
    },
    DataKeyAlias: {
      Type: 'AWS::KMS::Alias',
      Properties: {
        AliasName: `alias/${stack.service}-${stack.stage}`,
        TargetKeyId: ref(logicalIds.key),
      },
    },
  };
}

/**
 * ARN of the key that encrypts the bucket, whether the stack creates it or it exists already; undefined if S3's own keys
 * encrypt it.
 */
export function keyArn({ config }: Pick<Stack, 'config'>): Value | undefined {
  if (config.encryption === 's3') return undefined;
  return config.existing.keyArn ?? getAtt(logicalIds.key);
}
