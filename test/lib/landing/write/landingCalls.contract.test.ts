import { afterAll, beforeEach, expect, it } from '@jest/globals';
import { MINUTE_MS } from '../../../../lib/base/time.ts';
import { lookAtLanding } from '../../../../lib/landing/write/lookAtLanding.ts';
import { writeObjects } from '../../../../lib/landing/write/writeObjects.ts';
import { recordOf, rowOf, startLanding } from '../../../observe/startLanding.ts';

/** How many calls of S3 the test has made, by their names. */
let calls: Record<string, number> = {};

const landing = await startLanding();
const { config, store, clock, directory } = landing;
const limits = { memoryMegabytes: 256, threads: 1, temporaryDirectory: directory };
const timing = { clock, wait: async () => undefined, random: () => 0 };
const writer = { ...timing, config, store, directory, limits, stage: 'dev', log: () => undefined };
landing.s3.middlewareStack.add(
  (next, { commandName = '' }) =>
    (args) => {
      const name = commandName.replace('Command', '');
      calls[name] = (calls[name] ?? 0) + 1;
      return next(args);
    },
  { step: 'initialize' },
);
beforeEach(() => {
  calls = {};
});
afterAll(() => landing.close());

// Each is a part of the price of an object: docs/cost.md.
it('the writer lists notes, fetches an object, and puts its files', async () => {
  const key = 'landing/2026/11/23/10/one.ndjson.gz';
  await landing.put(key, recordOf({ exposures: [rowOf('exposures', 'a')], events: [rowOf('events', 'b')] }));
  const deadline = landing.clock.now() + 10 * MINUTE_MS;
  expect(await writeObjects([[key]], writer, { deadline })).toMatchObject({ files: 2 });
  expect(calls).toEqual({
    // The object and two files.
    PutObject: 3,
    GetObject: 1,
    // The notes of a round.
    ListObjectsV2: 1,
    // Free.
    DeleteObjects: 1,
  });
});

it('a look at a quiet landing lists it and its notes, and reads and keeps the time of the look', async () => {
  const queue = { waiting: async () => 0, send: async () => undefined };
  await lookAtLanding(writer, queue);
  expect(calls).toEqual({ ListObjectsV2: 2, GetObject: 1, PutObject: 1 });
});
