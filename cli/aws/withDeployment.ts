import { type Deployment, ObserveError, openDeployment } from '../../observe/deployment.ts';
import { AwsAccessError, explainAwsError } from '../../observe/explainAwsError.ts';
import { readClock } from '../../observe/target.ts';
import type { CommandLine } from '../terminal/commandLine.ts';
import { configuredTarget } from './target.ts';

/**
 * Opens the deployment of a command line, and closes it after the work.
 *
 * @param refused Makes the command's own error of one that AWS returned. Default AwsAccessError SLUICE_AWS_FAILED.
 * @throws AwsAccessError; ConfigError; what `work` throws, and `refused` makes.
 */
export async function withDeployment<Result>(
  line: CommandLine,
  work: (deployment: Deployment) => Promise<Result>,
  refused: (detail: string, error: unknown) => Error = (detail, error) =>
    new AwsAccessError('SLUICE_AWS_FAILED', detail, { cause: error }),
): Promise<Result> {
  const target = await configuredTarget(line);
  const deployment = openDeployment({ ...target, now: await readClock(target) }, target.aws);
  try {
    return await work(deployment);
  } catch (error) {
    const problem =
      explainAwsError(error) ?? (error instanceof Error ? explainAwsError(error.cause) : undefined);
    if (problem === undefined || error instanceof ObserveError) throw error;
    throw problem.kind === 'unasked' ? problem.error : refused(problem.detail, error);
  } finally {
    deployment.close();
  }
}
