import { join, resolve } from 'node:path';
import { openAthena } from '../athena/index.ts';
import { openStatementRunner } from '../athena/statements/openStatementRunner.ts';
import { diskProblem, openingProblem } from '../base/diskProblem.ts';
import { LocalCloudError } from '../base/errors.ts';
import { MovableClock } from '../base/MovableClock.ts';
import { reportDefect } from '../base/reportDefect.ts';
import { cloudFormationService, describeStack, statusChangeEvent } from '../cloudformation/index.ts';
import { deployStack, type Stack } from '../cloudformation/Stack.ts';
import { cloudWatchService } from '../cloudwatch/index.ts';
import { MetricStore } from '../cloudwatch/MetricStore.ts';
import { invocationMetrics, queueMetrics, requestMetrics } from '../cloudwatch/serviceMetrics.ts';
import {
  type Controlled,
  type ControlPresentation,
  controlApi,
  type FlushReport,
  faultTargets,
  type LocalAwsStatus,
  type PendingDelivery,
} from '../control/controlApi.ts';
import {
  announceEndpoint,
  dataFolders,
  lockDataDirectory,
  makeDataPrivate,
  requireOwnFolders,
} from '../disk/dataDirectory.ts';
import { startEdge } from '../edge/startEdge.ts';
import { openEventBus } from '../events/index.ts';
import { Faults } from '../faults/Faults.ts';
import { Feed } from '../feed/Feed.ts';
import { deliveryErrorLine } from '../firehose/deliveryErrors.ts';
import { openFirehose } from '../firehose/index.ts';
import { Catalog } from '../glue/Catalog.ts';
import { glueService } from '../glue/index.ts';
import { identityPolicyGuard } from '../iam/decide.ts';
import { iamService } from '../iam/index.ts';
import { createCallerLookup, Roles } from '../iam/Roles.ts';
import { kmsService } from '../kms/index.ts';
import { Keys } from '../kms/Keys.ts';
import { keyAccess } from '../kms/keyAccess.ts';
import { FunctionLogs } from '../logs/FunctionLogs.ts';
import { logName, logsService } from '../logs/index.ts';
import { s3Service } from '../s3/index.ts';
import { ObjectStore } from '../s3/model/ObjectStore.ts';
import { secretsManagerService } from '../secretsmanager/index.ts';
import { Secrets } from '../secretsmanager/Secrets.ts';
import { sqsService } from '../sqs/index.ts';
import { Queues } from '../sqs/Queues.ts';
import { stsService } from '../sts/index.ts';
import type { Deployment } from '../template/Deployment.ts';
import { arnName, deployedIdentities, readDeployment } from '../template/readDeployment.ts';
import { readQuery } from '../trino/index.ts';
import { openCallPermissions } from './callPermissions.ts';
import { Enforcement } from './Enforcement.ts';
import { type ExistingResources, ensureDefaultDatabase, objectSink, provisionExisting } from './provision.ts';
import { resourceHandlers } from './resourceHandlers.ts';
import { startEndpoints } from './startEndpoints.ts';
import { startFunctions } from './startFunctions.ts';
import { startTriggers } from './startTriggers.ts';

/**
 * Rounds of one flush: records that functions write to a stream while queues are drained are buffered again. The last
 * rounds are for streams that keep failing.
 */
const FLUSH_ROUNDS = 6;
/** Times that a flush waits for queries: others may go on to ask some. */
const MOST_QUERIES = 100;

/** The account that is emulated. */
export interface LocalAccount {
  /** Twelve digits. */
  readonly id: string;
  readonly region: string;
  readonly partition: string;
  /** Access key of the account's root. */
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** The account that other local AWS tools use, so that their settings work here. */
const DEFAULT_ACCOUNT: LocalAccount = {
  id: '000000000000',
  region: 'us-east-1',
  partition: 'aws',
  accessKeyId: 'test',
  secretAccessKey: 'test',
};

/** A stack to deploy. */
export interface StackSource {
  /** A CloudFormation template, parsed from JSON. */
  readonly template: unknown;
  /** Part of generated names. Default `local`. */
  readonly stackName?: string;
  /**
   * Directory of the functions' code: the handler `build/a/handler.run` is `run` of
   * `<codeDirectory>/build/a/handler.mjs`.
   */
  readonly codeDirectory?: string;
  /** Resources that the template expects in the account: created if missing, and never changed. Default: nothing. */
  readonly existing?: (deployment: Deployment) => ExistingResources;
}

/** Options of {@link startLocalAws}. */
export interface LocalAwsOptions {
  /** The stack, or a function that loads it once the data directory is locked. */
  readonly stack: StackSource | (() => Promise<StackSource>);
  /** Directory for all state, created when missing. Only one process at a time may have it open. */
  readonly directory: string;
  /** Port of all AWS services on 127.0.0.1. Default 0: any free port. */
  readonly port?: number;
  /** Port of the template's HTTP API on 127.0.0.1, or of its first Function URL. Default 0: any free port. */
  readonly apiPort?: number;
  /** Default account 000000000000 in us-east-1, whose root signs with `test` and `test`. */
  readonly account?: LocalAccount;
  /** Additional variables for every function. Default none. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Firehose's buffer interval in seconds, instead of the deployed one. */
  readonly bufferSeconds?: number | undefined;
  /**
   * Reads the documents of a record that streams have accepted, for the feed and for searches in the buffers: of records that
   * are not lines of text. Never throws. Default: a record's documents are its lines.
   */
  readonly readRecord?: (record: Uint8Array) => readonly string[];
  /**
   * Whether the policies of the template's roles and users decide their calls in their own account too, and the calls
   * that services make for them, as on AWS. Default false: these calls are allowed.
   */
  readonly enforceIam?: boolean | undefined;
  /** Called with each new sentence of IAM that refuses a call of a service. Default: not called. */
  readonly onRefusal?: ((sentence: string) => void) | undefined;
  /** Hosts besides loopback under which both ports answer. Default none. */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Default: the machine's time until the clock is moved. */
  readonly clock?: MovableClock | undefined;
  /** Path of the control API on the endpoint. Default `/_local`. */
  readonly controlPath?: string;
  /** How the control API presents its status and its flush report. Default: unchanged. */
  readonly presentation?: ControlPresentation;
  /** Seed of issued access keys: the same seed gives the same keys after every start. Default `local-aws`. */
  readonly keySeed?: string;
  /** Called with a sentence when other users of the machine could read the data directory. Default: not called. */
  readonly onWarning?: ((sentence: string) => void) | undefined;
}

/** A running local cloud. */
export interface LocalAws {
  /** The endpoint of every AWS service, e.g. `http://127.0.0.1:4566`. */
  readonly endpoint: string;
  /** URL of the template's HTTP API; undefined for a template without one. */
  readonly api: string | undefined;
  /** URLs of the template's Function URLs, by the function's name. */
  readonly functionUrls: Readonly<Record<string, string>>;
  /** The data directory, absolute. */
  readonly directory: string;
  /** The stack's outputs with their values on AWS. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly clock: MovableClock;
  readonly faults: Faults;
  status(): LocalAwsStatus;
  /**
   * Delivers every buffer now, drains the functions' queues and waits for queries, until nothing that functions wrote or
   * asked in response is waiting either.
   */
  flush(): Promise<FlushReport>;
  /** Accepts no more requests, flushes, and releases the data directory. A second call waits for the first. */
  close(): Promise<void>;
}

/**
 * Starts AWS on this machine from a CloudFormation template: opens the data directory, applies the template to the stack in
 * it, and runs the functions behind their queues, schedules and HTTP API.
 *
 * Sets the umask of the process: files that it writes from now on are readable by their owner only.
 *
 * @example
 * const aws = await startLocalAws({ stack: { template }, directory: '.local-aws' });
 * const firehose = new FirehoseClient({ endpoint: aws.endpoint, region: 'us-east-1', credentials });
 * await aws.close();
 * @throws LocalCloudError, DiskError, TemplateError, StackError. Nothing is left open.
 */
export async function startLocalAws(options: LocalAwsOptions): Promise<LocalAws> {
  try {
    return await start(options);
  } catch (error) {
    throw openingProblem(error, resolve(options.directory)) ?? error;
  }
}

async function start(options: LocalAwsOptions): Promise<LocalAws> {
  await using opened = new AsyncDisposableStack();
  const state = openState(opened, options);
  const source = typeof options.stack === 'function' ? await options.stack() : options.stack;

  let stack: Stack | undefined;
  let controlled: Controlled | undefined;
  const { place, clock, folders, faults, store, catalog, metrics, queues, secrets, keys, roles } = state;
  const { bus, feed, permissions, callerByKey, enforcement } = state;
  const { region, account } = place;
  const { principals } = permissions;
  const engines = await openEngines(opened, options, state, () => stack);
  const { firehose, athena, logs } = engines;
  const services = serviceTable(state, engines, () => stack);
  const controlPath = options.controlPath ?? '/_local';
  const edge = await startEdge({
    services,
    control: controlApi({ path: controlPath, controlled: () => controlled, ...options.presentation }),
    controlPath,
    clock,
    otherTimes: () => clock.timesByPastOffsets(),
    faults,
    credentials: principals.secrets,
    sessionOf: principals.sessionOf.bind(principals),
    admit: identityPolicyGuard({
      callerOf: callerByKey,
      needsOf: permissions.needsOf,
      account,
      resourcePolicy: enforcement?.resourcePolicy.bind(enforcement),
    }),
    allowedHosts: options.allowedHosts,
    port: options.port ?? 0,
  }).catch(rejectTakenPort(options.port));
  opened.defer(() => edge.close());

  const functions = startFunctions({
    openLog: (name) => logs.open(name),
    region,
    endpoint: edge.url,
    environment: options.environment ?? {},
    credentialsOf: (role, session) => principals.issueSession(role, session),
    access: enforcement,
    clock,
    faults,
    onInvoked: (ended) => metrics.add(invocationMetrics(ended)),
  });
  opened.defer(() => functions.close());
  const triggers = startTriggers({ queues, functions, clock, access: enforcement, faults });
  opened.defer(() => triggers.close());

  const stores = { store, catalog, queues, secrets, keys, athena, bus, firehose };
  const codeDirectory = resolve(source.codeDirectory ?? '.');
  stack = await deployStack({
    directory: folders.cloudformation,
    name: source.stackName ?? 'local',
    template: source.template,
    codeDirectory,
    identity: { ...place, endpoint: edge.url },
    clock,
    prepare(resolved) {
      const described = readDeployment(resolved);
      const existing = source.existing?.(described) ?? {};
      provisionExisting(existing, stores);
      roles.deploy(deployedIdentities(resolved, account));
      permissions.deployed(
        { ...described, buckets: [...described.buckets, ...(existing.buckets ?? [])] },
        resolved,
      );
      enforcement?.deploy(resolved, permissions.standing());
    },
    handlers: resourceHandlers(stores),
    onDeployed: (deployed) => bus.publish(statusChangeEvent(describeStack(deployed, place))),
  });
  const deployment = readDeployment(stack);
  if (options.bufferSeconds !== undefined) firehose.overrideBuffering({ seconds: options.bufferSeconds });
  await Promise.all(
    deployment.functions.map((deployedFunction) => functions.add(deployedFunction, codeDirectory)),
  );
  for (const mapping of deployment.eventSourceMappings) triggers.addMapping(mapping);
  for (const schedule of deployment.schedules) triggers.addSchedule(schedule);

  let announced = false;
  opened.defer(async () => {
    // A start that failed has nothing to end: what waits is delivered after the next.
    if (announced) await flushAll({ firehose, athena, triggers }, true);
  });

  const endpoints = await startEndpoints(deployment, {
    accountId: account,
    invoke: (name, payload) => functions.invoke(name, payload),
    mayInvoke: (name, routeKey) => enforcement?.mayInvoke(name, routeKey) ?? true,
    clock,
    faults,
    onAnswer: (apiId, status) => metrics.add(requestMetrics(apiId, status, clock.now())),
    allowedHosts: options.allowedHosts,
    onRefused: ({ error, status }, host) =>
      feed.addRefusal({ status, code: error.code, host: host ?? null }, clock.now()),
    port: options.apiPort ?? 0,
  }).catch(rejectTakenPort(options.apiPort));
  opened.defer(() => endpoints.close());
  // Runs first on close: injected faults must not prevent the delivery of buffered data.
  opened.defer(() => faults.clear());
  // Nobody who waits for something to happen delays the end.
  opened.defer(() => feed.end());

  const { api, functionUrls } = endpoints;
  const addresses = { endpoint: edge.url, api, functionUrls, directory: folders.root };
  const flush = () => flushAll({ firehose, athena, triggers });
  const status = (): LocalAwsStatus => ({
    ...addresses,
    pid: process.pid,
    pending: firehose.pending(),
    expired: firehose.expired(),
    queues: queues.all().map((queue) => ({ name: queue.name, messages: queue.pending() })),
    queries: athena.pending(),
    refusals: enforcement?.refusals(),
  });
  const targets = faultTargets(deployment, {
    catalog,
    queues,
    secrets,
    athena,
    bus,
    keys,
    functions,
  });
  announceEndpoint(folders.root, edge.url);
  announced = true;
  controlled = {
    status,
    flush,
    searchBuffers: firehose.search,
    feed,
    query: (sql, options) => readQuery(folders.root, sql, options),
    clock,
    faults,
    services,
    targets,
    permissions,
  };
  const closing = opened.move();
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= closing.disposeAsync();
    return closed;
  };
  return {
    ...addresses,
    outputs: stack.outputs,
    clock,
    faults,
    status,
    flush,
    close,
  };
}

/** What is open while the cloud runs. */
type State = ReturnType<typeof openState>;
type Engines = Awaited<ReturnType<typeof openEngines>>;
type StackNow = () => Stack | undefined;

/** Opens what is stored, and whom it knows. */
function openState(opened: AsyncDisposableStack, options: LocalAwsOptions) {
  const { region, id: account, partition, accessKeyId, secretAccessKey } = options.account ?? DEFAULT_ACCOUNT;
  const place = { region, account, partition };
  const clock = options.clock ?? new MovableClock();
  const folders = dataFolders(options.directory);
  process.umask(0o077);
  requireOwnFolders(folders);
  makeDataPrivate(folders, { onWarning: options.onWarning ?? (() => undefined) });
  opened.defer(lockDataDirectory(folders.root));
  const faults = new Faults();
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
  const secrets = Secrets.open({ directory: folders.secrets, clock, ...place });
  const permissions = openCallPermissions({
    secrets,
    queueKey: (name) => (queues.has(name) ? queues.byName(name).settings.KmsMasterKeyId : undefined),
    place,
    root: { accessKeyId, secretAccessKey },
    keySeed: options.keySeed ?? 'local-aws',
  });
  const keys = new Keys({ clock, ...place, directory: folders.kms, faults });
  const roles = new Roles(folders.iam, { enforced: options.enforceIam });
  const callerByKey = createCallerLookup({
    arnOf: (id) => permissions.principals.arnOf(id),
    roles,
    account,
  });
  const onRefusal = options.onRefusal ?? (() => undefined);
  const enforcement =
    options.enforceIam === true
      ? new Enforcement({ roles, store, keys, account, clock, onRefusal })
      : undefined;
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
  const feed = new Feed(options.readRecord);
  return {
    place,
    clock,
    folders,
    faults,
    store,
    catalog,
    metrics,
    queues,
    secrets,
    permissions,
    keys,
    roles,
    callerByKey,
    enforcement,
    bus,
    feed,
  };
}

/** Opens what runs by itself: streams, queries, and the logs that functions write. */
async function openEngines(
  opened: AsyncDisposableStack,
  { readRecord }: LocalAwsOptions,
  state: State,
  stack: StackNow,
) {
  const { folders, clock, faults, store, catalog, metrics, keys, feed } = state;
  const { permissions, enforcement, callerByKey } = state;
  const { account } = state.place;
  const firehose = await openFirehose({
    directory: folders.firehose,
    clock,
    sink: objectSink(store, keys),
    account,
    faults,
    onFailure(stream, error) {
      if (diskProblem(error) !== undefined) reportDefect(error);
      const logged = deliveryErrorLine(stack()?.resources ?? [], stream, error);
      if (logged !== undefined) logs.open(logName(logged.group))(`${logged.line}\n`);
    },
    readRecord,
    onAccepted: feed.addRecord.bind(feed),
    onMetrics: (data) => metrics.add(data),
    onCall(stream, call) {
      const delivery = permissions.ofDelivery(stream, call);
      if (delivery !== undefined)
        enforcement?.requireRole('firehose.amazonaws.com', delivery.role, stream, delivery.needed);
    },
  });
  opened.defer(() => firehose.close());
  const athena = await openAthena({
    directory: folders.athena,
    clock,
    catalog,
    store,
    openRunner: (prepared) =>
      openStatementRunner({ catalog, store, prepared, clock, directory: join(folders.athena, 'scratch') }),
    account,
    faults,
    onCall(signer, call) {
      enforcement?.requireQuery(callerByKey(signer), permissions.ofQuery(call));
    },
  });
  opened.defer(() => athena.close());
  const logs = new FunctionLogs({
    directory: folders.logs,
    clock,
    metrics,
    onOutput: feed.addOutput.bind(feed),
  });
  // Environments write until they end, which is before this.
  opened.defer(() => logs.close());
  return { firehose, athena, logs };
}

/** The table of all services that answer. */
function serviceTable(
  { place, clock, faults, store, catalog, metrics, queues, secrets, ...known }: State,
  { firehose, athena, logs }: Engines,
  stack: StackNow,
) {
  const { keys, roles, callerByKey } = known;
  const { principals } = known.permissions;
  const { account } = place;
  const sessions = { roles, clock, issue: principals.issueSession.bind(principals) };
  return [
    s3Service({
      store,
      clock,
      callerOf: callerByKey,
      keyAccess: keyAccess(keys),
      hasIdentity: (arn) => roles.has(arn),
    }),
    firehose.service,
    glueService({ catalog, clock, account, faults }),
    sqsService({ queues, clock, account }),
    secretsManagerService({ secrets }),
    athena.service,
    kmsService({ keys, account, callerOf: callerByKey }),
    stsService({ account, callerOf: callerByKey, sessions }),
    iamService({ roles, callerOf: callerByKey, clock }),
    cloudFormationService({
      stack() {
        const present = stack();
        return present && describeStack(present, place);
      },
    }),
    cloudWatchService({
      metrics,
      clock,
      beforeReading: () => logs.readMetrics(),
      stack,
    }),
    logsService({
      logs,
      groups: () =>
        (stack()?.resources ?? []).flatMap(({ type, physicalId }) =>
          type === 'AWS::Logs::LogGroup' ? [physicalId] : [],
        ),
    }),
  ];
}

/**
 * Delivers everything.
 *
 * @param ending Queries are not waited for: they are aborted.
 */
async function flushAll(
  {
    firehose,
    athena,
    triggers,
  }: Pick<Engines, 'firehose' | 'athena'> & { readonly triggers: ReturnType<typeof startTriggers> },
  ending = false,
): Promise<FlushReport> {
  const delivered: PendingDelivery[] = [];
  let undrained = 0;
  for (let round = 0; round < FLUSH_ROUNDS; round += 1) {
    const pending = firehose.pending();
    if (round > 0 && pending.length === 0) break;
    delivered.push(...pending);
    await firehose.flush();
    undrained = await triggers.drain();
    // A function that runs at a query's end may start another query.
    for (let query = 0; query < MOST_QUERIES && !ending && athena.pending().running > 0; query += 1) {
      await athena.idle();
      undrained = await triggers.drain();
    }
  }
  return { delivered: sumByStream(delivered), undrained };
}

function sumByStream(deliveries: readonly PendingDelivery[]): PendingDelivery[] {
  const sums = new Map<string, PendingDelivery>();
  for (const { stream, documents, bytes } of deliveries) {
    const before = sums.get(stream) ?? { documents: 0, bytes: 0 };
    sums.set(stream, { stream, documents: before.documents + documents, bytes: before.bytes + bytes });
  }
  return [...sums.values()];
}

/** Reports which port is taken; other errors are passed on unchanged. */
function rejectTakenPort(port = 0): (error: unknown) => never {
  return (error) => {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error;
    throw new LocalCloudError('LOCAL_PORT_IN_USE', `Port ${port}: ${code}.`, { cause: error });
  };
}
