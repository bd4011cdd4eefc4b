import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeBody } from '../../../lib/wire/decodeBody.ts';
import { MAX_DECODED_BYTES, MAX_ZSTD_FRAMES } from '../../../lib/wire/limits.ts';
import { RequestError } from '../../../lib/wire/RequestError.ts';

const decode = (body: Uint8Array, contentEncoding: string) =>
  decodeBody(body, { contentEncoding, statsigEncoded: false });
const codeOf = (body: Uint8Array, contentEncoding: string): string => {
  try {
    return decode(body, contentEncoding).text;
  } catch (error) {
    if (error instanceof RequestError) return error.code;
    throw error;
  }
};
const event = (i: number) => Buffer.from(`{"eventName":"e${i}"}`);

describe.each([
  ['gzip', gzipSync],
  ['zstd', zstdCompressSync],
])('a body of several %s frames', (name, compress) => {
  it('is read completely, wherever it is split into frames, including empty ones', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.constant('x'.repeat(100_000))), { minLength: 1, maxLength: 8 }),
        (texts) => {
          const text = `["${texts.map((one) => encodeURIComponent(one)).join()}"]`;
          const parts = [text.slice(0, 1), '', text.slice(1, 7), text.slice(7)];
          const body = Buffer.concat(parts.map((part) => compress(Buffer.from(part))));
          expect(decode(body, name).text).toBe(text);
        },
      ),
    );
  });

  it('is rejected when its last frame ends too early or is damaged', () => {
    const frames = [event(1), event(2)].map((bytes) => compress(bytes));
    const body = Buffer.concat(frames);
    expect(codeOf(body.subarray(0, -2), name)).toBe('SLUICE_BODY_TRUNCATED');
    expect(codeOf(Buffer.concat([...frames, Buffer.from('{"eventName":"plain"}')]), name)).toBe(
      'SLUICE_BODY_CORRUPT',
    );
  });

  it('is stopped when all frames together inflate too far', () => {
    const half = compress(Buffer.alloc(MAX_DECODED_BYTES / 2, 0x20));
    const empty = compress(Buffer.alloc(0));
    expect(decode(Buffer.concat([half, half, empty]), name).bytes).toBe(MAX_DECODED_BYTES);
    const one = compress(Buffer.from(' '));
    expect(codeOf(Buffer.concat([half, half, one]), name)).toBe('SLUICE_BODY_INFLATES_TOO_FAR');
    expect(codeOf(Buffer.concat([half, half, half]), name)).toBe('SLUICE_BODY_INFLATES_TOO_FAR');
  });
});

it('a body with implausibly many zstd frames is rejected before decoding takes long', () => {
  const empty = zstdCompressSync(Buffer.alloc(0));
  const frames = (count: number) =>
    Buffer.concat([...Array<Buffer>(count).fill(empty), zstdCompressSync('{}')]);
  expect(codeOf(frames(MAX_ZSTD_FRAMES - 1), 'zstd')).toBe('{}');
  expect(codeOf(frames(MAX_ZSTD_FRAMES), 'zstd')).toBe('SLUICE_BODY_CORRUPT');
});

it.each([
  ['br', brotliCompressSync],
  ['deflate', deflateSync],
  ['deflate', deflateRawSync],
])('a body with data after the single stream of %s is rejected', (name, compress) => {
  const first = compress(event(1));
  expect(codeOf(first, name)).toBe('{"eventName":"e1"}');
  for (const more of [compress(event(2)), Buffer.from('{"eventName":"e2"}'), Buffer.alloc(1)]) {
    expect(codeOf(Buffer.concat([first, more]), name)).toBe('SLUICE_BODY_CORRUPT');
  }
});
