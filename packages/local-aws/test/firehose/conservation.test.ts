import { afterEach, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FirehoseFixture, plainStream } from './FirehoseFixture.ts';

let fixture: FirehoseFixture | undefined;
afterEach(() => fixture?.end());

const size = fc.constantFrom(0, 0, 0, 60_000);
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ put: fc.array(size, { minLength: 1, maxLength: 5 }) }) },
  { weight: 1, arbitrary: fc.constantFrom('flush', 'restart', 'time', 'outage') },
);

it('every acknowledged record ends up in exactly one place, whatever faults happen', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 10 }), async (steps) => {
      await fixture?.end();
      fixture = new FirehoseFixture();
      const run = fixture;
      const start = async () => {
        await run.start();
        await run.firehose.createStream('s', plainStream());
      };
      await start();
      const put: string[] = [];
      for (const each of steps) {
        if (each === 'restart') {
          await run.stop();
          await start();
        } else if (each === 'time') run.clock.advance(301_000);
        else if (each === 'outage') {
          let left = 2;
          run.beforePut = () => {
            left -= 1;
            if (left >= 0) throw new Error('S3 is away.');
          };
        } else if (each === 'flush') await run.firehose.flush().catch(() => undefined);
        else if (typeof each !== 'string') {
          const records = each.put.map((length, i) => `${put.length + i}${'é'.repeat(length)}\n`);
          for (const record of records) await run.put('s', record);
          put.push(...records);
        }
      }
      run.beforePut = () => undefined;
      await run.firehose.flush();
      expect(run.firehose.pending()).toEqual([]);
      const landed = run.data().split(/(?<=\n)/);
      expect(landed.filter((line) => line !== '').sort()).toEqual(put.sort());
    }),
    { numRuns: 15 },
  );
});
