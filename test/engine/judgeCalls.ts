import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetRolePolicyCommand, IAMClient, ListRolePoliciesCommand } from '@aws-sdk/client-iam';
import { GetKeyPolicyCommand, KMSClient } from '@aws-sdk/client-kms';
import { GetBucketEncryptionCommand, GetBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { neededPermissions } from '../../packages/local-aws/src/iam/neededPermissions.ts';
import type { NeededPermission, PermissionContext } from '../../packages/local-aws/src/iam/permissions.ts';
import { s3Permissions } from '../../packages/local-aws/src/iam/s3Permissions.ts';
import type { Document } from '../../packages/local-aws/test/witness/iam/decideHere.ts';
import { witnessDecision } from '../../packages/local-aws/test/witness/iam/simulator.ts';
import { ACCOUNT, type Engine, REGION } from './Engine.ts';
import { CUSTOMER, DROPS, WAREHOUSE } from './Stack.ts';

const documentSchema = z.custom<Document>((value) => typeof value === 'object' && value !== null);

/** A call as engine.py writes it down. */
const callSchema = z.object({
  function: z.string(),
  /** ARN of the role that the function has, or has assumed. */
  role: z.string(),
  /** The session policy, JSON; null without one. */
  session: z.string().nullable(),
  trust: documentSchema,
  policies: z.array(documentSchema),
  service: z.string(),
  operation: z.string(),
  status: z.int(),
  query: z.string(),
  headers: z.record(z.string(), z.string()),
  input: z.record(z.string(), z.unknown()),
});
type Call = z.output<typeof callSchema>;

const deletionSchema = z.object({
  Objects: z.array(
    z.object({ Key: z.string(), VersionId: z.string().optional(), ETag: z.string().optional() }),
  ),
});

/** What the simulator said about the calls of functions. */
interface Judged {
  /** How many calls were judged. */
  readonly calls: number;
  /** Names of the functions that made them. */
  readonly functions: ReadonlySet<string>;
  /** A line for each permission that is not given; empty when all are. */
  readonly refused: string;
}

/**
 * Asks the simulator of IAM whether the roles of the template allow each call that functions have made until now, with
 * the policies of sessions, of buckets and of the key. LocalStack itself enforces none of them. What a call needs is said by
 * the local cloud's tables, which name AWS's pages.
 *
 * @param first How many calls were judged before: their roles may be gone.
 */
export async function judgeCalls(engine: Engine, folder: string, first: number): Promise<Judged> {
  const file = join(folder, 'calls.jsonl');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  const calls = lines.slice(first).map((line) => callSchema.parse(JSON.parse(line)));
  const buckets = new Set(calls.flatMap(({ input }) => textOf(input['Bucket']) ?? []));
  const guards = await readGuards(engine, buckets);
  const place: PermissionContext = {
    partition: 'aws',
    region: REGION,
    account: ACCOUNT,
    bucketKey: (bucket) => guards.keys.get(bucket),
    // Only copies of requests lie in queues with a key, and nothing here keeps copies.
    queueKey: () => undefined,
    secretArn: (id) => (id.startsWith('arn:') ? id : undefined),
  };
  const held = await readRoles(engine, calls);
  const verdicts = new Map<string, string | undefined>();
  for (const call of calls)
    for (const need of needsOf(call, place)) {
      const key = JSON.stringify([call.function, call.role, call.session, need]);
      if (verdicts.has(key)) continue;
      for (const policies of held.get(call.role)?.values() ?? []) {
        verdicts.set(key, await refusal({ ...call, policies }, need, guards));
        if (verdicts.get(key) === undefined) break;
      }
    }
  return {
    calls: calls.length,
    functions: new Set(calls.map((call) => call.function)),
    refused: [...new Set(verdicts.values())].filter((text) => text !== undefined).join('\n'),
  };
}

/**
 * The policies of each role whenever a function was started, and now. LocalStack updates a function before its role, so what
 * the role allows before or after counts.
 */
async function readRoles(
  engine: Engine,
  calls: readonly Call[],
): Promise<ReadonlyMap<string, ReadonlyMap<string, Call['policies']>>> {
  const held = new Map<string, Map<string, Call['policies']>>();
  for (const { role, policies } of calls) {
    const states = held.get(role) ?? new Map<string, Call['policies']>();
    held.set(role, states.set(JSON.stringify(policies), policies));
  }
  const iam = new IAMClient(engine.client());
  for (const [role, states] of held) {
    const RoleName = role.split('/').at(-1);
    // A role of a trial is gone by now.
    const listed = await iam.send(new ListRolePoliciesCommand({ RoleName })).catch(() => null);
    const policies: Document[] = [];
    for (const PolicyName of listed?.PolicyNames ?? []) {
      const { PolicyDocument = '' } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
      policies.push(documentSchema.parse(JSON.parse(decodeURIComponent(PolicyDocument))));
    }
    if (listed !== null) states.set('now', policies);
  }
  iam.destroy();
  return held;
}

/** What decides beside a role's policies. */
interface Guards {
  /** Policies of buckets and of their keys, by ARN. */
  readonly policies: ReadonlyMap<string, Document>;
  /** ARNs of keys by the bucket that they encrypt. */
  readonly keys: ReadonlyMap<string, string>;
}

/** Reads the policies of buckets, and of the keys that encrypt them, as their owners may. */
async function readGuards(engine: Engine, buckets: ReadonlySet<string>): Promise<Guards> {
  const policies = new Map<string, Document>();
  const keys = new Map<string, string>();
  const kms = new KMSClient(engine.client());
  for (const Bucket of buckets) {
    const s3 = new S3Client(engine.client({ account: ownerOf(Bucket) }));
    // A bucket of a trial is gone by now.
    const policy = await s3.send(new GetBucketPolicyCommand({ Bucket })).catch(() => null);
    if (policy?.Policy !== undefined)
      policies.set(`arn:aws:s3:::${Bucket}`, documentSchema.parse(JSON.parse(policy.Policy)));
    const encryption = await s3.send(new GetBucketEncryptionCommand({ Bucket })).catch(() => null);
    const [rule] = encryption?.ServerSideEncryptionConfiguration?.Rules ?? [];
    const key = rule?.ApplyServerSideEncryptionByDefault?.KMSMasterKeyID;
    s3.destroy();
    if (key === undefined) continue;
    keys.set(Bucket, key);
    const { Policy = '' } = await kms.send(new GetKeyPolicyCommand({ KeyId: key, PolicyName: 'default' }));
    policies.set(key, documentSchema.parse(JSON.parse(Policy)));
  }
  kms.destroy();
  return { policies, keys };
}

/** The account that has a bucket. */
function ownerOf(bucket: string): string {
  return bucket === DROPS || bucket === WAREHOUSE ? CUSTOMER : ACCOUNT;
}

/** What a call needs to be allowed. */
function needsOf(call: Call, place: PermissionContext): readonly NeededPermission[] {
  const { service, operation, input } = call;
  if (operation === 'DeleteObjects') return needsOfDeletion(call, place);
  if (service === 's3') return needsOfObjects(call, place);
  if (operation === 'AssumeRole')
    return [{ action: 'sts:AssumeRole', resource: textOf(input['RoleArn']) ?? '', context: {} }];
  const nameMembers = ['DeliveryStreamName', 'SecretId', 'QueueName', 'QueueUrl', 'WorkGroup'];
  const named = nameMembers.map((name) => textOf(input[name])).find((text) => text !== undefined);
  const resource = service === 'sqs' ? named?.split('/').at(-1) : named;
  return neededPermissions({ accessKeyId: '', service, operation, resource, input }, place);
}

/** A call that deletes many objects needs of each what a call for it alone does. */
function needsOfDeletion({ status, input }: Call, place: PermissionContext): readonly NeededPermission[] {
  const bucket = textOf(input['Bucket']) ?? '';
  return deletionSchema.parse(input['Delete']).Objects.flatMap(({ Key: key, VersionId, ETag }) => {
    const query = new URLSearchParams(VersionId === undefined ? {} : { versionId: VersionId });
    const headers: Record<string, string> = ETag === undefined ? {} : { 'if-match': ETag };
    return s3Permissions('DeleteObject', { bucket, key, query, headers, status }, place);
  });
}

/** What any other call of S3 needs. */
function needsOfObjects(call: Call, place: PermissionContext): readonly NeededPermission[] {
  const { operation, status, headers, input } = call;
  const key = textOf(input['Key']) ?? '';
  const asked = {
    bucket: textOf(input['Bucket']) ?? '',
    key,
    query: new URLSearchParams(call.query),
    headers,
    status,
  };
  // Whoever may list only some folders is answered 403 in place of 404, and asks a list (lib/aws/s3ObjectStore.ts).
  return s3Permissions(operation, asked, place).map((need) =>
    need.action === 's3:ListBucket' && status === 404 ? { ...need, context: { 's3:prefix': key } } : need,
  );
}

/** The line of a permission that a call needs and does not have; undefined if it has it. */
async function refusal(call: Call, need: NeededPermission, guards: Guards): Promise<string | undefined> {
  const { action, resource } = need;
  const [, , service = '', , , named = ''] = resource.split(':');
  const bucket = named.split('/')[0] ?? '';
  const guarded = service === 's3' ? `arn:aws:s3:::${bucket}` : resource;
  const verdict = await witnessDecision(
    {
      principal: call.role,
      policies: call.policies,
      resourceAccount: service === 's3' ? ownerOf(bucket) : ACCOUNT,
      resourcePolicy: action === 'sts:AssumeRole' ? call.trust : guards.policies.get(guarded),
      sessionPolicy: call.session === null ? undefined : documentSchema.parse(JSON.parse(call.session)),
    },
    { action, context: need.context },
    resource,
  );
  const as = call.session === null ? '' : ' in its session';
  if (verdict === 'Allowed') return undefined;
  const given = Object.entries(need.context).map(([key, value]) => `${key}=${value}`);
  return [`${call.function}${as}: ${action} on ${resource}: ${verdict}`, ...given].join(' ');
}

/** A member of a call's input, which is any JSON. */
function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
