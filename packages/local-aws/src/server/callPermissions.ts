import { z } from 'zod';
import type { QueryCall } from '../athena/index.ts';
import { parseJson } from '../base/json.ts';
import type { StreamCall } from '../firehose/ports.ts';
import { AccessKeys, type Credentials } from '../iam/AccessKeys.ts';
import { neededPermissions } from '../iam/neededPermissions.ts';
import { type Call, type NeededPermission, type PermissionContext, s3Arn } from '../iam/permissions.ts';
import { kmsPermissions } from '../iam/s3Permissions.ts';
import type { EdgeCall } from '../protocol/AwsService.ts';
import type { Secrets } from '../secretsmanager/Secrets.ts';
import type { Deployment } from '../template/Deployment.ts';
import { type ResolvedTemplate, resourcesOfType } from '../template/resolveTemplate.ts';
import { queryPermissions } from './queryPermissions.ts';
import { serviceCalls, streamRoles } from './serviceCalls.ts';

const PRINCIPAL_TYPES: ReadonlySet<string> = new Set(['AWS::IAM::Role', 'AWS::IAM::User']);

/** A role or user of the template. */
export interface DeployedPrincipal {
  readonly logicalId: string;
  readonly arn: string;
}

/** The callers of a running local cloud, and the permissions that their calls need on AWS. */
export interface CallPermissions {
  readonly principals: AccessKeys;
  /** The deployment's account. */
  readonly account: string;
  /** The permissions that a call at the edge needs. */
  readonly needsOf: (call: EdgeCall) => readonly NeededPermission[];
  /** The role of a stream, and the permissions that it needs for a delivery; undefined for a stream without one. */
  readonly ofDelivery: (
    stream: string,
    call: StreamCall,
  ) => { readonly role: string; readonly needed: readonly NeededPermission[] } | undefined;
  /** The permissions that the caller of a query needs for what Athena does for it. */
  readonly ofQuery: (call: QueryCall) => readonly NeededPermission[];
  /** The calls that services make because of the deployment's configuration. */
  readonly standing: () => readonly Call[];
  /** Sets the deployment: keys of buckets, roles of streams, and the calls of services that its configuration causes. */
  readonly deployed: (deployment: Deployment, resolved: ResolvedTemplate) => void;
  /** The roles and users of the deployment. */
  readonly principalsDeployed: () => readonly DeployedPrincipal[];
}

/** Opens {@link CallPermissions}, before anything is deployed. */
export function openCallPermissions(options: {
  readonly secrets: Pick<Secrets, 'all'>;
  /** The KMS key that encrypts a queue; undefined for one with SQS's own keys. */
  readonly queueKey: PermissionContext['queueKey'];
  readonly place: Pick<PermissionContext, 'partition' | 'region' | 'account'>;
  /** Credentials of the account's root. */
  readonly root: Credentials;
  /** See {@link AccessKeys}. */
  readonly keySeed: string;
}): CallPermissions {
  const { partition, region, account } = options.place;
  const principals = new AccessKeys(
    { arn: `arn:${partition}:iam::${account}:root`, ...options.root },
    options.keySeed,
  );
  let keys: ReadonlyMap<string, string> = new Map();
  let streams: ReturnType<typeof streamRoles> = new Map();
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
  return {
    principals,
    account,
    needsOf: (call) => neededPermissions(call, place),
    ofDelivery(stream, { bucket, key }) {
      const role = streams.get(stream)?.role;
      if (role === undefined) return undefined;
      const put = { action: 's3:PutObject', resource: s3Arn(place, bucket, key), context: {} };
      return { role, needed: [put, ...kmsPermissions(place, bucket, ['kms:GenerateDataKey'])] };
    },
    ofQuery: (call) => queryPermissions(call, place),
    standing: () => standing,
    deployed(deployment, resolved) {
      keys = bucketKeys(deployment, resolved, place);
      streams = streamRoles(resolved);
      deployedPrincipals = resolved.resources.flatMap(({ type, logicalId, arn }) =>
        arn !== undefined && PRINCIPAL_TYPES.has(type) ? [{ logicalId, arn }] : [],
      );
      for (const { arn, ...credentials } of accessKeys(resolved)) principals.admit(arn, credentials);
      standing = serviceCalls(deployment, resolved, place);
    },
    principalsDeployed: () => deployedPrincipals,
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
