import { z } from 'zod';
import type { QueryCall } from '../athena/index.ts';
import type { Clock } from '../base/clock.ts';
import { parseJson } from '../base/json.ts';
import type { StreamCall } from '../firehose/ports.ts';
import { AccessKeys, type Credentials } from '../iam/AccessKeys.ts';
import { neededPermissions } from '../iam/neededPermissions.ts';
import type { NeededPermission, PermissionContext } from '../iam/permissions.ts';
import type { EdgeCall } from '../protocol/AwsService.ts';
import type { Secrets } from '../secretsmanager/Secrets.ts';
import type { Deployment } from '../template/Deployment.ts';
import type { ResolvedTemplate } from '../template/resolveTemplate.ts';
import { CallRecorder } from './CallRecorder.ts';
import { deliveryCalls, type StreamRole } from './deliveryCalls.ts';
import { queryCalls } from './queryCalls.ts';
import { resourcesOfType, serviceCalls, streamRoles } from './serviceCalls.ts';

const PRINCIPAL_TYPES: ReadonlySet<string> = new Set(['AWS::IAM::Role', 'AWS::IAM::User']);

/** A role or user of the template. */
export interface DeployedPrincipal {
  readonly logicalId: string;
  readonly arn: string;
}

/** The recorder of a running cloud. */
export interface Recording {
  readonly recorder: CallRecorder;
  readonly principals: AccessKeys;
  readonly onCall: (call: EdgeCall) => void;
  readonly onStreamCall: (stream: string, call: StreamCall) => void;
  /** What a call needs on AWS. */
  readonly needsOf: (call: EdgeCall) => readonly NeededPermission[];
  /** What Athena does for the owner of this access key. */
  readonly onQueryCall: (accessKeyId: string, call: QueryCall) => void;
  /** Takes up what is deployed: keys of buckets, roles of streams, and what services do by its wiring. */
  readonly deployed: (deployment: Deployment, resolved: ResolvedTemplate) => void;
  /** Forgets what was called; what services do by the wiring stays. */
  readonly clear: () => void;
  /** The roles and users of what is deployed. */
  readonly principalsDeployed: () => readonly DeployedPrincipal[];
}

/** Records who calls what in the local cloud: see {@link CallRecorder}. */
export function startRecording(options: {
  readonly clock: Clock;
  readonly secrets: Secrets;
  readonly place: Pick<PermissionContext, 'partition' | 'region' | 'account'>;
  /** What the account's root signs with. */
  readonly root: Credentials;
  /** See {@link AccessKeys}. */
  readonly keySeed: string;
}): Recording {
  const { partition, region, account } = options.place;
  const recorder = new CallRecorder(options.clock);
  const principals = new AccessKeys(
    { arn: `arn:${partition}:iam::${account}:root`, ...options.root },
    options.keySeed,
  );
  let keys: ReadonlyMap<string, string> = new Map();
  let streams: ReadonlyMap<string, StreamRole> = new Map();
  let deployedPrincipals: readonly DeployedPrincipal[] = [];
  let standing: ReturnType<typeof serviceCalls> = [];
  const place: PermissionContext = {
    partition,
    region,
    account,
    bucketKey: (bucket) => keys.get(bucket),
    secretArn: (id) => options.secrets.all().find(({ arn, name }) => arn === id || name === id)?.arn,
  };
  const recordStanding = () => {
    for (const call of standing) recorder.record(call);
  };
  return {
    recorder,
    principals,
    onCall(call) {
      const { accessKeyId, service, operation } = call;
      const principal = principals.arnOf(accessKeyId) ?? accessKeyId;
      // The trust of a role that may assume itself has a condition on the caller's ARN.
      const callerContext = service === 'sts' ? { 'aws:PrincipalArn': principal } : {};
      recorder.record({
        principal,
        service,
        operation,
        permissions: neededPermissions(call, place).map((one) => ({
          ...one,
          context: { ...one.context, ...callerContext },
        })),
        basis: 'seen',
      });
    },
    needsOf: (call) => neededPermissions(call, place),
    onStreamCall(stream, call) {
      const role = streams.get(stream);
      if (role === undefined) return;
      for (const made of deliveryCalls(call, role, place)) recorder.record(made);
    },
    onQueryCall(accessKeyId, call) {
      const principal = principals.arnOf(accessKeyId) ?? accessKeyId;
      for (const made of queryCalls(call, principal, place)) recorder.record(made);
    },
    deployed(deployment, resolved) {
      keys = bucketKeys(deployment, resolved, place);
      streams = streamRoles(resolved);
      deployedPrincipals = resolved.resources.flatMap(({ type, logicalId, arn }) =>
        arn !== undefined && PRINCIPAL_TYPES.has(type) ? [{ logicalId, arn }] : [],
      );
      for (const { arn, ...credentials } of accessKeys(resolved)) principals.admit(arn, credentials);
      standing = serviceCalls(deployment, resolved, place);
      recordStanding();
    },
    clear() {
      recorder.clear();
      recordStanding();
    },
    principalsDeployed: () => deployedPrincipals,
  };
}

// Only the members that say who calls whom; the services that build the resources check all of them.
const encryptionSchema = z.object({
  BucketEncryption: z
    .object({
      ServerSideEncryptionConfiguration: z.array(
        z.object({
          ServerSideEncryptionByDefault: z.object({ KMSMasterKeyID: z.string().optional() }),
        }),
      ),
    })
    .optional(),
});

/** ARN of the key that each bucket encrypts with by default, by the bucket's name. */
function bucketKeys(
  { buckets }: Deployment,
  resolved: ResolvedTemplate,
  place: Omit<PermissionContext, 'bucketKey'>,
): Map<string, string> {
  const keys = new Map<string, string>();
  for (const { name, keyArn } of buckets) if (keyArn !== undefined) keys.set(name, keyArn);
  for (const { physicalId, properties } of resourcesOfType(resolved, 'AWS::S3::Bucket')) {
    const [rule] =
      encryptionSchema.parse(properties).BucketEncryption?.ServerSideEncryptionConfiguration ?? [];
    const key = rule?.ServerSideEncryptionByDefault.KMSMasterKeyID;
    if (key === undefined) continue;
    const { partition, region, account } = place;
    keys.set(
      physicalId,
      key.startsWith('arn:') ? key : `arn:${partition}:kms:${region}:${account}:key/${key}`,
    );
  }
  return keys;
}

/** How a secret of a template hands an access key over. */
const secretSchema = z.object({ accessKeyId: z.string(), secretAccessKey: z.string() });

/** The access keys that a template makes and puts in a secret, and the ARN of whose they are. */
function accessKeys({
  resources,
}: Pick<ResolvedTemplate, 'resources'>): (Credentials & { readonly arn: string })[] {
  const users = new Map(
    resources
      .filter(({ type }) => type === 'AWS::IAM::User')
      .map(({ physicalId, arn = '' }) => [physicalId, arn]),
  );
  const owners = new Map(
    resources
      .filter(({ type }) => type === 'AWS::IAM::AccessKey')
      .map(({ physicalId, properties }) => [physicalId, users.get(String(properties['UserName']))]),
  );
  return resources
    .filter(({ type }) => type === 'AWS::SecretsManager::Secret')
    .flatMap(({ properties }) => {
      const read = secretSchema.safeParse(parseJson(String(properties['SecretString'])));
      const arn = read.success ? owners.get(read.data.accessKeyId) : undefined;
      return read.success && arn !== undefined ? [{ arn, ...read.data }] : [];
    });
}
