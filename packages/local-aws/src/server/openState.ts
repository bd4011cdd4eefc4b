import { MovableClock } from '../base/MovableClock.ts';
import { MetricStore } from '../cloudwatch/MetricStore.ts';
import { queueMetrics } from '../cloudwatch/serviceMetrics.ts';
import {
  type DataFolders,
  dataFolders,
  lockDataDirectory,
  makeDataPrivate,
  OTHERS,
  requireOwnFolders,
} from '../disk/dataDirectory.ts';
import { type EventBus, openEventBus } from '../events/index.ts';
import { Faults } from '../faults/Faults.ts';
import { Feed } from '../feed/Feed.ts';
import { Catalog } from '../glue/Catalog.ts';
import type { Credentials } from '../iam/AccessKeys.ts';
import { type Caller, createCallerLookup, type Signer } from '../iam/Caller.ts';
import { Roles } from '../iam/Roles.ts';
import { Keys } from '../kms/Keys.ts';
import { ObjectStore } from '../s3/model/ObjectStore.ts';
import { Secrets } from '../secretsmanager/Secrets.ts';
import { Queues } from '../sqs/Queues.ts';
import { arnName } from '../template/resolveTemplate.ts';
import { type CallPermissions, openCallPermissions } from './callPermissions.ts';
import { Enforcement } from './Enforcement.ts';
import type { LocalAccount, LocalAwsOptions } from './LocalAws.ts';
import { ensureDefaultDatabase } from './provision.ts';

/** The account that other local AWS tools use, so that their settings work here. */
const DEFAULT_ACCOUNT: LocalAccount = {
  id: '000000000000',
  region: 'us-east-1',
  partition: 'aws',
  accessKeyId: 'test',
  secretAccessKey: 'test',
};

/** Where ARNs of the deployment are. */
interface Place {
  /** The region of the deployment. */
  readonly region: string;
  /** Twelve digits. */
  readonly account: string;
  /** The first part of ARNs after `arn:`. */
  readonly partition: string;
}

/** What is stored on disk, by the service that keeps it. */
interface Stores {
  /** The buckets. */
  readonly store: ObjectStore;
  /** Databases, tables and partitions. */
  readonly catalog: Catalog;
  /** Metrics of services and functions. */
  readonly metrics: MetricStore;
  /** The queues. */
  readonly queues: Queues;
  /** The secrets. */
  readonly secrets: Secrets;
  /** The keys of KMS. */
  readonly keys: Keys;
}

/** Who calls, and what a caller may do. */
interface Identities {
  /** Who calls, and which permissions a call needs. */
  readonly permissions: CallPermissions;
  /** The roles and users of the template. */
  readonly roles: Roles;
  /** The caller to whom an access key belongs. */
  readonly callerByKey: (signer: Signer) => Caller;
  /** Undefined where policies are not enforced within the account. */
  readonly enforcement: Enforcement | undefined;
}

/** Everything of a local cloud that neither runs by itself nor listens. */
export interface CloudState extends Stores, Identities {
  /** The account and the region. */
  readonly place: Place;
  /** The clock of all services. */
  readonly clock: MovableClock;
  /** Where each service keeps its files. */
  readonly folders: DataFolders;
  /** Failures on demand. */
  readonly faults: Faults;
  /** The event bus, with the rules of the template. */
  readonly bus: EventBus;
  /** What functions and streams have written. */
  readonly feed: Feed;
}

/**
 * Opens the data directory, and what is stored in it. It is locked for this process, and closed to other users of the
 * machine: the umask of the process is set.
 *
 * @param opened Closes everything that is opened here, the last first.
 * @throws LocalCloudError, DiskError
 */
export function openState(opened: AsyncDisposableStack, options: LocalAwsOptions): CloudState {
  const { region, id: account, partition, accessKeyId, secretAccessKey } = options.account ?? DEFAULT_ACCOUNT;
  const place = { region, account, partition };
  const clock = options.clock ?? new MovableClock();
  const folders = openFolders(opened, options);
  const faults = new Faults();
  const stores = openStores(opened, folders, place, clock, faults);
  const identities = openIdentities(options, {
    stores,
    place,
    clock,
    folders,
    root: { accessKeyId, secretAccessKey },
  });
  const bus = openBus(opened, { stores, place, clock, faults, enforcement: identities.enforcement });
  return {
    ...stores,
    ...identities,
    place,
    clock,
    folders,
    faults,
    bus,
    feed: new Feed(options.readRecord),
  };
}

/** The folders of the data directory, which this process alone may use until it is closed. */
function openFolders(opened: AsyncDisposableStack, options: LocalAwsOptions): DataFolders {
  const folders = dataFolders(options.directory);
  process.umask(OTHERS);
  requireOwnFolders(folders);
  makeDataPrivate(folders, { onWarning: options.onWarning ?? (() => undefined) });
  opened.defer(lockDataDirectory(folders.root));
  return folders;
}

/** Opens what is stored on disk. */
function openStores(
  opened: AsyncDisposableStack,
  folders: DataFolders,
  place: Place,
  clock: MovableClock,
  faults: Faults,
): Stores {
  const store = ObjectStore.open({ directory: folders.s3, clock, ...place });
  opened.defer(() => store.close());
  const catalog = Catalog.open({ directory: folders.glue, clock });
  ensureDefaultDatabase(catalog);
  const metrics = MetricStore.open({ directory: folders.cloudwatch, clock });
  opened.defer(() => metrics.close());
  const queues = Queues.open({
    directory: folders.sqs,
    clock,
    ...place,
    onMinute: (minute) => metrics.add(queueMetrics(minute)),
  });
  opened.defer(() => queues.close());
  return {
    store,
    catalog,
    metrics,
    queues,
    secrets: Secrets.open({ directory: folders.secrets, clock, ...place }),
    keys: new Keys({ clock, ...place, directory: folders.kms, faults }),
  };
}

/** The roles, the keys and the permissions of the account. */
function openIdentities(
  options: LocalAwsOptions,
  account: {
    /** What is stored on disk. */
    readonly stores: Stores;
    /** The account and the region. */
    readonly place: Place;
    /** The clock of all services. */
    readonly clock: MovableClock;
    /** Where each service keeps its files. */
    readonly folders: DataFolders;
    /** Credentials of the account's root. */
    readonly root: Credentials;
  },
): Identities {
  const { place, clock, folders, root } = account;
  const { queues, secrets, store, keys } = account.stores;
  const permissions = openCallPermissions({
    secrets,
    queueKey: (name) => (queues.has(name) ? queues.byName(name).settings.KmsMasterKeyId : undefined),
    place,
    root,
    keySeed: options.keySeed ?? 'local-aws',
  });
  const roles = new Roles(folders.iam, { enforced: options.enforceIam });
  const callerByKey = createCallerLookup({
    arnOf: (accessKeyId) => permissions.principals.arnOf(accessKeyId),
    roles,
    account: place.account,
  });
  const { enforceIam = false, onRefusal = () => undefined } = options;
  const enforcement = enforceIam
    ? new Enforcement({ roles, store, keys, account: place.account, clock, onRefusal })
    : undefined;
  return { permissions, roles, callerByKey, enforcement };
}

/** The event bus, which delivers to queues. */
function openBus(
  opened: AsyncDisposableStack,
  account: {
    /** What is stored on disk. */
    readonly stores: Stores;
    /** The account and the region. */
    readonly place: Place;
    /** The clock of all services. */
    readonly clock: MovableClock;
    /** Failures on demand. */
    readonly faults: Faults;
    /** What policies decide; undefined where they are not enforced. */
    readonly enforcement: Enforcement | undefined;
  },
): EventBus {
  const { place, clock, faults, enforcement } = account;
  const { store, queues } = account.stores;
  const bus = openEventBus({
    ...place,
    clock,
    faults,
    deliver(target, json) {
      const arn = enforcement === undefined ? target.arn : enforcement.reachableQueue(target);
      // EventBridge drops an event whose target is gone.
      if (arn !== undefined && queues.has(arnName(arn))) queues.byArn(arn).send(json);
    },
  });
  opened.defer(() => bus.close());
  store.onObjectCreated((object) => bus.publishObjectCreated(object));
  return bus;
}
