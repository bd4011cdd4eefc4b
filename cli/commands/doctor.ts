import { VERSION } from '../../lib/base/version.ts';
import type { SetupOptions } from '../../observe/doctor/Setup.ts';
import { assertNoArguments, type Command, type CommandLine, targetOptions } from '../terminal/commandLine.ts';
import { writeJson, writeOut } from '../terminal/output.ts';

/** `sluice doctor`: whether a deployment is as expected, and how to repair what is not. */
export const doctor: Command = {
  name: 'doctor',
  summary:
    'Check a deployment: bucket, key, tables, streams, queues, sources, exports, readers; print how to repair it.',
  usage: 'sluice doctor [--local] [--stage NAME] [--before-deploy | --drift] [options]',
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
    json: { type: 'boolean', help: 'print one object' },
  },
  examples: [
    'sluice doctor --local',
    'sluice doctor --stage prod --region eu-west-1',
    'sluice doctor --before-deploy --stage prod',
    'sluice doctor --stage prod --drift --json',
  ],
  async run(line) {
    assertNoArguments(line.positionals);
    const [{ diagnose }, report] = await Promise.all([
      import('../../observe/doctor/diagnose.ts'),
      import('../observe/doctorText.ts'),
    ]);
    const beforeDeploy = line.values['before-deploy'] === true;
    const json = line.values['json'] === true;
    const options = await setupOptions(line);
    const stackName = `${options.stack.service}-${options.stack.stage}`;
    const depth = { beforeDeploy, drift: line.values['drift'] === true };
    if (!json) writeOut(`This is Sluice ${VERSION}.\n\n`);
    const diagnosis = await diagnose(options, depth, (looked) => {
      if (!json) writeOut(report.lookText(looked), 'report');
    });
    const { checks, identity, skipped } = diagnosis;
    const { region, account } = identity ?? {};
    const problems = checks.filter(({ verdict }) => verdict === 'problem').length;
    if (json) writeJson({ version: VERSION, stack: stackName, region, account, problems, checks, skipped });
    else {
      const where = identity === undefined ? '' : ` in ${region} of account ${account}`;
      const what = beforeDeploy ? `what ${stackName} will need` : stackName;
      writeOut(report.summaryText(diagnosis, `${what}${where}`), 'report');
    }
    return problems > 0 ? 3 : 0;
  },
};

async function setupOptions(line: CommandLine): Promise<SetupOptions> {
  const [{ namedTarget, readTargetOptions }, { configFile, loadComparedConfig }, { repositoryRoot }] =
    await Promise.all([
      import('../aws/target.ts'),
      import('../../lib/config/loadConfig.ts'),
      import('../../local/dataDirectory.ts'),
    ]);
  const named = namedTarget(readTargetOptions(line));
  const { stack, aws, isLocal } = named;
  // The local cloud has one region, whatever the configuration says: do not compare stages by it.
  const region = isLocal ? undefined : aws.region;
  return {
    ...named,
    loadConfig: () => loadComparedConfig(configFile(repositoryRoot, process.env), stack.stage, region),
  };
}
