import {
  CloudFormationClient,
  type CloudFormationClientConfig,
  DescribeStacksCommand,
  paginateListStackResources,
} from '@aws-sdk/client-cloudformation';
import { GetBucketEncryptionCommand, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { iamArn, roleNamePattern } from '../../lib/access/arns.ts';
import { defaultEncryption } from '../../lib/access/buckets/bucketSettings.ts';
import { s3Refusal } from '../../lib/aws/customerClient.ts';
import { ConfigError } from '../../lib/config/ConfigError.ts';
import type { Config } from '../../lib/schema/config.ts';
import { isRole, namedIdentity } from '../../lib/schema/readers.ts';
import { identityId, readerId } from '../readers/readers.ts';
import { matchesAny } from '../template/policyMatch.ts';
import { logicalIds } from '../template/Stack.ts';

/** A stack that is deployed, as the next deployment compares it with the configuration. */
export interface DeployedStack {
  /** `sluice-prod` */
  readonly stackName: string;
  /** The first part of ARNs after `arn:`. */
  readonly partition: string;
  /** The account of the stack: twelve digits. */
  readonly account: string;
  /** Values of its outputs by name; none before a deployment is complete. */
  readonly outputs: ReadonlyMap<string, string>;
  /** Physical IDs of its resources by logical ID: of a role or user, its name. */
  readonly resources: ReadonlyMap<string, string>;
}

/**
 * Reads the stack that a deployment updates.
 *
 * @returns Undefined if there is none.
 * @throws What CloudFormation's client throws.
 */
export async function readDeployedStack(
  options: CloudFormationClientConfig,
  StackName: string,
): Promise<DeployedStack | undefined> {
  const client = new CloudFormationClient(options);
  try {
    const { Stacks: [found] = [] } = await client.send(new DescribeStacksCommand({ StackName }));
    const [, partition = '', , , account = ''] = found?.StackId?.split(':') ?? [];
    const resources = new Map<string, string>();
    for await (const { StackResourceSummaries = [] } of paginateListStackResources({ client }, { StackName }))
      for (const { LogicalResourceId = '', PhysicalResourceId = '' } of StackResourceSummaries)
        resources.set(LogicalResourceId, PhysicalResourceId);
    const outputs = new Map(
      found?.Outputs?.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
    );
    return { stackName: StackName, partition, account, outputs, resources };
  } catch (error) {
    // CloudFormation has no specific error for a stack that does not exist.
    if (error instanceof Error && error.name === 'ValidationError') return undefined;
    throw error;
  } finally {
    client.destroy();
  }
}

/** What of a reader does not fit the stack. */
export interface ReaderProblem {
  /** What is so, in one sentence without its stop. */
  readonly fact: string;
  /** All of it, with what follows from it. */
  readonly text: string;
}

/** Readers whose role or user a deployment replaces, and what to enter anew. */
export function replacedReaders(
  { readers }: Pick<Config, 'readers'>,
  stack: Omit<DeployedStack, 'outputs'>,
): readonly ReaderProblem[] {
  return readers.flatMap((reader) => {
    const [present] = (['Role', 'User'] as const).flatMap((kind) => {
      const name = stack.resources.get(readerId(reader, kind));
      return name === undefined ? [] : [`${kind.toLowerCase()}/${name}`];
    });
    if (present === undefined) return [];
    const kind = isRole(reader) ? 'role' : 'user';
    const made = `${kind}/${roleNamePattern(stack.stackName, identityId(reader))}`;
    const named = namedIdentity(reader);
    if (named === undefined ? matchesAny(made, present) : named === present) return [];
    const entered = kind === 'role' ? 'this ARN' : 'its access keys';
    const fact = `The ${kind} of the reader ${reader.name} is made anew, and ${present} removed`;
    const text = `${fact}. The new ARN is ${iamArn(stack, named ?? made)}. Then enter ${entered} in the form of ${reader.kind}: \`npx sluice connect ${reader.kind} --reader ${reader.name}\`. Owners of other buckets and keys apply the printed policies again.`;
    return [{ fact, text }];
  });
}

/**
 * Names of readers that another role or user of the stack has, or the same one in other letters.
 * CloudFormation makes the new one before it removes the present one, and IAM does not tell names by case.
 * https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html
 */
export function heldNames(
  { readers }: Pick<Config, 'readers'>,
  { stackName, resources }: Pick<DeployedStack, 'stackName' | 'resources'>,
): readonly ReaderProblem[] {
  return readers.flatMap((reader, i) => {
    const { iamName } = reader;
    const kind = isRole(reader) ? 'Role' : 'User';
    const [held] = [...resources].filter(
      ([id, name]) =>
        id.endsWith(kind) &&
        name.toLowerCase() === iamName?.toLowerCase() &&
        (id !== identityId(reader) || name !== iamName),
    );
    if (held === undefined) return [];
    const [id, name] = held;
    const fact = `The name ${iamName} of the reader ${reader.name} is taken by ${id} of the stack ${stackName}, named ${name}`;
    const text = `readers.${i}.iamName: got "${iamName}", expected another name, for one deployment at least: ${id} of the stack ${stackName} is named ${name}, and it is removed only once the new ${kind.toLowerCase()} exists.`;
    return [{ fact, text }];
  });
}

/**
 * What a bucket does with objects whose writers ask for no encryption. Without a setting, S3's own keys encrypt them.
 *
 * @throws ConfigError `SLUICE_CONFIG_INVALID` for a bucket in another region; what S3's client throws.
 */
export async function readDefaultEncryption(
  options: S3ClientConfig,
  Bucket: string,
): Promise<ReturnType<typeof defaultEncryption>> {
  const client = new S3Client(options);
  try {
    const answer = await client.send(new GetBucketEncryptionCommand({ Bucket }));
    return defaultEncryption(answer.ServerSideEncryptionConfiguration?.Rules?.[0]);
  } catch (error) {
    if (s3Refusal(error)?.refusal !== 'region') throw error;
    const problem = `existing.bucket: ${Bucket} is in another region than the stack: Firehose, S3's events and functions need it in the same.`;
    throw new ConfigError('SLUICE_CONFIG_INVALID', `\n  ${problem}`, { cause: error });
  } finally {
    client.destroy();
  }
}

/**
 * The alias of the key that AWS has for S3, which encrypts where `aws:kms` comes without a key.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
 */
const AWS_KEY = 'alias/aws/s3';

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

/** Problems of `encryption` in an account: roles could not read what lies in the bucket, or not write there. */
export function encryptionProblems(
  { encryption, existing, bucket }: Pick<Config, 'encryption' | 'existing' | 'bucket'>,
  stack: Pick<DeployedStack, 'stackName' | 'outputs' | 'resources'> | undefined,
  bucketDefault?: ReturnType<typeof defaultEncryption>,
): readonly EncryptionProblem[] {
  const problems: EncryptionProblem[] = [];
  const isS3 = encryption === 's3';
  const stackKey = stack?.outputs.get('KeyArn');
  const isDeployed = stack !== undefined && stack.outputs.size > 0;
  if (isDeployed && isS3 && stackKey !== undefined)
    problems.push({
      kind: 'stack',
      fact: `The stack ${stack.stackName} encrypts with ${stackKey}, where encryption is s3 and kms is expected`,
      text: `encryption: got "s3", expected "kms": the stack ${stack.stackName} encrypts with ${stackKey}, and without it no role could read what lies in ${bucket}.`,
    });
  if (isDeployed && !isS3 && stackKey === undefined)
    problems.push({
      kind: 'stack',
      fact: `The stack ${stack.stackName} has no key, where encryption is kms and s3 is expected`,
      text: `encryption: got "kms", expected "s3": the stack ${stack.stackName} has no key.`,
    });
  const ownKey = stack?.resources.get(logicalIds.key);
  const isOwn = ownKey !== undefined && stackKey?.endsWith(ownKey) === true;
  const keepsKey = existing.keyArn === null ? isOwn : existing.keyArn === stackKey;
  if (isDeployed && !isS3 && stackKey !== undefined && !keepsKey)
    problems.push({
      kind: 'stack',
      fact: `The stack ${stack.stackName} encrypts with ${stackKey}, where existing.keyArn is ${existing.keyArn ?? 'not set'}`,
      text: `existing.keyArn: got ${existing.keyArn}, expected ${stackKey}: the stack ${stack.stackName} encrypts with it, and with another key no role could read what lies in ${bucket}.`,
    });
  const { SSEAlgorithm = 'AES256', KMSMasterKeyID = AWS_KEY } = bucketDefault ?? {};
  // S3's own keys fit: writers of a stack with a key name it.
  if (SSEAlgorithm === 'AES256') return problems;
  const key = String(KMSMasterKeyID);
  const problem = isDeployed
    ? changedDefault(bucket, key, { stackName: stack.stackName, stackKey })
    : unfitDefault({ existing, bucket, isS3 }, key);
  return [...problems, ...(problem === undefined ? [] : [problem])];
}

/**
 * The problem if somebody gave the bucket of a deployed stage another key: its stack cannot follow.
 *
 * @param key ARN, ID or alias of the key by which the bucket encrypts.
 */
function changedDefault(
  bucket: string,
  key: string,
  { stackName, stackKey }: { readonly stackName: string; readonly stackKey: string | undefined },
): EncryptionProblem | undefined {
  if (stackKey?.endsWith(key) === true) return undefined;
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
  { existing, bucket, isS3 }: Pick<Config, 'existing' | 'bucket'> & { readonly isS3: boolean },
  key: string,
): EncryptionProblem | undefined {
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
  return isS3 || existing.keyArn?.endsWith(key) !== true
    ? {
        kind: 'bucket',
        fact: `The bucket ${bucket} encrypts with ${key}, where existing.keyArn is ${existing.keyArn ?? 'not set'}`,
        text: `existing.keyArn: got ${existing.keyArn}, but ${bucket} encrypts with ${key}, which no role could use.`,
      }
    : undefined;
}
