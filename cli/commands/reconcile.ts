import { readFile } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import { utcDay } from '../../lib/base/time.ts';
import {
  assertNoArguments,
  type Command,
  type CommandLine,
  dayOption,
  targetOptions,
  textOption,
  UsageError,
} from '../terminal/commandLine.ts';
import { writeResult } from '../terminal/output.ts';

/** `sluice reconcile`: whether everything that was accepted is in the tables; or whether Statsig counts the same. */
export const reconcile: Command = {
  name: 'reconcile',
  summary:
    'Compare what the collector accepted with the rows that are queryable, or your counts with Statsig’s.',
  usage: 'sluice reconcile [--day DAY | --against FILE] [--local] [--stage NAME] [options]',
  options: {
    day: { type: 'string', help: 'UTC day of receipt, YYYY-MM-DD (default: today)' },
    against: {
      type: 'string',
      help: 'CSV of counts by Statsig, or - for stdin: day, name, count, and if wanted kind (event, experiment, gate)',
    },
    tolerance: {
      type: 'string',
      help: 'with --against: percent by which counts may differ (default 1)',
    },
    unit: {
      type: 'string',
      help: 'with --against: unit ID of experiments and gates (default user_id)',
    },
    ...targetOptions,
    json: { type: 'boolean', help: 'print one object' },
  },
  examples: [
    'sluice reconcile --stage prod',
    'sluice reconcile --stage prod --day 2026-11-20',
    'sluice reconcile --stage prod --against statsig-counts.csv',
    'sluice reconcile --local --json',
  ],
  async run(line) {
    assertNoArguments(line.positionals);
    const against = textOption(line, 'against');
    if (against !== undefined) return compareWith(line, against);
    const stray = ['tolerance', 'unit'].find((name) => line.values[name] !== undefined);
    if (stray !== undefined) throw new UsageError('SLUICE_USAGE_OPTIONS', `--${stray}: only with --against.`);
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

async function compareWith(line: CommandLine, path: string): Promise<number> {
  if (line.values['day'] !== undefined)
    throw new UsageError('SLUICE_USAGE_OPTIONS', '--day: not with --against, whose list has its own days.');
  const tolerance = toleranceOption(line);
  const unit = textOption(line, 'unit');
  const [
    { withDeployment },
    { compareCounts },
    { CountsError, readCounts },
    { compareJson, compareText },
    units,
  ] = await Promise.all([
    import('../aws/withDeployment.ts'),
    import('../../observe/reconcile/compareCounts.ts'),
    import('../../observe/reconcile/statsigCounts.ts'),
    import('../observe/compareCountsText.ts'),
    import('../../lib/views/unitTypes.ts'),
  ]);
  const text = await (path === '-' ? textOf(process.stdin) : readFile(path, 'utf8')).catch(
    (error: unknown) => {
      throw new CountsError('SLUICE_COUNTS_NOT_READ', path, { cause: error });
    },
  );
  const counts = readCounts(text);
  return withDeployment(line, async (deployment) => {
    const known = units.unitColumnNames(deployment.config);
    if (unit !== undefined && !known.includes(unit))
      throw new UsageError('SLUICE_USAGE_OPTIONS', `--unit: got ${unit}, expected ${known.join(' or ')}.`);
    const result = await compareCounts(deployment, counts, { tolerance, unit });
    writeResult(line, compareJson(result), () => compareText(result, deployment));
    return result.agrees ? 0 : 3;
  });
}

function toleranceOption(line: CommandLine): number | undefined {
  const text = textOption(line, 'tolerance');
  if (text === undefined) return undefined;
  const tolerance = /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
  if (tolerance >= 0 && tolerance < 100) return tolerance;
  throw new UsageError('SLUICE_USAGE_OPTIONS', `--tolerance: got ${text}, expected percent from 0 to 100.`);
}
