import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LandedObject, rowsIn } from '../../../../lib/landing/lines/LandedObject.ts';
import { LandedReader } from '../../../../lib/landing/lines/LandedReader.ts';
import { DAY, flip, line, member, read, readPieces, still } from './landedBytes.ts';

const HEADER = Buffer.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0);

describe('bytes of others in an object', () => {
  const foreign = [
    {
      title: 'the record of the console',
      wrong: Buffer.from('{"TICKER_SYMBOL":"QXZ","SECTOR":"HEALTHCARE"}'),
      why: 'broken',
    },
    { title: 'a zero byte', wrong: Buffer.of(0), why: 'broken' },
    { title: 'a line break', wrong: Buffer.from('\n'), why: 'broken' },
    { title: 'the beginning of a header', wrong: Buffer.of(0x1f, 0x8b, 8), why: 'broken' },
    { title: 'a reserved flag', wrong: flip(member('x'), 3).fill(0xe0, 3, 4), why: 'broken' },
    { title: 'a member without its beginning', wrong: member('x').subarray(10), why: 'broken' },
    {
      title: 'a checksum that is wrong',
      wrong: flip(member('x'), member('x').length - 5),
      why: 'checksum',
    },
    { title: 'a length that is wrong', wrong: flip(member('x'), member('x').length - 1), why: 'checksum' },
    { title: 'a member without its last bytes', wrong: member('x').subarray(0, -9), why: 'broken' },
    { title: 'a member without its trailer', wrong: member('x').subarray(0, -1), why: 'broken' },
    { title: 'a header alone', wrong: member('x').subarray(0, 10), why: 'broken' },
    {
      title: 'a header that ends within the length of its extra field',
      wrong: Buffer.of(0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 3, 1),
      why: 'broken',
    },
    {
      title: 'a header whose name has no end',
      wrong: Buffer.of(0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3, 1),
      why: 'broken',
    },
    { title: 'many zero bytes', wrong: Buffer.alloc(5_000), why: 'broken' },
    {
      title: 'a member of no rows behind broken bytes',
      wrong: Buffer.concat([Buffer.of(0), gzipSync('x')]),
      why: 'broken',
    },
  ];

  it.each(foreign)('cost no row between them: $title', ({ wrong }) => {
    expect(read(Buffer.concat([member('a'), wrong, member('b'), wrong])).ids).toEqual(['a', 'b']);
  });

  it.each(foreign)(
    'are skipped from their first to their last byte, with their cause: $title',
    ({ wrong, why }) => {
      const good = member('a');
      const { skipped } = read(Buffer.concat([good, wrong, member('b')]));
      expect({
        from: skipped[0]?.from,
        to: skipped.at(-1)?.to,
        causes: skipped.map(({ why: cause }) => cause),
      }).toEqual({
        from: good.length,
        to: good.length + wrong.length,
        causes: expect.arrayContaining([why]),
      });
    },
  );

  it('are as many as the member with a wrong checksum or a wrong length, but for the length if it is cut', () => {
    const one = member('x');
    const end = one.length;
    const wrongAt = (at: number) => read(Buffer.concat([flip(one, at), member('b')])).skipped;
    expect(wrongAt(end - 5)).toEqual([{ from: 0, to: end, why: 'checksum' }]);
    expect(wrongAt(end - 1)).toEqual([
      { from: 0, to: end - 4, why: 'checksum' },
      { from: end - 4, to: end, why: 'broken' },
    ]);
  });

  it('are skipped together with a member behind them whose text is no row, and a member of ours behind a whole one is not', () => {
    const other = gzipSync('x\n');
    const wrong = Buffer.concat([Buffer.of(0), other]);
    expect(read(Buffer.concat([wrong, member('a'), other])).skipped).toEqual([
      { from: 0, to: wrong.length, why: 'broken' },
      {
        from: wrong.length + member('a').length,
        to: 2 * wrong.length + member('a').length - 1,
        why: 'lines',
      },
    ]);
  });

  it('are skipped before the object ends, once it is known that they are no member', () => {
    const reader = new LandedReader(still, 0, 0);
    const bytes = Buffer.concat([member('x').subarray(0, -12), ...Array<Buffer>(30).fill(member('a'))]);
    const parts = [...reader.read([bytes], false)];
    expect(parts.map(({ why }) => why).slice(0, 2)).toEqual(['broken', null]);
  });

  it('are counted with their lines and those that begin as a row, of all members', () => {
    const other = gzipSync(`{"kind":"pages","ds":"${DAY}","row":{}}\n`);
    const bytes = Buffer.concat([other, member('a'), gzipSync('hello\n'), member('b')]);
    const object = new LandedObject(bytes);
    Array.from(object.rows());
    expect(object.skipped).toMatchObject({ lines: 2, rowLike: 1 });
    expect(rowsIn(bytes).rows).toBe(3);
  });

  it('are counted by their cause, and the first twenty ranges of them are named', () => {
    const object = new LandedObject(
      Buffer.concat(Array.from({ length: 25 }, () => [Buffer.of(1, 2), member('a')]).flat()),
    );
    Array.from(object.rows());
    const { causes, bytes, count, ranges } = object.skipped;
    expect({ causes, bytes, count, named: ranges.length }).toEqual({
      causes: expect.objectContaining({ broken: 50 }),
      bytes: 50,
      count: 25,
      named: 20,
    });
  });

  it('are kept behind those lines that are no rows, and read again they are the same object', () => {
    const skippedOf = (bytes: Uint8Array) => {
      const object = new LandedObject(bytes);
      Array.from(object.parts());
      return object.skipped.object();
    };
    const broken = Buffer.from('these bytes are of somebody else');
    const kept = skippedOf(Buffer.concat([broken, gzipSync(`${line('a')}no row\n`)]));
    expect(kept).toEqual(Buffer.concat([gzipSync('no row\n'), broken]));
    expect(skippedOf(kept)).toEqual(kept);
  });

  it.each([
    { what: 'a member without its last bytes', cut: member('x').subarray(0, -9) },
    { what: 'a member without its trailer', cut: member('x').subarray(0, -1) },
    { what: 'a header alone', cut: member('x').subarray(0, 10) },
  ])('may be $what at the end, and are one range', ({ cut }) => {
    const good = member('a');
    const bytes = Buffer.concat([good, cut]);
    expect(read(bytes)).toEqual({
      ids: ['a'],
      skipped: [{ from: good.length, to: bytes.length, why: 'broken' }],
    });
  });

  describe('may be a bit', () => {
    const first = member('a');
    const second = member('b', 'c', 'd');
    /** Three members, of which the second has another bit. */
    const readWith = (bit: number) => {
      const flipped = Buffer.from(second);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      return read(Buffer.concat([first, flipped, member('e')]));
    };
    const upTo = (end: number, from: number, step = 1) =>
      Array.from({ length: Math.ceil((end - from) / step) }, (_, i) => from + i * step);
    /** The flag for texts, the time, the compression's hint and the system of a header say nothing. */
    const ignored = [24, ...upTo(80, 32)];
    // Each of the header, and some behind it.
    const others = [...upTo(24, 0), ...upTo(32, 25), ...upTo(second.length * 8, 80, 11)];

    it('that no reader of gzip asks for, which costs no row', () => {
      for (const bit of ignored) {
        const { ids, skipped } = readWith(bit);
        expect({ bit, ids, skipped }).toEqual({ bit, ids: ['a', 'b', 'c', 'd', 'e'], skipped: [] });
      }
    });

    it('of which its member has no row then, and the next has every one', () => {
      for (const bit of others) {
        const { ids, skipped } = readWith(bit);
        expect({ bit, ids, from: skipped[0]?.from, to: skipped.at(-1)?.to }).toEqual({
          bit,
          ids: ['a', 'e'],
          from: first.length,
          to: first.length + second.length,
        });
      }
    });
  });

  it('may be rows that are not compressed, which are counted', () => {
    const object = new LandedObject(Buffer.from(`${line('a')}hello\n${line('b')}`));
    expect([...object.rows()]).toEqual([]);
    expect(object.skipped).toMatchObject({ rowLike: 2, count: 1 });
  });

  describe('that somebody is about to delete', () => {
    const cut = member('a', 'b', 'c').subarray(0, -8);

    it.each([
      { what: 'rows', bytes: member('a', 'b'), rows: 2 },
      { what: 'a row beside many lines', bytes: gzipSync(`${line('a')}${'x\n'.repeat(1_001)}`), rows: 1 },
      { what: 'rows of a member that is cut', bytes: cut, rows: 3 },
      { what: 'the beginning of a row', bytes: member('a').subarray(0, -12), rows: 1 },
      { what: 'no row', bytes: cut.subarray(0, 9), rows: 0 },
      {
        what: 'a row that a member without its header has, which nobody inflates',
        bytes: member('a').subarray(10),
        rows: 0,
      },
      {
        what: 'a row behind what is like its beginning',
        bytes: Buffer.from(`{"kind":"x"}${line('a')}`),
        rows: 1,
      },
    ])('have their rows counted: $what', ({ bytes, rows }) => {
      expect(rowsIn(bytes)).toMatchObject({ rows });
    });
  });

  it('are found wherever they are, and no row of a member that they leave whole is missing or read twice', () => {
    const requests = Array.from({ length: 12 }, (_, i) => member(`${i}-0`, `${i}-1`));
    const at = fc.nat({ max: 10_000 });
    const foreign = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 40 }),
      fc.constantFrom(
        Buffer.of(0),
        Buffer.from('\n'),
        HEADER,
        Buffer.concat([HEADER, HEADER]),
        gzipSync('hello'),
        member('x').subarray(0, 30),
        member('x').subarray(12),
        gzipSync(member('nested')),
      ),
    );
    const change = fc.oneof(
      fc.record({ how: fc.constant('flip' as const), at, bit: fc.nat({ max: 7 }) }),
      fc.record({ how: fc.constant('cut' as const), at, bytes: fc.integer({ min: 1, max: 150 }) }),
      fc.record({ how: fc.constant('insert' as const), at, foreign }),
    );
    fc.assert(
      fc.property(fc.array(change, { maxLength: 6 }), fc.array(at, { maxLength: 4 }), (changes, cuts) => {
        // Each byte by the member that it is of, or none.
        let bytes = requests.flatMap((request, i) =>
          Array.from(request, (byte) => ({ byte, of: i, isChanged: false })),
        );
        for (const damage of changes) {
          const place = damage.at % (bytes.length + 1);
          const here = bytes[place];
          if (damage.how === 'flip' && here !== undefined)
            bytes[place] = { ...here, byte: here.byte ^ (1 << damage.bit), isChanged: true };
          if (damage.how === 'cut') bytes.splice(place, damage.bytes);
          if (damage.how === 'insert')
            bytes = [
              ...bytes.slice(0, place),
              ...Array.from(damage.foreign, (byte) => ({ byte, of: -1, isChanged: true })),
              ...bytes.slice(place),
            ];
        }
        const object = Buffer.from(bytes.map(({ byte }) => byte));
        const untouched = requests.flatMap((request, i) => {
          const first = bytes.findIndex(({ of }) => of === i);
          const own = bytes.slice(first, first + request.length);
          const isWhole =
            own.length === request.length && own.every(({ of, isChanged }) => of === i && !isChanged);
          return first >= 0 && isWhole ? [`${i}-0`, `${i}-1`] : [];
        });
        const places = cuts.map((cut) => cut % (object.length + 1)).sort((a, b) => a - b);
        const pieces = [0, ...places].map((from, i) => object.subarray(from, places[i]));
        const { ids, skipped } = readPieces(pieces);
        expect({ ids, skipped }).toEqual(read(object));
        // What flipped bits of a header leave readable is read, too.
        expect(ids.filter((id) => untouched.includes(id))).toEqual(untouched);
        const own = ids.filter((id) => /^\d/.test(id));
        expect(new Set(own).size).toBe(own.length);
      }),
      { numRuns: 300 },
    );
  });
});
