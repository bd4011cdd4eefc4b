import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VERSION } from '../../lib/base/version.ts';
import { projectRoot } from '../../local/roots.ts';
import type { Diagnosis } from '../../observe/doctor/diagnose.ts';
import { type Command, PROBLEMS_FOUND, targetOptions, UsageError } from '../terminal/commandLine.ts';
import { writeJson, writeOut } from '../terminal/output.ts';

/**
 * The role that CloudFormation takes by serverless.yml, as it is written there, perhaps with a variable.
 *
 * @returns Undefined without one, and without the file.
 * @throws Error of Node for a file that cannot be read.
 */
export async function readDeploymentRole(folder: string): Promise<string | undefined> {
  const file = join(folder, 'serverless.yml');
  const written = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return '';
  });
  const [, role] = /^[^#\n]*\bdeploymentRole:\s*['"]?((?:\$\{.*?\}|[^\s'"}])+)/m.exec(written) ?? [];
  return role;
}

/** What the doctor found. */
interface DoctorReport extends Omit<Diagnosis, 'identity'> {
  /** Version of Sluice. */
  readonly version: string;
  /** Name of the stack. */
  readonly stack: string;
  /** The region of AWS; absent if nothing could be looked at. */
  readonly region: string | undefined;
  /** The account of AWS; absent if nothing could be looked at. */
  readonly account: string | undefined;
  /** Number of checks with a problem. */
  readonly problems: number;
}

/** `sluice doctor`: whether a deployment is as expected, and how to repair what is not. */
export const doctor: Command = {
  name: 'doctor',
  summary:
    'Check a deployment: bucket, key, tables, streams, queues, sources, exports, readers; print how to repair it.',
  options: {
    ...targetOptions,
    'before-deploy': {
      type: 'boolean',
      help: 'check account and region before the first deployment: names, permissions, quotas',
    },
    drift: {
      type: 'boolean',
      help: 'also have CloudFormation look for what was changed by hand, which takes minutes',
    },
  },
  examples: ['sluice doctor --stage prod --region eu-west-1', 'sluice doctor --before-deploy --stage prod'],
  async run(line) {
    const beforeDeploy = line.values['before-deploy'] === true;
    const drift = line.values['drift'] === true;
    if (beforeDeploy && drift)
      throw new UsageError('SLUICE_USAGE_OPTIONS', '--before-deploy and --drift: expected one of them.');
    const [{ withDeployment }, { diagnose }, report] = await Promise.all([
      import('../aws/withDeployment.ts'),
      import('../../observe/doctor/diagnose.ts'),
      import('../observe/doctorText.ts'),
    ]);
    const json = line.values['json'] === true;
    return withDeployment(line, async (deployment) => {
      const stack = `${deployment.stack.service}-${deployment.stack.stage}`;
      const depth = { beforeDeploy, drift, deploymentRole: await readDeploymentRole(projectRoot) };
      if (!json) writeOut(`This is Sluice ${VERSION}.\n\n`);
      const diagnosis = await diagnose(deployment, depth, (looked) => {
        if (!json) writeOut(report.lookText(looked), 'report');
      });
      const { checks, identity, skipped } = diagnosis;
      const { region, account } = identity ?? {};
      const problems = checks.filter(({ verdict }) => verdict === 'problem').length;
      const where = identity === undefined ? '' : ` in ${region} of account ${account}`;
      const what = beforeDeploy ? `what ${stack} will need` : stack;
      if (json)
        writeJson<DoctorReport>({ version: VERSION, stack, region, account, problems, checks, skipped });
      else writeOut(report.summaryText(diagnosis, `${what}${where}`), 'report');
      return problems > 0 ? PROBLEMS_FOUND : 0;
    });
  },
};
