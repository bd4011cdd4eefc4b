import type { ExperimentList } from '../../observe/experiments/checkExperiments.ts';
import { withDeployment } from '../aws/withDeployment.ts';
import { checkText } from '../observe/checkText.ts';
import {
  type Command,
  onlyArgument,
  PROBLEMS_FOUND,
  targetOptions,
  textOption,
} from '../terminal/commandLine.ts';
import { writeResult } from '../terminal/output.ts';

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
    const options = { experiment, unit: textOption(line, 'unit') };
    const { checkExperiments } = await import('../../observe/experiments/checkExperiments.ts');
    const list = await withDeployment(line, (deployment) => checkExperiments(deployment, options));
    writeResult<ExperimentList>(line, list, () => checkText(list));
    return list.experiments.some(({ verdict }) => verdict === 'mismatch') ? PROBLEMS_FOUND : 0;
  },
};
