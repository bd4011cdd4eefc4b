import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isMangled } from '../../../lib/wire/decodeBody.ts';

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8');

describe('isMangled', () => {
  it('recognizes gzip and zstd by their first bytes, brotli and deflate by the header', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        const body = JSON.stringify({ events: [json, 'and some more of it, so that it is worth it'] });
        expect(isMangled(text(gzipSync(body)), '')).toBe(true);
        expect(isMangled(text(zstdCompressSync(body)), '')).toBe(true);
        for (const [encoding, compressed] of [
          ['br', text(brotliCompressSync(body))],
          ['deflate', text(deflateSync(body))],
          ['identity, deflate', text(deflateRawSync(body))],
        ] as const) {
          expect(isMangled(compressed, encoding)).toBe(true);
        }
      }),
    );
  });

  it('recognizes a brotli stream that starts like JSON', () => {
    expect(isMangled('{\ufffd\ufffd\u0001', 'br')).toBe(true);
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
