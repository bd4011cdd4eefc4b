import { SQSClient } from '@aws-sdk/client-sqs';
import { ManualClock } from '../../src/base/index.ts';
import { sqsService } from '../../src/sqs/index.ts';
import { type QueueMinute, Queues } from '../../src/sqs/Queues.ts';
import { startServices } from '../../src/testing/startServices.ts';
import { temporaryDirectory } from '../../src/testing/temporaryDirectory.ts';

/** The account of the queues. */
export const ACCOUNT = '000000000000';
/** The time at which its clock stands, epoch milliseconds. */
export const START = Date.UTC(2026, 10, 20, 7, 32);

/** The local SQS over HTTP with a real client before it, on a clock that tests move. */
export async function startSqs() {
  const directory = temporaryDirectory();
  const clock = new ManualClock(START);
  const minutes: QueueMinute[] = [];
  const place = { directory: directory.path, clock, region: 'us-east-1', account: ACCOUNT };
  const open = () => Queues.open(place);
  const queues = Queues.open({ ...place, onMinute: (minute) => minutes.push(minute) });
  const { options, close } = await startServices([sqsService({ queues, clock, account: ACCOUNT })]);
  const client = new SQSClient(options);
  return {
    client,
    queues,
    clock,
    /** What queues told of themselves. */
    told: minutes,
    /** Opens the directory once more, as a restart would. */
    open,
    directory: directory.path,
    urlOf: (name: string) => queues.urlOf(name, options.endpoint),
    async close() {
      client.destroy();
      await close();
      queues.close();
      directory.remove();
    },
  };
}
