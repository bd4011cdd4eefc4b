import type { DefaultEncryption } from '../../lib/access/buckets/bucketSettings.ts';
import type { Config } from '../../lib/schema/config.ts';
import { logicalIds } from '../template/Stack.ts';
import type { DeployedStack } from './deployedStack.ts';

/** What of `encryption` does not fit a stack or its bucket. */
export interface EncryptionProblem {
  /**
   * `stack`: the stack has another encryption or key than the configuration. `changed`: the existing bucket of a deployed stage has
   * another key than its stack. The others are of an existing bucket before the first deployment. `bucket`: it has another key than
   * the configuration. `awsKey`, `alias`: it has a key that no configuration fits.
   */
  readonly kind: 'stack' | 'changed' | 'bucket' | 'awsKey' | 'alias';
  /** What is so, in one sentence without its stop. */
  readonly fact: string;
  /** Field, value, what is expected, and why. */
  readonly text: string;
}

/** The settings of a configuration that say how the bucket is encrypted. */
export type EncryptionSettings = Pick<Config, 'encryption' | 'existing' | 'bucket'>;
/** What is read of a stack; one without outputs was never deployed completely. */
export type EncryptedStack = Pick<DeployedStack, 'stackName' | 'outputs' | 'resources'>;

/**
 * Problems of `encryption` in an account: roles could not read what lies in the bucket, or not write there.
 *
 * @param stack The stack of the stage; undefined before its first deployment.
 * @param bucketDefault How an existing bucket encrypts. Default: with S3's own keys, as a bucket of the stack is not looked at.
 */
export function encryptionProblems(
  config: EncryptionSettings,
  stack: EncryptedStack | undefined,
  bucketDefault?: DefaultEncryption,
): readonly EncryptionProblem[] {
  const deployed = stack === undefined || stack.outputs.size === 0 ? null : stack;
  const found = [
    deployed === null ? null : stackProblem(config, deployed),
    bucketProblem(config, deployed, bucketDefault),
  ];
  return found.filter((problem) => problem !== null);
}

/** The problem of a bucket that encrypts with another key than its stack does, or will. @param deployed Null before the first deployment. */
function bucketProblem(
  config: EncryptionSettings,
  deployed: EncryptedStack | null,
  bucketDefault: DefaultEncryption | undefined,
): EncryptionProblem | null {
  const key = keyOfDefault(bucketDefault);
  if (key === null) return null;
  return deployed === null ? unfitDefault(config, key) : changedDefault(config.bucket, key, deployed);
}

/** The problem if a deployment would change the encryption or the key of its stack; null if it keeps both. */
function stackProblem(
  { encryption, existing, bucket }: EncryptionSettings,
  { stackName, outputs, resources }: EncryptedStack,
): EncryptionProblem | null {
  const stackKey = outputs.get('KeyArn');
  if (encryption === 's3')
    return stackKey === undefined
      ? null
      : {
          kind: 'stack',
          fact: `The stack ${stackName} encrypts with ${stackKey}, where encryption is s3 and kms is expected`,
          text: `encryption: got "s3", expected "kms": the stack ${stackName} encrypts with ${stackKey}, and without it no role could read what lies in ${bucket}.`,
        };
  if (stackKey === undefined)
    return {
      kind: 'stack',
      fact: `The stack ${stackName} has no key, where encryption is kms and s3 is expected`,
      text: `encryption: got "kms", expected "s3": the stack ${stackName} has no key.`,
    };
  const madeKey = resources.get(logicalIds.key);
  const isMade = madeKey !== undefined && stackKey.endsWith(madeKey);
  if (existing.keyArn === null ? isMade : existing.keyArn === stackKey) return null;
  return {
    kind: 'stack',
    fact: `The stack ${stackName} encrypts with ${stackKey}, where existing.keyArn is ${existing.keyArn ?? 'not set'}`,
    text: `existing.keyArn: got ${existing.keyArn}, expected ${stackKey}: the stack ${stackName} encrypts with it, and with another key no role could read what lies in ${bucket}.`,
  };
}

/**
 * The alias of the key that AWS has for S3, which encrypts where `aws:kms` comes without a key.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
 */
const AWS_KEY = 'alias/aws/s3';

/**
 * ARN, ID or alias of the key by which a bucket encrypts; null for S3's own keys, which fit every stack: writers of a stack with a key
 * name it.
 */
function keyOfDefault(bucketDefault: DefaultEncryption | undefined): string | null {
  const { SSEAlgorithm = 'AES256', KMSMasterKeyID = AWS_KEY } = bucketDefault ?? {};
  return SSEAlgorithm === 'AES256' ? null : String(KMSMasterKeyID);
}

/**
 * The problem if somebody gave the bucket of a deployed stage another key: its stack cannot follow.
 *
 * @param key ARN, ID or alias of the key by which the bucket encrypts.
 */
function changedDefault(
  bucket: string,
  key: string,
  { stackName, outputs }: EncryptedStack,
): EncryptionProblem | null {
  const stackKey = outputs.get('KeyArn');
  if (stackKey?.endsWith(key) === true) return null;
  const expected = stackKey ?? "S3's own keys (AES256)";
  return {
    kind: 'changed',
    fact: `The bucket ${bucket} encrypts with ${key}, where the stack ${stackName} encrypts with ${expected}`,
    text: `existing.bucket: ${bucket} encrypts with ${key}, expected ${expected}, with which the stack ${stackName} was deployed. Set the default encryption of the bucket back to it.`,
  };
}

/**
 * The problem if the key of an existing bucket does not fit the first deployment of a stage.
 *
 * @param key ARN, ID or alias of the key by which the bucket encrypts.
 */
function unfitDefault(
  { encryption, existing, bucket }: EncryptionSettings,
  key: string,
): EncryptionProblem | null {
  if (key.endsWith(AWS_KEY))
    return {
      kind: 'awsKey',
      fact: `The bucket ${bucket} encrypts with AWS's own key for S3 (aws/s3)`,
      text: `existing.bucket: ${bucket} encrypts with AWS's own key for S3 (aws/s3), and no value of \`encryption\` fits it: nobody can change the policy of that key, so it can be granted to no other account. Have the bucket encrypt with a key of yours, or with S3's own keys (AES256).`,
    };
  if (/(?:^|:)alias\//.test(key))
    return {
      kind: 'alias',
      fact: `The bucket ${bucket} encrypts with the alias ${key}`,
      text: `existing.keyArn: got ${existing.keyArn}, but ${bucket} encrypts with ${key}: an alias is a key of the account that writes, and another one once it is moved. Have the bucket name the key by its ARN.`,
    };
  if (encryption === 'kms' && existing.keyArn?.endsWith(key) === true) return null;
  return {
    kind: 'bucket',
    fact: `The bucket ${bucket} encrypts with ${key}, where existing.keyArn is ${existing.keyArn ?? 'not set'}`,
    text: `existing.keyArn: got ${existing.keyArn}, but ${bucket} encrypts with ${key}, which no role could use.`,
  };
}
