import { explainingAws } from '../aws/withDeployment.ts';
import { type CommandLine, PROBLEMS_FOUND, UsageError } from '../terminal/commandLine.ts';
import { writeResult } from '../terminal/output.ts';
import { openProgress } from '../terminal/progress.ts';
import { forget, openTrial, trialOf } from './openTrial.ts';
import { endDeployment, type Removal, removeTrial } from './removeTrial.ts';
import { removalText } from './trialReport.ts';

/**
 * `--remove`: removes what an interrupted trial has left, and writes what it has done.
 *
 * @param region The region of the trial.
 * @param id The ID of the trial, as somebody entered it.
 * @returns The exit code: 3 if something is left, else 0.
 * @throws UsageError; TrialError; AwsAccessError; ConfigError.
 */
export async function removeLeftTrial(line: CommandLine, region: string, id: string): Promise<number> {
  if (!/^[0-9a-f]{8}$/.test(id))
    throw new UsageError('SLUICE_USAGE_OPTIONS', `--remove: got ${id}, expected the ID of a trial.`);
  // A stack is removed by its name, whatever its endpoint is.
  const trial = await trialOf(line, { region, endpoint: 'http-api' }, id);
  await endDeployment(trial);
  const deployment = openTrial(line, trial);
  const progress = openProgress(line);
  const removal = await explainingAws(() =>
    removeTrial(deployment, trial, (step) => progress.show(step)),
  ).finally(() => {
    progress.end();
    deployment.close();
  });
  writeResult<Removal>(line, removal, () => removalText(trial, removal));
  if (removal.left.length > 0) return PROBLEMS_FOUND;
  await forget(trial);
  return 0;
}
