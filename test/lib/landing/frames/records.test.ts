import { constants, crc32, createZstdCompress, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SluiceError } from '../../../../lib/base/errors.ts';
import {
  encodeRecord,
  type LandingRequest,
  type LandingRow,
} from '../../../../lib/landing/frames/encodeRecord.ts';
import { decodeFrame, walkRecords } from '../../../../lib/landing/frames/records.ts';
import { MAX_HEADER_BYTES, MAX_LANDED_BYTES } from '../../../../lib/schema/deliveryLimits.ts';
import { tableKinds } from '../../../../lib/schema/kinds.ts';
import { requests } from './requests.ts';

const ID = '0123456789abcdef0123456789abcdef';
const event = (id: string, day = '2026-11-23') => ({ day, json: `{"event_id":"${id}"}` });
const small: LandingRequest = {
  id: ID,
  request: 'JKJaXmPLvHcESHA=',
  receivedAt: Date.UTC(2026, 10, 23, 7, 32),
  rows: { exposures: [event('a'), event('b', '2026-11-22')], events: [event('c'), event('ü😀')] },
};
const record = Buffer.from(encodeRecord(small).bytes);
const requestParts = { id: fc.constant(ID), receivedAt: fc.nat() };

/** Contents of an object: each request with its lines. A table without rows is left out. */
function decoded(object: Uint8Array) {
  return walkRecords(object).map(({ header: { id, request, receivedAt }, frames }) => ({
    ...{ id, request, receivedAt },
    tables: frames.map((frame) => ({
      table: frame.table,
      rows: frame.rows,
      text: decodeFrame(object.subarray(frame.offset, frame.offset + frame.length), frame).toString(),
    })),
  }));
}

function expected({ id, request, receivedAt, rows }: LandingRequest) {
  const tables = tableKinds.flatMap((table) => {
    const own: readonly LandingRow[] = rows[table] ?? [];
    if (own.length === 0) return [];
    const days = [...new Set(own.map((one) => one.day))];
    const counts = days.map((one) => [one, own.filter((other) => other.day === one).length] as const);
    return [{ table, rows: Object.fromEntries(counts), text: own.map(({ json }) => `${json}\n`).join('') }];
  });
  return { id, request, receivedAt, tables };
}

/** The code of the error with which an object is refused, and the offset that it names; null if it is read. */
function refusal(object: Uint8Array): { readonly code: string; readonly offset: number } | null {
  try {
    decoded(object);
    return null;
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    const [, offset] = /^At offset (\d+)\./.exec(error.detail) ?? [];
    return { code: error.code.replace('SLUICE_LANDING_', ''), offset: Number(offset) };
  }
}

/** A record with another header, sealed as ours are, in front of the frames. */
function withHeader(open: string, ...frames: readonly Uint8Array[]): Buffer {
  const seal = crc32(open).toString(16).padStart(8, '0');
  const payload = Buffer.from(`${open},"crc32":"${seal}"}`);
  const prefix = Buffer.alloc(8);
  prefix.writeUInt32LE(0x184d2a50, 0);
  prefix.writeUInt32LE(payload.length, 4);
  return Buffer.concat([prefix, payload, ...frames]);
}

const HEAD = `{"version":1,"id":"${ID}","request":null,"received_at":1,"frames":`;

/** A record of one frame of events, whose header states the given values. */
function withFrame(frame: Buffer, says: { readonly decoded: number; readonly rows?: number }): Buffer {
  const checksum = crc32(frame).toString(16).padStart(8, '0');
  const rows = { '2026-11-23': says.rows ?? 1 };
  const members = { table: 'events', length: frame.length, decoded: says.decoded, crc32: checksum, rows };
  return withHeader(`${HEAD}${JSON.stringify([members])}`, frame);
}

const CHECKED = { [constants.ZSTD_c_checksumFlag]: 1 };
const compress = (text: string | Buffer, params: Record<number, number> = CHECKED) =>
  zstdCompressSync(text, { params });

describe('records of the landing', () => {
  it('hold every row of every request, however many are appended', () => {
    fc.assert(
      fc.property(fc.array(requests, { maxLength: 5 }), (all) => {
        const object = Buffer.concat(all.map((one) => encodeRecord(one).bytes));
        expect(decoded(object)).toStrictEqual(all.map(expected));
      }),
    );
  });

  it('say in clear what they hold, in the header that the walk finds', () => {
    const { header, bytes, decoded } = encodeRecord(small);
    const [walked, ...others] = walkRecords(bytes);
    expect(others).toEqual([]);
    expect(walked).toMatchObject({ offset: 0, end: bytes.length, header });
    expect(decoded).toBe(header.frames.reduce((sum, frame) => sum + frame.decoded, 0));
    const text = record.toString('utf8', 8, 8 + record.readUInt32LE(4));
    expect(JSON.parse(text)).toStrictEqual({
      version: 1,
      id: ID,
      request: 'JKJaXmPLvHcESHA=',
      received_at: small.receivedAt,
      frames: [
        { ...header.frames[0], table: 'exposures', rows: { '2026-11-23': 1, '2026-11-22': 1 } },
        { ...header.frames[1], table: 'events', rows: { '2026-11-23': 2 } },
      ],
      crc32: expect.stringMatching(/^[0-9a-f]{8}$/),
    });
  });

  it('may have no rows: a probe', () => {
    const probe = encodeRecord({ ...small, rows: { events: [] } });
    expect(walkRecords(probe.bytes)).toMatchObject([{ header: { id: ID, frames: [] }, frames: [] }]);
    expect(walkRecords(new Uint8Array())).toEqual([]);
  });

  it('hold rows of all days that the longest window of time lets in', () => {
    const days = Array.from({ length: 731 }, (_, i) => new Date(Date.UTC(2026, 0, 1 + i)).toISOString());
    const rows = days.flatMap((day) => Array.from({ length: 100 }, () => event('a', day.slice(0, 10))));
    const { bytes } = encodeRecord({ ...small, rows: { exposures: rows, events: rows } });
    expect(Buffer.from(bytes).readUInt32LE(4)).toBeLessThan(MAX_HEADER_BYTES);
    expect(decoded(bytes)).toMatchObject([{ tables: [{ table: 'exposures' }, { table: 'events' }] }]);
  });

  it('hold tables that are larger than the window of their compression', () => {
    const bytesOfRow = Uint8Array.from({ length: 750_000 }, (_, i) => (i * i) % 251);
    const json = `"${Buffer.from(bytesOfRow).toString('base64')}"`;
    const rows = Array.from({ length: 10 }, () => ({ day: '2026-11-23', json }));
    const { bytes } = encodeRecord({ ...small, rows: { events: rows } });
    expect(decoded(bytes)[0]?.tables[0]?.text).toBe(`${json}\n`.repeat(10));
  });

  it.each([
    ['a line break in it', { day: '2026-11-23', json: '{"a":\n1}' }],
    ['no JSON', { day: '2026-11-23', json: '' }],
    ['a day that does not exist', { day: '2026-02-30', json: '{}' }],
    ['no day', { day: '', json: '{}' }],
  ])('are not made of a row with %s', (_what, row) => {
    const rows = { events: [event('a'), row] };
    expect(() => encodeRecord({ ...small, rows })).toThrow(
      expect.objectContaining({ code: 'SLUICE_LANDING_ROWS_INVALID' }),
    );
  });

  it.each([
    ['no ID', { id: '' }],
    ['an ID in capitals', { id: ID.toUpperCase().replace('0', 'F') }],
    ['no time', { receivedAt: Number.NaN }],
    ['a fraction of a millisecond', { receivedAt: 0.5 }],
    ['a time before 1970', { receivedAt: -1 }],
  ])('are not made of a request with %s', (_what, wrong) => {
    expect(() => encodeRecord({ ...small, ...wrong })).toThrow(
      expect.objectContaining({ code: 'SLUICE_LANDING_ROWS_INVALID' }),
    );
  });

  it('are made only if they can be read again', () => {
    const text = fc.oneof(
      fc.constantFrom(ID, '2026-11-23', '__proto__', '{}'),
      fc.string({ unit: 'binary' }),
    );
    const rows = fc.array(fc.record({ day: text, json: text }), { maxLength: 3 });
    const any = fc.record({
      id: fc.oneof(fc.constant(ID), text),
      request: fc.option(text),
      receivedAt: fc.oneof(fc.nat(), fc.double()),
      rows: fc.record({ exposures: rows, events: rows }, { requiredKeys: [] }),
    });
    const usual = fc.record({ ...requestParts, request: fc.option(text), rows: fc.record({ events: rows }) });
    fc.assert(
      fc.property(fc.oneof(any, usual), (request) => {
        let bytes: Uint8Array;
        try {
          ({ bytes } = encodeRecord(request));
        } catch (error) {
          expect(error).toMatchObject({ code: 'SLUICE_LANDING_ROWS_INVALID' });
          return;
        }
        expect(decoded(bytes)).toMatchObject([{ request: request.request }]);
      }),
      { numRuns: 1_000 },
    );
  });

  it('are not made of more bytes than a reader decodes, in all tables together', () => {
    const json = 'x'.repeat(MAX_LANDED_BYTES / 16 - 1);
    const events = Array.from({ length: 16 }, () => ({ day: '2026-11-23', json }));
    const code = 'SLUICE_LANDING_ROWS_TOO_LARGE';
    expect(() => encodeRecord({ ...small, rows: { exposures: [event('a')], events } })).toThrow(
      expect.objectContaining({ code }),
    );
    expect(() => encodeRecord({ ...small, request: 'x'.repeat(MAX_HEADER_BYTES), rows: {} })).toThrow(
      expect.objectContaining({ code }),
    );
  });
});

describe('a damaged object of the landing', () => {
  const object = Buffer.concat([record, record, record]);

  it('is refused when it is cut anywhere but between records, with the offset of the record that is cut', () => {
    for (let length = 0; length < object.length; length += 1) {
      const cut = object.subarray(0, length);
      const offset = Math.floor(length / record.length) * record.length;
      expect(refusal(cut)).toEqual(length === offset ? null : { code: 'TRUNCATED', offset });
    }
  });

  it('is refused with any bit flipped, and names a place at or before it', () => {
    for (let bit = 0; bit < record.length * 8; bit += 1) {
      const flipped = Buffer.from(object);
      const at = record.length + (bit >> 3);
      flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << (bit & 7)), at);
      const refused = refusal(flipped);
      expect(refused).not.toBeNull();
      expect(refused?.offset).toBeGreaterThanOrEqual(record.length);
      expect(refused?.offset).toBeLessThanOrEqual(at);
    }
  });

  it('is refused with a byte too much or too little anywhere', () => {
    fc.assert(
      fc.property(fc.nat(object.length - 1), fc.nat(255), (at, byte) => {
        const before = object.subarray(0, at);
        const [added, removed] = [
          Buffer.concat([before, Buffer.of(byte), object.subarray(at)]),
          Buffer.concat([before, object.subarray(at + 1)]),
        ];
        expect(refusal(removed)?.offset).toBeLessThanOrEqual(object.length);
        expect(refusal(added)?.offset).toBeLessThanOrEqual(object.length);
      }),
      { numRuns: 2_000 },
    );
    for (let byte = 0; byte < 256; byte += 1)
      expect(refusal(Buffer.concat([record, Buffer.of(byte)]))).toEqual({
        code: byte === 0x50 ? 'TRUNCATED' : 'NOT_A_RECORD',
        offset: record.length,
      });
  });

  it('is refused with parts of it in another order', () => {
    const [{ frames } = { frames: [] }] = walkRecords(record);
    const [first, second] = frames.map(({ offset, length }) => record.subarray(offset, offset + length));
    if (first === undefined || second === undefined) throw new Error('two frames');
    const head = record.subarray(0, frames[0]?.offset);
    expect(refusal(Buffer.concat([head, second, first]))).toMatchObject({ code: 'FRAME_DAMAGED' });
    expect(refusal(Buffer.concat([first, head, second]))).toEqual({ code: 'NOT_A_RECORD', offset: 0 });
    expect(refusal(Buffer.concat([head, first, first, second]))?.offset).toBeGreaterThan(0);
  });

  it('does not mix up tables whose frames are of the same length', () => {
    const rows = { exposures: [event('a')], events: [event('b')] };
    const { bytes, header } = encodeRecord({ ...small, rows });
    const [one, other] = header.frames.map(({ length }) => length);
    expect(one).toBe(other);
    const at = bytes.length - 2 * (one ?? 0);
    const swapped = [
      bytes.subarray(0, at),
      bytes.subarray(at + (one ?? 0)),
      bytes.subarray(at, at + (one ?? 0)),
    ];
    expect(refusal(Buffer.concat(swapped))).toEqual({ code: 'FRAME_DAMAGED', offset: at });
  });

  it('is refused whatever else it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (bytes) => {
        expect(refusal(bytes)).not.toBeNull();
        expect(refusal(Buffer.concat([record.subarray(0, 8), bytes]))).not.toBeNull();
      }),
    );
  });
});

describe('a hostile record', () => {
  const line = '{"event_id":"a"}\n';
  const good = compress(line);
  const frame = { table: 'events', length: good.length, decoded: line.length, crc32: '00000000', rows: {} };
  const sizeOf = (size: number) => {
    const bytes = Buffer.from(record);
    bytes.writeUInt32LE(size, 4);
    return bytes;
  };

  it('as the tests make it is read when nothing is wrong with it', () => {
    expect(refusal(withFrame(good, { decoded: line.length }))).toBeNull();
  });

  it.each([
    ['a header of 4 GB', sizeOf(0xffffffff), 'HEADER_DAMAGED'],
    ['a header larger than any of ours', sizeOf(MAX_HEADER_BYTES + 1), 'HEADER_DAMAGED'],
    ['no header', sizeOf(0), 'HEADER_DAMAGED'],
    ['a header that is a seal alone', withHeader(''), 'HEADER_DAMAGED'],
    ['deep JSON', withHeader(`${HEAD}${'['.repeat(30_000)}${']'.repeat(30_000)}`), 'HEADER_DAMAGED'],
    ['a list as its header', withHeader('[1'), 'HEADER_DAMAGED'],
    ['a member twice', withHeader(`{"version":1,${HEAD.slice(1)}[]`), 'HEADER_DAMAGED'],
    ['an unknown member', withHeader(`${HEAD}[],"more":1`), 'HEADER_DAMAGED'],
    ['a member __proto__', withHeader(`${HEAD}[],"__proto__":{"a":1}`), 'HEADER_DAMAGED'],
    ['spaces', withHeader(`${HEAD} []`), 'HEADER_DAMAGED'],
    ['a number written otherwise', withHeader(HEAD.replace(':1,', ':1.0,').concat('[]')), 'HEADER_DAMAGED'],
    ['an ID that is none', withHeader(`${HEAD.replace(ID, 'ABC')}[]`), 'HEADER_DAMAGED'],
    ['version 2', withHeader('{"version":2,"frames":7'), 'VERSION_UNKNOWN'],
    ['version -0', withHeader(`${HEAD.replace('"version":1', '"version":-0')}[]`), 'VERSION_UNKNOWN'],
    ['no version', withHeader('{"frames":[]'), 'HEADER_DAMAGED'],
    ...Object.entries({
      'an unknown table': { table: 'experiments' },
      'a table named __proto__': { table: '__proto__' },
      'a length of 0': { length: 0 },
      'a negative length': { length: -good.length },
      'a length beyond all numbers': { length: 1e300 },
      'a fraction as its length': { length: 1.5 },
      'more rows decoded than we write': { decoded: MAX_LANDED_BYTES + 1 },
      'nothing decoded': { decoded: 0 },
      'no rows of a day': { rows: { '2026-11-23': 0 } },
      'a day that does not exist': { rows: { '2026-11-31': 1 } },
      'a day that is a path': { rows: { '../secret': 1 } },
      'rows as a list': { rows: [1] },
      'no checksum': { crc32: '' },
    }).map(([what, wrong]) => {
      const frames = JSON.stringify([{ ...frame, ...wrong }]);
      return [`${what} in a frame`, withHeader(`${HEAD}${frames}`, good), 'HEADER_DAMAGED'] as const;
    }),
    [
      'a day __proto__',
      withHeader(`${HEAD}${JSON.stringify([frame]).replace('{}', '{"__proto__":1}')}`, good),
      'HEADER_DAMAGED',
    ],
    [
      'two frames of a table',
      withHeader(`${HEAD}${JSON.stringify([frame, frame])}`, good, good),
      'HEADER_DAMAGED',
    ],
    [
      'a frame longer than the object',
      withHeader(`${HEAD}${JSON.stringify([{ ...frame, length: Number.MAX_SAFE_INTEGER }])}`, good),
      'TRUNCATED',
    ],
  ])('with %s is refused', (_what, bytes, code) => {
    expect(refusal(bytes)).toEqual({ code, offset: 0 });
  });

  it('that reaches beyond numbers with several frames is refused', () => {
    const long = { ...frame, length: Number.MAX_SAFE_INTEGER };
    const frames = tableKinds.map((table) => ({ ...long, table }));
    expect(refusal(withHeader(`${HEAD}${JSON.stringify(frames)}`, good))).toEqual({
      code: 'TRUNCATED',
      offset: 0,
    });
  });

  const unchecked = compress(line, {});
  const skippable = Buffer.concat([record.subarray(0, 8 + record.readUInt32LE(4)), good]);
  it.each([
    ['decodes to more than it says', withFrame(good, { decoded: line.length - 1 })],
    ['decodes to less than it says', withFrame(good, { decoded: line.length + 1 })],
    ['has more rows than it says', withFrame(compress(line.repeat(2)), { decoded: 2 * line.length })],
    ['has fewer rows than it says', withFrame(good, { decoded: line.length, rows: 2 })],
    ['has a row that does not end', withFrame(compress('{}'), { decoded: 2 })],
    ['has an empty row', withFrame(compress('{}\n\n'), { decoded: 4, rows: 2 })],
    ['is two', withFrame(Buffer.concat([good, good]), { decoded: line.length })],
    ['is two, both of which it describes', withFrame(Buffer.concat([good, good]), { decoded: 34, rows: 2 })],
    ['has no checksum of its content', withFrame(unchecked, { decoded: line.length })],
    ['is skipped first', withFrame(skippable, { decoded: line.length })],
    ['is gzip', withFrame(Buffer.from('1f8b0800000000000003', 'hex'), { decoded: 3 })],
    ['is one byte', withFrame(Buffer.of(0x28), { decoded: 1 })],
    ['is cut', withFrame(good.subarray(0, -1), { decoded: line.length })],
    ['needs a dictionary', withFrame(Buffer.from(good).fill(0x25, 4, 5), { decoded: line.length })],
  ])('whose frame %s is refused', (_what, bytes) => {
    const [walked] = walkRecords(bytes);
    expect(refusal(bytes)).toEqual({ code: 'FRAME_DAMAGED', offset: walked?.frames[0]?.offset });
  });

  it('that is a bomb is refused without being decoded', () => {
    const bomb = compress(Buffer.alloc(64 * 1024 * 1024, '\n'));
    expect(bomb.length).toBeLessThan(64 * 1024);
    const bytes = withFrame(bomb, { decoded: 1_000 });
    const before = process.memoryUsage().arrayBuffers;
    expect(refusal(bytes)?.code).toBe('FRAME_DAMAGED');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024);
  });

  it('whose frame asks for a large window is refused', async () => {
    const params = { ...CHECKED, [constants.ZSTD_c_windowLog]: 27, [constants.ZSTD_c_contentSizeFlag]: 0 };
    const stream = createZstdCompress({ params });
    stream.write(line);
    stream.end();
    const frame = Buffer.concat(await stream.toArray());
    expect(zstdDecompressSync(frame).toString()).toBe(line);
    expect(refusal(withFrame(frame, { decoded: line.length }))?.code).toBe('FRAME_DAMAGED');
  });

  it('is refused when its frame is given with other bytes', () => {
    const bytes = withFrame(good, { decoded: line.length });
    const frame = walkRecords(bytes)[0]?.frames[0];
    if (frame === undefined) throw new Error('one frame');
    expect(decodeFrame(good, frame).toString()).toBe(line);
    for (const other of [bytes, good.subarray(1), new Uint8Array()])
      expect(() => decodeFrame(other, frame)).toThrow(
        expect.objectContaining({ code: 'SLUICE_LANDING_FRAME_DAMAGED' }),
      );
  });
});

describe("Node's decoder of zstd", () => {
  // Why there is decodeFrame, and why nobody decodes an object of the landing as a whole.
  it('ends at the first frame without an error, and skips none', () => {
    const [one, other] = [compress('{"a":1}\n'), compress('{"a":2}\n')];
    expect(zstdDecompressSync(Buffer.concat([one, other])).toString()).toBe('{"a":1}\n');
    expect(zstdDecompressSync(record).toString()).toBe('');
  });
});
