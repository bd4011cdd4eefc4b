import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, expect, it } from '@jest/globals';
import { MINUTE_MS } from '../../../../lib/base/time.ts';
import { damagedKey } from '../../../../lib/tables/objectKeys.ts';
import { countDamaged, countLanding } from '../../../../observe/facts/flow/waitingObjects.ts';
import { startLanding } from '../../startLanding.ts';

const landing = await startLanding();
afterEach(() => landing.empty());
afterAll(() => landing.close());

const KEY = 'landing/2026/11/23/10/a.ndjson.gz';
const DIRECT = 'landing/direct/2026-11-23/b.ndjson.gz';

it('objects of the landing are counted, with the oldest', async () => {
  await landing.put(KEY, Buffer.alloc(5));
  landing.clock.advance(MINUTE_MS);
  await landing.put(DIRECT, Buffer.alloc(7));
  await landing.put('landing/2026/', new Uint8Array());
  const oldest = '2026-11-23T10:00:07.000Z';
  const counted = { count: 2, bytes: 12, hasMore: false, oldest };
  expect(await countLanding(landing)).toMatchObject({ landing: counted, undeleted: { count: 0, why: null } });
});

it('damaged objects are counted, with their lines that begin as a row', async () => {
  const lines = ['{"kind":"pages","ds":"2026-11-23","row":{}}', 'hello', ''].join('\n');
  await landing.put(damagedKey(KEY), gzipSync(lines));
  expect(await countDamaged(landing)).toMatchObject({
    count: 1,
    rows: 1,
    first: damagedKey(KEY),
    isWithoutRows: false,
  });
});

it('damaged/ without objects has no row, and nothing that is surely without rows', async () => {
  expect(await countDamaged(landing)).toEqual({
    count: 0,
    bytes: 0,
    hasMore: false,
    oldest: null,
    first: null,
    rows: 0,
    isWithoutRows: false,
  });
});

it('a damaged object that is the text of somebody else surely holds no row', async () => {
  await landing.put(damagedKey(KEY), Buffer.from('hello\n'));
  expect(await countDamaged(landing)).toMatchObject({ count: 1, rows: 0, isWithoutRows: true });
});

it('a damaged object that is a cut gzip member may hold rows, and is not forgotten for a text after it', async () => {
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
  landing.clock.advance(MINUTE_MS);
  await landing.put(KEY, Buffer.alloc(5));
  expect(await countLanding(landing)).toMatchObject({ landing: { count: 2 }, undeleted: { count: 0 } });
});

it('the first of objects that cannot be deleted says why', async () => {
  await landing.put(KEY, Buffer.alloc(5));
  await landing.noteWritten(KEY, 'AccessDenied');
  await landing.put(DIRECT, Buffer.alloc(5));
  await landing.noteWritten(DIRECT, 'Locked');
  expect(await countLanding(landing)).toMatchObject({ undeleted: { count: 2, why: 'AccessDenied' } });
});

it('the rows of 20 damaged objects are counted, and of 21 none', async () => {
  const row = gzipSync('{"kind":"pages","ds":"2026-11-23","row":{}}\n');
  for (let i = 10; i < 30; i += 1) await landing.put(`damaged/${i}`, row);
  expect(await countDamaged(landing)).toMatchObject({ count: 20, rows: 20, first: 'damaged/10' });
  await landing.put('damaged/30', row);
  expect(await countDamaged(landing)).toMatchObject({ count: 21, rows: null });
});
