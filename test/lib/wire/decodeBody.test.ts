import {
  brotliCompressSync,
  constants,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeBody, encodeBody, isMangled, readBody } from '../../../lib/wire/decodeBody.ts';
import { MAX_BODY_BYTES, MAX_DECODED_BYTES, MAX_ZSTD_FRAMES } from '../../../lib/wire/limits.ts';
import { RequestError } from '../../../lib/wire/RequestError.ts';

const none = { contentEncoding: '', statsigEncoded: false };
const announced = (contentEncoding: string) => ({ contentEncoding, statsigEncoded: false });
const json = '{"events":[{"eventName":"évènement 😀"}]}';
const bytes = Buffer.from(json);
/** At its default quality, brotli would take more than a second for 32 MiB. */
const quickBrotli = (input: Uint8Array) =>
  brotliCompressSync(input, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } });
const compressors = { gzip: gzipSync, zstd: zstdCompressSync, br: quickBrotli, deflate: deflateSync };

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof RequestError) return error.code;
    throw error;
  }
  return 'none';
}

/** Encodes as js-client does: btoa of the JSON, backwards. */
function statsigEncode(text: string): Buffer {
  return Buffer.from(Buffer.from(text, 'latin1').toString('base64').split('').reverse().join(''));
}

describe('decodeBody', () => {
  it('accepts plain JSON despite an outdated header', () => {
    for (const encoding of ['', 'identity', 'gzip', 'zstd', 'br', 'deflate', 'compress', 'gzip, br']) {
      expect(decodeBody(bytes, announced(encoding))).toEqual({
        text: json,
        bytes: bytes.length,
        repaired: false,
        encoding: { layers: [], isStatsigEncoded: false },
      });
    }
  });

  it.each([
    { body: ` \r\n${json}`, encoding: 'br' },
    { body: `\t${json} \n`, encoding: 'deflate' },
    { body: '[{}]', encoding: 'br' },
    { body: '[', encoding: 'gzip' },
    { body: '\ufeff{', encoding: 'zstd' },
  ])('takes $body for JSON although the header says $encoding', ({ body, encoding }) => {
    expect(decodeBody(Buffer.from(body), announced(encoding))).toMatchObject({
      text: body.replace('\ufeff', ''),
      encoding: { layers: [] },
    });
  });

  it.each([
    { what: 'text', body: Buffer.from('hello'), encodings: ['gzip', 'x-gzip', 'zstd'] },
    { what: 'text with a closing brace', body: Buffer.from('hello}'), encodings: ['br', 'deflate', 'gzip'] },
    { what: 'JSON without an end', body: Buffer.from('{"a":1'), encodings: ['br', 'deflate'] },
    {
      what: 'braces around a byte that is not UTF-8',
      body: Buffer.from([0x7b, 0xff, 0x7d]),
      encodings: ['br', 'deflate'],
    },
    {
      what: 'another byte than the first of a byte order mark',
      body: Buffer.from([0xee, 0xbb, 0xbf, 0x7b]),
      encodings: ['gzip'],
    },
    {
      what: 'another byte than the second of it',
      body: Buffer.from([0xef, 0xba, 0xbf, 0x7b]),
      encodings: ['gzip'],
    },
    {
      what: 'another byte than the third of it',
      body: Buffer.from([0xef, 0xbb, 0xbe, 0x7b]),
      encodings: ['gzip'],
    },
  ])('does not take $what for what the header says, nor for JSON', ({ body, encodings }) => {
    for (const encoding of encodings)
      expect(codeOf(() => decodeBody(body, announced(encoding)))).toMatch(
        /^SLUICE_BODY_(CORRUPT|TRUNCATED)$/,
      );
  });

  it('takes bytes for gzip or zstd only if all of the magic bytes are there', () => {
    for (const magic of [
      [0x1f, 0x8b],
      [0x28, 0xb5, 0x2f, 0xfd],
    ]) {
      for (const place of magic.keys()) {
        const almost = Buffer.from(magic.map((byte, i) => (i === place ? byte ^ 1 : byte)));
        expect(decodeBody(almost, none)).toMatchObject({ bytes: magic.length, encoding: { layers: [] } });
      }
    }
  });

  it.each(Object.entries(compressors))('decodes %s that a header announces', (name, compress) => {
    const decoded = decodeBody(compress(bytes), announced(name.toUpperCase()));
    expect(decoded.text).toBe(json);
    expect(decoded.bytes).toBe(bytes.length);
  });

  it('recognizes gzip and zstd by their first bytes, with any header or none', () => {
    for (const marker of ['', 'gzip', 'zstd', 'identity', 'snappy']) {
      expect(decodeBody(gzipSync(bytes), announced(marker)).text).toBe(json);
      expect(decodeBody(zstdCompressSync(bytes), announced(marker)).text).toBe(json);
    }
  });

  it('accepts raw deflate, as some senders use it, also if it could begin a zlib header', () => {
    expect(decodeBody(deflateRawSync(bytes), announced('deflate')).text).toBe(json);
    // A stored block of 31 bytes and an empty last block: RFC 1951, 3.2.4. The bits above the block's type are padding.
    const text = 'x'.repeat(31);
    for (const first of [0x00, 0x08]) {
      const block = [Buffer.from([first, 31, 0, 224, 255]), Buffer.from(text)];
      const body = Buffer.concat([...block, Buffer.from([1, 0, 0, 255, 255])]);
      expect(decodeBody(body, announced('deflate')).text).toBe(text);
    }
  });

  it('reads the last coding of a header that names several, without spaces and identity', () => {
    const body = brotliCompressSync(bytes);
    for (const encoding of ['gzip,br', ' br', 'br ,identity', 'Identity, BR,'])
      expect(decodeBody(body, announced(encoding)).text).toBe(json);
  });

  it('decodes bodies that proxies compressed again, up to three times', () => {
    const twice = gzipSync(zstdCompressSync(bytes));
    expect(decodeBody(twice, none).text).toBe(json);
    expect(decodeBody(gzipSync(twice), none).text).toBe(json);
    expect(codeOf(() => decodeBody(gzipSync(gzipSync(twice)), none))).toBe('SLUICE_BODY_CORRUPT');
  });

  it.each([0, 1, 16_383, 16_384, 16_385, 1_048_576, 1_048_577, 3_000_000])(
    'inflates %i characters of gzip, in one member or two',
    (length) => {
      const text = 'x'.repeat(length);
      const member = gzipSync(text);
      expect(decodeBody(member, none).text === text).toBe(true);
      expect(decodeBody(Buffer.concat([member, gzipSync('{}')]), none).text === `${text}{}`).toBe(true);
      expect(decodeBody(Buffer.concat([gzipSync('{}'), member]), none).text === `{}${text}`).toBe(true);
    },
  );

  it.each([0, 5, 2 ** 32 - 1])('does not believe that gzip inflates to %i bytes', (said) => {
    const lying = gzipSync(bytes);
    lying.writeUInt32LE(said, lying.length - 4);
    expect(codeOf(() => decodeBody(lying, none))).toBe('SLUICE_BODY_CORRUPT');
  });

  it("decodes Statsig's reversed base64 of Latin-1, plain or inside gzip", () => {
    const latin = '{"events":[{"eventName":"déjà vu"}]}';
    const marked = { contentEncoding: '', statsigEncoded: true };
    expect(decodeBody(statsigEncode(latin), marked).text).toBe(latin);
    expect(decodeBody(gzipSync(statsigEncode(latin)), marked).text).toBe(latin);
    expect(decodeBody(bytes, marked).text).toBe(json); // Marked, but a proxy has decoded it.
  });

  it('drops a byte order mark', () => {
    expect(decodeBody(Buffer.from(`\ufeff${json}`), announced('gzip')).text).toBe(json);
  });

  it('replaces bytes that are not UTF-8 and reports it', () => {
    const damaged = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]);
    expect(decodeBody(damaged, none)).toMatchObject({ text: '{"a":"\ufffd("}', repaired: true });
  });

  it('refuses an empty body, and one above the limit', () => {
    expect(codeOf(() => decodeBody(Buffer.alloc(0), none))).toBe('SLUICE_BODY_EMPTY');
    expect(codeOf(() => decodeBody(Buffer.alloc(MAX_BODY_BYTES + 1), none))).toBe('SLUICE_BODY_TOO_LARGE');
    expect(decodeBody(Buffer.alloc(MAX_BODY_BYTES), none).bytes).toBe(MAX_BODY_BYTES);
  });

  it('refuses an unknown coding with the first 40 characters of its name', () => {
    const read = () => decodeBody(Buffer.from('eJzz'), announced('n'.repeat(1_000)));
    expect(codeOf(read)).toBe('SLUICE_BODY_ENCODING_UNKNOWN');
    expect(read).toThrow(/: n{40}\.$/);
  });

  it('refuses gzip with another checksum', () => {
    const flipped = Buffer.from(gzipSync(bytes));
    flipped.writeUInt32LE(0, flipped.length - 8);
    expect(codeOf(() => decodeBody(flipped, none))).toBe('SLUICE_BODY_CORRUPT');
  });

  it.each(Object.entries(compressors))('reports %s that ends too early as truncated', (name, compress) => {
    const whole = compress(Buffer.from(JSON.stringify({ text: 'abc'.repeat(500), n: Math.PI })));
    for (const cut of [whole.length - 1, whole.length >> 1, 6]) {
      expect(codeOf(() => decodeBody(whole.subarray(0, cut), announced(name)))).toBe('SLUICE_BODY_TRUNCATED');
    }
  });

  it.each(Object.entries(compressors))('stops a %s bomb at the limit', (name, compress) => {
    const bomb = compress(Buffer.alloc(MAX_DECODED_BYTES + 1, 0x20));
    expect(bomb.length).toBeLessThan(64 * 1024);
    expect(codeOf(() => decodeBody(bomb, announced(name)))).toBe('SLUICE_BODY_INFLATES_TOO_FAR');
    const largest = compress(Buffer.alloc(MAX_DECODED_BYTES, 0x20));
    expect(decodeBody(largest, announced(name)).bytes).toBe(MAX_DECODED_BYTES);
  });

  it('returns text or its own error code for any bytes', () => {
    const markers = fc.record({
      contentEncoding: fc.constantFrom('', 'gzip', 'zstd', 'br', 'deflate', 'x', 'gzip,br', ',,'),
      statsigEncoded: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), markers, (body, marked) => {
        try {
          expect(typeof decodeBody(body, marked).text).toBe('string');
        } catch (error) {
          expect(error).toBeInstanceOf(RequestError);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('encodeBody', () => {
  const layers = fc.array(fc.constantFrom('gzip', 'zstd', 'br', 'deflate'), { maxLength: 1 });

  it('is undone by decodeBody with the markers of the request, for any JSON', () => {
    fc.assert(
      fc.property(layers, fc.boolean(), fc.jsonValue(), (layers, isStatsigEncoded, value) => {
        const encoding = { layers, isStatsigEncoded };
        const encoded = encodeBody(JSON.stringify({ value }), encoding);
        const markers = { contentEncoding: layers[0] ?? '', statsigEncoded: isStatsigEncoded };
        const decoded = decodeBody(encoded, markers);
        expect(JSON.parse(decoded.text)).toEqual(JSON.parse(JSON.stringify({ value })));
        expect(decoded.encoding).toEqual(encoding);
      }),
    );
  });

  it('writes characters that are not Latin-1 as escapes in the encoding of Statsig', () => {
    const encoded = encodeBody('{"a":"é€😀"}', { layers: [], isStatsigEncoded: true });
    expect(decodeBody(encoded, { contentEncoding: '', statsigEncoded: true }).text).toBe(
      '{"a":"é\\u20ac\\ud83d\\ude00"}',
    );
  });

  it('compresses again what a proxy had compressed once more', () => {
    const encoding = { layers: ['gzip', 'zstd'] as const, isStatsigEncoded: false };
    const encoded = encodeBody('{"a":1}', encoding);
    expect(decodeBody(encoded, none)).toMatchObject({ text: '{"a":1}', encoding });
  });
});

const decodeAs = (body: Uint8Array, contentEncoding: string) => decodeBody(body, announced(contentEncoding));
/** The beginning of the text, which may have megabytes, or the code of its refusal. */
const codeAs = (body: Uint8Array, contentEncoding: string): string => {
  let text = '';
  const code = codeOf(() => {
    text = decodeAs(body, contentEncoding).text;
  });
  return code === 'none' ? text.slice(0, 60) : code;
};
const event = (i: number) => Buffer.from(`{"eventName":"e${i}"}`);

describe.each([
  { name: 'gzip', compress: gzipSync },
  { name: 'zstd', compress: zstdCompressSync },
])('a body of several $name frames', ({ name, compress }) => {
  it('is read completely, wherever it is split into frames, including empty ones', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.constant('x'.repeat(20_000))), { minLength: 1, maxLength: 8 }),
        (texts) => {
          const text = `["${texts.map((part) => encodeURIComponent(part)).join()}"]`;
          const parts = [text.slice(0, 1), '', text.slice(1, 7), text.slice(7)];
          const body = Buffer.concat(parts.map((part) => compress(Buffer.from(part))));
          expect(decodeAs(body, name).text === text).toBe(true);
        },
      ),
    );
  });

  it('is rejected when its last frame ends too early or is damaged', () => {
    const frames = [event(1), event(2)].map((bytes) => compress(bytes));
    const body = Buffer.concat(frames);
    expect(codeAs(body.subarray(0, -2), name)).toBe('SLUICE_BODY_TRUNCATED');
    expect(codeAs(Buffer.concat([...frames, Buffer.from('{"eventName":"plain"}')]), name)).toBe(
      'SLUICE_BODY_CORRUPT',
    );
  });

  it('is stopped when all frames together inflate too far', () => {
    const half = compress(Buffer.alloc(MAX_DECODED_BYTES / 2, 0x20));
    const empty = compress(Buffer.alloc(0));
    expect(decodeAs(Buffer.concat([half, half, empty]), name).bytes).toBe(MAX_DECODED_BYTES);
    const member = compress(Buffer.from(' '));
    for (const frames of [[member], [empty, member]])
      expect(codeAs(Buffer.concat([half, half, ...frames]), name)).toBe('SLUICE_BODY_INFLATES_TOO_FAR');
    // Node refuses what goes beyond a limit of whole chunks by itself.
    const less = compress(Buffer.alloc(MAX_DECODED_BYTES / 2 - 1_000, 0x20));
    for (const frames of [Array(3).fill(half), Array(3).fill(less), Array(12).fill(less)])
      expect(codeAs(Buffer.concat(frames), name)).toBe('SLUICE_BODY_INFLATES_TOO_FAR');
  });
});

it('a body with implausibly many zstd frames is rejected before decoding takes long', () => {
  const empty = zstdCompressSync(Buffer.alloc(0));
  const frames = (count: number) =>
    Buffer.concat([...Array<Buffer>(count).fill(empty), zstdCompressSync('{}')]);
  expect(codeAs(frames(MAX_ZSTD_FRAMES - 1), 'zstd')).toBe('{}');
  expect(codeAs(frames(MAX_ZSTD_FRAMES), 'zstd')).toBe('SLUICE_BODY_CORRUPT');
});

it.each([
  { name: 'br', compress: brotliCompressSync },
  { name: 'deflate', compress: deflateSync },
  { name: 'deflate', compress: deflateRawSync },
])('a body with data after the single stream of $name is rejected', ({ name, compress }) => {
  const first = compress(event(1));
  expect(codeAs(first, name)).toBe('{"eventName":"e1"}');
  for (const more of [compress(event(2)), Buffer.from('{"eventName":"e2"}'), Buffer.alloc(1)]) {
    expect(codeAs(Buffer.concat([first, more]), name)).toBe('SLUICE_BODY_CORRUPT');
  }
});

const mangled = (body: Uint8Array) => Buffer.from(body).toString('utf8');

describe('isMangled', () => {
  it('recognizes gzip and zstd by their first bytes, brotli and deflate by the header', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        const body = JSON.stringify({ events: [json, 'and some more of it, so that it is worth it'] });
        expect(isMangled(mangled(gzipSync(body)), '')).toBe(true);
        expect(isMangled(mangled(zstdCompressSync(body)), '')).toBe(true);
        expect(isMangled(mangled(quickBrotli(Buffer.from(body))), 'br')).toBe(true);
        expect(isMangled(mangled(deflateSync(body)), 'deflate')).toBe(true);
        expect(isMangled(mangled(deflateRawSync(body)), 'identity, deflate')).toBe(true);
      }),
    );
  });

  it.each([
    { text: '{\ufffd\ufffd\u0001', coding: 'br', expected: true },
    { text: '{\u0001\ufffd}', coding: 'br', expected: true },
    { text: '{\ufffd', coding: 'br', expected: true },
    { text: '{}\ufffd', coding: 'br', expected: true },
    { text: '\ufffd}', coding: 'br', expected: true },
    { text: 'x{\ufffd}', coding: 'br', expected: true },
    { text: 'hello', coding: 'br', expected: false },
    { text: 'hello\ufffd', coding: '', expected: false },
    { text: 'hello\ufffd', coding: 'brx', expected: false },
  ])('of $text with the coding $coding is $expected', ({ text, coding, expected }) => {
    expect(isMangled(text, coding)).toBe(expected);
  });

  it('never treats JSON as mangled, whatever its content and headers', () => {
    fc.assert(
      fc.property(
        fc.object(),
        fc.constantFrom('', ' ', '\n\t', '\ufeff', '\ufeff '),
        fc.constantFrom('', 'gzip', 'br', 'zstd'),
        (events, before, encoding) => {
          const json = JSON.stringify({ events, damaged: '\ufffd' });
          expect(isMangled(`${before}${json}`, encoding)).toBe(false);
        },
      ),
    );
  });
});

describe('readBody', () => {
  const read = (body: string | undefined, isBase64Encoded: boolean, contentEncoding?: string) => {
    const headers = contentEncoding === undefined ? {} : { 'content-encoding': contentEncoding };
    const http = { method: 'POST' };
    const request = { rawPath: '/', rawQueryString: '', headers, isBase64Encoded, requestContext: { http } };
    return readBody(body === undefined ? request : { ...request, body });
  };

  it('returns the bytes of text and of base64, and null for bytes that the gateway took for text', () => {
    expect(read('é', false)).toEqual(Buffer.from('é'));
    expect(read('/w==', true)).toEqual(Buffer.from([0xff]));
    expect(read(undefined, false)).toEqual(Buffer.alloc(0));
    expect(read('(\ufffd/\ufffd', false)).toBeNull();
    expect(read('\ufffd', false, 'br')).toBeNull();
    expect(read('\ufffd', false)).toEqual(Buffer.from('\ufffd'));
  });
});
