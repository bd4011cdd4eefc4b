import { readFile } from 'node:fs/promises';
import type { Cost } from '../../observe/cost/cost.ts';
import {
  assertNoArguments,
  type Command,
  type CommandLine,
  countOption,
  targetOptions,
  textOption,
  UsageError,
} from '../terminal/commandLine.ts';
import { writeResult } from '../terminal/output.ts';

/** `sluice cost`: USD a month by part, from a sample of bodies or from the metrics of a stage. */
export const cost: Command = {
  name: 'cost',
  summary: 'Calculate USD a month by part, from a sample of your bodies or the metrics of a stage.',
  usage: 'sluice cost [--sample FILE] [--events-per-month N] [--stage NAME] [options]',
  options: {
    sample: {
      type: 'string',
      help: 'file of bodies as SDKs send them, JSON or NDJSON; needs no deployment',
    },
    'events-per-month': {
      type: 'string',
      help: 'events, e.g. 5000000 or 5M (default: as the stage has; with --sample 100M)',
    },
    days: { type: 'string', help: 'days of metrics to read, at most 30 (default 7); not with --sample' },
    ...targetOptions,
    json: { type: 'boolean', help: 'print one object' },
  },
  examples: [
    'sluice cost --sample bodies.ndjson --events-per-month 50M',
    'sluice cost --stage prod',
    'sluice cost --stage prod --events-per-month 1000M --json',
  ],
  async run(line) {
    assertNoArguments(line.positionals);
    const events = eventsOption(line);
    const days = countOption(line, 'days', { usual: 7, most: 30 });
    const sample = textOption(line, 'sample');
    if (sample !== undefined && line.values['days'] !== undefined)
      throw new UsageError('SLUICE_USAGE_OPTIONS', '--days: not with --sample, which reads no metrics.');
    const result =
      sample === undefined ? await ofStage(line, events, days) : await ofSample(line, sample, events);
    const { costText } = await import('../observe/costText.ts');
    writeResult(line, result, () => costText(result));
    return 0;
  },
};

async function ofSample(line: CommandLine, path: string, events: number | undefined): Promise<Cost> {
  const [{ configuredTarget }, { costOfSample }] = await Promise.all([
    import('../aws/target.ts'),
    import('../../observe/cost/cost.ts'),
  ]);
  const { config, stack } = await configuredTarget(line);
  return costOfSample(await readFile(path), { config, ...stack }, events);
}

async function ofStage(line: CommandLine, events: number | undefined, days: number): Promise<Cost> {
  const [{ withDeployment }, { costOfStage }] = await Promise.all([
    import('../aws/withDeployment.ts'),
    import('../../observe/cost/cost.ts'),
  ]);
  return withDeployment(line, (deployment) => costOfStage(deployment, { days, events }));
}

const SUFFIXES: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, b: 1e9 };

function eventsOption(line: CommandLine): number | undefined {
  const text = textOption(line, 'events-per-month');
  if (text === undefined) return undefined;
  const [, digits = '', suffix = ''] = /^(\d{1,15}(?:\.\d+)?)([kMB]?)$/i.exec(text) ?? [];
  const events = digits === '' ? Number.NaN : Number(digits) * (SUFFIXES[suffix.toLowerCase()] ?? Number.NaN);
  if (events >= 1 && events <= 1e15) return events;
  throw new UsageError(
    'SLUICE_USAGE_OPTIONS',
    `--events-per-month: got ${text}, expected a number such as 5000000, 500k, 5M or 2B.`,
  );
}
