import { counted, visibleLine } from '../../lib/base/text.ts';
import type { ExperimentList, JudgedExperiment } from '../../observe/experiments/checkExperiments.ts';
import { withDeployment } from '../aws/withDeployment.ts';
import { athenaRead, lines } from '../observe/words.ts';
import {
  type Command,
  onlyArgument,
  PROBLEMS_FOUND,
  targetOptions,
  textOption,
} from '../terminal/commandLine.ts';
import { textTable, writeResult } from '../terminal/output.ts';

/** `sluice check`: whether the units of experiments are split as expected. */
export const check: Command = {
  name: 'check',
  summary: 'Check whether the units of experiments are split as expected, one sample-ratio test a row.',
  takes: '[EXPERIMENT]',
  options: {
    unit: { type: 'string', help: 'unit ID, e.g. stable_id (default user_id)' },
    ...targetOptions,
  },
  examples: ['sluice check --stage prod', 'sluice check checkout_button --unit stable_id --stage prod'],
  async run(line) {
    const [experiment] = line.positionals;
    if (line.positionals.length > 0)
      onlyArgument(line.positionals, 'the name of one experiment, or none for all');
    const options = { experiment, unit: textOption(line, 'unit') || undefined };
    const { checkExperiments } = await import('../../observe/experiments/checkExperiments.ts');
    const list = await withDeployment(line, (deployment) => checkExperiments(deployment, options));
    writeResult<ExperimentList>(line, list, () => checkText(list));
    return list.experiments.some(({ verdict }) => verdict === 'mismatch') ? PROBLEMS_FOUND : 0;
  },
};

/** Checked experiments for people. */
export function checkText({ unit, experiments, scanned_bytes: bytes }: ExperimentList): string {
  const mismatches = experiments.filter(({ verdict }) => verdict === 'mismatch');
  return [
    `${counted(experiments.length, 'experiment')}, units by ${unit} in production\n`,
    ...(experiments.length === 0 ? [] : [textTable(experiments.map(row))]),
    lines([
      ...mismatches.map(
        ({ experiment }) =>
          `MISMATCH of ${visibleLine(experiment)}: find the cause before you use its results (docs/experiments.md).`,
      ),
      athenaRead(bytes),
    ]),
  ].join('\n');
}

/** The line of an experiment: its verdict, p-value and groups. */
function row({ experiment, since, verdict, p_value: p, units, groups, crossovers }: JudgedExperiment) {
  return {
    experiment: since === null ? experiment : `${experiment} since ${since}`,
    split: verdict.replaceAll('_', ' '),
    p: p === null ? null : Number(p.toPrecision(2)),
    units,
    'groups (expected)': groups
      .map(({ group_id, group_name, units: assigned, expected }) => {
        const wanted = expected === null ? '' : ` (${Math.round(expected)})`;
        return `${group_name ?? group_id} ${assigned}${wanted}`;
      })
      .join(', '),
    crossovers,
  };
}
