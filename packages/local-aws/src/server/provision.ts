import { createReadStream } from 'node:fs';
import type { Athena } from '../athena/index.ts';
import type { EventBus } from '../events/index.ts';
import type { Firehose } from '../firehose/index.ts';
import type { ObjectSink, SchemaColumn, SchemaSource } from '../firehose/ports.ts';
import type { Catalog, TableInput } from '../glue/index.ts';
import type { Keys } from '../kms/Keys.ts';
import { AwsError } from '../protocol/AwsError.ts';
import type { ObjectStore } from '../s3/model/ObjectStore.ts';
import type { Secrets } from '../secretsmanager/Secrets.ts';
import type { Queues } from '../sqs/Queues.ts';
import { queueProperties } from '../sqs/queueSettings.ts';
import type { Deployment } from '../template/Deployment.ts';

/** The stores of a deployment's resources. */
export interface Stores {
  readonly store: ObjectStore;
  readonly catalog: Catalog;
  readonly queues: Queues;
  readonly secrets: Secrets;
  readonly keys: Keys;
  readonly athena: Pick<Athena, 'ensureWorkGroup'>;
  readonly bus: EventBus;
  readonly firehose: Firehose;
}

/** Updates existing resources to the template like a stack update: creates what is missing, deletes nothing. */
export async function provision(deployment: Deployment, stores: Stores): Promise<void> {
  const { store, catalog, queues, secrets, keys, athena, bus, firehose } = stores;
  for (const { name, eventBridge, settings } of deployment.buckets) {
    store.ensureBucket(name, { eventBridge });
    store.bucket(name).settings = settings;
  }
  for (const { input } of deployment.databases) catalog.ensureDatabase(input);
  for (const { databaseName, input } of deployment.tables) catalog.ensureTable(databaseName, input);
  for (const { name, properties } of deployment.queues)
    queues.ensure(name, queueProperties(properties).settings);
  for (const { name, properties } of deployment.secrets) secrets.ensure(name, properties);
  for (const { name, properties } of deployment.keys) keys.ensure(name, properties);
  for (const properties of deployment.keyAliases) keys.ensureAlias(properties);
  for (const { name, properties } of deployment.workGroups) athena.ensureWorkGroup(name, properties);
  for (const { name, properties } of deployment.eventRules) bus.putRule(name, properties);
  for (const { name, properties } of deployment.deliveryStreams)
    await firehose.createStream(name, properties);
}

/** Lets delivery streams write to the local S3. */
export function objectSink(store: ObjectStore): ObjectSink {
  return {
    async put(bucket, key, body, options) {
      await store.put(bucket, key, body instanceof Uint8Array ? body : createReadStream(body.file), options);
    },
  };
}

/** Lets delivery streams look up the tables with their schema. */
export function schemaSource(catalog: Catalog): SchemaSource {
  return async (database, table) => {
    try {
      const { input } = catalog.table(database, table);
      return {
        columns: schemaColumns(input.StorageDescriptor?.Columns),
        partitionKeys: schemaColumns(input.PartitionKeys),
      };
    } catch (error) {
      if (error instanceof AwsError && error.code === 'EntityNotFoundException') return undefined;
      throw error;
    }
  };
}

/** Glue treats a column without a type as a string. */
function schemaColumns(columns: TableInput['PartitionKeys'] = []): SchemaColumn[] {
  return columns.map(({ Name, Type = 'string' }) => ({ name: Name, type: Type }));
}
