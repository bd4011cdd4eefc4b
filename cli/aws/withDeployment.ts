import { SluiceError } from '../../lib/base/errors.ts';
import { type Deployment, openDeployment } from '../../observe/deployment.ts';
import { AwsAccessError, explainAwsError } from '../../observe/explainAwsError.ts';
import { readClock } from '../../observe/target.ts';
import type { CommandLine } from '../terminal/commandLine.ts';
import { configuredTarget } from './target.ts';

/**
 * Opens the deployment of a command line, and closes it after the work.
 *
 * @throws AwsAccessError; ConfigError; what `work` throws.
 */
export async function withDeployment<Result>(
  line: CommandLine,
  work: (deployment: Deployment) => Promise<Result>,
): Promise<Result> {
  const target = await configuredTarget(line);
  const deployment = openDeployment({ ...target, now: await readClock(target) }, target.aws);
  try {
    return await work(deployment);
  } catch (error) {
    const problem =
      explainAwsError(error) ?? (error instanceof Error ? explainAwsError(error.cause) : undefined);
    if (problem?.kind === 'unasked') throw problem.error;
    // An error with a code of its own explains itself better.
    if (problem === undefined || error instanceof SluiceError) throw error;
    throw new AwsAccessError('SLUICE_AWS_FAILED', problem.detail, { cause: error });
  } finally {
    deployment.close();
  }
}
