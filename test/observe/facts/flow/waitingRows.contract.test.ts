import { gzipSync } from 'node:zlib';
import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { againKey, damagedKey } from '../../../../lib/tables/objectKeys.ts';
import { readWaitingRows } from '../../../../observe/facts/flow/waitingRows.ts';
import { answeredBy, s3Error } from '../../../harness/answering.ts';
import { recordOf, rowOf, startLanding } from '../../startLanding.ts';

const BATCH = 'landing/2026/11/23/10/a.ndjson.gz';
const OTHER = 'landing/2026/11/23/10/c.ndjson.gz';
const DIRECT = 'landing/direct/2026-11-23/b.ndjson.gz';

const landing = await startLanding();
afterEach(() => landing.empty());
afterAll(() => landing.close());

async function waiting() {
  const { rows, notes } = await readWaitingRows({ ...landing, localControl: undefined }, () => true, '');
  return { found: rows.map(({ key, kind, row }) => [key, kind, row['event_id']]).sort(), notes };
}

/** A line of no table of ours. */
const LINE = gzipSync('{"kind":"pages","ds":"2026-11-23","row":{}}\n');
const event = (id: string) => recordOf({ events: [rowOf('events', id)] });

describe('rows that wait', () => {
  it('are in objects of the landing', async () => {
    const exposure = recordOf({ exposures: [rowOf('exposures', 'b')] });
    await landing.put(BATCH, Buffer.concat([event('a'), exposure, event('c')]));
    await landing.put(DIRECT, event('d'));
    await landing.put('landing/2026/', new Uint8Array());
    await landing.put(damagedKey(OTHER), event('e'));
    expect(await waiting()).toEqual({
      found: [
        [damagedKey(OTHER), 'events', 'e'],
        [BATCH, 'events', 'a'],
        [BATCH, 'events', 'c'],
        [BATCH, 'exposures', 'b'],
        [DIRECT, 'events', 'd'],
      ],
      notes: [],
    });
  });

  it('are counted once while their object is put aside, or tried again', async () => {
    await landing.put(BATCH, Buffer.concat([event('a'), LINE]));
    await landing.put(damagedKey(BATCH), LINE);
    await landing.put(damagedKey(OTHER), event('b'));
    const again = againKey(damagedKey(OTHER), 1_000);
    await landing.put(again, event('b'));
    await landing.put(damagedKey(again), event('c'));
    expect(await waiting()).toMatchObject({
      found: [
        [BATCH, 'events', 'a'],
        [again, 'events', 'b'],
      ],
      notes: [
        expect.stringMatching(new RegExp(`^landing/ and damaged/ have ${LINE.length} bytes in 1 objects`)),
      ],
    });
  });

  it('are in no object that is written, and only not deleted', async () => {
    await landing.put(BATCH, event('a'));
    await landing.put(DIRECT, event('b'));
    await landing.noteWritten(BATCH, 'AccessDenied');
    expect(await waiting()).toEqual({ found: [[DIRECT, 'events', 'b']], notes: [] });
  });

  it('are in objects besides bytes of others, which are counted', async () => {
    const cut = event('b').subarray(0, -1);
    await landing.put(BATCH, Buffer.concat([event('a'), LINE, cut]));
    await landing.put(DIRECT, Buffer.concat([event('c'), LINE]));
    const bytes = 2 * LINE.length + cut.length;
    expect(await waiting()).toEqual({
      found: [
        [BATCH, 'events', 'a'],
        [DIRECT, 'events', 'c'],
      ],
      notes: [
        expect.stringMatching(
          new RegExp(`^landing/ and damaged/ have ${bytes} bytes in 2 objects .* 3 of their lines`),
        ),
      ],
    });
  });

  it.each([
    { most: '512 MiB', objects: 1, size: 536_870_912 },
    { most: '10,000 objects', objects: 10_000, size: 1 },
  ])('are read of $most, and the other objects are counted', async ({ objects, size }) => {
    let opened = 0;
    const s3 = answeredBy(S3Client, ({ name, input }) => {
      if (name === 'GetObject') {
        opened += 1;
        throw s3Error('NoSuchKey');
      }
      if (input['Prefix'] !== 'landing/') return {};
      const Contents = Array.from({ length: objects + 2 }, (_, i) => {
        return { Key: `landing/${i}`, Size: size, ETag: '"e"', LastModified: new Date(0) };
      });
      return { Contents };
    });
    const { notes } = await readWaitingRows({ ...landing, s3, localControl: undefined }, () => true, '');
    expect([opened, notes]).toEqual([objects, [expect.stringMatching(/: 2\.$/)]]);
  });

  it('are left out if the object has become files meanwhile', async () => {
    await landing.put(BATCH, event('a'));
    await landing.put(DIRECT, event('b'));
    const name = 'meanwhile';
    landing.s3.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          const answer = await next(args);
          if (commandName !== 'ListObjectsV2Command' || Reflect.get(args.input, 'Prefix') !== 'landing/')
            return answer;
          landing.s3.middlewareStack.remove(name);
          await landing.store.removeAll([{ key: BATCH, eTag: '*' }]);
          return answer;
        },
      { step: 'initialize', name },
    );
    const found = await waiting().finally(() => landing.s3.middlewareStack.remove(name));
    expect(found).toEqual({ found: [[DIRECT, 'events', 'b']], notes: [] });
  });
});
