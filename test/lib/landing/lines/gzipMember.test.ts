import { describe, expect, it } from '@jest/globals';
import { inflate, TOO_LARGE } from '../../../../lib/landing/lines/gzipMember.ts';

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
