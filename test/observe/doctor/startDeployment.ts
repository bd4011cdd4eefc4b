import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { CONFIGURATION_OUTPUT, statedConfiguration } from '../../../infra/template/deployedConfiguration.ts';
import { configFile, loadConfig } from '../../../lib/config/loadConfig.ts';
import type { Config } from '../../../lib/schema/config.ts';
import { LOCAL_STAGE } from '../../../lib/schema/stages.ts';
import { loadTemplate } from '../../../local/loadTemplate.ts';
import { localAccount } from '../../../local/localAccount.ts';
import { projectRoot } from '../../../local/roots.ts';
import { openDeployment } from '../../../observe/deployment.ts';
import { type Look, settled } from '../../../observe/doctor/Look.ts';
import { openClients, readSetup } from '../../../observe/doctor/Setup.ts';
import { type Finding, isFinding } from '../../../observe/findings/catalogue.ts';
import { openAthena, openStatementRunner } from '../../../packages/local-aws/src/athena/index.ts';
import { realClock } from '../../../packages/local-aws/src/base/index.ts';
import {
  cloudFormationService,
  type DeployedStack,
  describeStack,
} from '../../../packages/local-aws/src/cloudformation/index.ts';
import { cloudWatchService, MetricStore } from '../../../packages/local-aws/src/cloudwatch/index.ts';
import { dataFolders } from '../../../packages/local-aws/src/disk/dataDirectory.ts';
import { startEdge } from '../../../packages/local-aws/src/edge/index.ts';
import { openEventBus } from '../../../packages/local-aws/src/events/index.ts';
import { Faults } from '../../../packages/local-aws/src/faults/index.ts';
import { openFirehose } from '../../../packages/local-aws/src/firehose/index.ts';
import { Catalog, glueService } from '../../../packages/local-aws/src/glue/index.ts';
import { Keys, kmsService } from '../../../packages/local-aws/src/kms/index.ts';
import { FunctionLogs, logsService } from '../../../packages/local-aws/src/logs/index.ts';
import type { AwsService } from '../../../packages/local-aws/src/protocol/index.ts';
import { ObjectStore, s3Service } from '../../../packages/local-aws/src/s3/index.ts';
import { Secrets, secretsManagerService } from '../../../packages/local-aws/src/secretsmanager/index.ts';
import { objectSink, provision } from '../../../packages/local-aws/src/server/provision.ts';
import { Queues, sqsService } from '../../../packages/local-aws/src/sqs/index.ts';
import { stsService } from '../../../packages/local-aws/src/sts/index.ts';
import { resolveTemplate } from '../../../packages/local-aws/src/template/index.ts';
import { callMain } from '../../harness/callMain.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';

/** Output of `sluice doctor --json`. */
export interface DoctorReport {
  readonly version: string;
  readonly stack: string;
  readonly problems: number;
  readonly checks: readonly {
    readonly check: string;
    readonly verdict: string;
    readonly findings: readonly {
      readonly code: string;
      readonly severity: string;
      readonly detail: string;
      readonly cure: string;
      readonly commands: readonly string[];
    }[];
  }[];
}

/** Of which deployment a look is asked. */
interface Asked {
  /** Default: the local cloud's. */
  readonly stage?: string;
  /** Default: the local cloud's. */
  readonly region?: string;
  /** Default true. */
  readonly isLocal?: boolean;
  /** `iam.deploymentRole` of serverless.yml. Default none. */
  readonly ownRole?: string | undefined;
}

/**
 * Starts a local deployment without functions and gateway, so that tests can break it: the template's resources, behind an
 * edge on a free port.
 *
 * @param more Services besides the local cloud's, or in place of one.
 */
export async function startDeployment(more: readonly AwsService[] = []) {
  const directory = temporaryDirectory();
  const faults = new Faults();
  const loaded = await loadTemplate({
    root: projectRoot,
  });
  const parts = await openParts(directory.path, faults);
  let stack: DeployedStack | undefined;
  let stated = statedConfiguration(loaded.config);
  const described = () =>
    stack === undefined
      ? undefined
      : { ...stack, outputs: { ...stack.outputs, [CONFIGURATION_OUTPUT]: stated } };
  const edge = await startEdge({
    services: [...more, ...servicesOf(parts, join(directory.path, 'logs'), described)],
    clock: realClock,
    faults,
    controlPath: '/_sluice',
    control: answerControl,
  });
  const identity = { ...ACCOUNT, stackName: loaded.stackName, endpoint: edge.url };
  const resolved = resolveTemplate(loaded.template, identity);
  await provision(resolved, parts);
  const made = { ...resolved, name: loaded.stackName, createdMs: realClock.now() };
  const deployed = describeStack(made, ACCOUNT);
  stack = deployed;
  const environment = { AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null' };
  const doctor = (args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) =>
    callMain(['doctor', '--local', '--endpoint-url', edge.url, ...args], {
      env: { ...environment, ...env },
    });
  const options = {
    endpoint: edge.url,
    region: ACCOUNT.region,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  };
  return {
    options,
    faults,
    bucket: loaded.config.bucket,
    /** CloudFormation's description of the stack. */
    stack: deployed as DeployedStack,
    /** Changes what CloudFormation describes. */
    describe(changed: DeployedStack) {
      stack = changed;
    },
    /** Runs `sluice doctor`. */
    doctor,
    /** The same with --json, where the stack states the configuration of `env`: the exit code, and findings by `<check> <code>`. */
    async diagnose(env: Readonly<Record<string, string>> = {}) {
      stated = statedConfiguration(await loadConfig(configFile(projectRoot, env), LOCAL_STAGE));
      const { code, stdout, stderr } = await doctor(['--json'], env);
      if (stderr !== '') throw new Error(stderr);
      const report: DoctorReport = JSON.parse(stdout);
      const findings = report.checks.flatMap(({ check, findings: found }) =>
        found.map((finding) => [`${check} ${finding.code}`, finding] as const),
      );
      return { code, report, found: new Map(findings) };
    },
    /** What one look of the doctor finds in a stage of this configuration, which its stack states. */
    async look({ name, find }: Look, config: Config, about: Asked = {}): Promise<readonly Finding[]> {
      stated = statedConfiguration(config);
      const { stage = LOCAL_STAGE, region, isLocal = true, ownRole } = about;
      const stack = { service: 'sluice', stage };
      const aws = { ...options, ...(region === undefined ? {} : { region }) };
      const deployment = openDeployment({ config, stack, isLocal, now: realClock.now() }, aws);
      const clients = openClients(aws);
      try {
        const setup = await readSetup(deployment, clients, ownRole);
        return isFinding(setup) ? [setup] : await settled([[`the check ${name}`, find(setup)]]);
      } finally {
        deployment.close();
        for (const client of Object.values(clients)) client.destroy();
      }
    },
    async close() {
      await edge.close();
      await parts.firehose.close();
      await parts.athena.close();
      parts.queues.close();
      parts.metrics.close();
      parts.store.close();
      directory.remove();
    },
  };
}

const ACCOUNT = {
  region: localAccount.region,
  account: localAccount.id,
  partition: localAccount.partition,
} as const;

/** What the local cloud consists of, without functions and gateway. */
type Parts = Awaited<ReturnType<typeof openParts>>;

async function openParts(directory: string, faults: Faults) {
  const folders = dataFolders(directory);
  const { region, account } = ACCOUNT;
  const clock = realClock;
  const store = ObjectStore.open({ directory: folders.s3, clock });
  const catalog = Catalog.open({ directory: folders.glue, clock });
  const keys = new Keys({ clock, ...ACCOUNT });
  const openRunner: Parameters<typeof openAthena>[0]['openRunner'] = (prepared) =>
    openStatementRunner({ catalog, store, prepared, clock, directory: join(folders.athena, 'scratch') });
  return {
    store,
    catalog,
    keys,
    queues: Queues.open({ directory: folders.sqs, clock, region, account }),
    secrets: Secrets.open({ directory: folders.secrets, clock, ...ACCOUNT }),
    metrics: MetricStore.open({ directory: folders.cloudwatch, clock }),
    bus: openEventBus({ region, account, deliver: () => undefined }),
    firehose: await openFirehose({
      directory: folders.firehose,
      clock,
      sink: objectSink(store, keys),
      account,
      faults,
    }),
    athena: await openAthena({
      directory: folders.athena,
      clock,
      catalog,
      store,
      account,
      faults,
      openRunner,
    }),
    faults,
  };
}

/** @param stack What CloudFormation answers at each call. */
function servicesOf(
  { store, catalog, queues, secrets, metrics, keys, firehose, athena, faults }: Parts,
  logsDirectory: string,
  stack: () => DeployedStack | undefined,
): readonly AwsService[] {
  const { account } = ACCOUNT;
  const clock = realClock;
  return [
    s3Service({ store }),
    glueService({ catalog, clock, account, faults }),
    sqsService({ queues, clock, account }),
    secretsManagerService({ secrets }),
    cloudWatchService({ metrics, clock, beforeReading: () => undefined }),
    kmsService({ keys, account }),
    stsService({ account }),
    cloudFormationService({ stack }),
    logsService({
      logs: new FunctionLogs({ directory: logsDirectory, clock, metrics }),
      groups: () =>
        (stack()?.resources ?? []).flatMap(({ type, physicalId }) =>
          type === 'AWS::Logs::LogGroup' ? [physicalId] : [],
        ),
    }),
    firehose.service,
    athena.service,
  ];
}

/** The answers of the control API of a cloud that is well, by its path. */
const CONTROL_ANSWERS: ReadonlyMap<string, object> = new Map([
  ['/_sluice/status', { collector: 'http://127.0.0.1:1', startedAt: new Date().toISOString(), pending: [] }],
  ['/_sluice/faults', { faults: [] }],
]);

async function answerControl({ url = '' }: IncomingMessage, response: ServerResponse): Promise<boolean> {
  const answer = CONTROL_ANSWERS.get(url);
  if (answer !== undefined) response.end(JSON.stringify(answer));
  return answer !== undefined;
}
