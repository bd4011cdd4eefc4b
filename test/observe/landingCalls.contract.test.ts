import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { lookAtLanding } from '../../lib/landing/write/lookAtLanding.ts';
import { FILE_CALLS, LOOK_LISTS, OBJECT_CALLS } from '../../observe/cost/landingUsage.ts';
import { recordFor, rowOf, startWriter, type Writer } from '../lib/landing/write/startWriter.ts';

const DAY = '2026-11-23';
let writer: Writer;
/** Calls of S3 by their names. */
let calls: Record<string, number> = {};

beforeAll(async () => {
  writer = await startWriter();
  writer.s3.middlewareStack.add(
    (next, { commandName = '' }) =>
      (args) => {
        const name = commandName.replace('Command', '');
        calls[name] = (calls[name] ?? 0) + 1;
        return next(args);
      },
    { step: 'initialize' },
  );
});
afterAll(() => writer.close());

it('the writer calls S3 for an object and its files as often as the cost counts', async () => {
  const rows = { exposures: [rowOf('exposures', 'a', DAY)], events: [rowOf('events', 'b', DAY)] };
  const key = 'landing/2026/11/23/10/sluice-landing-one';
  calls = {};
  await writer.put(key, recordFor(rows));
  expect(await writer.write(key)).toMatchObject({ outcome: 'written' });
  const { PutObject = 0, GetObject = 0, HeadObject = 0, ...others } = calls;
  expect(PutObject).toBe(OBJECT_CALLS.puts + 2 * FILE_CALLS.puts);
  expect(GetObject + HeadObject).toBe(OBJECT_CALLS.gets + 2 * FILE_CALLS.gets);
  // The claim's and the object's, which are free.
  expect(others).toEqual({ DeleteObject: 2 });
});

it('a look at a quiet landing only lists', async () => {
  calls = {};
  const { clock, config, store } = writer;
  const own = {
    directory: writer.path('look'),
    limits: { memoryMegabytes: 256, threads: 1, temporaryDirectory: '' },
  };
  const report = await lookAtLanding(
    { ...own, bucket: config.bucket, tries: 3, log: () => {}, config, store, clock },
    { deadline: clock.now() + 600_000, claimUntil: clock.now() + 960_000 },
  );
  expect(report).toMatchObject({ waiting: 0, parked: 0 });
  expect(calls).toEqual({ ListObjectsV2: LOOK_LISTS });
});
