import type { IncomingMessage, ServerResponse } from 'node:http';
import { CONFIGURATION_OUTPUT, statedConfiguration } from '../../../infra/template/deployedConfiguration.ts';
import { configFile, loadConfig } from '../../../lib/config/loadConfig.ts';
import type { Config } from '../../../lib/schema/config.ts';
import { LOCAL_STAGE } from '../../../lib/schema/stages.ts';
import { loadTemplate } from '../../../local/loadTemplate.ts';
import { projectRoot } from '../../../local/roots.ts';
import { openDeployment } from '../../../observe/deployment.ts';
import { openClients } from '../../../observe/doctor/clients.ts';
import { type Look, settled } from '../../../observe/doctor/Look.ts';
import { readSetup } from '../../../observe/doctor/Setup.ts';
import { type Finding, isFinding } from '../../../observe/findings/catalogue.ts';
import {
  cloudFormationService,
  type DeployedStack,
  describeStack,
} from '../../../packages/local-aws/src/cloudformation/index.ts';
import { startEdge } from '../../../packages/local-aws/src/edge/index.ts';
import type { AwsService } from '../../../packages/local-aws/src/protocol/index.ts';
import { provision } from '../../../packages/local-aws/src/server/provision.ts';
import { resolveTemplate } from '../../../packages/local-aws/src/template/index.ts';
import { openParts, type StackNow } from '../../../packages/local-aws/src/testing/openParts.ts';
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
  const opened = new AsyncDisposableStack();
  const directory = temporaryDirectory();
  opened.defer(() => directory.remove());
  const loaded = await loadTemplate({ root: projectRoot });
  let stack: DeployedStack | undefined;
  let stated = statedConfiguration(loaded.config);
  const described = () =>
    stack === undefined
      ? undefined
      : { ...stack, outputs: { ...stack.outputs, [CONFIGURATION_OUTPUT]: stated } };
  let made: ReturnType<StackNow>;
  const parts = await openParts(opened, directory.path, () => made);
  const { clock, faults, place } = parts;
  // Of IAM there is what a suite brings.
  const own = parts.services.filter(({ signingName }) => signingName !== 'iam');
  const edge = await startEdge({
    services: [...more, cloudFormationService({ stack: described }), ...own],
    clock,
    faults,
    controlPath: '/_sluice',
    control: answerControl,
  });
  opened.defer(() => edge.close());
  const identity = { ...place, stackName: loaded.stackName, endpoint: edge.url };
  const resolved = resolveTemplate(loaded.template, identity);
  await provision(resolved, parts);
  made = { ...resolved, name: loaded.stackName, createdMs: clock.now() };
  const deployed = describeStack(made, place);
  stack = deployed;
  const environment = { AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null' };
  const doctor = (args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) =>
    callMain(['doctor', '--local', '--endpoint-url', edge.url, ...args], {
      env: { ...environment, ...env },
    });
  const options = {
    endpoint: edge.url,
    region: place.region,
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
      const asked = { service: 'sluice', stage };
      const aws = { ...options, ...(region === undefined ? {} : { region }) };
      const deployment = openDeployment({ config, stack: asked, isLocal, now: clock.now() }, aws);
      const clients = openClients(aws);
      try {
        const setup = await readSetup(deployment, clients, ownRole);
        return isFinding(setup) ? [setup] : await settled([[`the check ${name}`, find(setup)]]);
      } finally {
        deployment.close();
        for (const client of Object.values(clients)) client.destroy();
      }
    },
    close: () => opened.disposeAsync(),
  };
}

/** The answers of the control API of a cloud that is well, by its path. */
const CONTROL_ANSWERS: ReadonlyMap<string, object> = new Map([
  ['/_sluice/status', { collector: 'http://127.0.0.1:1', startedAt: new Date().toISOString(), pending: [] }],
  ['/_sluice/faults', { faults: [] }],
]);

/** Answers what the control API of the local cloud answers. */
async function answerControl({ url = '' }: IncomingMessage, response: ServerResponse): Promise<boolean> {
  const answer = CONTROL_ANSWERS.get(url);
  if (answer !== undefined) response.end(JSON.stringify(answer));
  return answer !== undefined;
}
