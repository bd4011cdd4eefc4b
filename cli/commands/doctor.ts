import { assertNoArguments, type Command, type CommandLine, targetOptions } from '../terminal/commandLine.ts';
import { writeJson, writeOut } from '../terminal/output.ts';

/** `sluice doctor`: whether a deployment is as expected, and how to repair what is not. */
export const doctor: Command = {
  name: 'doctor',
  summary:
    'Check a deployment: bucket, key, tables, streams, queues, sources, exports, readers; print how to repair it.',
  usage: 'sluice doctor [--local] [--stage NAME] [--before-deploy] [options]',
  options: {
    ...targetOptions,
    'before-deploy': {
      type: 'boolean',
      help: 'check account and region before the first deployment: names, permissions, quotas',
    },
    json: { type: 'boolean', help: 'print one object' },
  },
  examples: [
    'sluice doctor --local',
    'sluice doctor --stage prod --region eu-west-1',
    'sluice doctor --before-deploy --stage prod',
    'sluice doctor --json',
  ],
  async run(line) {
    assertNoArguments(line.positionals);
    const [
      { openDoctorContext },
      { runChecks },
      { checks, checksBeforeDeploy },
      { reportChecks, verdictOf },
      report,
    ] = await Promise.all([
      import('../../observe/doctor/DoctorContext.ts'),
      import('../../observe/doctor/runChecks.ts'),
      import('../../observe/doctor/checks.ts'),
      import('../../observe/doctor/report.ts'),
      import('../observe/doctorText.ts'),
    ]);
    const before = line.values['before-deploy'] === true;
    const json = line.values['json'] === true;
    const context = openDoctorContext(await contextOptions(line));
    try {
      // Without valid credentials or configuration, a finding says so.
      const deployed = await context
        .identity()
        .then(() => context.deployedStack())
        .catch(() => undefined);
      if (!json) writeOut(report.versionText(context.stackName, deployed));
      const outcomes = await runChecks(before ? checksBeforeDeploy : checks, context, (outcome) => {
        if (!json && !report.isSkipped(outcome)) writeOut(report.outcomeText(outcome), 'report');
      });
      const problems = outcomes.filter((outcome) => verdictOf(outcome) === 'problem').length;
      const { region, account } = (await context.identity().catch(() => undefined)) ?? {};
      const { stackName } = context;
      if (json) {
        const checked = reportChecks(outcomes);
        writeJson({
          ...report.versionsJson(deployed),
          ...{ stack: stackName, region, account, problems, checks: checked },
        });
      } else {
        writeOut(report.skippedText(outcomes), 'report');
        const where = account === undefined ? '' : ` in ${region} of account ${account}`;
        const what = `${before ? 'what ' : ''}${stackName}${before ? ' will need' : ''}${where}`;
        writeOut(report.summaryText(outcomes, what), 'report');
      }
      return problems > 0 ? 3 : 0;
    } finally {
      context.close();
    }
  },
};

async function contextOptions(
  line: CommandLine,
): Promise<Parameters<typeof import('../../observe/doctor/DoctorContext.ts')['openDoctorContext']>[0]> {
  const [
    { namedTarget, readTargetOptions },
    { configFile, loadComparedConfig },
    { repositoryRoot },
    { systemClock },
  ] = await Promise.all([
    import('../aws/target.ts'),
    import('../../lib/config/loadConfig.ts'),
    import('../../local/dataDirectory.ts'),
    import('../../lib/base/time.ts'),
  ]);
  const named = namedTarget(readTargetOptions(line));
  const { stack, aws, isLocal } = named;
  // The local cloud has one region, whatever the configuration says: do not compare stages by it.
  const region = isLocal ? undefined : aws.region;
  return {
    ...named,
    loadConfig: () => loadComparedConfig(configFile(repositoryRoot, process.env), stack.stage, region),
    clock: systemClock,
  };
}
