import { getAtt, type Resources, ref, sub, type Value } from '../template/Resource.ts';
import { logicalIds, type Stack } from '../template/Stack.ts';

/** Days in which a key whose deletion was asked for can still be kept; KMS's longest. */
const PENDING_WINDOW_DAYS = 30;

/**
 * The key that the bucket is encrypted with, unless one is brought. It outlives the stack: without it nobody reads
 * the data again. It has no name that the next deployment could find taken, so it stays even where the first one fails: to
 * take it back whoever deploys would have to be let delete any key of the account (lib/access/deployPolicy.ts).
 *
 * KMS refuses to create a key whose creator could not change its policy later, to protect people from locking themselves
 * out. This policy names the account's root, so nobody is locked out, and whoever deploys needs no `kms:PutKeyPolicy`
 * on the account's keys: that is what BypassPolicyLockoutSafetyCheck is for. Control Tower's CT.KMS.PV.3 forbids it
 * (docs/deploy.md). https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html
 *
 * Its policy leaves the say to IAM, where each role names the key, and names no service: S3 uses the key for whoever
 * calls it, with that caller's permission, and nothing else of ours is encrypted with it.
 * https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html and
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
 */
export function key(stack: Stack): Resources {
  if (stack.config.existing.keyArn !== null) return {};
  return {
    [logicalIds.key]: {
      Type: 'AWS::KMS::Key',
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        Description: `Encrypts what lies in the bucket ${stack.config.bucket}`,
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

/** ARN of the key that the bucket is encrypted with, the stack's own or brought. */
export function keyArn({ config }: Pick<Stack, 'config'>): Value {
  return config.existing.keyArn ?? getAtt(logicalIds.key);
}
