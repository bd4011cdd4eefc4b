import { readClock } from '../../observe/deployment.ts';
import { AwsAccessError, explainAwsError } from '../../observe/explainAwsError.ts';
import { ObserveError, type OpenPlace, openPlace } from '../../observe/place.ts';
import type { CommandLine } from '../terminal/commandLine.ts';
import { deploymentPlace } from './deploymentPlace.ts';

/**
 * Opens the place of a command line, and closes it after the work.
 *
 * @param refused Makes the command's own error of one that AWS returned. Default AwsAccessError SLUICE_AWS_FAILED.
 * @throws AwsAccessError; ConfigError; what `work` throws, and `refused` makes.
 */
export async function withPlace<Result>(
  line: CommandLine,
  work: (place: OpenPlace) => Promise<Result>,
  refused: (detail: string, error: unknown) => Error = (detail, error) =>
    new AwsAccessError('SLUICE_AWS_FAILED', detail, { cause: error }),
): Promise<Result> {
  const { config, stack, place: aws, local } = await deploymentPlace(line);
  const now = await readClock({ local, place: aws });
  const place = openPlace({ config, stack, isLocal: local, now }, aws);
  try {
    return await work(place);
  } catch (error) {
    const problem =
      explainAwsError(error) ?? (error instanceof Error ? explainAwsError(error.cause) : undefined);
    if (problem === undefined || error instanceof ObserveError) throw error;
    throw problem.kind === 'unasked' ? problem.error : refused(problem.detail, error);
  } finally {
    place.close();
  }
}
