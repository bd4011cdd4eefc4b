import type { Athena } from '../athena/openAthena.ts';
import type { EventBus } from '../events/index.ts';
import type { Firehose } from '../firehose/index.ts';
import type { Catalog } from '../glue/model/Catalog.ts';
import type { Keys } from '../kms/model/Keys.ts';
import type { ObjectStore } from '../s3/model/ObjectStore.ts';
import type { Secrets } from '../secretsmanager/model/Secrets.ts';
import { queueProperties } from '../sqs/model/queueProperties.ts';
import type { Queues } from '../sqs/Queues.ts';
import type { Deployment } from '../template/Deployment.ts';

/** What holds the resources of a deployment. */
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

/** Brings what is there up to the template, as a stack update would: creates what is missing, deletes nothing. */
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
