import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import type { Clock } from '../../../../lib/base/time.ts';
import { HEADER } from '../../../../lib/landing/lines/gzipMember.ts';
import { seededBytes } from '../../../../packages/local-aws/src/base/index.ts';
import { flip, line, member, read, readPieces, still } from './landedBytes.ts';

describe('a member', () => {
  describe('in the text of another member', () => {
    // Without compression, so that the bytes of the outer member have the header of the nested one.
    const outer = gzipSync(Buffer.concat([Buffer.from(line('x')), member('nested')]), { level: 0 });

    it('is not found', () => {
      expect(outer.indexOf(HEADER, 1)).toBeGreaterThan(0);
      expect(read(Buffer.concat([outer, member('b')])).ids).toEqual(['x', 'b']);
    });

    it.each([
      { part: 'text', at: 40 },
      { part: 'checksum', at: outer.length - 6 },
      { part: 'length', at: outer.length - 2 },
    ])('is not found if the $part of that one is wrong', ({ at }) => {
      const damaged = flip(outer, at);
      expect(damaged.indexOf(HEADER, 1)).toBeGreaterThan(0);
      expect(read(Buffer.concat([member('a'), damaged, member('b')])).ids).toEqual(['a', 'b']);
    });
  });

  // Their texts have 20 MB: each is charged all steps up to 64 MiB, the first of them, which is no search yet, 256 MiB.
  // A search may be charged 1 GiB.
  describe('behind members without their ends that inflate far', () => {
    const beginning = line('x').slice(0, -3);
    const inflatingFar = gzipSync(Buffer.concat([Buffer.from(beginning), Buffer.alloc(20_000_000, 'x')]));
    const withoutEnd = inflatingFar.subarray(0, -1_000);
    const first = member('a');
    const object = (count: number) =>
      Buffer.concat([first, ...Array<Buffer>(count).fill(withoutEnd), member('b')]);

    // Their clock keeps the readers from comparing runs: each reading inflates 200 MB.
    it('is found if they are nine', () => {
      expect(read(object(9), still).ids).toEqual(['a', 'b']);
    });

    it('is not searched if they are ten, and the bytes from the last of them are skipped', () => {
      const { ids, skipped } = read(object(10), still);
      const from = first.length + 9 * withoutEnd.length;
      expect({ ids, last: skipped.at(-1) }).toEqual({
        ids: ['a'],
        last: { from, to: object(10).length, why: 'not_searched' },
      });
    });
  });

  const inPieces = (bytes: Buffer, length: number) =>
    Array.from({ length: Math.ceil(bytes.length / length) }, (_, i) =>
      bytes.subarray(i * length, (i + 1) * length),
    );

  it('is found behind a zero byte and a large member, if all comes in many pieces', () => {
    const id = 'x'.repeat(1_200_000);
    const bytes = Buffer.concat([Buffer.of(0), gzipSync(line(id), { level: 0 }), member('b')]);
    const { ids, skipped } = readPieces(inPieces(bytes, 100_000));
    expect({ ids, skipped }).toEqual({
      ids: [id, 'b'],
      skipped: [{ from: 0, to: 1, why: 'broken' }],
    });
  });

  describe('that hardly compresses', () => {
    const id = seededBytes(200).toString('hex');
    const plain = gzipSync(line(id));
    const header = Buffer.from(plain.subarray(0, 10));
    // https://www.rfc-editor.org/rfc/rfc1952#page-6: FNAME
    header.writeUInt8(8, 3);

    it.each([
      { what: 'without a name', bytes: plain },
      { what: 'with a name', bytes: Buffer.concat([header, Buffer.from('name\0'), plain.subarray(10)]) },
    ])('is found whole $what, wherever it is cut in two, and in single bytes', ({ bytes }) => {
      const whole = { ids: [id], skipped: [] };
      for (let cut = 1; cut < bytes.length; cut += 1)
        expect(readPieces([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(whole);
      expect(readPieces(inPieces(bytes, 1))).toEqual(whole);
    });
  });

  it('is found behind each of six broken members of a few bytes, which use up less than a search may', () => {
    const cut = member('x').subarray(0, -12);
    const broken = Buffer.concat([Buffer.of(0), member('a'), cut]);
    const object = Buffer.concat(Array<Buffer>(6).fill(broken));
    expect(read(object).ids).toEqual(['a', 'a', 'a', 'a', 'a', 'a']);
  });

  describe('behind broken members', () => {
    /** A clock by which each search takes half a second. */
    const halfSeconds = (): Clock => {
      let now = 0;
      return { now: () => (now += 500) };
    };
    const beginning = member('x').subarray(0, 20);
    const object = (count: number) =>
      Buffer.concat([member('a'), ...Array<Buffer>(count).fill(beginning), member('b')]);

    // The first of them is no search yet.
    it('is found before the search has taken a minute', () => {
      expect(read(object(120), halfSeconds()).ids).toEqual(['a', 'b']);
    });

    it('is not searched once the search has taken a minute', () => {
      const { ids, skipped } = read(object(121), halfSeconds());
      expect({ ids, why: skipped.at(-1)?.why }).toEqual({ ids: ['a'], why: 'not_searched' });
    });

    it('takes none of that time if it is found', () => {
      const found = Array.from({ length: 200 }, (_, i) => [Buffer.of(0), member(`${i}`)]).flat();
      expect(read(Buffer.concat(found), halfSeconds()).ids).toHaveLength(200);
    });
  });
});
