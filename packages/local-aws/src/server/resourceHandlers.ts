import { isDeepStrictEqual } from 'node:util';
import type { Athena } from '../athena/index.ts';
import { CODE_DIRECTORY, type ResourceHandler } from '../cloudformation/Stack.ts';
import type { EventBus } from '../events/index.ts';
import type { Firehose } from '../firehose/index.ts';
import type { Catalog } from '../glue/index.ts';
import type { Keys } from '../kms/Keys.ts';
import type { BucketSettings } from '../s3/model/bucketSettings.ts';
import type { ObjectStore } from '../s3/model/ObjectStore.ts';
import type { Secrets } from '../secretsmanager/Secrets.ts';
import type { Queues } from '../sqs/Queues.ts';
import { type QueueSettings, queueProperties } from '../sqs/queueSettings.ts';
import {
  arnName,
  bucketPolicy,
  deployedBucket,
  deployedDatabase,
  deployedFunction,
  deployedMapping,
  deployedSchedule,
  deployedTable,
  secretName,
} from '../template/readDeployment.ts';
import type { ResolvedResource } from '../template/resolveTemplate.ts';
import type { Functions } from './startFunctions.ts';
import type { Triggers } from './startTriggers.ts';

/** The services of an account. */
export interface Services {
  readonly store: ObjectStore;
  readonly catalog: Catalog;
  readonly queues: Queues;
  readonly secrets: Secrets;
  readonly keys: Keys;
  readonly athena: Pick<Athena, 'ensureWorkGroup' | 'deleteWorkGroup' | 'workGroups'>;
  readonly bus: EventBus;
  readonly firehose: Firehose;
}

/** The handlers of the types whose resources services keep. */
export function resourceHandlers(services: Services): ReadonlyMap<string, ResourceHandler> {
  return new Map<string, ResourceHandler>([...dataHandlers(services), ...accountHandlers(services)]);
}

function dataHandlers({
  store,
  catalog,
  firehose,
  queues,
  athena,
}: Services): readonly (readonly [string, ResourceHandler])[] {
  return [
    [
      'AWS::S3::Bucket',
      {
        exists: ({ physicalId }) => store.hasBucket(physicalId),
        create(resource) {
          const { name, eventBridge, settings } = deployedBucket(resource);
          store.createBucket(name, { eventBridge });
          store.bucket(name).settings = settings;
        },
        update(resource, before) {
          const { name, eventBridge, settings } = deployedBucket(resource);
          const bucket = store.bucket(name);
          const old = before && deployedBucket(before);
          if (old?.eventBridge !== eventBridge) bucket.setEventBridge(eventBridge);
          const { policy } = bucket.settings;
          bucket.settings = changedMembers<BucketSettings>(
            old === undefined ? (policy === undefined ? {} : { policy }) : bucket.settings,
            settings,
            old?.settings,
          );
        },
        delete: ({ physicalId }) => store.deleteBucket(physicalId),
      },
    ],
    [
      'AWS::S3::BucketPolicy',
      {
        exists: (resource) => {
          const { bucket } = bucketPolicy(resource);
          return store.hasBucket(bucket) && store.bucket(bucket).settings.policy !== undefined;
        },
        create: (resource) => setPolicy(store, resource),
        update: (resource) => setPolicy(store, resource),
        delete(resource) {
          const bucket = store.bucket(bucketPolicy(resource).bucket);
          const { policy: _, ...settings } = bucket.settings;
          bucket.settings = settings;
        },
      },
    ],
    [
      'AWS::Glue::Database',
      {
        exists: ({ physicalId }) => catalog.databases().some(({ input }) => input.Name === physicalId),
        create: (resource) => catalog.ensureDatabase(deployedDatabase(resource).input),
        update(resource) {
          catalog.database(resource.physicalId);
          catalog.ensureDatabase(deployedDatabase(resource).input);
        },
        delete: ({ physicalId }) => catalog.deleteDatabase(physicalId),
      },
    ],
    [
      'AWS::Glue::Table',
      {
        exists(resource) {
          const { databaseName, name } = deployedTable(resource);
          return (
            catalog.databases().some(({ input }) => input.Name === databaseName.toLowerCase()) &&
            catalog.tables(databaseName).some(({ input }) => input.Name === name.toLowerCase())
          );
        },
        create(resource) {
          const { databaseName, input } = deployedTable(resource);
          catalog.ensureTable(databaseName, input);
        },
        // UpdateTable replaces the whole input: https://docs.aws.amazon.com/glue/latest/webapi/API_UpdateTable.html
        update(resource) {
          const { databaseName, name, input } = deployedTable(resource);
          catalog.table(databaseName, name);
          catalog.ensureTable(databaseName, input);
        },
        delete(resource) {
          const { databaseName, name } = deployedTable(resource);
          catalog.deleteTable(databaseName, name);
        },
      },
    ],
    [
      'AWS::KinesisFirehose::DeliveryStream',
      {
        exists: ({ physicalId }) => firehose.hasStream(physicalId),
        remains: ({ physicalId }) => firehose.hasJournal(physicalId),
        create: ({ physicalId, properties }) => firehose.createStream(physicalId, properties),
        update: ({ physicalId, properties }) => firehose.updateStream(physicalId, properties),
        delete: ({ physicalId }) => firehose.deleteStream(physicalId),
      },
    ],
    [
      'AWS::SQS::Queue',
      {
        exists: (resource) => queues.has(queueName(resource)),
        create: (resource) =>
          queues.create(queueName(resource), queueProperties(resource.properties).settings),
        update(resource, before) {
          const name = queueName(resource);
          const { settings } = queueProperties(resource.properties);
          const old = before && deployedSettings(before.properties);
          const current = queues.byName(name).settings;
          queues.ensure(name, changedMembers<QueueSettings>(old === undefined ? {} : current, settings, old));
        },
        delete: (resource) => queues.delete(queueName(resource)),
      },
    ],
    [
      'AWS::Athena::WorkGroup',
      {
        exists: ({ physicalId }) => athena.workGroups().includes(physicalId),
        create: ({ physicalId, properties }) => athena.ensureWorkGroup(physicalId, properties),
        update: ({ physicalId, properties }) => athena.ensureWorkGroup(physicalId, properties),
        delete: ({ physicalId, properties }) =>
          athena.deleteWorkGroup(physicalId, { recursive: properties['RecursiveDeleteOption'] === true }),
      },
    ],
  ];
}

function accountHandlers({ secrets, keys, bus }: Services): readonly (readonly [string, ResourceHandler])[] {
  return [
    [
      'AWS::SecretsManager::Secret',
      {
        exists: (resource) => secrets.has(secretName(resource)),
        create: (resource) => secrets.ensure(secretName(resource), resource.properties),
        update(resource) {
          secrets.find(secretName(resource));
          secrets.ensure(secretName(resource), resource.properties);
        },
        // CloudFormation deletes secrets without a recovery window:
        // https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1999
        delete: (resource) => secrets.remove(secretName(resource)),
      },
    ],
    [
      'AWS::KMS::Key',
      {
        exists: ({ physicalId }) => keys.has(physicalId),
        create: ({ physicalId, properties }) => keys.ensure(physicalId, properties),
        update: ({ physicalId, properties }, before) =>
          keys.ensure(physicalId, properties, before?.properties),
        delete: ({ physicalId, properties }) => keys.scheduleDeletion(physicalId, properties),
      },
    ],
    [
      'AWS::KMS::Alias',
      {
        exists: ({ physicalId }) => keys.hasAlias(physicalId),
        create: ({ properties }) => keys.ensureAlias(properties),
        update: ({ properties }) => keys.ensureAlias(properties),
        delete: ({ physicalId }) => keys.removeAlias(physicalId),
      },
    ],
    [
      'AWS::Events::Rule',
      {
        exists: ({ physicalId }) => bus.hasRule(physicalId),
        create: ({ physicalId, properties }) => bus.putRule(physicalId, properties),
        update: ({ physicalId, properties }) => bus.putRule(physicalId, properties),
        delete: ({ physicalId }) => bus.removeRule(physicalId),
      },
    ],
  ];
}

/** The handlers of functions and what invokes them. An HTTP API has none: it is read as a whole. */
export function functionHandlers({
  functions,
  triggers,
}: {
  readonly functions: Functions;
  readonly triggers: Triggers;
}): ReadonlyMap<string, ResourceHandler> {
  const putFunction = (resource: ResolvedResource) =>
    functions.put(deployedFunction(resource), codeDirectory(resource));
  const putMapping = (resource: ResolvedResource) =>
    triggers.putMapping(resource.physicalId, deployedMapping(resource));
  const putSchedule = (resource: ResolvedResource) => {
    const [schedule] = deployedSchedule(resource);
    if (schedule === undefined) triggers.removeSchedule(resource.physicalId);
    else triggers.putSchedule(schedule);
  };
  return new Map<string, ResourceHandler>([
    [
      'AWS::Lambda::Function',
      {
        exists: ({ physicalId }) => functions.has(physicalId),
        create: putFunction,
        update: putFunction,
        delete: ({ physicalId }) => functions.remove(physicalId),
      },
    ],
    [
      'AWS::Lambda::EventSourceMapping',
      {
        exists: ({ physicalId }) => triggers.hasMapping(physicalId),
        create: putMapping,
        update: putMapping,
        delete: ({ physicalId }) => triggers.removeMapping(physicalId),
      },
    ],
    [
      'AWS::Scheduler::Schedule',
      {
        exists: ({ physicalId }) => triggers.hasSchedule(physicalId),
        create: putSchedule,
        update: putSchedule,
        delete: ({ physicalId }) => triggers.removeSchedule(physicalId),
      },
    ],
  ]);
}

/** Members of `current`, where those that differ between `old` and `wanted` are as wanted, or gone. */
function changedMembers<Members extends object>(
  current: Partial<Members>,
  wanted: Members,
  old: Members | undefined,
): Members {
  const changed = { ...wanted, ...current };
  for (const name of new Set([...Object.keys(wanted), ...Object.keys(old ?? {})])) {
    const value: unknown = Reflect.get(wanted, name);
    if (old !== undefined && isDeepStrictEqual(value, Reflect.get(old, name))) {
      // This update does not change the member: one that somebody has taken away stays away.
      if (!Object.hasOwn(current, name)) Reflect.deleteProperty(changed, name);
    } else if (value === undefined) Reflect.deleteProperty(changed, name);
    else Reflect.set(changed, name, value);
  }
  return changed;
}

function setPolicy(store: ObjectStore, resource: ResolvedResource): void {
  const { bucket, policy } = bucketPolicy(resource);
  store.bucket(bucket).settings = { ...store.bucket(bucket).settings, policy };
}

function queueName(resource: ResolvedResource): string {
  return arnName(resource.arn ?? '');
}

function codeDirectory({ properties }: ResolvedResource): string {
  const { Code } = properties;
  const directory: unknown =
    typeof Code === 'object' && Code !== null ? Reflect.get(Code, CODE_DIRECTORY) : undefined;
  return typeof directory === 'string' ? directory : '.';
}

/** Settings of a queue in a template; undefined if an earlier release accepted properties that are refused now. */
function deployedSettings(properties: unknown): QueueSettings | undefined {
  try {
    return queueProperties(properties).settings;
  } catch {
    return undefined;
  }
}
