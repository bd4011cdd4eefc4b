import { GetKeyPolicyCommand, KMSClient } from '@aws-sdk/client-kms';
import { GetBucketPolicyCommand } from '@aws-sdk/client-s3';
import { bucketDeleters, bucketNeeds } from '../../infra/bucketNeeds.ts';
import { serviceFunctions } from '../../infra/serverless/serviceFunctions.ts';
import { idOf } from '../../infra/template/Stack.ts';
import { bucketArn } from '../../lib/access/arns.ts';
import { deleteByVersionOnly, encryptedTransportOnly } from '../../lib/access/buckets/bucketDenials.ts';
import { parseArn } from '../../lib/base/arn.ts';
import { DAY_MS } from '../../lib/base/time.ts';
import type { Deployment } from '../deployment.ts';
import { explainAwsError } from '../explainAwsError.ts';
import { ifThere } from '../ifThere.ts';
import { functionLog, readLog } from '../readLog.ts';
import { denialIn } from '../saidDenial.ts';
import { deniedByBucket, deniersIn, withOwnStatements } from './bucketDenials.ts';
import type { LastFailure } from './flow/failures/lastFailure.ts';
import { type ReadStack, readStackResources } from './flow/stackOutputs.ts';
import type { FunctionErrors } from './functions/functionErrors.ts';
import {
  type DeniedCalls,
  isByResource,
  type JudgingPolicy,
  type LoggedDenials,
  standingDenials,
} from './standingDenials.ts';

/** The most pages of a log that are read. */
const MOST_PAGES = 10;
/** How far back a log is read, milliseconds. */
const READ_MS = 14 * DAY_MS;

/** The parts of a deployment that are asked. */
type Asked = Pick<Deployment, 'aws' | 'config' | 'logs' | 'now' | 's3' | 'signal' | 'stack'>;

/** What is known of a deployment, besides its clients. */
interface Known {
  /** The deployed stack, whose ARN has the partition and the account. */
  readonly stack: Pick<ReadStack, 'id'>;
  /** What functions failed with last, by their names. */
  readonly failures: Readonly<Record<string, Pick<LastFailure, 'kind'>>>;
  /** Errors that Lambda counted; null if that is not known. */
  readonly functionErrors: readonly Pick<FunctionErrors, 'part' | 'isOver'>[] | null;
}

/**
 * The calls of the stack's roles that AWS denies now: those that a statement denies which is in the bucket's or the key's policy still,
 * and those of a function that fails with another policy's denial, or with that of a key's policy that cannot be read.
 *
 * @throws What the clients of CloudFormation, CloudWatch Logs and S3 throw; what KMS's client throws if KMS has not answered.
 */
export async function readDeniedCalls(asked: Asked, known: Known): Promise<readonly DeniedCalls[]> {
  const { config, s3, stack } = asked;
  const failing = Object.entries(known.failures).flatMap(([part, { kind }]) =>
    kind === 'denied' ? [part] : [],
  );
  const ofBucket = new GetBucketPolicyCommand({ Bucket: config.bucket });
  // S3 has no policy of the bucket: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicy.html
  const { Policy: policy = '' } = (await ifThere(s3.send(ofBucket), /^NoSuchBucketPolicy$/)) ?? {};
  if (failing.length === 0 && deniersIn(policy).every((sid) => OWN_STATEMENTS.includes(sid))) return [];
  const { partition, account } = parseArn(known.stack.id);
  const identity = { partition, account };
  const names = await readStackResources(asked);
  const denials = deniedByBucket(policy, bucketNeeds({ config, ...stack }, { identity, names }));
  const logs: LoggedDenials[] = [];
  for (const part of Object.keys(serviceFunctions(config))) {
    const name = names.get(idOf(part, 'Role'));
    const isSuspected = denials.some(({ roles }) => roles.some(({ role }) => role.endsWith(`/${name}`)));
    if (name === undefined || !(failing.includes(part) || isSuspected)) continue;
    const isOver = known.functionErrors?.find((errors) => errors.part === part)?.isOver ?? false;
    logs.push(await readLoggedDenials(asked, part, failing.includes(part) && !isOver));
  }
  const arn = bucketArn(identity, config.bucket);
  const deleters = bucketDeleters({ config }, { identity, names });
  const wanted = withOwnStatements(policy, { config, partition, deleters });
  const bucket = { of: 'bucket', owner: config.bucket, arn, policy, wanted, denials } as const;
  return standingDenials(logs, [bucket, ...(await readKeyPolicies(asked, logs))]);
}

/** The stack's own statements that deny: `bucket-settings` of the doctor compares them. */
const OWN_STATEMENTS: readonly string[] = [encryptedTransportOnly([]).Sid, deleteByVersionOnly([], []).Sid];

/**
 * The denials of 14 days in the log of a function: of more pages than are read the oldest, and beside them those of the last day. Pages
 * may be empty: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
 */
async function readLoggedDenials(asked: Asked, part: string, isFailing: boolean): Promise<LoggedDenials> {
  const { stack, now } = asked;
  const since = now - READ_MS;
  const read = (startTime: number) =>
    readLog(asked, {
      group: functionLog(stack, part),
      filterPattern: '"not authorized to perform"',
      times: [{ startTime, endTime: now }],
      mostPages: MOST_PAGES / 2,
    });
  const { events, hasMore } = await read(since);
  const { timestamp: lastRead = 0 } = events.at(-1) ?? {};
  const unread = Math.max(lastRead + 1, now - DAY_MS);
  const newest = hasMore && unread <= now ? await read(unread) : { events: [] };
  const lines = [...events, ...newest.events].flatMap(({ timestamp: at = 0, message = '' }) => {
    const said = denialIn(message);
    return said === null ? [] : [{ at, said }];
  });
  return { part, isFailing, lines, hasMore, since };
}

/** The policies of the keys whose policies denied calls. @throws What KMS's client throws if KMS has not answered. */
async function readKeyPolicies(
  { aws }: Asked,
  logs: readonly LoggedDenials[],
): Promise<readonly JudgingPolicy[]> {
  const denials = logs.flatMap(({ lines }) => lines.map(({ said }) => said)).filter(isByResource);
  const keys = new Set(denials.flatMap(({ resource }) => (/:kms:.*:key\//.test(resource) ? [resource] : [])));
  const found: JudgingPolicy[] = [];
  const kms = new KMSClient(aws);
  try {
    for (const key of keys) {
      const policy = await readKeyPolicy(kms, key);
      found.push({ of: 'key', owner: key, arn: key, policy, denials: [] });
    }
  } finally {
    kms.destroy();
  }
  return found;
}

/** The policy of a key, JSON; null if KMS does not give it to these credentials. */
async function readKeyPolicy(kms: KMSClient, KeyId: string): Promise<string | null> {
  try {
    const asked = new GetKeyPolicyCommand({ KeyId, PolicyName: 'default' });
    return (await kms.send(asked)).Policy ?? null;
  } catch (error) {
    if (explainAwsError(error)?.kind !== 'answered') throw error;
    return null;
  }
}
