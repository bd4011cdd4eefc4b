import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LandedObject, rowsIn } from '../../../../lib/landing/lines/LandedObject.ts';
import { encodeLines } from '../../../../lib/landing/store/encodeLines.ts';
import { DAY, flip, line, member, read, readPieces, rowOf, still } from './landedBytes.ts';

const HEADER = Buffer.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0);

describe('bytes of others in an object', () => {
  it.each([
    ['the record of the console', Buffer.from('{"TICKER_SYMBOL":"QXZ","SECTOR":"HEALTHCARE"}'), 'broken'],
    ['a zero byte', Buffer.of(0), 'broken'],
    ['a line break', Buffer.from('\n'), 'broken'],
    ['the beginning of a header', Buffer.of(0x1f, 0x8b, 8), 'broken'],
    ['a reserved flag', flip(member('x'), 3).fill(0xe0, 3, 4), 'broken'],
    ['a member without its beginning', member('x').subarray(10), 'broken'],
    ['a checksum that is wrong', flip(member('x'), member('x').length - 5), 'checksum'],
    ['a length that is wrong', flip(member('x'), member('x').length - 1), 'checksum'],
    ['many zero bytes', Buffer.alloc(5_000), 'broken'],
    ['a member of no rows behind broken bytes', Buffer.concat([Buffer.of(0), gzipSync('x')]), 'broken'],
  ])('cost no row around them: %s', (_what, wrong, why) => {
    const good = member('a');
    const next = member('b');
    const from = good.length;
    const to = good.length + wrong.length;
    const bytes = Buffer.concat([good, wrong, next, wrong]);
    const { ids, skipped } = read(bytes);
    expect(ids).toEqual(['a', 'b']);
    expect(skipped[0]?.from).toEqual(from);
    expect(skipped.at(-1)?.to).toEqual(bytes.length);
    expect(skipped.map(({ why: cause }) => cause)).toContain(why);
    const between = skipped.filter((range) => range.from < to);
    expect(between.at(-1)?.to).toBe(to);
    expect(read(Buffer.concat([wrong, good]))).toMatchObject({ ids: ['a'] });
  });

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

  it('are counted by their cause, and the first twenty ranges of them are named', () => {
    const object = new LandedObject(
      Buffer.concat(Array.from({ length: 25 }, () => [Buffer.of(1, 2), member('a')]).flat()),
    );
    expect([...object.rows()]).toHaveLength(25);
    expect(object.skipped).toMatchObject({ causes: { broken: 50 }, bytes: 50, count: 25 });
    expect(object.skipped.ranges).toHaveLength(20);
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
    ['a member without its last bytes', member('x').subarray(0, -9)],
    ['a member without its trailer', member('x').subarray(0, -1)],
    ['a header alone', member('x').subarray(0, 10)],
  ])('may be %s, before others and at the end', (_what, cut) => {
    const good = member('a');
    expect(read(Buffer.concat([good, cut, member('b')])).ids).toEqual(['a', 'b']);
    const bytes = Buffer.concat([good, cut]);
    expect(read(bytes)).toEqual({
      ids: ['a'],
      skipped: [{ from: good.length, to: bytes.length, why: expect.anything() }],
    });
  });

  it('may be a bit: of its member there is no row then, and every one of the next', () => {
    const first = member('a');
    const second = member('b', 'c', 'd');
    const third = member('e');
    // Each of the header, and some of each byte behind it.
    for (let bit = 0; bit < second.length * 8; bit += bit < 80 ? 1 : 3) {
      const flipped = Buffer.from(second);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const { ids, skipped } = read(Buffer.concat([first, flipped, third]));
      // The flag for texts, the time, the compression's hint and the system of a header say nothing.
      const isIgnored = bit === 24 || (bit >= 32 && bit < 80);
      expect({ bit, ids }).toEqual({ bit, ids: isIgnored ? ['a', 'b', 'c', 'd', 'e'] : ['a', 'e'] });
      if (!isIgnored) {
        expect(skipped[0]?.from).toEqual(first.length);
        expect(skipped.at(-1)?.to).toEqual(first.length + second.length);
      }
    }
  });

  it.each([
    ['of a newer release', '{"kind":"orders","ds":"2026-11-25","row":{}}\n', 1],
    ['with an object in its head', '{"kind":"events","ds":"2026-11-25","v":{"b":2},"row":{}}\n', 1],
    [
      'with a member twice in its head',
      '{"kind":"events","ds":"2026-11-25","v":2,"ds":"2026-11-26","row":{}}\n',
      1,
    ],
    ['with a longer head', `{"kind":"events","ds":"2026-11-25","v":"${'a'.repeat(200)}","row":{}}\n`, 1],
    ['with more behind its row', '{"kind":"events","ds":"2026-11-25","row":{"a":1},"v":{"b":2}}\n', 1],
    ['with two rows', '{"kind":"events","ds":"2026-11-25","row":{"a":1},"row":{"a":2}}\n', 1],
    ['of no day', '{"kind":"events","ds":"2026-02-30","row":{}}\n', 1],
    ['whose row is no object', '{"kind":"events","ds":"2026-11-25","row":[]}\n', 0],
    ['with its members in another order', '{"ds":"2026-11-25","kind":"events","row":{}}\n', 0],
    ['without its end', '{"kind":"events","ds":"2026-11-25","row":{}\n', 1],
    ['with another end', '{"kind":"events","ds":"2026-11-25","row":{}x\n', 1],
    ['whose row begins as no object', '{"kind":"events","ds":"2026-11-25","row":[{}}\n', 0],
    ['that is no JSON', 'hello\n', 0],
    ['that is empty', '\n', 0],
    ['without its line break, at the end', 'hello', 0],
    [
      'that is no UTF-8',
      Buffer.from('{"kind":"events","ds":"2026-11-25","row":{"a":"m\xfcller"}}\n', 'latin1'),
      1,
    ],
  ])('may be a line %s: the others of its member are rows', (_what, wrong, rowLike) => {
    const isEnd = wrong.at(-1) !== '\n' && wrong.at(-1) !== 10;
    const text = isEnd ? [line('a'), line('b'), wrong] : [line('a'), wrong, line('b')];
    const first = gzipSync(Buffer.concat(text.map((part) => Buffer.from(part))));
    const object = new LandedObject(Buffer.concat([first, member('c')]));
    const ids = Array.from(object.rows(), ({ json }) => JSON.parse(json).event_id);
    expect(ids.sort()).toEqual(['a', 'b', 'c']);
    expect(object.skipped).toMatchObject({ lines: 1, rowLike, count: 1 });
    expect(object.skipped.ranges).toEqual([{ from: 0, to: first.length, why: 'lines' }]);
  });

  it('are rows if they have head and end of one: whether a row is JSON, DuckDB says', () => {
    const object = new LandedObject(gzipSync('{"kind":"events","ds":"2026-11-25","row":{no JSON}}\n'));
    expect([...object.rows()]).toEqual([{ kind: 'events', day: DAY, json: '{no JSON}' }]);
  });

  it('may be the line break that the last line lacks', () => {
    expect(read(gzipSync(`${line('a')}${line('b').slice(0, -1)}`))).toEqual({ ids: ['a', 'b'], skipped: [] });
  });

  it('may be what ends as a text in a row does', () => {
    const json = JSON.stringify({ event_id: 'a', raw: '},"v":{}},' });
    const bytes = encodeLines({ events: [{ day: DAY, json }, rowOf('b')] }) ?? Buffer.of();
    expect(read(bytes)).toEqual({ ids: ['a', 'b'], skipped: [] });
  });

  it('may be rows that are not compressed, which are counted', () => {
    const object = new LandedObject(Buffer.from(`${line('a')}hello\n${line('b')}`));
    expect([...object.rows()]).toMatchObject([]);
    expect(object.skipped).toMatchObject({ rowLike: 2, count: 1 });
  });

  describe('that are many lines of a member', () => {
    const MOST_LINES = 1_000;
    /** A member with a row and so many lines that are none. */
    const withLines = (count: number) => gzipSync(`${line('a')}${'x\n'.repeat(count)}`);

    it('cost no row of it up to a thousand', () => {
      expect(read(Buffer.concat([withLines(MOST_LINES), member('b')])).ids).toEqual(['a', 'b']);
    });

    it('have the member skipped as a whole if they are more', () => {
      const many = withLines(MOST_LINES + 1);
      expect(read(Buffer.concat([many, member('b')]))).toEqual({
        ids: ['b'],
        skipped: [{ from: 0, to: many.length, why: 'many_lines' }],
      });
    });

    it('are counted no further', () => {
      const object = new LandedObject(withLines(3 * MOST_LINES));
      expect([...object.rows()]).toEqual([]);
      expect(object.skipped.lines).toBe(MOST_LINES + 1);
    });
  });

  describe('that somebody is about to delete', () => {
    const cut = member('a', 'b', 'c').subarray(0, -8);

    it.each([
      ['rows', member('a', 'b'), 2],
      ['a row beside many lines', gzipSync(`${line('a')}${'x\n'.repeat(1_001)}`), 1],
      ['rows of a member that is cut', cut, 3],
      ['the beginning of a row', member('a').subarray(0, -12), 1],
      ['no row', cut.subarray(0, 9), 0],
    ])('have their rows counted: %s', (_title, bytes, rows) => {
      expect(rowsIn(bytes)).toBe(rows);
    });
  });

  it('are not searched where they are the text of a member', () => {
    const outer = (level: number) =>
      gzipSync(Buffer.concat([Buffer.from(line('x')), member('nested')]), { level });
    for (const level of [0, 1]) {
      expect(read(Buffer.concat([outer(level), member('b')])).ids).toEqual(['x', 'b']);
      // A byte of its text, of its checksum, and of its length: its end is known.
      for (const at of [...(level === 0 ? [40] : []), outer(level).length - 6, outer(level).length - 2])
        expect(read(Buffer.concat([member('a'), flip(outer(level), at), member('b')])).ids).toEqual([
          'a',
          'b',
        ]);
    }
  });

  it('are searched within bounds: bytes that inflate far, again and again, end the search', () => {
    const far = gzipSync(Buffer.concat([Buffer.from(line('x').slice(0, -3)), Buffer.alloc(20_000_000, 'x')]));
    const wrong = far.subarray(0, -1_000);
    const first = member('a');
    const last = member('b');
    const few = Buffer.concat([first, ...Array(4).fill(wrong), last]);
    expect(read(few, still).ids).toEqual(['a', 'b']);
    const { ids, skipped } = read(Buffer.concat([first, ...Array(30).fill(wrong), last]), still);
    expect(ids).toEqual(['a']);
    expect(skipped.at(-1)).toMatchObject({
      to: first.length + 30 * wrong.length + last.length,
      why: 'not_searched',
    });
  });

  it('cost no member that comes in many pieces behind them', () => {
    const row = gzipSync(line('x').replace('x', 'x'.repeat(12_000_000)), { level: 0 });
    const bytes = Buffer.concat([Buffer.of(0), row, member('b')]);
    const pieces = Array.from({ length: Math.ceil(bytes.length / 1_000_000) }, (_, i) =>
      bytes.subarray(i * 1_000_000, (i + 1) * 1_000_000),
    );
    const { ids, skipped } = readPieces(pieces, still);
    expect(ids).toHaveLength(2);
    expect(ids.at(-1)).toBe('b');
    expect(skipped).toEqual([{ from: 0, to: 1, why: 'broken' }]);
  });

  it('are searched for a minute', () => {
    let now = 0;
    const clock = { now: () => (now += 500) };
    const broken = (count: number) => Array(count).fill(member('x').subarray(0, 20));
    const object = (count: number) => Buffer.concat([member('a'), ...broken(count), member('b')]);
    expect(read(object(50), clock).ids).toEqual(['a', 'b']);
    const { ids, skipped } = read(object(200), clock);
    expect(ids).toEqual(['a']);
    expect(skipped.at(-1)?.why).toBe('not_searched');
    // Members that are found take none of it, however many they are.
    const found = Array.from({ length: 200 }, (_, i) => [Buffer.of(0), member(`${i}`)]).flat();
    expect(read(Buffer.concat(found), clock).ids).toHaveLength(200);
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
      { numRuns: 2_000 },
    );
  });
});
