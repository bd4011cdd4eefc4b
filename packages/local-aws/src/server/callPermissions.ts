import { z } from 'zod';
import type { QueryCall } from '../athena/index.ts';
import { parseJson } from '../base/json.ts';
import type { DeployedPrincipal } from '../control/issueCredentials.ts';
import type { DeliveryPut } from '../firehose/ports.ts';
import { AccessKeys, type Credentials } from '../iam/AccessKeys.ts';
import { gluePermissions, neededPermissions } from '../iam/neededPermissions.ts';
import {
  arnAt,
  type Call,
  type NeededPermission,
  type PermissionContext,
  s3Arn,
} from '../iam/permissions.ts';
import { kmsPermissions, s3Permissions } from '../iam/s3Permissions.ts';
import type { EdgeCall } from '../protocol/AwsService.ts';
import { encryptionHeaderNames } from '../s3/model/defaultEncryption.ts';
import type { Secrets } from '../secretsmanager/Secrets.ts';
import type { Deployment } from '../template/Deployment.ts';
import { type ResolvedTemplate, resourcesOfType } from '../template/resolveTemplate.ts';
import { type StreamRole, serviceCalls, streamRoles } from './serviceCalls.ts';

/** The types of resources that can have a key. */
const PRINCIPAL_TYPES: ReadonlySet<string> = new Set(['AWS::IAM::Role', 'AWS::IAM::User']);

/** The callers of a running local cloud, and the permissions that their calls need on AWS. */
export interface CallPermissions {
  /** The keys that sign calls, and whose they are. */
  readonly principals: AccessKeys;
  /** The deployment's account. */
  readonly account: string;
  /** The permissions that a call at the edge needs. */
  readonly needsOf: (call: EdgeCall) => readonly NeededPermission[];
  /** The role of a stream, and the permissions that it needs for a delivery; undefined for a stream without one. */
  readonly ofDelivery: (
    stream: string,
    call: DeliveryPut,
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
  /** The secrets, whose names become ARNs. */
  readonly secrets: Pick<Secrets, 'all'>;
  /** The KMS key that encrypts a queue; undefined for one with SQS's own keys. */
  readonly queueKey: PermissionContext['queueKey'];
  /** The account and the region of the deployment. */
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

// Contains only the members that name a key. The service that creates the bucket checks the others.
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

/**
 * ARN of each bucket's default key, by the bucket's name. `deployment.buckets` has the key of a bucket that exists before the
 * stack; the template has those of its own buckets.
 */
function bucketKeys(
  { buckets }: Deployment,
  resolved: ResolvedTemplate,
  place: PermissionContext,
): Map<string, string> {
  const keys = new Map<string, string>();
  for (const { name, keyArn } of buckets) if (keyArn !== undefined) keys.set(name, keyArn);
  for (const { physicalId, properties } of resourcesOfType(resolved, 'AWS::S3::Bucket')) {
    const [rule] =
      encryptionSchema.parse(properties).BucketEncryption?.ServerSideEncryptionConfiguration ?? [];
    const key = rule?.ServerSideEncryptionByDefault.KMSMasterKeyID;
    if (key === undefined) continue;
    keys.set(physicalId, arnOfKey(key, place));
  }
  return keys;
}

/** ARN of a key that is named by its ARN or its ID. */
function arnOfKey(key: string, place: PermissionContext): string {
  return key.startsWith('arn:') ? key : arnAt(place, 'kms', `key/${key}`);
}

/** The content of a template's secret with an access key. */
const secretSchema = z.object({ accessKeyId: z.string(), secretAccessKey: z.string() });

/** The access keys that a template creates and stores in a secret, and the ARNs of their owners. */
function accessKeys({
  resources,
}: Pick<ResolvedTemplate, 'resources'>): (Credentials & { readonly arn: string })[] {
  const users = new Map(
    resources.filter(({ type }) => type === 'AWS::IAM::User').map(({ physicalId, arn }) => [physicalId, arn]),
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

/**
 * Athena reads this database, and the table's own, for every caller that uses a table. All of AWS's examples of policies
 * allow both:
 * https://docs.aws.amazon.com/athena/latest/ug/fine-grained-access-to-glue-resources.html
 */
const DEFAULT_DATABASE = 'default';

/**
 * The permissions that the caller of a query needs for one step that Athena takes for it: those of the step itself, and those
 * that the documentation requires for the places of files and results. Those for results that are written in several parts
 * are left out, because small results are written at once.
 * https://docs.aws.amazon.com/athena/latest/ug/managed-policies.html, BaseQueryResultsPermissions
 */
function queryPermissions(call: QueryCall, place: PermissionContext): readonly NeededPermission[] {
  if (call.service === 'glue') {
    const callPermissions = gluePermissions(call.operation, call.input, place);
    if (call.operation !== 'GetTable') return callPermissions;
    const databases = [DEFAULT_DATABASE, call.input['DatabaseName']];
    return [
      ...callPermissions,
      ...databases.flatMap((Name) => gluePermissions('GetDatabase', { Name }, place)),
    ];
  }
  const { operation, bucket, key } = call;
  const onBucket = (action: string, context = {}): NeededPermission => ({
    action: `s3:${action}`,
    resource: s3Arn(place, bucket),
    context,
  });
  if (operation === 'GetBucketLocation') return [onBucket(operation)];
  if (operation === 'ListBucket') return [onBucket(operation, { 's3:prefix': key })];
  const request = { bucket, key, query: new URLSearchParams(), headers: {}, status: 200 };
  const callPermissions = s3Permissions(operation, request, {
    ...place,
    bucketKey: () => objectKey(call, place),
  });
  if (call.isResult === true || operation === 'DeleteObject') return callPermissions;
  // Athena finds a table's files by listing its locations, and lists a result's location in the same way.
  const prefix = key.slice(0, key.lastIndexOf('/') + 1);
  return [...callPermissions, onBucket('ListBucket', { 's3:prefix': prefix }), onBucket('GetBucketLocation')];
}

/** ARN of the key of an object that Athena reads or writes; undefined for S3's own keys. */
function objectKey(
  { bucket, encryption = {} }: Extract<QueryCall, { readonly service: 's3' }>,
  place: PermissionContext,
): string | undefined {
  const { algorithm, key } = encryptionHeaderNames;
  const named = encryption[key];
  if (named !== undefined) return arnOfKey(named, place);
  return algorithm in encryption ? undefined : place.bucketKey(bucket);
}
