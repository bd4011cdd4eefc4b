import { join } from 'node:path';
import { CONFIGURATION_OUTPUT, statedConfiguration } from '../../../infra/template/deployedConfiguration.ts';
import { configFile, loadConfig } from '../../../lib/config/loadConfig.ts';
import { LOCAL_STAGE } from '../../../lib/schema/stages.ts';
import { repositoryRoot } from '../../../local/dataDirectory.ts';
import { loadTemplate } from '../../../local/loadTemplate.ts';
import { localAccount } from '../../../local/localAccount.ts';
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

/**
 * Starts a local deployment without functions and gateway, so that tests can break it: the template's resources, behind an
 * edge on a free port.
 *
 * @param more Services besides the local cloud's, or in place of one.
 */
export async function startDeployment(more: readonly AwsService[] = []) {
  const directory = temporaryDirectory();
  const folders = dataFolders(directory.path);
  const { region, id: account, partition } = localAccount;
  const clock = realClock;
  const faults = new Faults();
  const loaded = await loadTemplate({
    root: repositoryRoot,
    cacheDirectory: join(repositoryRoot, '.sluice', 'template'),
  });
  const store = ObjectStore.open({ directory: folders.s3, clock });
  const catalog = Catalog.open({ directory: folders.glue, clock });
  const queues = Queues.open({ directory: folders.sqs, clock, region, account });
  const secrets = Secrets.open({ directory: folders.secrets, clock, partition, region, account });
  const metrics = MetricStore.open({ directory: folders.cloudwatch, clock });
  const keys = new Keys({ clock, partition, region, account });
  const bus = openEventBus({ region, account, deliver: () => undefined });
  const sink = objectSink(store, keys);
  const firehose = await openFirehose({
    directory: folders.firehose,
    clock,
    sink,
    account,
    faults,
  });
  const athena = await openAthena({
    directory: folders.athena,
    clock,
    catalog,
    store,
    account,
    faults,
    openRunner: (prepared) =>
      openStatementRunner({ catalog, store, prepared, clock, directory: join(folders.athena, 'scratch') }),
  });
  let stack: DeployedStack | undefined;
  let stated = statedConfiguration(loaded.config);
  const services = [
    ...more,
    s3Service({ store, clock }),
    glueService({ catalog, clock, account, faults }),
    sqsService({ queues, clock, account }),
    secretsManagerService({ secrets }),
    cloudWatchService({ metrics, clock, beforeReading: () => undefined }),
    kmsService({ keys, account }),
    stsService({ account }),
    cloudFormationService({
      stack: () =>
        stack === undefined
          ? undefined
          : { ...stack, outputs: { ...stack.outputs, [CONFIGURATION_OUTPUT]: stated } },
    }),
    logsService({
      logs: new FunctionLogs({ directory: join(directory.path, 'logs'), clock, metrics }),
      groups: () => (stack?.resources ?? []).map(({ physicalId }) => physicalId),
    }),
    firehose.service,
    athena.service,
  ];
  const control = new Map<string, object>([
    ['/_sluice/status', { collector: 'http://127.0.0.1:1', pending: [] }],
    ['/_sluice/faults', { faults: [] }],
  ]);
  const edge = await startEdge({
    services,
    clock,
    faults,
    controlPath: '/_sluice',
    async control({ url = '' }, response) {
      const answer = control.get(url);
      if (answer !== undefined) response.end(JSON.stringify(answer));
      return answer !== undefined;
    },
  });
  const identity = { region, account, partition, stackName: loaded.stackName, endpoint: edge.url };
  const resolved = resolveTemplate(loaded.template, identity);
  await provision(resolved, { store, catalog, queues, secrets, keys, athena, bus, firehose });
  const made = { ...resolved, name: loaded.stackName, createdMs: clock.now() };
  const deployed = describeStack(made, { region, account, partition });
  stack = deployed;
  const environment = { AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null' };
  const doctor = (args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) =>
    callMain(['doctor', '--local', '--endpoint-url', edge.url, ...args], {
      env: { ...environment, ...env },
    });
  return {
    options: {
      endpoint: edge.url,
      region,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
    },
    faults,
    bucket: loaded.config.bucket,
    /** CloudFormation's description of the stack. */
    stack: deployed as DeployedStack,
    /** Changes it. */
    tell(told: DeployedStack) {
      stack = told;
    },
    doctor,
    /** The same with --json, where the stack states the configuration of `env`: the exit code, and findings by `<check> <code>`. */
    async diagnose(env: Readonly<Record<string, string>> = {}) {
      stated = statedConfiguration(await loadConfig(configFile(repositoryRoot, env), LOCAL_STAGE));
      const { code, stdout, stderr } = await doctor(['--json'], env);
      if (stderr !== '') throw new Error(stderr);
      const report: DoctorReport = JSON.parse(stdout);
      const findings = report.checks.flatMap(({ check, findings: found }) =>
        found.map((finding) => [`${check} ${finding.code}`, finding] as const),
      );
      return { code, report, found: new Map(findings) };
    },
    async close() {
      await edge.close();
      await firehose.close();
      await athena.close();
      queues.close();
      metrics.close();
      store.close();
      directory.remove();
    },
  };
}
