import { resolve } from 'node:path';
import { openingProblem } from '../base/diskProblem.ts';
import { LocalCloudError } from '../base/errors.ts';
import { codeOf } from '../base/nodeErrors.ts';
import { describeStack, statusChangeEvent } from '../cloudformation/index.ts';
import { deployStack, type Stack } from '../cloudformation/Stack.ts';
import { invocationMetrics, requestMetrics } from '../cloudwatch/serviceMetrics.ts';
import { type Controlled, controlApi } from '../control/controlApi.ts';
import { faultTargets } from '../control/faultTargets.ts';
import type { LocalAwsStatus } from '../control/status.ts';
import { announceEndpoint } from '../disk/dataDirectory.ts';
import { type Edge, startEdge } from '../edge/startEdge.ts';
import { identityPolicyGuard } from '../iam/decide.ts';
import type { AwsService } from '../protocol/AwsService.ts';
import type { Deployment } from '../template/Deployment.ts';
import { deployedIdentities } from '../template/deployedIdentities.ts';
import { readDeployment } from '../template/readDeployment.ts';
import { readQuery } from '../trino/index.ts';
import { flushAll } from './flush.ts';
import type { LocalAws, LocalAwsOptions, StackSource } from './LocalAws.ts';
import { type Engines, openEngines } from './openEngines.ts';
import { type CloudState, openState } from './openState.ts';
import { provisionExisting } from './provision.ts';
import { resourceHandlers } from './resourceHandlers.ts';
import { serviceTable } from './serviceTable.ts';
import { type Endpoints, startEndpoints } from './startEndpoints.ts';
import { type Functions, startFunctions } from './startFunctions.ts';
import { startTriggers, type Triggers } from './startTriggers.ts';

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

/** What runs the code of functions. */
interface Workers {
  /** The functions of the template. */
  readonly functions: Functions;
  /** What invokes functions: queues and schedules. */
  readonly triggers: Triggers;
}

/** A cloud whose parts are all open: what the result of a start is made of. */
interface OpenCloud extends Engines, Workers {
  /** What is stored, and who may call. */
  readonly state: CloudState;
  /** The services that the edge stands for. */
  readonly services: readonly AwsService[];
  /** The resources of the template. */
  readonly deployment: Deployment;
  /** Where the cloud answers, and where it keeps everything. */
  readonly addresses: Pick<LocalAws, 'endpoint' | 'api' | 'functionUrls' | 'directory'>;
}

/**
 * Opens the parts in the order in which each needs those before it. They are closed in the opposite order: first the feed,
 * the faults and the endpoints, then what waits is delivered, and the lock of the directory is released at last.
 */
async function start(options: LocalAwsOptions): Promise<LocalAws> {
  await using opened = new AsyncDisposableStack();
  const state = openState(opened, options);
  const source = typeof options.stack === 'function' ? await options.stack() : options.stack;

  // Services answer as soon as there is an endpoint, which the functions of the stack need.
  let stack: Stack | undefined;
  let controlled: Controlled | undefined;
  const engines = await openEngines(opened, options, state, () => stack);
  const services = serviceTable(state, engines, () => stack);
  const edge = await openEdge(opened, options, state, services, () => controlled);
  const workers = startWorkers(opened, options, state, engines, edge.url);
  stack = await deploy(source, state, engines, edge.url);
  const deployment = readDeployment(stack);
  await runDeployment(deployment, options, source, engines, workers);

  opened.defer(async () => {
    // A start that failed has nothing to end: what waits is delivered after the next.
    if (controlled !== undefined)
      await flushAll({ ...engines, triggers: workers.triggers }, { waitsForQueries: false });
  });
  const { api, functionUrls } = await openEndpoints(opened, options, state, deployment, workers.functions);
  // Injected faults must not prevent the delivery of buffered data.
  opened.defer(() => state.faults.clear());
  // Nobody who waits for something to happen delays the end.
  opened.defer(() => state.feed.end());

  announceEndpoint(state.folders.root, edge.url);
  const addresses = { endpoint: edge.url, api, functionUrls, directory: state.folders.root };
  controlled = controlledParts({ ...engines, ...workers, state, services, deployment, addresses });
  const { status, flush } = controlled;
  const closing = opened.move();
  let closed: Promise<void> | undefined;
  return {
    ...addresses,
    outputs: stack.outputs,
    clock: state.clock,
    faults: state.faults,
    status,
    flush,
    close() {
      closed ??= closing.disposeAsync();
      return closed;
    },
  };
}

/**
 * Opens the endpoint of all services and of the control API. @param controlled Undefined until the cloud has started.
 */
async function openEdge(
  opened: AsyncDisposableStack,
  options: LocalAwsOptions,
  state: CloudState,
  services: readonly AwsService[],
  controlled: () => Controlled | undefined,
): Promise<Edge> {
  const { clock, faults, permissions, enforcement } = state;
  const { principals } = permissions;
  const controlPath = options.controlPath ?? '/_local';
  const edge = await startEdge({
    services,
    control: controlApi({ path: controlPath, controlled, ...options.presentation }),
    controlPath,
    clock,
    otherTimes: () => clock.timesByPastOffsets(),
    faults,
    credentials: principals.secrets,
    sessionOf: principals.sessionOf.bind(principals),
    admit: identityPolicyGuard({
      callerOf: state.callerByKey,
      needsOf: permissions.needsOf,
      account: state.place.account,
      resourcePolicy: enforcement?.resourcePolicy.bind(enforcement),
    }),
    allowedHosts: options.allowedHosts,
    port: options.port ?? 0,
  }).catch(rejectTakenPort(options.port));
  opened.defer(() => edge.close());
  return edge;
}

/** Makes what runs functions and what invokes them; there are none yet. */
function startWorkers(
  opened: AsyncDisposableStack,
  options: LocalAwsOptions,
  state: CloudState,
  { logs }: Engines,
  endpoint: string,
): Workers {
  const { clock, faults, queues, metrics, enforcement } = state;
  const { principals } = state.permissions;
  const functions = startFunctions({
    openLog: (name) => logs.open(name),
    region: state.place.region,
    endpoint,
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
  return { functions, triggers };
}

/** Brings the stack to the template, with the resources that the template expects in the account. */
function deploy(source: StackSource, state: CloudState, engines: Engines, endpoint: string): Promise<Stack> {
  const { place, permissions } = state;
  const resources = { ...state, ...engines };
  return deployStack({
    directory: state.folders.cloudformation,
    name: source.stackName ?? 'local',
    template: source.template,
    codeDirectory: codeDirectoryOf(source),
    identity: { ...place, endpoint },
    clock: state.clock,
    prepare(resolved) {
      const described = readDeployment(resolved);
      const existing = source.existing ?? {};
      provisionExisting(existing, resources);
      const silent = described.buckets.filter(({ eventBridge }) => !eventBridge);
      state.bus.nameSilentBuckets(silent.map(({ name }) => name));
      state.roles.deploy(deployedIdentities(resolved, place.account));
      const buckets = [...described.buckets, ...(existing.buckets ?? [])];
      permissions.deployed({ ...described, buckets }, resolved);
      state.enforcement?.deploy(resolved, permissions.standing());
    },
    handlers: resourceHandlers(resources),
    onDeployed: (deployed) => state.bus.publish(statusChangeEvent(describeStack(deployed, place))),
  });
}

/** Runs what a deployment says: functions first, then what invokes them. */
async function runDeployment(
  deployment: Deployment,
  { bufferSeconds }: LocalAwsOptions,
  source: StackSource,
  { firehose }: Engines,
  { functions, triggers }: Workers,
): Promise<void> {
  if (bufferSeconds !== undefined) firehose.overrideBuffering({ seconds: bufferSeconds });
  const codeDirectory = codeDirectoryOf(source);
  await Promise.all(deployment.functions.map((deployed) => functions.add(deployed, codeDirectory)));
  for (const mapping of deployment.eventSourceMappings) triggers.addMapping(mapping);
  for (const schedule of deployment.schedules) triggers.addSchedule(schedule);
}

/** The absolute path that the paths of functions' code begin in. */
function codeDirectoryOf({ codeDirectory = '.' }: StackSource): string {
  return resolve(codeDirectory);
}

/** Opens the HTTP API and the Function URLs of the template. */
async function openEndpoints(
  opened: AsyncDisposableStack,
  options: LocalAwsOptions,
  state: CloudState,
  deployment: Deployment,
  functions: Functions,
): Promise<Endpoints> {
  const { clock, faults, metrics, feed, enforcement } = state;
  const endpoints = await startEndpoints(deployment, {
    accountId: state.place.account,
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
  return endpoints;
}

/** What the control API and the caller of a start see of a cloud, and drive. */
function controlledParts(cloud: OpenCloud): Controlled {
  const { state, services, deployment, addresses, firehose, athena } = cloud;
  const { queues, enforcement, clock, permissions } = state;
  const startedAt = new Date(clock.now()).toISOString();
  return {
    status: (): LocalAwsStatus => ({
      ...addresses,
      pid: process.pid,
      startedAt,
      pending: firehose.pending(),
      expired: firehose.expired(),
      queues: queues.all().map((queue) => ({ name: queue.name, messages: queue.pending() })),
      queries: athena.pending(),
      refusals: enforcement?.refusals(),
    }),
    flush: () => flushAll(cloud, { waitsForQueries: true }),
    searchBuffers: firehose.search,
    feed: state.feed,
    query: (sql, limits) => readQuery(state.folders.root, sql, limits),
    clock: state.clock,
    faults: state.faults,
    services,
    targets: faultTargets(deployment, { ...state, athena, functions: cloud.functions }),
    issuer: {
      account: permissions.account,
      accessKeys: permissions.principals,
      deployed: permissions.principalsDeployed,
    },
  };
}

/** Reports which port is taken; other errors are passed on unchanged. */
function rejectTakenPort(port = 0): (error: unknown) => never {
  return (error) => {
    const code = codeOf(error);
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error;
    throw new LocalCloudError('LOCAL_PORT_IN_USE', `Port ${port}: ${code}.`, { cause: error });
  };
}
