import { lateSeconds } from '../../infra/streams/streams.ts';
import type { Config } from '../../lib/schema/config.ts';
import type { Deployment } from '../../observe/deployment.ts';
import { queuedCopies } from '../../observe/facts/flow/relayCopies.ts';
import { readStackOutputs, requireOutput } from '../../observe/facts/flow/stackOutputs.ts';
import { readStream } from '../../observe/facts/flow/streamState.ts';

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
 * Lists what may bring earlier rows into the bucket later than {@link arrivesWithinMs}, in words: copies in the queues
 * of relay, a stream that is late.
 *
 * @throws ObserveError; what the clients of SQS and CloudWatch throw.
 */
export async function onTheWay(
  deployment: Pick<Deployment, 'config' | 'stack' | 'aws' | 's3' | 'sqs' | 'cloudwatch' | 'isLocal' | 'now'>,
): Promise<readonly string[]> {
  const { config, isLocal, now } = deployment;
  const lateMs = lateSeconds(config) * 1_000;
  const [queued, stream] = await Promise.all([
    config.relay === undefined ? null : queuedCopies(deployment),
    // The local cloud delivers by its own clock, and never late.
    isLocal
      ? null
      : readStackOutputs(deployment).then((outputs) =>
          readStream(deployment, requireOutput(outputs, 'LandingStreamName')),
        ),
  ]);
  return [
    ...(queued === null || queued === 0 ? [] : [`the queues of relay hold about ${queued} messages`]),
    ...(stream !== null && stream.oldest !== null && now - Date.parse(stream.oldest) > lateMs
      ? [`the stream ${stream.stream} is late: its oldest record is of ${stream.oldest}`]
      : []),
  ];
}
