import { join } from 'node:path';
import { openAthena, openStatementRunner } from '../packages/local-aws/src/athena/index.ts';
import { MovableClock } from '../packages/local-aws/src/base/MovableClock.ts';
import {
  cloudFormationService,
  type DeployedStack,
  deployedStack,
} from '../packages/local-aws/src/cloudformation/index.ts';
import type {
  Cloud,
  CloudStatus,
  FlushReport,
  PendingDelivery,
} from '../packages/local-aws/src/control/Cloud.ts';
import { type Controlled, controlApi, faultTargets } from '../packages/local-aws/src/control/controlApi.ts';
import {
  dataFolders,
  lockDataDirectory,
  makeDataPrivate,
} from '../packages/local-aws/src/disk/dataDirectory.ts';
import { startEdge } from '../packages/local-aws/src/edge/startEdge.ts';
import { openEventBus } from '../packages/local-aws/src/events/index.ts';
import { Faults } from '../packages/local-aws/src/faults/Faults.ts';
import { openFirehose } from '../packages/local-aws/src/firehose/index.ts';
import { startGateway } from '../packages/local-aws/src/gateway/index.ts';
import { Catalog, glueService } from '../packages/local-aws/src/glue/index.ts';
import { admitOwn } from '../packages/local-aws/src/iam/decide.ts';
import { iamService } from '../packages/local-aws/src/iam/index.ts';
import { callerOf, Roles } from '../packages/local-aws/src/iam/Roles.ts';
import { kmsService } from '../packages/local-aws/src/kms/index.ts';
import { Keys } from '../packages/local-aws/src/kms/Keys.ts';
import { keyAccess } from '../packages/local-aws/src/kms/keyAccess.ts';
import { startRecording } from '../packages/local-aws/src/record/startRecording.ts';
import { s3Service } from '../packages/local-aws/src/s3/index.ts';
import { ObjectStore } from '../packages/local-aws/src/s3/model/ObjectStore.ts';
import { secretsManagerService } from '../packages/local-aws/src/secretsmanager/index.ts';
import { Secrets } from '../packages/local-aws/src/secretsmanager/Secrets.ts';
import { Closing } from '../packages/local-aws/src/server/Closing.ts';
import { portProblem } from '../packages/local-aws/src/server/portProblem.ts';
import { objectSink, provision, schemaSource } from '../packages/local-aws/src/server/provision.ts';
import { startFunctions } from '../packages/local-aws/src/server/startFunctions.ts';
import { startTriggers } from '../packages/local-aws/src/server/startTriggers.ts';
import { sqsService } from '../packages/local-aws/src/sqs/index.ts';
import { Queues } from '../packages/local-aws/src/sqs/Queues.ts';
import { stsService } from '../packages/local-aws/src/sts/index.ts';
import { deployedIdentities, readDeployment } from '../packages/local-aws/src/template/readDeployment.ts';
import { resolveTemplate } from '../packages/local-aws/src/template/resolveTemplate.ts';
import { makeCachePrivate, repositoryRoot } from './dataDirectory.ts';
import './errors.ts';
import { localAccount } from './localAccount.ts';
import { loadTemplate } from './template/loadTemplate.ts';
import { withExisting } from './withExisting.ts';

/**
 * Times that a flush empties the buffers: rows, their errors as rows of quarantine, overflow of both; the rest is
 * for what streams go on failing.
 */
const FLUSH_ROUNDS = 6;

/** What {@link startCloud} needs. */
export interface StartOptions {
  /** Port of the collector on 127.0.0.1; 0 takes any free one. */
  readonly port: number;
  /** Port of all AWS services on 127.0.0.1; 0 takes any free one. */
  readonly edgePort: number;
  /** Data directory; made when missing. */
  readonly data: string;
  /** Firehose's buffer interval instead of the deployed one, seconds. */
  readonly bufferSeconds?: number;
  /** Let only configured keys post, as deployed, instead of any `client-…` or `secret-…` key. Default false. */
  readonly checkKeys?: boolean;
  /** Hosts besides those of loopback under which both ports answer, as `parseAllowedHosts` reads them. Default none. */
  readonly allowedHosts?: readonly string[];
  /** Default: one that goes by the machine's until it is moved. */
  readonly clock?: MovableClock;
  /** Told when the deployment must be packaged first, which takes a few seconds: after each change of it. Default nobody. */
  readonly onPackaging?: () => void;
  /** Told, in a sentence, when other users of the machine could read the data directory. Default nobody. */
  readonly onWarning?: (sentence: string) => void;
}

/**
 * Starts the embedded cloud from the packaged deployment: opens what lies in the data directory, brings it up
 * to the template as a stack update would, and runs the deployed bundles behind the HTTP API.
 *
 * @throws LocalCloudError, LocalTemplateError, ConfigError: with nothing left open.
 */
export async function startCloud(options: StartOptions): Promise<Cloud> {
  const closing = new Closing();
  try {
    return await open(options, closing);
  } catch (error) {
    await closing.run();
    throw error;
  }
}

async function open(options: StartOptions, closing: Closing): Promise<Cloud> {
  const clock = options.clock ?? new MovableClock();
  const { region, id: account, partition } = localAccount;
  const folders = dataFolders(options.data);
  // Whatever this process and its functions write from now on, temporary files too, is for its owner alone.
  process.umask(0o077);
  makeDataPrivate(folders, { onWarning: options.onWarning ?? (() => undefined) });
  closing.add(lockDataDirectory(folders.root));

  makeCachePrivate();
  const loaded = await loadTemplate({
    root: repositoryRoot,
    cacheDirectory: join(repositoryRoot, '.sluice', 'template'),
    onPackaging: options.onPackaging,
  });

  const faults = new Faults();
  const store = ObjectStore.open({ directory: folders.s3, clock });
  closing.add(() => store.close());
  const catalog = Catalog.open({ directory: folders.glue, clock });
  const queues = Queues.open({ directory: folders.sqs, clock, region, account });
  closing.add(() => queues.close());
  const secrets = Secrets.open({ directory: folders.secrets, clock, partition, region, account });
  const recording = startRecording({ clock, secrets });
  const bus = openEventBus({ region, account, deliver: (arn, json) => void queues.byArn(arn).send(json) });
  store.onObjectCreated((object) => bus.publishObjectCreated(object));
  const firehose = await openFirehose({
    directory: folders.firehose,
    clock,
    sink: objectSink(store),
    schemaSource: schemaSource(catalog),
    region,
    account,
    faults,
    onCall: recording.onStreamCall,
  });
  closing.add(() => firehose.close());

  const athena = await openAthena({
    directory: folders.athena,
    clock,
    catalog,
    store,
    openRunner: (prepared) =>
      openStatementRunner({ catalog, store, prepared, clock, directory: join(folders.athena, 'scratch') }),
    region,
    account,
    faults,
    onCall: recording.onQueryCall,
  });
  closing.add(() => athena.close());

  const keys = new Keys({ clock, partition, region, account, directory: folders.kms });
  const roles = new Roles(folders.iam);
  const { principals } = recording;
  const asks = callerOf({ arnOf: (id) => principals.arnOf(id), roles, account });
  const sessionOf = principals.sessionOf.bind(principals);
  const sessions = { roles, clock, issue: principals.issueSession.bind(principals), sessionOf };
  let stack: DeployedStack | undefined;
  let controlled: Controlled | undefined;
  const services = [
    s3Service({
      store,
      clock,
      callerOf: asks,
      keyAccess: keyAccess(keys),
      hasIdentity: (arn) => roles.has(arn),
    }),
    firehose.service,
    glueService({ catalog, clock, account, faults }),
    sqsService({ queues, clock, account }),
    secretsManagerService({ secrets }),
    athena.service,
    kmsService({ keys, account, callerOf: asks }),
    stsService({ partition, account, callerOf: asks, sessions }),
    iamService({ roles, callerOf: asks, clock }),
    cloudFormationService({ stack: () => stack }),
  ];
  const edge = await startEdge({
    services,
    control: controlApi(() => controlled),
    clock,
    otherTimes: () => clock.timesEverTold(),
    faults,
    credentials: principals.secrets,
    sessionOf,
    admit: admitOwn({ callerOf: asks, needsOf: recording.needsOf, account }),
    onCall: recording.onCall,
    allowedHosts: options.allowedHosts,
    port: options.edgePort,
  }).catch(portProblem('--edge-port', options.edgePort));
  closing.add(() => edge.close());

  const resolved = resolveTemplate(loaded.template, {
    region,
    account,
    partition,
    stackName: loaded.stackName,
    endpoint: edge.url,
  });
  const deployment = withExisting(readDeployment(resolved), loaded.config);
  // Before streams are made: one may go on with what an earlier process left.
  recording.deployed(deployment, resolved, loaded.config);
  roles.deploy(deployedIdentities(resolved, account));
  await provision(deployment, { store, catalog, queues, secrets, keys, athena, bus, firehose });
  stack = deployedStack(resolved, { name: loaded.stackName, ...localAccount, createdMs: clock.now() });
  if (options.bufferSeconds !== undefined) firehose.overrideBuffering({ seconds: options.bufferSeconds });

  const functions = startFunctions({
    functions: deployment.functions,
    codeDirectory: loaded.directory,
    logDirectory: folders.logs,
    edgeUrl: edge.url,
    allowAnyKey: options.checkKeys !== true,
    credentialsOf: (role) => recording.principals.issue(role),
    clock,
  });
  closing.add(() => functions.close());
  const triggers = startTriggers(deployment, { queues, functions, clock });
  closing.add(() => triggers.close());

  // What redrive puts on a stream, overflow or rows of quarantine, is in another buffer then.
  async function flush(): Promise<FlushReport> {
    const delivered: PendingDelivery[] = [];
    let unregistered = 0;
    for (let round = 0; round < FLUSH_ROUNDS; round += 1) {
      const pending = firehose.pending();
      if (round > 0 && pending.length === 0) break;
      delivered.push(...pending);
      await firehose.flush();
      unregistered = await triggers.drain();
    }
    return { delivered: sumByStream(delivered), unregistered };
  }
  closing.add(() => flush());

  const { httpApi } = deployment;
  if (httpApi === undefined) throw new Error('the template has no HTTP API');
  const gateway = await startGateway({
    api: httpApi,
    accountId: account,
    invoke: (name, payload) => functions.invoke(name, payload),
    clock,
    faults,
    allowedHosts: options.allowedHosts,
    port: options.port,
  }).catch(portProblem('--port', options.port));
  closing.add(() => gateway.close());
  // First of all at the end: what was broken on purpose must not keep what is buffered from being delivered.
  closing.add(() => faults.clear());
  await functions.warm();

  const addresses = {
    collector: gateway.url,
    edge: edge.url,
    data: folders.root,
    bucket: loaded.config.bucket,
    database: loaded.config.database,
  };
  const status = (): CloudStatus => ({
    ...addresses,
    pid: process.pid,
    pending: firehose.pending(),
    queues: queues.all().map((queue) => ({ name: queue.name, messages: queue.pending() })),
    queries: athena.pending(),
  });
  const targets = faultTargets(deployment, { catalog, queues, secrets, athena });
  controlled = { status, flush, clock, faults, services, targets, recording };
  return { ...addresses, status, flush, close: () => closing.run() };
}

function sumByStream(deliveries: readonly PendingDelivery[]): PendingDelivery[] {
  const sums = new Map<string, PendingDelivery>();
  for (const { stream, documents, bytes } of deliveries) {
    const before = sums.get(stream) ?? { documents: 0, bytes: 0 };
    sums.set(stream, { stream, documents: before.documents + documents, bytes: before.bytes + bytes });
  }
  return [...sums.values()];
}
