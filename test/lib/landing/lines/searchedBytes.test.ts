import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import type { Clock } from '../../../../lib/base/time.ts';
import { flip, line, member, read, readPieces, still } from './landedBytes.ts';

describe('a member', () => {
  describe('in the text of another member', () => {
    const outer = (level: number) =>
      gzipSync(Buffer.concat([Buffer.from(line('x')), member('nested')]), { level });

    it.each([0, 1])('is not found, at the level of compression %i', (level) => {
      expect(read(Buffer.concat([outer(level), member('b')])).ids).toEqual(['x', 'b']);
    });

    it.each([
      { part: 'text', level: 0, at: 40 },
      { part: 'checksum', level: 0, at: -6 },
      { part: 'length', level: 0, at: -2 },
      { part: 'checksum', level: 1, at: -6 },
      { part: 'length', level: 1, at: -2 },
    ])('is not found if the $part of that one is wrong, at the level $level', ({ level, at }) => {
      const bytes = outer(level);
      const damaged = flip(bytes, at < 0 ? bytes.length + at : at);
      expect(read(Buffer.concat([member('a'), damaged, member('b')])).ids).toEqual(['a', 'b']);
    });
  });

  describe('behind members without their ends that inflate far', () => {
    const far = gzipSync(Buffer.concat([Buffer.from(line('x').slice(0, -3)), Buffer.alloc(20_000_000, 'x')]));
    const wrong = far.subarray(0, -1_000);
    const first = member('a');
    const last = member('b');

    it('is found if they are few', () => {
      const few = Buffer.concat([first, ...Array(4).fill(wrong), last]);
      expect(read(few, still).ids).toEqual(['a', 'b']);
    });

    it('is not searched if they are many, and all bytes to the end are skipped', () => {
      const many = Buffer.concat([first, ...Array(30).fill(wrong), last]);
      const { ids, skipped } = read(many, still);
      expect({ ids, end: skipped.at(-1) }).toMatchObject({
        ids: ['a'],
        end: { to: many.length, why: 'not_searched' },
      });
    });
  });

  const inPieces = (bytes: Buffer, length: number) =>
    Array.from({ length: Math.ceil(bytes.length / length) }, (_, i) =>
      bytes.subarray(i * length, (i + 1) * length),
    );

  it('is found behind a zero byte and a large member, if all comes in many pieces', () => {
    const row = gzipSync(line('x').replace('x', 'x'.repeat(12_000_000)), { level: 0 });
    const bytes = Buffer.concat([Buffer.of(0), row, member('b')]);
    const pieces = inPieces(bytes, 1_000_000);
    const { ids, skipped } = readPieces(pieces, still);
    expect({ ids, skipped }).toEqual({
      ids: ['x'.repeat(12_000_000), 'b'],
      skipped: [{ from: 0, to: 1, why: 'broken' }],
    });
  });

  it('is found whole, wherever its header, its name and its text are cut', () => {
    const id = randomBytes(2_000).toString('hex');
    const plain = gzipSync(line(id));
    const name = Buffer.from(`${'n'.repeat(600)}\0`);
    const header = Buffer.from(plain.subarray(0, 10));
    header.writeUInt8(8, 3);
    const named = Buffer.concat([header, name, plain.subarray(10)]);
    for (const bytes of [plain, named])
      expect(readPieces(inPieces(bytes, 300), still)).toEqual({ ids: [id], skipped: [] });
  });

  it('is found behind other broken members than the first, which cost little', () => {
    const cut = member('x').subarray(0, -12);
    const object = Buffer.concat(Array(6).fill(Buffer.concat([Buffer.of(0), member('a'), cut])));
    expect(read(object, still).ids).toEqual(['a', 'a', 'a', 'a', 'a', 'a']);
  });

  describe('behind broken members', () => {
    /** A clock by which each search takes half a second. */
    const halfSeconds = (): Clock => {
      let now = 0;
      return { now: () => (now += 500) };
    };
    const brokenMembers = (count: number) => Array(count).fill(member('x').subarray(0, 20));
    const object = (count: number) => Buffer.concat([member('a'), ...brokenMembers(count), member('b')]);

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
