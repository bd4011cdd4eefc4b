import { lateSeconds } from '../../infra/streams/streams.ts';
import type { Config } from '../../lib/schema/config.ts';
import type { Place } from '../place.ts';
import { queuedCopies } from '../relay/relayCopies.ts';
import { readStreams } from '../status/streamState.ts';
import { countWaitingObjects } from '../status/waitingObjects.ts';

/**
 * The longest that a function runs: it may have read an object before the rows were taken out, and writes what it made of it
 * at its end. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
const FUNCTION_SECONDS = 900;

/**
 * Milliseconds after which nothing of before arrives any more, unless something is {@link onTheWay}: a function may put what
 * it has read into a stream at its end, and the stream then takes its own time.
 */
export function arrivesWithinMs(config: Pick<Config, 'buffering'>): number {
  return (FUNCTION_SECONDS + lateSeconds(config)) * 1_000;
}

/**
 * What may bring rows of before into the bucket later than {@link arrivesWithinMs}, in words: copies in the queues of relay, a
 * stream that is late, and rows that wait in `overflow/` for a stream. A stream is held because it is late.
 *
 * @throws ObserveError; what the clients of SQS, S3 and CloudWatch throw.
 */
export async function onTheWay(
  place: Pick<Place, 'config' | 'stack' | 'aws' | 's3' | 'cloudwatch' | 'isLocal' | 'now'>,
): Promise<readonly string[]> {
  const { config, isLocal, now } = place;
  const lateMs = lateSeconds(config) * 1_000;
  const [queued, streams, overflow] = await Promise.all([
    config.relay === undefined ? null : queuedCopies(place),
    // The local cloud delivers by its own clock, and never late.
    isLocal ? [] : readStreams(place),
    countWaitingObjects(place, 'overflow'),
  ]);
  return [
    ...(queued === null || queued === 0 ? [] : [`the queues of relay hold about ${queued} messages`]),
    ...streams.flatMap(({ stream, oldest }) =>
      oldest !== null && now - Date.parse(oldest) > lateMs
        ? [`the stream ${stream} is late: its oldest record is of ${oldest}`]
        : [],
    ),
    ...(overflow.count > 0 ? ['overflow/ has rows that wait for a stream'] : []),
  ];
}
