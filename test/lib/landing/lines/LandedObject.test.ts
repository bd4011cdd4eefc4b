import { hash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LandedObject } from '../../../../lib/landing/lines/LandedObject.ts';
import { LandedReader } from '../../../../lib/landing/lines/LandedReader.ts';
import { encodeLines, type LandedRows } from '../../../../lib/landing/store/encodeLines.ts';
import { tableKinds } from '../../../../lib/schema/kinds.ts';
import { line, member, read, readPieces, readRuns, still } from './landedBytes.ts';

describe('an object of the landing', () => {
  it('is a gzip file of lines, whose members are read in their order', () => {
    const bytes = Buffer.concat([member('a', 'b'), member('c')]);
    expect(gunzipSync(bytes).toString()).toBe(`${line('a')}${line('b')}${line('c')}`);
    expect(read(bytes)).toEqual({ ids: ['a', 'b', 'c'], skipped: [] });
  });

  it('is read in runs of members, which are as long as they may be, and as single members around broken bytes', () => {
    const one = member('a');
    const members = (count: number) => Buffer.concat(Array(count).fill(one));
    const bit = Buffer.from(one);
    bit.writeUInt8(bit.readUInt8(20) ^ 1, 20);
    // Bytes of each part, in members.
    const partsOf = (pieces: readonly Buffer[], runMembers: number) => {
      const reader = new LandedReader(still, 0, runMembers * one.length);
      return pieces.map((piece, i) =>
        Array.from(reader.read([piece], i === pieces.length - 1), ({ at, bytes }) => {
          expect(at).toBe(reader.position);
          return bytes.length / one.length;
        }),
      );
    };
    expect(partsOf([members(5)], 0)).toEqual([[1, 1, 1, 1, 1]]);
    expect(partsOf([members(5)], 5)).toEqual([[5]]);
    expect(partsOf([members(5)], 4.9)).toEqual([[4, 1]]);
    expect(partsOf([members(5)], 3)).toEqual([[3, 2]]);
    expect(partsOf([members(5)], 0.9)).toEqual([[1, 1, 1, 1, 1]]);
    // The last member may go on in the next piece.
    expect(partsOf([members(5), members(5), Buffer.of()], 3)).toEqual([[3, 1], [3, 2], [1]]);
    expect(partsOf([Buffer.concat([members(4), bit, members(5)])], 3)).toEqual([[3, 1, 1, 1, 3, 1]]);
    const open = gzipSync(line('a').slice(0, -1));
    for (const text of ['no row\n', line('a').slice(0, -1)]) {
      const other = gzipSync(text);
      const [parts = []] = partsOf([Buffer.concat([other, members(6)])], 3);
      expect(parts).toEqual([other.length / one.length, 1, 1, 3, 1]);
    }
    expect(partsOf([Buffer.concat([members(1), open])], 9)).toEqual([[1, open.length / one.length]]);
  });

  it('frees the text of a part when the next is asked for, if parts are runs', () => {
    const id = 'x'.repeat(2 * Buffer.poolSize);
    const textsOf = (runBytes: number) => {
      const reader = new LandedReader(still, 0, runBytes);
      const parts = [...reader.read([member(id), member(id)], true)];
      return parts.map(({ text }) => text.length > 0);
    };
    expect(textsOf(0)).toEqual([true, true]);
    expect(textsOf(100)).toEqual([false, false]);
  });

  it('is found again behind broken bytes, wherever a piece of it ends', () => {
    const broken = Buffer.from('these bytes are of somebody else');
    const found = { ids: ['a', 'b'], skipped: [{ from: 0, to: broken.length, why: 'broken' }] };
    const bytes = Buffer.concat([broken, member('a'), member('b')]);
    for (let cut = 1; cut < bytes.length; cut += 1)
      expect(readPieces([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(found);
  });

  describe('that any gzip has made', () => {
    const named = Buffer.from(member('a'));
    // FNAME, FEXTRA and FHCRC, as RFC 1952 has them in this order.
    const header = Buffer.concat([
      named.subarray(0, 10),
      Buffer.of(2, 0, 7, 7),
      Buffer.from('x.ndjson\0'),
      Buffer.of(0, 0),
    ]);
    header[3] = 2 | 4 | 8;
    const empty = gzipSync('');
    const last = gzipSync(line('b'), { level: 9 });
    const bytes = Buffer.concat([empty, header, named.subarray(10), last]);

    it('is read', () => {
      expect(read(bytes)).toEqual({ ids: ['a', 'b'], skipped: [] });
    });

    it('is read wherever a piece ends, in a header or a trailer, too', () => {
      // More bytes than a reader waits for before it looks at a member.
      const long = Array.from({ length: 60 }, (_, i) => hash('sha256', String(i))).join('');
      const first = member(long);
      const all = Buffer.concat([first, bytes.subarray(empty.length)]);
      for (let cut = first.length - 12; cut < all.length; cut += 1)
        expect(readRuns([all.subarray(0, cut), all.subarray(cut)], 0)).toEqual({
          ids: [long, 'a', 'b'],
          skipped: [],
        });
    });
  });

  it('has the rows that were encoded, whatever they are', () => {
    const day = fc
      .integer({ min: 0, max: 800 })
      .map((days) => new Date(Date.UTC(2025, 0, 1 + days)).toISOString().slice(0, 10));
    const json = fc
      .dictionary(fc.string({ unit: 'binary' }), fc.jsonValue())
      .map((row) => JSON.stringify(row).toWellFormed());
    const rows = fc.array(fc.record({ day, json }), { maxLength: 4 });
    const requests = fc.array(
      fc.record({ exposures: rows, events: rows, quarantine: rows }, { requiredKeys: [] }),
    );
    fc.assert(
      fc.property(requests, (all) => {
        const object = new LandedObject(
          Buffer.concat(all.map((landed) => encodeLines(landed) ?? Buffer.of())),
        );
        const expected = all.flatMap((landed: LandedRows) =>
          tableKinds.flatMap((kind) => (landed[kind] ?? []).map((row) => ({ kind, ...row }))),
        );
        expect([...object.rows()]).toEqual(expected);
        expect(object.skipped.count).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  it('may be empty, and a request without rows makes none', () => {
    expect(read(Buffer.of())).toEqual({ ids: [], skipped: [] });
    expect(encodeLines({})).toBeNull();
    expect(encodeLines({ events: [] })).toBeNull();
  });
});
