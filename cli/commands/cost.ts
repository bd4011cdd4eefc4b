import { readFile } from 'node:fs/promises';
import type { Cost } from '../../observe/cost/cost.ts';
import { configuredTarget } from '../aws/target.ts';
import { withDeployment } from '../aws/withDeployment.ts';
import { count, counted } from '../observe/words.ts';
import {
  assertNoArguments,
  type Command,
  type CommandLine,
  countOption,
  targetOptions,
  textOption,
  UsageError,
} from '../terminal/commandLine.ts';
import { textTable, writeResult } from '../terminal/output.ts';

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
    writeResult(line, result, () => costText(result));
    return 0;
  },
};

async function ofSample(line: CommandLine, path: string, events: number | undefined): Promise<Cost> {
  const { costOfSample } = await import('../../observe/cost/cost.ts');
  const { config, stack } = await configuredTarget(line);
  return costOfSample(await readFile(path), { config, ...stack }, events);
}

async function ofStage(line: CommandLine, events: number | undefined, days: number): Promise<Cost> {
  const { costOfStage } = await import('../../observe/cost/cost.ts');
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

/** A cost for people. */
function costText(cost: Cost): string {
  const { parts, usage, usd_per_month: month, source, not_included: missing } = cost;
  const millions = usage.events / 1_000_000;
  const row = (part: string, usd: number) => ({
    part,
    'USD a month': dollars(usd),
    'USD a million events': millions === 0 ? '' : dollars(usd / millions),
    share: month === 0 ? '' : `${Math.round((usd / month) * 100)} %`,
  });
  const basis =
    source.kind === 'stage'
      ? `by the metrics of ${source.stack} from ${source.since} to ${source.until}`
      : `as in the sample: ${counted(source.events, 'event')} in ${counted(source.requests, 'request')}`;
  return [
    `${count(Math.round(usage.events))} events a month in ${count(Math.round(usage.requests))} requests, ${basis}.\n`,
    textTable([...Object.entries(parts).map(([part, usd]) => row(part, usd)), row('total', month)]),
    `Not included (docs/cost.md):\n${missing.map((text) => `  ${text}\n`).join('')}`,
    'List prices of us-east-1, first tier, without the free tier.\n',
  ].join('\n');
}

/** With cents, or two significant digits below one. */
function dollars(usd: number): number {
  return usd >= 1 ? Math.round(usd * 100) / 100 : Number(usd.toPrecision(2));
}
