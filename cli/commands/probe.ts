import { randomBytes } from 'node:crypto';
import { ProbeError } from '../probe/Probe.ts';
import {
  always,
  assertNoArguments,
  type Command,
  targetOptions,
  textOption,
  UsageError,
} from '../terminal/commandLine.ts';
import { writeResult } from '../terminal/output.ts';
import { openProgress } from '../terminal/progress.ts';

/** The local cloud accepts any key of this form. */
const LOCAL_KEY = 'client-sluice-probe';

/** `sluice probe`: asks AWS what its documentation leaves open. */
export const probe: Command = {
  name: 'probe',
  summary:
    'Send marked events through a deployment, follow them to Athena, and report where AWS behaves differently.',
  usage: 'sluice probe [--local] [--stage NAME] [--key KEY] [options]',
  options: {
    ...targetOptions,
    key: { type: 'string', help: 'SDK key to send with (default: SLUICE_PROBE_KEY; locally any)' },
    url: { type: 'string', help: 'URL of the collector (default: `CollectorUrl` of the stack)' },
    json: { type: 'boolean', help: 'print one object' },
  },
  examples: [
    'sluice probe --local',
    'SLUICE_PROBE_KEY=client-… sluice probe --stage prod',
    'sluice probe --stage trial --json',
  ],
  changes: always,
  async run(line) {
    assertNoArguments(line.positionals);
    const url = textOption(line, 'url') || undefined;
    if (url !== undefined && !URL.canParse(url))
      throw new UsageError('SLUICE_USAGE_OPTIONS', `--url: got ${url}, expected https://….`);
    const [{ commandOptions }, { withDeployment }, { findCollector }, { runProbe }, report] =
      await Promise.all([
        import('../aws/target.ts'),
        import('../aws/withDeployment.ts'),
        import('../probe/findCollector.ts'),
        import('../probe/runProbe.ts'),
        import('../probe/reportText.ts'),
      ]);
    return withDeployment(line, async (deployment) => {
      const given = textOption(line, 'key') || process.env['SLUICE_PROBE_KEY'];
      const key = given || (deployment.isLocal ? LOCAL_KEY : undefined);
      if (key === undefined) throw new ProbeError('SLUICE_PROBE_NO_KEY');
      const collector = url ?? (await findCollector(deployment));
      const run = { id: randomBytes(4).toString('hex'), collector, key, time: deployment.now };
      const progress = openProgress(line);
      const answered = await runProbe(deployment, run, (step) => progress.show(step)).finally(() =>
        progress.end(),
      );
      const where = commandOptions(line);
      writeResult(line, report.reportJson(answered, where), () => report.reportText(answered, where));
      return answered.answers.some(({ verdict }) => verdict === 'otherwise') ? 3 : 0;
    });
  },
};
