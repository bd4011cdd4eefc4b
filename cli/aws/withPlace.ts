import { ObserveError, type OpenPlace, openPlace } from '../../observe/place.ts';
import type { CommandLine } from '../terminal/commandLine.ts';
import { deploymentPlace, readClock } from './deploymentPlace.ts';
import { AwsAccessError, explainAwsError } from './explainAwsError.ts';

/**
 * Opens the place of a command line, and closes it after the work.
 *
 * @throws AwsAccessError; ConfigError; what `work` throws.
 */
export async function withPlace<Result>(
  line: CommandLine,
  work: (place: OpenPlace) => Promise<Result>,
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
    throw problem.kind === 'unasked'
      ? problem.error
      : new AwsAccessError('SLUICE_AWS_FAILED', problem.detail, { cause: error });
  } finally {
    place.close();
  }
}
