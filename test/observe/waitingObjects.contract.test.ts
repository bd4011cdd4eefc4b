import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { damagedKey } from '../../lib/tables/objectKeys.ts';
import { countWaitingObjects } from '../../observe/facts/flow/waitingObjects.ts';
import { startLanding } from './startLanding.ts';

let landing: Awaited<ReturnType<typeof startLanding>>;
beforeAll(async () => {
  landing = await startLanding();
});
afterEach(() => landing.empty());
afterAll(() => landing.close());

const KEY = 'landing/2026/11/23/10/a.ndjson.gz';
const nothing = { count: 0, bytes: 0, hasMore: false, oldest: null };

it('no objects wait', async () => {
  expect(await countWaitingObjects(landing, 'landing')).toEqual(nothing);
});

it('objects of the landing, and damaged ones, are counted apart, with the oldest', async () => {
  await landing.put(KEY, Buffer.alloc(5));
  await landing.clock.advance(60_000);
  await landing.put('landing/direct/2026-11-23/b.ndjson.gz', Buffer.alloc(7));
  await landing.put('landing/2026/', new Uint8Array());
  const oldest = '2026-11-23T10:00:07.000Z';
  expect(await countWaitingObjects(landing, 'landing')).toEqual({ ...nothing, count: 2, bytes: 12, oldest });
  expect(await countWaitingObjects(landing, 'damaged')).toEqual(nothing);
  await landing.put(damagedKey(KEY), Buffer.alloc(3));
  expect(await countWaitingObjects(landing, 'damaged')).toMatchObject({ count: 1, bytes: 3 });
  expect(await countWaitingObjects(landing, 'landing')).toMatchObject({ count: 2 });
});
