import type { ObjectSink } from '../firehose/ports.ts';
import type { Catalog } from '../glue/index.ts';
import type { Keys } from '../kms/Keys.ts';
import type { ObjectStore } from '../s3/model/ObjectStore.ts';
import type { DeployedBucket, DeployedDatabase, DeployedWorkGroup } from '../template/Deployment.ts';
import type { ResolvedTemplate } from '../template/resolveTemplate.ts';
import { resourceHandlers, type Services } from './resourceHandlers.ts';

/** Resources that a stack expects in its account and doesn't create. */
export interface ExistingResources {
  /** Buckets. Default none. */
  readonly buckets?: readonly DeployedBucket[];
  /** Databases of Glue. Default none. */
  readonly databases?: readonly DeployedDatabase[];
  /** Workgroups of Athena. Default none. */
  readonly workGroups?: readonly DeployedWorkGroup[];
}

/**
 * Creates the database `default` if it doesn't exist, as Athena does in every account and region where it is used.
 * https://docs.aws.amazon.com/athena/latest/ug/fine-grained-access-to-glue-resources.html#full-access-to-default-db-per-region
 */
export function ensureDefaultDatabase(catalog: Catalog): void {
  const Name = 'default';
  if (catalog.hasDatabase(Name)) return;
  catalog.createDatabase({ Name, Description: 'Default Hive database' });
}

/** Creates missing resources that a stack expects. Existing ones stay as they are. */
export function provisionExisting(
  { buckets = [], databases = [], workGroups = [] }: ExistingResources,
  { store, catalog, athena }: Pick<Services, 'store' | 'catalog' | 'athena'>,
): void {
  for (const { name, eventBridge, settings } of buckets) {
    if (store.hasBucket(name)) continue;
    store.createBucket(name, { eventBridge });
    store.bucket(name).settings = settings;
  }
  for (const { name, input } of databases) {
    if (!catalog.hasDatabase(name)) catalog.ensureDatabase(input);
  }
  for (const { name, properties } of workGroups) {
    if (!athena.workGroups().includes(name)) athena.ensureWorkGroup(name, properties);
  }
}

/** Creates a template's resources in services without a stack, or sets everything of those that are there. */
export async function provision({ resources }: ResolvedTemplate, services: Services): Promise<void> {
  const handlers = resourceHandlers(services);
  for (const resource of resources) await handlers.get(resource.type)?.put(resource);
}

/** Lets delivery streams write to the local S3, while the key of the bucket can be used. */
export function objectSink(store: ObjectStore, keys: Keys): ObjectSink {
  return {
    async put(bucket, key, body, options) {
      requireUsableKey(store, keys, bucket);
      await store.put(bucket, key, body, options);
    },
  };
}

/** Checks that the bucket's default key can be used. @throws AwsError `KMS.DisabledException` */
function requireUsableKey(store: ObjectStore, keys: Keys, bucket: string): void {
  const [rule] = store.bucket(bucket).settings.BucketEncryption?.ServerSideEncryptionConfiguration ?? [];
  const { SSEAlgorithm, KMSMasterKeyID } = rule?.ServerSideEncryptionByDefault ?? {};
  if (SSEAlgorithm === 'aws:kms' && KMSMasterKeyID !== undefined)
    keys.requireUsable(keys.find(KMSMasterKeyID));
}
