import { realClock } from '../../src/base/clock.ts';
import { startEdge } from '../../src/edge/startEdge.ts';
import { openFirehose } from '../../src/firehose/index.ts';

/** A program to be killed: a Firehose in the directory given, whose S3 never takes anything. Prints its URL. */
const [directory = '', properties = ''] = process.argv.slice(2);
const firehose = await openFirehose({
  directory,
  clock: realClock,
  sink: { put: () => new Promise(() => undefined) },
  account: '000000000000',
});
await firehose.createStream('s', JSON.parse(properties));
const edge = await startEdge({ services: [firehose.service], clock: realClock });
process.stdout.write(`${edge.url}\n`);
