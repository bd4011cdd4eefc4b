import type { Athena } from '../athena/index.ts';
import type { ResourceHandler } from '../cloudformation/Stack.ts';
import type { EventBus } from '../events/index.ts';
import type { Firehose } from '../firehose/index.ts';
import type { Catalog } from '../glue/index.ts';
import type { Keys } from '../kms/Keys.ts';
import type { ObjectStore } from '../s3/model/ObjectStore.ts';
import { readBucketPolicy } from '../s3/wire/bucket/bucketPolicyOperations.ts';
import type { Secrets } from '../secretsmanager/Secrets.ts';
import type { Queues } from '../sqs/Queues.ts';
import { queueProperties } from '../sqs/queueSettings.ts';
import {
  bucketPolicy,
  deployedBucket,
  deployedDatabase,
  deployedTable,
  secretName,
} from '../template/readDeployment.ts';
import type { ResolvedResource } from '../template/resolveTemplate.ts';
import { arnName } from '../template/resolveTemplate.ts';

/** The services of an account that keep a template's resources. */
export interface Services {
  /** Keeps buckets. */
  readonly store: ObjectStore;
  /** Keeps databases and tables. */
  readonly catalog: Catalog;
  /** Keeps queues. */
  readonly queues: Queues;
  /** Keeps secrets. */
  readonly secrets: Secrets;
  /** Keeps keys and their aliases. */
  readonly keys: Keys;
  /** Keeps workgroups. */
  readonly athena: Pick<Athena, 'ensureWorkGroup' | 'deleteWorkGroup' | 'workGroups'>;
  /** Keeps rules. */
  readonly bus: EventBus;
  /** Keeps delivery streams. */
  readonly firehose: Firehose;
}

/**
 * The handlers of the types whose resources services keep. What invokes functions is read as a whole from the template:
 * startLocalAws.ts.
 */
export function resourceHandlers(services: Services): ReadonlyMap<string, ResourceHandler> {
  const { firehose, keys, bus } = services;
  return new Map<string, ResourceHandler>([
    ['AWS::S3::Bucket', bucketHandler(services)],
    ['AWS::S3::BucketPolicy', bucketPolicyHandler(services)],
    ['AWS::Glue::Database', databaseHandler(services)],
    ['AWS::Glue::Table', tableHandler(services)],
    [
      'AWS::KinesisFirehose::DeliveryStream',
      {
        put: ({ physicalId, properties }) => firehose.createStream(physicalId, properties),
        delete: ({ physicalId }) => firehose.deleteJournal(physicalId),
      },
    ],
    ['AWS::SQS::Queue', queueHandler(services)],
    ['AWS::Athena::WorkGroup', workGroupHandler(services)],
    ['AWS::SecretsManager::Secret', secretHandler(services)],
    [
      'AWS::KMS::Key',
      {
        exists: ({ physicalId }) => keys.has(physicalId),
        put: ({ physicalId, properties }) => keys.ensure(physicalId, properties),
        delete: ({ physicalId }) => keys.remove(physicalId),
      },
    ],
    ['AWS::KMS::Alias', { put: ({ properties }) => keys.ensureAlias(properties) }],
    ['AWS::Events::Rule', { put: ({ physicalId, properties }) => bus.putRule(physicalId, properties) }],
  ]);
}

/** Makes and deletes buckets. */
function bucketHandler({ store }: Pick<Services, 'store'>): ResourceHandler {
  return {
    exists: ({ physicalId }) => store.hasBucket(physicalId),
    put(resource) {
      const { name, eventBridge, settings } = deployedBucket(resource);
      store.ensureBucket(name, { eventBridge });
      const bucket = store.bucket(name);
      // Its policy is a resource of its own.
      const { policy } = bucket.settings;
      bucket.settings = { ...settings, ...(policy === undefined ? {} : { policy }) };
    },
    delete: ({ physicalId }) => store.deleteBucket(physicalId),
  };
}

/** Sets and removes the policies of buckets. One that S3 would refuse is not set. */
function bucketPolicyHandler({ store }: Pick<Services, 'store'>): ResourceHandler {
  return {
    exists(resource) {
      const { bucket } = bucketPolicy(resource);
      return store.hasBucket(bucket) && store.bucket(bucket).settings.policy !== undefined;
    },
    put(resource) {
      const { bucket, policy } = bucketPolicy(resource);
      readBucketPolicy(policy, bucket);
      store.bucket(bucket).settings = { ...store.bucket(bucket).settings, policy };
    },
    delete(resource) {
      const bucket = store.bucket(bucketPolicy(resource).bucket);
      const { policy: _, ...settings } = bucket.settings;
      bucket.settings = settings;
    },
  };
}

/** Makes and deletes databases of Glue. */
function databaseHandler({ catalog }: Pick<Services, 'catalog'>): ResourceHandler {
  return {
    exists: ({ physicalId }) => catalog.hasDatabase(physicalId),
    put: (resource) => catalog.ensureDatabase(deployedDatabase(resource).input),
    delete: ({ physicalId }) => catalog.deleteDatabase(physicalId),
  };
}

/** Makes, updates and deletes tables of Glue. */
function tableHandler({ catalog }: Pick<Services, 'catalog'>): ResourceHandler {
  return {
    exists(resource) {
      const { databaseName, name } = deployedTable(resource);
      return catalog.findTable(databaseName, name) !== undefined;
    },
    // UpdateTable replaces the whole input: https://docs.aws.amazon.com/glue/latest/webapi/API_UpdateTable.html
    put(resource) {
      const { databaseName, input } = deployedTable(resource);
      catalog.ensureTable(databaseName, input);
    },
    delete(resource) {
      const { databaseName, name } = deployedTable(resource);
      catalog.deleteTable(databaseName, name);
    },
  };
}

/** Makes and deletes queues. */
function queueHandler({ queues }: Pick<Services, 'queues'>): ResourceHandler {
  return {
    exists: (resource) => queues.has(queueName(resource)),
    put: (resource) => queues.ensure(queueName(resource), queueProperties(resource.properties).settings),
    delete: (resource) => queues.delete(queueName(resource)),
  };
}

/** Makes and deletes workgroups of Athena. */
function workGroupHandler({ athena }: Pick<Services, 'athena'>): ResourceHandler {
  return {
    exists: ({ physicalId }) => athena.workGroups().includes(physicalId),
    put: ({ physicalId, properties }) => athena.ensureWorkGroup(physicalId, properties),
    delete: ({ physicalId, properties }) =>
      athena.deleteWorkGroup(physicalId, { recursive: properties['RecursiveDeleteOption'] === true }),
  };
}

/** Makes and deletes secrets. */
function secretHandler({ secrets }: Pick<Services, 'secrets'>): ResourceHandler {
  return {
    exists: (resource) => secrets.has(secretName(resource)),
    put: (resource) => secrets.ensure(secretName(resource), resource.properties),
    // CloudFormation deletes secrets without a recovery window:
    // https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1999
    delete: (resource) => secrets.remove(secretName(resource)),
  };
}

/** The name of a queue. Its physical ID is its URL. */
function queueName(resource: ResolvedResource): string {
  return arnName(resource.arn ?? '');
}
