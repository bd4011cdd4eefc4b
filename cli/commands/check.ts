import { visibleLine } from '../../lib/base/text.ts';
import { sluiceCommand } from '../../observe/commands.ts';
import type { ExperimentList } from '../../observe/experiments/checkExperiment.ts';
import type { JudgedExperiment } from '../../observe/experiments/judgeExperiment.ts';
import { commandOptions } from '../aws/target.ts';
import { withDeployment } from '../aws/withDeployment.ts';
import { checkText } from '../observe/checkText.ts';
import { counted, listText } from '../observe/words.ts';
import {
  assertOrder,
  type Command,
  type CommandLine,
  choiceOption,
  countOption,
  dayOption,
  targetOptions,
  textOption,
  UsageError,
} from '../terminal/commandLine.ts';
import { writeResult } from '../terminal/output.ts';

const KINDS = ['experiment', 'gate'] as const;

/** `sluice check`: units of an experiment by group, and whether they are split as expected; or all experiments. */
export const check: Command = {
  name: 'check',
  summary:
    'Check an experiment: units by group, the expected split, crossovers, held-out units, lag. Without a name: all.',
  usage: 'sluice check [<experiment>] [--local] [--stage NAME] [options]',
  options: {
    gate: { type: 'boolean', help: 'the gate of that name (default: the experiment, if both exist)' },
    unit: { type: 'string', help: 'unit ID, e.g. user_id (default: the one that most exposures have)' },
    from: { type: 'string', help: 'first day on which units were first exposed, YYYY-MM-DD (default: all)' },
    to: { type: 'string', help: 'last such day (default: today)' },
    environment: { type: 'string', help: 'environment of the exposures (default production)' },
    equal: { type: 'boolean', help: 'expect equal shares, whatever the configuration or the specs say' },
    days: { type: 'string', help: 'of all experiments: days that are read, the last one today (default 30)' },
    kind: {
      type: 'string',
      values: KINDS,
      help: 'of all experiments: only experiment, or only gate (default both)',
    },
    search: { type: 'string', help: 'of all experiments: only names that contain this' },
    ...targetOptions,
    json: { type: 'boolean', help: 'print one object' },
  },
  examples: [
    'sluice check --stage prod',
    'sluice check checkout_button --stage prod',
    'sluice check checkout_button --unit stable_id --from 2026-11-01 --stage prod',
    'sluice check homepage_hero --equal --local --json',
  ],
  async run(line) {
    const [experiment, ...more] = line.positionals;
    if (experiment === '' || more.length > 0)
      throw new UsageError('SLUICE_USAGE_ARGUMENTS', 'Expected the name of one experiment, or none for all.');
    assertOptions(line, experiment === undefined ? ONE_ONLY : LIST_ONLY, experiment);
    return experiment === undefined ? checkAll(line) : checkOne(line, experiment);
  },
};

/** Options that only a list takes, and those that only the check of one experiment takes. */
const LIST_ONLY = ['days', 'kind', 'search'];
const ONE_ONLY = ['gate', 'unit', 'from', 'to', 'equal'];

/** @throws UsageError for options that would have no effect. */
function assertOptions({ values }: CommandLine, refused: readonly string[], experiment?: string): void {
  const stray = refused.find((name) => values[name] !== undefined);
  if (stray === undefined) return;
  const why = experiment === undefined ? 'it needs the name of an experiment' : 'it is for a list of all';
  throw new UsageError('SLUICE_USAGE_OPTIONS', `--${stray}: ${why}.`);
}

async function checkOne(line: CommandLine, experiment: string): Promise<number> {
  const options = readOptions(line, experiment);
  const { checkExperiment } = await import('../../observe/experiments/checkExperiment.ts');
  const result = await withDeployment(line, (deployment) => checkExperiment(deployment, options));
  writeResult(line, result, () => checkText(result));
  return result.mismatch ? 3 : 0;
}

async function checkAll(line: CommandLine): Promise<number> {
  const options = readListOptions(line);
  const { listExperiments } = await import('../../observe/experiments/checkExperiment.ts');
  const list = await withDeployment(line, (deployment) => listExperiments(deployment, options));
  writeResult(line, list, () => experimentListText(list, commandOptions(line)));
  return list.experiments.some(({ verdict }) => verdict === 'mismatch') ? 3 : 0;
}

function readListOptions(line: CommandLine) {
  return {
    days: countOption(line, 'days', { usual: undefined, most: 400 }),
    search: textOption(line, 'search'),
    environment: textOption(line, 'environment') || undefined,
    kind: choiceOption(line, 'kind', KINDS),
  };
}

function readOptions(line: CommandLine, experiment: string) {
  const from = dayOption(line, 'from');
  const to = dayOption(line, 'to');
  if (from !== undefined && to !== undefined) assertOrder(from, to);
  return {
    experiment,
    isEqual: line.values['equal'] === true,
    isGate: line.values['gate'] === true || undefined,
    unit: textOption(line, 'unit'),
    from,
    to,
    environment: textOption(line, 'environment') || undefined,
  };
}

/** Groups that a line shows. */
const GROUPS_SHOWN = 4;

/** A list of experiments for people. */
function experimentListText(list: ExperimentList, target: readonly string[]): string {
  const { experiments, total, environment, from, to, without_exposures: without } = list;
  return listText(list, {
    title: `${counted(total, 'experiment or gate', 'experiments and gates')} with exposures in ${visibleLine(environment)}, ${from} to ${to}`,
    rows: experiments.map(row),
    notes: [
      ...experiments
        .filter(({ verdict }) => verdict === 'mismatch')
        .map(({ experiment, kind }) => {
          const words = ['check', experiment, ...(kind === 'gate' ? ['--gate'] : [])];
          return `MISMATCH of ${visibleLine(experiment)}. Look closer: ${visibleLine(sluiceCommand(target, words))}`;
        }),
      ...(without.length > 0
        ? [`Configured, but without exposures: ${without.map(visibleLine).join(', ')}.`]
        : []),
    ],
  });
}

function row(one: JudgedExperiment) {
  return {
    experiment: one.experiment,
    kind: one.layer === null ? one.kind : `experiment of ${one.layer}`,
    split: SPLITS[one.verdict],
    p: one.p_value === null ? null : Number(one.p_value.toPrecision(2)),
    units: one.units,
    by: one.unit,
    groups: groupsCell(one),
    exposures: one.exposures,
    first: one.first_seen?.slice(0, 10) ?? '',
    last: one.last_seen?.replace(/:\d\d\.\d+Z$/, 'Z') ?? '',
  };
}

const SPLITS = {
  as_expected: 'as expected',
  suspicious: 'suspicious',
  mismatch: 'MISMATCH',
  not_tested: 'not tested',
} as const;

/** `Control 2400, Test 2210`. */
function groupsCell({ groups }: JudgedExperiment): string {
  const shown = groups
    .slice(0, GROUPS_SHOWN)
    .map(({ group_id, group_name, units }) => `${group_name ?? group_id} ${units}`);
  const rest = groups.length - shown.length;
  return [...shown, ...(rest > 0 ? [`${rest} more`] : [])].join(', ');
}
