import { GetKeyPolicyCommand, KMSClient } from '@aws-sdk/client-kms';
import { GetBucketPolicyCommand } from '@aws-sdk/client-s3';
import { bucketNeeds } from '../../infra/bucketNeeds.ts';
import { serviceFunctions } from '../../infra/serverless/serviceFunctions.ts';
import { idOf } from '../../infra/template/Stack.ts';
import { iamArn } from '../../lib/access/arns.ts';
import { deleteByVersionOnly, encryptedTransportOnly } from '../../lib/access/buckets/bucketSettings.ts';
import { DAY_MS, isoTimestamp } from '../../lib/base/time.ts';
import type { Deployment } from '../deployment.ts';
import { ifThere } from '../explainAwsError.ts';
import { functionLog, readLog } from '../readLog.ts';
import {
  type DeniedCall,
  deniedByBucket,
  deniersIn,
  exceptedDenials,
  exceptedPolicy,
} from './bucketDenials.ts';
import type { LastFailure } from './flow/failures.ts';
import { type ReadStack, readStackResources } from './flow/stackOutputs.ts';
import type { FunctionErrors } from './functionErrors.ts';

/** The policy that denies a call. `bucket`, `key`: a statement of it does, which is there still. */
type DenyingPolicy = 'bucket' | 'key' | 'organization' | 'boundary' | 'explicit' | 'missing';

/** Calls of one role that one policy has denied, of one action. */
export interface DeniedCalls extends DeniedCall {
  /** The function whose log tells of them. */
  readonly part: string;
  /** Which policy denies them. */
  readonly by: DenyingPolicy;
  /** The name of the bucket, or the ARN of the key, and the statements that deny the calls; null of other policies. */
  readonly statements: { readonly owner: string; readonly sids: readonly string[] } | null;
  /** Words after `aws` of the command that puts the policy, with the roles of the stack excepted; null of other policies. */
  readonly repair: readonly string[] | null;
  /** Number of lines of the log that tell of such a call, within 14 days. */
  readonly count: number;
  /** Whether the log has more lines than were read: then those that were read are the oldest of 14 days. */
  readonly hasMore: boolean;
  /** Time of the first line, ISO 8601; null if it is within the first of these 14 days, as there may be earlier lines. */
  readonly first: string | null;
  /** Time of the last line that was read, ISO 8601. */
  readonly last: string;
}

/**
 * AWS's words for a denial, of S3 and of KMS: https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html,
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
 */
const DENIAL =
  /assumed-role\/([^/\s]+)\/\S+ is not authorized to perform: (\w+:\w+) on (?:the )?resource(?:: \\?"?([^"\\\s]+))?.*?(explicit deny in an?|because no) ([a-z- ]*(?:policy|boundary))/i;

/** Pages of a log that are read, and how far back. */
const MOST_PAGES = 10;
const READ_MS = 14 * DAY_MS;

/** What is known of a deployment, besides its clients. */
interface Known {
  readonly stack: ReadStack;
  readonly failures: Readonly<Record<string, LastFailure>>;
  readonly functionErrors: readonly FunctionErrors[] | null;
}

/**
 * The calls of the stack's roles that AWS denies now: those that a statement denies which is in the bucket's or the key's policy still,
 * and those of a function that fails with another policy's denial.
 *
 * @throws What the clients of CloudFormation and CloudWatch Logs throw.
 */
export async function readDeniedCalls(deployment: Deployment, known: Known): Promise<readonly DeniedCalls[]> {
  const { config, s3, stack } = deployment;
  const failing = Object.entries(known.failures).flatMap(([part, { kind }]) =>
    kind === 'denied' ? [part] : [],
  );
  const asked = new GetBucketPolicyCommand({ Bucket: config.bucket });
  // S3 has no policy of the bucket: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicy.html
  const { Policy: policy = '' } = (await ifThere(s3.send(asked), /^NoSuchBucketPolicy$/)) ?? {};
  if (failing.length === 0 && deniersIn(policy).every((sid) => OWN_STATEMENTS.includes(sid))) return [];
  const [, partition = '', , , account = ''] = known.stack.id.split(':');
  const identity = { partition, account };
  const names = await readStackResources(deployment);
  const statements = deniedByBucket(policy, bucketNeeds({ config, ...stack }, { identity, names }));
  const parts = Object.keys(serviceFunctions(config)).filter((part) => {
    const name = names.get(idOf(part, 'Role'));
    const isSuspected = statements.some(({ roles }) => roles.some(({ role }) => role.endsWith(`/${name}`)));
    return name !== undefined && (failing.includes(part) || isSuspected);
  });
  const found: DeniedCalls[] = [];
  // One policy for all calls: no command takes back what another has excepted.
  let excepted = exceptedDenials(policy, statements);
  for (const part of parts)
    for (const calls of await readLoggedDenials(deployment, part, identity)) {
      const denying = await denyingStatements(deployment, policy, calls);
      if (denying?.by === 'bucket') excepted = exceptedPolicy(excepted, calls, rolesOf)?.policy ?? excepted;
      const isOver = known.functionErrors?.find((errors) => errors.part === part)?.isOver ?? false;
      if (denying !== null) found.push({ ...calls, ...denying });
      else if (calls.by !== null && failing.includes(part) && !isOver)
        found.push({ ...calls, by: calls.by, statements: null, repair: null });
    }
  const repair = ['s3api', 'put-bucket-policy', '--bucket', config.bucket, '--policy', excepted];
  return found.map((calls) => (calls.by === 'bucket' ? { ...calls, repair } : calls));

  function rolesOf(sid: string): readonly string[] {
    const ofStatement = statements.filter((denial) => denial.sid === sid);
    return ofStatement.flatMap(({ roles }) => roles.map(({ role }) => role));
  }
}

/** The stack's own statements that deny: `bucket-settings` of the doctor compares them. */
const OWN_STATEMENTS: readonly string[] = [encryptedTransportOnly([]).Sid, deleteByVersionOnly([], []).Sid];

/** As a log tells of them; `by` is null of a bucket's or a key's policy. */
type LoggedDenials = Omit<DeniedCalls, 'by' | 'statements' | 'repair'> & {
  readonly by: Exclude<DenyingPolicy, 'bucket' | 'key'> | null;
};

/** The denials of 14 days in the log of a function, by role, action and policy. */
async function readLoggedDenials(
  deployment: Deployment,
  part: string,
  identity: Parameters<typeof iamArn>[0],
): Promise<readonly LoggedDenials[]> {
  const startTime = deployment.now - READ_MS;
  const { events, hasMore } = await readLog(deployment, {
    group: functionLog(deployment.stack, part),
    filterPattern: '"not authorized to perform"',
    times: [{ startTime, endTime: deployment.now }],
    mostPages: MOST_PAGES,
  });
  const found = new Map<string, LoggedDenials>();
  for (const { timestamp = 0, message = '' } of events) {
    const [, name = '', action = '', resource = '*', how = '', policy = ''] = DENIAL.exec(message) ?? [];
    if (name === '') continue;
    const by = policyOf(how, policy);
    const at = isoTimestamp(timestamp);
    const id = `${name} ${action} ${by}`;
    const known = found.get(id);
    const { count = 0, last = at } = known ?? {};
    const first = timestamp < startTime + DAY_MS ? null : at;
    found.set(id, {
      part,
      role: iamArn(identity, `role/${name}`),
      action,
      resource,
      by,
      count: count + 1,
      hasMore,
      first: known === undefined ? first : earlier(known.first, first),
      last: at > last ? at : last,
    });
  }
  return [...found.values()];
}

/** The earlier of two times, ISO 8601; null is before all. */
function earlier(one: string | null, other: string | null): string | null {
  if (one === null || other === null) return null;
  return one < other ? one : other;
}

/** Which policy a denial names; null of the policy of a bucket or a key. */
function policyOf(how: string, policy: string): LoggedDenials['by'] {
  if (/resource-based/.test(policy)) return null;
  if (/control/.test(policy)) return 'organization';
  if (/boundary/.test(policy)) return 'boundary';
  return /explicit/.test(how) ? 'explicit' : 'missing';
}

/**
 * The statements of the bucket's or the key's policy that deny a call now; null without any, or if the key's policy cannot be read. The
 * repair of the bucket's policy is of all calls, and follows.
 */
async function denyingStatements(
  { aws, config }: Pick<Deployment, 'aws' | 'config'>,
  policy: string,
  call: LoggedDenials,
): Promise<Pick<DeniedCalls, 'by' | 'statements' | 'repair'> | null> {
  if (call.by !== null) return null;
  if (!call.action.startsWith('kms:')) {
    const denying = exceptedPolicy(policy, call, () => []);
    const statements = { owner: config.bucket, sids: denying?.sids ?? [] };
    return denying && { by: 'bucket', statements, repair: null };
  }
  const kms = new KMSClient(aws);
  try {
    const { Policy = '' } = await kms.send(
      new GetKeyPolicyCommand({ KeyId: call.resource, PolicyName: 'default' }),
    );
    const excepted = exceptedPolicy(Policy, { ...call, resource: '*' }, () => []);
    const words = ['kms', 'put-key-policy', '--key-id', call.resource, '--policy-name', 'default'];
    const statements = { owner: call.resource, sids: excepted?.sids ?? [] };
    return excepted && { by: 'key', statements, repair: [...words, '--policy', excepted.policy] };
  } catch {
    // These credentials may not read the key's policy: the finding of the function has the denial.
    return null;
  } finally {
    kms.destroy();
  }
}
