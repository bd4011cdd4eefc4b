import { SluiceError } from '../../lib/base/errors.ts';
import type { Deployment } from '../../observe/deployment.ts';
import type { CommandLine } from '../terminal/commandLine.ts';

/**
 * Opens the deployment of a command line, and closes it after the work. What this needs is imported then: help and mistakes
 * of usage need none of it.
 *
 * @throws AwsAccessError; ConfigError; what `work` throws.
 */
export async function withDeployment<Result>(
  line: CommandLine,
  work: (deployment: Deployment) => Promise<Result>,
): Promise<Result> {
  const [{ configuredTarget }, { openDeployment }, { readClock }, { machineNotes }] = await Promise.all([
    import('./target.ts'),
    import('../../observe/deployment.ts'),
    import('../../observe/target.ts'),
    import('./machineNotes.ts'),
  ]);
  const target = await configuredTarget(line);
  const deployment = openDeployment({ ...target, now: await readClock(target) }, target.aws);
  const noted = { ...deployment, notes: machineNotes(target) };
  return explainingAws(() => work(noted)).finally(() => deployment.close());
}

/** Does some work with AWS. @throws AwsAccessError for what an AWS client threw; other errors of the work. */
export async function explainingAws<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw await explainedByAws(error);
  }
}

/** The AwsAccessError for what an AWS client threw; any other error as it is. */
export async function explainedByAws(error: unknown): Promise<unknown> {
  const { AwsAccessError, explainAwsError } = await import('../../observe/explainAwsError.ts');
  const problem = explainAwsError(error);
  if (problem?.kind === 'unasked') return problem.error;
  // An error with a code of its own explains itself better.
  if (problem === undefined || error instanceof SluiceError) return error;
  // CloudFormation has no specific error for a stack that does not exist.
  const code = /Stack with id \S+ does not exist/.test(problem.detail)
    ? 'SLUICE_AWS_NO_STACK'
    : 'SLUICE_AWS_FAILED';
  return new AwsAccessError(code, problem.detail, { cause: error });
}
