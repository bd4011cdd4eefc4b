import { FirehoseClient, PutRecordCommand } from '@aws-sdk/client-firehose';
import { expect, it } from '@jest/globals';
import { MovableClock } from '../../src/base/MovableClock.ts';
import { openFirehose } from '../../src/firehose/index.ts';
import { startServices } from '../../src/testing/startServices.ts';
import { temporaryDirectory } from '../../src/testing/temporaryDirectory.ts';
import { ACCOUNT, plainStream } from './FirehoseFixture.ts';

const DAY_MS = 86_400_000;
const stream = plainStream({ BufferingHints: { IntervalInSeconds: 60, SizeInMBs: 1 } });

it.each([
  ['within one run', false],
  ['by a restart', true],
])(
  'a buffer is delivered within its interval although the clock was set back after its records arrived, %s',
  async (_, restarts) => {
    const { path, remove } = temporaryDirectory();
    const keys: string[] = [];
    const open = async (clock: MovableClock) => {
      const firehose = await openFirehose({
        directory: path,
        clock,
        sink: {
          async put(_bucket, key) {
            keys.push(key);
          },
        },
        account: ACCOUNT,
      });
      await firehose.createStream('s', stream);
      const { options, close } = await startServices([firehose.service]);
      const client = new FirehoseClient(options);
      return {
        clock,
        put: () =>
          client.send(new PutRecordCommand({ DeliveryStreamName: 's', Record: { Data: Buffer.from('x') } })),
        async close() {
          client.destroy();
          await close();
          await firehose.close();
        },
      };
    };

    let running = await open(new MovableClock());
    try {
      await running.clock.advance(10 * DAY_MS);
      await running.put();
      if (restarts) {
        await running.close();
        running = await open(new MovableClock());
      } else await running.clock.setReal();
      expect(keys).toEqual([]);
      // After a restart the record is read back first, which takes turns of the event loop, not days.
      const deadline = performance.now() + 20_000;
      for (let passedMs = 0; keys.length === 0; passedMs += 1_000) {
        if (passedMs > DAY_MS || performance.now() > deadline) throw new Error('It is not delivered.');
        await running.clock.advance(1_000);
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(keys).toHaveLength(1);
    } finally {
      await running.close();
      remove();
    }
  },
);
