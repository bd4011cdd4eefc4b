import { z } from 'zod';
import type { QueryCall } from '../athena/index.ts';
import type { Clock } from '../base/clock.ts';
import { parseJson } from '../base/json.ts';
import type { StreamCall } from '../firehose/ports.ts';
import { AccessKeys, type Credentials } from '../iam/AccessKeys.ts';
import type { Signer } from '../iam/Caller.ts';
import { neededPermissions } from '../iam/neededPermissions.ts';
import type { Call, NeededPermission, PermissionContext } from '../iam/permissions.ts';
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

/** The recorder of a running local cloud. */
export interface Recording {
  readonly recorder: CallRecorder;
  readonly principals: AccessKeys;
  /** The deployment's account. */
  readonly account: string;
  readonly onCall: (call: EdgeCall) => void;
  /** Records what a stream does, and returns it. */
  readonly onStreamCall: (stream: string, call: StreamCall) => readonly Call[];
  /** The permissions that a call needs on AWS. */
  readonly needsOf: (call: EdgeCall) => readonly NeededPermission[];
  /** Records what Athena does for a caller, and returns it. */
  readonly onQueryCall: (signer: Signer, call: QueryCall) => readonly Call[];
  /** The calls that services make because of the deployment's configuration. */
  readonly standing: () => readonly Call[];
  /**
   * Sets the deployment: keys of buckets, roles of streams, and the calls of services that its configuration causes.
   */
  readonly deployed: (deployment: Deployment, resolved: ResolvedTemplate) => void;
  /** Removes the recorded calls; those that the configuration causes stay. */
  readonly clear: () => void;
  /** The roles and users of the deployment. */
  readonly principalsDeployed: () => readonly DeployedPrincipal[];
}

/** Records the calls in the local cloud and their callers: see {@link CallRecorder}. */
export function startRecording(options: {
  readonly clock: Clock;
  readonly secrets: Secrets;
  /** The KMS key that encrypts a queue; undefined for one with SQS's own keys. */
  readonly queueKey: PermissionContext['queueKey'];
  readonly place: Pick<PermissionContext, 'partition' | 'region' | 'account'>;
  /** Credentials of the account's root. */
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
  let standing: readonly Call[] = [];
  const place: PermissionContext = {
    partition,
    region,
    account,
    bucketKey: (bucket) => keys.get(bucket),
    queueKey: options.queueKey,
    secretArn: (id) => options.secrets.all().find(({ arn, name }) => arn === id || name === id)?.arn,
  };
  const recorded = (calls: readonly Call[]) => {
    for (const call of calls) recorder.record(call);
    return calls;
  };
  return {
    recorder,
    principals,
    onCall(call) {
      const { accessKeyId, service, operation } = call;
      const principal = principals.arnOf(accessKeyId) ?? accessKeyId;
      // The trust policy of a role that may assume itself has a condition on the caller's ARN.
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
      return role === undefined ? [] : recorded(deliveryCalls(call, role, place));
    },
    onQueryCall({ accessKeyId }, call) {
      return recorded(queryCalls(call, principals.arnOf(accessKeyId) ?? accessKeyId, place));
    },
    standing: () => standing,
    deployed(deployment, resolved) {
      keys = bucketKeys(deployment, resolved, place);
      streams = streamRoles(resolved);
      deployedPrincipals = resolved.resources.flatMap(({ type, logicalId, arn }) =>
        arn !== undefined && PRINCIPAL_TYPES.has(type) ? [{ logicalId, arn }] : [],
      );
      for (const { arn, ...credentials } of accessKeys(resolved)) principals.admit(arn, credentials);
      standing = serviceCalls(deployment, resolved, place);
      recorded(standing);
    },
    clear() {
      recorder.clear();
      recorded(standing);
    },
    principalsDeployed: () => deployedPrincipals,
    account: place.account,
  };
}

// Contains only the members that state who calls whom. The services that create the resources check the others.
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

/** ARN of each bucket's default key, by the bucket's name. */
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

/** The content of a template's secret with an access key. */
const secretSchema = z.object({ accessKeyId: z.string(), secretAccessKey: z.string() });

/** The access keys that a template creates and stores in a secret, and the ARNs of their owners. */
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
