import { utcDay } from '../../lib/base/time.ts';
import { assertNoArguments, type Command, dayOption, targetOptions } from '../terminal/commandLine.ts';
import { writeResult } from '../terminal/output.ts';

/** `sluice reconcile`: whether everything that was accepted is in the tables. */
export const reconcile: Command = {
  name: 'reconcile',
  summary: 'Compare what the collector accepted with the rows that are queryable.',
  usage: 'sluice reconcile [--day DAY] [--local] [--stage NAME] [options]',
  options: {
    day: { type: 'string', help: 'UTC day of receipt, YYYY-MM-DD (default: today)' },
    ...targetOptions,
    json: { type: 'boolean', help: 'print one object' },
  },
  examples: [
    'sluice reconcile --stage prod',
    'sluice reconcile --stage prod --day 2026-11-20',
    'sluice reconcile --local --json',
  ],
  async run(line) {
    assertNoArguments(line.positionals);
    const day = dayOption(line, 'day');
    const [{ withDeployment }, observe, { reconcileJson, reconcileText }] = await Promise.all([
      import('../aws/withDeployment.ts'),
      import('../../observe/reconcile/reconcile.ts'),
      import('../observe/reconcileText.ts'),
    ]);
    return withDeployment(line, async (deployment) => {
      const result = await observe.reconcile(deployment, day ?? utcDay(deployment.now));
      writeResult(line, reconcileJson(result), () => reconcileText(result, deployment));
      return result.closes ? 0 : 3;
    });
  },
};
