import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Clock } from '../../../../lib/base/time.ts';
import { inflate, TOO_LARGE } from '../../../../lib/landing/lines/gzipMember.ts';
import { LandedObject, rowsIn } from '../../../../lib/landing/lines/LandedObject.ts';
import { LandedReader } from '../../../../lib/landing/lines/LandedReader.ts';
import { hourIn } from '../../../../lib/landing/lines/receivedHours.ts';
import { Skipped } from '../../../../lib/landing/lines/Skipped.ts';
import { encodeLines, type LandedRows } from '../../../../lib/landing/store/encodeLines.ts';
import { tableKinds } from '../../../../lib/schema/kinds.ts';

const DAY = '2026-11-25';
const rowOf = (id: string, day = DAY) => ({ day, json: JSON.stringify({ event_id: id }) });
const member = (...ids: readonly string[]) =>
  Buffer.from(encodeLines({ events: ids.map((id) => rowOf(id)) }) ?? []);
const HEADER = Buffer.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0);
const line = (id: string) => `{"kind":"events","ds":"${DAY}","row":{"event_id":"${id}"}}\n`;

const still: Clock = { now: () => 0 };

/** The IDs of an object's rows, and the ranges of bytes that were skipped, with their causes. */
const read = (bytes: Uint8Array, clock?: Clock) => readPieces([bytes], clock);

/** The same of an object that comes in pieces. Runs of members are read as each alone. */
function readPieces(pieces: readonly Uint8Array[], clock?: Clock) {
  const alone = readRuns(pieces, 0, clock);
  if (clock === undefined)
    for (const runBytes of [150, 100_000]) expect(readRuns(pieces, runBytes)).toEqual(alone);
  return alone;
}

function readRuns(pieces: readonly Uint8Array[], runBytes: number, clock?: Clock) {
  const reader = new LandedReader(clock, 0, runBytes);
  const skipped = new Skipped();
  const ids: string[] = [];
  for (const [i, piece] of pieces.entries())
    for (const part of reader.read([piece], i === pieces.length - 1)) {
      skipped.add(part);
      for (const { rowFrom, to } of part.lines)
        ids.push(JSON.parse(part.text.toString('utf8', rowFrom, to - 2)).event_id);
    }
  return { ids, skipped: skipped.ranges.map(({ from, to, why }) => [from, to, why]) };
}

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
    const found = { ids: ['a', 'b'], skipped: [[0, broken.length, 'broken']] };
    const bytes = Buffer.concat([broken, member('a'), member('b')]);
    for (let cut = 1; cut < broken.length + 20; cut += 1)
      expect(readPieces([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(found);
  });

  it('is not found behind broken bytes in a member that does not begin as a row', () => {
    const broken = Buffer.from('broken');
    const others = gzipSync('hello, somebody\n');
    const to = broken.length + others.length;
    expect(read(Buffer.concat([broken, others, member('a')]))).toEqual({
      ids: ['a'],
      skipped: [[0, to, 'broken']],
    });
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

    it('is read wherever a piece ends in a header', () => {
      for (let cut = empty.length; cut <= empty.length + header.length; cut += 1)
        expect(readRuns([bytes.subarray(0, cut), bytes.subarray(cut)], 0)).toEqual({
          ids: ['a', 'b'],
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
    const rows = fc.array(fc.record({ day, json }), { maxLength: 20 });
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

describe('bytes of others in an object', () => {
  const flip = (bytes: Buffer, at: number) => {
    const flipped = Buffer.from(bytes);
    flipped.writeUInt8(flipped.readUInt8(at) ^ 1, at);
    return flipped;
  };

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
    expect(skipped[0]?.[0]).toEqual(from);
    expect(skipped.at(-1)?.[1]).toEqual(bytes.length);
    expect(skipped.map(([, , cause]) => cause)).toContain(why);
    const between = skipped.filter(([begin]) => Number(begin) < to);
    expect(between.at(-1)?.[1]).toBe(to);
    expect(read(Buffer.concat([wrong, good]))).toMatchObject({ ids: ['a'] });
  });

  it('are as many as the member with a wrong checksum or a wrong length, but for the length if it is cut', () => {
    const one = member('x');
    const end = one.length;
    const wrongAt = (at: number) => read(Buffer.concat([flip(one, at), member('b')])).skipped;
    expect(wrongAt(end - 5)).toEqual([[0, end, 'checksum']]);
    expect(wrongAt(end - 1)).toEqual([
      [0, end - 4, 'checksum'],
      [end - 4, end, 'broken'],
    ]);
  });

  it('are counted by their cause, and the first twenty ranges of them are named', () => {
    const object = new LandedObject(
      Buffer.concat(Array.from({ length: 25 }, () => [Buffer.of(1, 2), member('a')]).flat()),
    );
    expect([...object.rows()]).toHaveLength(25);
    expect(object.skipped).toMatchObject({ causes: { broken: 50 }, bytes: 50, count: 25 });
    expect(object.skipped.ranges).toHaveLength(20);
    expect(rowsIn(member('a', 'b'))).toBe(2);
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
    expect(read(bytes)).toEqual({ ids: ['a'], skipped: [[good.length, bytes.length, expect.anything()]] });
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
      expect([bit, ids]).toEqual([bit, isIgnored ? ['a', 'b', 'c', 'd', 'e'] : ['a', 'e']]);
      if (!isIgnored) {
        expect(skipped[0]?.[0]).toEqual(first.length);
        expect(skipped.at(-1)?.[1]).toEqual(first.length + second.length);
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

  it('may be a thousand lines, and with one more their member is skipped as a whole', () => {
    const withLines = (count: number) => gzipSync(`${line('a')}${'x\n'.repeat(count)}`);
    expect(read(Buffer.concat([withLines(1_000), member('b')])).ids).toEqual(['a', 'b']);
    const many = withLines(1_001);
    expect(read(Buffer.concat([many, member('b')]))).toEqual({
      ids: ['b'],
      skipped: [[0, many.length, 'many_lines']],
    });
    const most = new LandedObject(withLines(3_000));
    expect([...most.rows()]).toEqual([]);
    expect(most.skipped.lines).toBe(1_001);
    // Its rows are counted before somebody deletes it.
    expect(rowsIn(many)).toBe(1);
    const cut = member('a', 'b', 'c').subarray(0, -8);
    const begun = member('a').subarray(0, -12);
    expect([read(cut).ids, ...[cut, begun, cut.subarray(0, 9)].map(rowsIn)]).toEqual([[], 3, 1, 0]);
  });

  it('say the hour of their row, if the release that wrote them does', () => {
    const hours = (text: string) =>
      [...new LandedObject(gzipSync(text)).parts()].flatMap(({ lines }) => lines.map(({ hour }) => hour));
    const row = { day: DAY, json: '{"event_id":"a","received_at":"2026-11-25T09:10:00.000Z"}' };
    const rows = { events: [row, { ...row, hour: '2026-11-25T08' }], quarantine: [row] };
    const [own, earlier] = ['2026-11-25T07', null].map((hour) =>
      gunzipSync(encodeLines(rows, hour) ?? Buffer.of()),
    );
    expect(hours(String(own))).toEqual(['2026-11-25T07', '2026-11-25T08', '2026-11-25T07']);
    expect(hours(String(earlier))).toEqual([null, '2026-11-25T08', null]);
    expect(hours(String(own) + earlier)).toHaveLength(6);
    // Hints of a newer release, before its row, are left out.
    const hinted = String(own).replaceAll('"row":{', '"v":2,"by":"1.2.0-a","row":{');
    expect(hours(hinted)).toEqual(hours(String(own)));
    expect(hours(String(earlier).replaceAll('"row":{', '"v":2,"row":{'))).toEqual([
      null,
      '2026-11-25T08',
      null,
    ]);
    // It is no hour, so the row says it.
    for (const hour of ['2026-11-25T24', '2026-02-30T07'])
      expect(hours(String(own).replaceAll('2026-11-25T07', hour))).toEqual([null, '2026-11-25T08', null]);
    const newer = '{"kind":"orders","ds":"2026-11-25","hour":"2026-11-25T05","row":{}}\n';
    const object = new LandedObject(gzipSync(newer));
    expect([...object.parts()]).toHaveLength(1);
    expect([...(object.skipped.hours ?? [])]).toEqual(['2026-11-25T05']);
  });

  it('narrow the hours of rows only as lines that were inflated', () => {
    const hoursOf = (bytes: Buffer) => {
      const object = new LandedObject(bytes);
      for (const part of object.parts()) expect(part.bytes.length).toBeGreaterThan(0);
      return object.skipped.hours && [...object.skipped.hours];
    };
    const newer = (time: string) =>
      `{"kind":"events","ds":"2026-11-25","row":{"event_id":"n"${time}},"v":2}\n`;
    const at = (hour: string) => newer(`,"received_at":"2026-11-25T${hour}:10:00.000Z"`);
    const lines = gzipSync(`${line('a')}${at('07')}hello\n${at('09')}${at('07')}`);
    expect(hoursOf(lines)).toEqual(['2026-11-25T07', '2026-11-25T09']);
    expect(hoursOf(gzipSync(`${'x\n'.repeat(1_001)}${at('08')}`))).toEqual(['2026-11-25T08']);
    // Of others nobody has a row, of a line without its time any hour may be.
    expect([Buffer.from('{"TICKER":1}'), gzipSync('hello\n')].map(hoursOf)).toEqual([[], []]);
    expect(hoursOf(gzipSync(newer('')))).toBeNull();
    expect(hoursOf(gzipSync(newer(',"received_at":"of old times"')))).toBeNull();
    // An hour that does not exist, in the row or in the head of its line, is not known either.
    for (const hour of ['2026-11-25T27', '2026-02-30T07', '2026-99-99T77']) {
      const received = `,"received_at":"${hour}:10:00.000Z"`;
      expect(hoursOf(gzipSync(newer(received)))).toBeNull();
      const withHour = newer(received).replace('"row"', `"hour":"${hour}","row"`);
      expect(hoursOf(gzipSync(withHour))).toBeNull();
    }
    expect(hoursOf(gzipSync(`${newer('')}${at('08')}`))).toBeNull();
    expect(hoursOf(gzipSync(`${'x\n'.repeat(1_001)}${newer('')}${at('08')}`))).toBeNull();
    const timeless = Buffer.from('{"event_id":"2026-11-25T07"}');
    expect(hourIn(timeless, 0, timeless.length)).toBeNull();
    const similar = newer(',"own_received_at":"2026-11-25T05","received_at":"2026-11-25T07"');
    expect(hoursOf(gzipSync(similar))).toEqual(['2026-11-25T07']);
    // Other bytes may hold rows of any hour: cut, flipped, not compressed.
    const flipped = flip(member('b'), 20);
    const others = [
      member('b').subarray(0, -10),
      flipped,
      flip(member('b'), member('b').length - 6),
      Buffer.from(at('07')),
      // Without the header of a member.
      ...[0, 1, 2].map((byte) => flip(member('b'), byte)),
    ];
    for (const other of others) expect(hoursOf(Buffer.concat([lines, other]))).toBeNull();
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
    expect(skipped.at(-1)).toEqual([
      expect.any(Number),
      first.length + 30 * wrong.length + last.length,
      'not_searched',
    ]);
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
    expect(skipped).toEqual([[0, 1, 'broken']]);
  });

  it('are searched for a minute', () => {
    let now = 0;
    const clock = { now: () => (now += 500) };
    const broken = (count: number) => Array(count).fill(member('x').subarray(0, 20));
    const object = (count: number) => Buffer.concat([member('a'), ...broken(count), member('b')]);
    expect(read(object(50), clock).ids).toEqual(['a', 'b']);
    const { ids, skipped } = read(object(200), clock);
    expect(ids).toEqual(['a']);
    expect(skipped.at(-1)?.[2]).toBe('not_searched');
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

describe('inflate', () => {
  const failing = (error: Error) =>
    inflate(
      () => {
        throw error;
      },
      Buffer.of(1),
      10,
      0,
    );

  it("returns the codes of zlib's errors, and throws any other", () => {
    for (const code of [TOO_LARGE, 'Z_DATA_ERROR'])
      expect(failing(Object.assign(new Error(), { code }))).toEqual({ text: null, length: 0, code });
    expect(() => failing(Object.assign(new Error('no memory'), { code: 'ENOMEM' }))).toThrow('no memory');
    expect(() => failing(new TypeError('no code'))).toThrow('no code');
  });
});
