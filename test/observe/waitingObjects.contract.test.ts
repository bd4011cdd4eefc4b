import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, expect, it } from '@jest/globals';
import { damagedKey } from '../../lib/tables/objectKeys.ts';
import { countDamaged, countLanding, isLandingLate } from '../../observe/facts/flow/waitingObjects.ts';
import { startLanding } from './startLanding.ts';

const landing = await startLanding();
afterEach(() => landing.empty());
afterAll(() => landing.close());

const KEY = 'landing/2026/11/23/10/a.ndjson.gz';
const DIRECT = 'landing/direct/2026-11-23/b.ndjson.gz';

it('objects of the landing, and damaged ones, are counted apart, with the oldest', async () => {
  await landing.put(KEY, Buffer.alloc(5));
  await landing.clock.advance(60_000);
  await landing.put(DIRECT, Buffer.alloc(7));
  await landing.put('landing/2026/', new Uint8Array());
  const oldest = '2026-11-23T10:00:07.000Z';
  const counted = { count: 2, bytes: 12, hasMore: false, oldest };
  expect(await countLanding(landing)).toMatchObject({ landing: counted, undeleted: { count: 0, why: null } });
  const lines = ['{"kind":"pages","ds":"2026-11-23","row":{}}', 'hello', ''].join('\n');
  await landing.put(damagedKey(KEY), gzipSync(lines));
  expect(await countDamaged(landing)).toMatchObject({ count: 1, rows: 1, first: damagedKey(KEY) });
});

it.each([
  { what: 'a note', bytes: Buffer.from('hello\n'), isWithoutRows: true },
  { what: 'a cut member', bytes: gzipSync('hello').subarray(0, -9), isWithoutRows: false },
])('a damaged object that is $what surely holds no row: $isWithoutRows', async ({ bytes, isWithoutRows }) => {
  await landing.put(damagedKey(KEY), bytes);
  expect(await countDamaged(landing)).toMatchObject({ count: 1, rows: 0, isWithoutRows });
});

it('a damaged object that may hold rows is not forgotten for a note after it', async () => {
  await landing.put(damagedKey(KEY), gzipSync('hello').subarray(0, -9));
  await landing.put(damagedKey(DIRECT), Buffer.from('hello\n'));
  expect(await countDamaged(landing)).toMatchObject({ count: 2, rows: 0, isWithoutRows: false });
});

it('an object that is written, and not deleted, waits for nothing; a copy of it does', async () => {
  await landing.put(KEY, Buffer.alloc(5));
  await landing.put(DIRECT, Buffer.alloc(7));
  await landing.noteWritten(KEY, 'AccessDenied');
  expect(await countLanding(landing)).toMatchObject({
    landing: { count: 1, bytes: 7 },
    undeleted: { count: 1, bytes: 5, why: 'AccessDenied' },
  });
  await landing.clock.advance(60_000);
  await landing.put(KEY, Buffer.alloc(5));
  expect(await countLanding(landing)).toMatchObject({ landing: { count: 2 }, undeleted: { count: 0 } });
});

it.each([
  { minutes: 20, isLate: false },
  { minutes: 20.001, isLate: true },
])('an object that has waited for $minutes minutes is late: $isLate', ({ minutes, isLate }) => {
  const now = landing.clock.now();
  expect(isLandingLate({ oldest: new Date(now - minutes * 60_000).toISOString() }, now)).toBe(isLate);
});

it('the first of objects that cannot be deleted says why', async () => {
  for (const [key, why] of [
    [KEY, 'AccessDenied'],
    [DIRECT, 'Locked'],
  ] as const) {
    await landing.put(key, Buffer.alloc(5));
    await landing.noteWritten(key, why);
  }
  expect(await countLanding(landing)).toMatchObject({ undeleted: { count: 2, why: 'AccessDenied' } });
});

it('the rows of 20 damaged objects are counted, and of more those of none', async () => {
  const row = gzipSync('{"kind":"pages","ds":"2026-11-23","row":{}}\n');
  for (let i = 10; i < 30; i += 1) await landing.put(`damaged/${i}`, row);
  expect(await countDamaged(landing)).toMatchObject({ count: 20, rows: 20, first: 'damaged/10' });
  await landing.put('damaged/30', row);
  expect(await countDamaged(landing)).toMatchObject({ count: 21, rows: null });
});

it('the rows of an object of more than 16 MiB are not counted', async () => {
  const Contents = [{ Key: 'damaged/a', Size: 16_777_217, ETag: '"e"', LastModified: new Date(0) }];
  const answer = () => async () => ({ response: {}, output: { $metadata: {}, Contents } });
  landing.s3.middlewareStack.add(answer, { step: 'initialize', name: 'large' });
  try {
    expect(await countDamaged(landing)).toMatchObject({ count: 1, bytes: 16_777_217, rows: null });
  } finally {
    landing.s3.middlewareStack.remove('large');
  }
});

it.each([
  { count: 10_000, hasMore: false },
  { count: 10_001, hasMore: true },
])('of $count objects 10,000 are counted at most; there are more: $hasMore', async ({ count, hasMore }) => {
  const Contents = Array.from({ length: count }, (_, i) => {
    return { Key: `damaged/${i}`, Size: 1, ETag: '"e"', LastModified: new Date(landing.clock.now() - i) };
  });
  landing.s3.middlewareStack.add(() => async () => ({ response: {}, output: { $metadata: {}, Contents } }), {
    step: 'initialize',
    name: 'many',
  });
  try {
    const oldest = new Date(landing.clock.now() - 9_999).toISOString();
    expect(await countDamaged(landing)).toEqual({
      count: 10_000,
      bytes: 10_000,
      hasMore,
      oldest,
      first: 'damaged/0',
      rows: null,
      isWithoutRows: false,
    });
  } finally {
    landing.s3.middlewareStack.remove('many');
  }
});
