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
  const [{ withDeployment }, { checkExperiment }, { checkText }] = await Promise.all([
    import('../aws/withDeployment.ts'),
    import('../../observe/experiments/checkExperiment.ts'),
    import('../observe/checkText.ts'),
  ]);
  const result = await withDeployment(line, (deployment) => checkExperiment(deployment, options));
  writeResult(line, result, () => checkText(result));
  return result.verdict === 'mismatch' ? 3 : 0;
}

async function checkAll(line: CommandLine): Promise<number> {
  const options = readListOptions(line);
  const [{ withDeployment }, { commandOptions }, { listExperiments }, { experimentListText }] =
    await Promise.all([
      import('../aws/withDeployment.ts'),
      import('../aws/target.ts'),
      import('../../observe/experiments/listExperiments.ts'),
      import('../observe/experimentListText.ts'),
    ]);
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
