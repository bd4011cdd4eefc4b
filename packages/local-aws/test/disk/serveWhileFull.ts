import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { realClock } from '../../src/base/clock.ts';
import { startEdge } from '../../src/edge/startEdge.ts';
import { openEventBus } from '../../src/events/index.ts';
import { s3Service } from '../../src/s3/index.ts';
import { ObjectStore } from '../../src/s3/model/ObjectStore.ts';
import { sqsService } from '../../src/sqs/index.ts';
import { Queues } from '../../src/sqs/Queues.ts';

// Run where files may not grow beyond a few kilobytes, so that larger writes fail as on a full disk.
const [, , directory = ''] = process.argv;
const clock = realClock;
const account = '000000000000';
const store = ObjectStore.open({ directory: join(directory, 's3'), clock });
const queues = Queues.open({ directory: join(directory, 'sqs'), clock, region: 'us-east-1', account });
// Events of buckets go to a queue that the test makes.
const bus = openEventBus({
  region: 'us-east-1',
  account,
  clock,
  deliver: ({ arn }, json) => queues.byArn(arn).send(json),
});
bus.putRule('created', {
  EventPattern: { source: ['aws.s3'] },
  Targets: [{ Id: 'work', Arn: `arn:aws:sqs:us-east-1:${account}:work` }],
});
store.onObjectCreated((object) => bus.publishObjectCreated(object));
const edge = await startEdge({
  services: [s3Service({ store }), sqsService({ queues, clock, account })],
  clock,
});
writeSync(1, `${edge.url}\n`);
