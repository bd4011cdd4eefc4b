import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseExactJson, tryParseExactJson } from '../../../lib/base/exactJson.ts';
import { ExactNumber, isExact } from '../../../lib/base/json.ts';

declare global {
  interface JSON {
    // In Node since 22, not yet in TypeScript's library: https://tc39.es/proposal-json-parse-with-source/
    parse(
      text: string,
      reviver: (this: unknown, key: string, value: unknown, context: { source?: string }) => unknown,
    ): unknown;
  }
}

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('a', '"', '\\', '\n', '\u2028', '\ud800', 'é', '😀', '\u007f') }),
  fc.string({ minLength: 240, maxLength: 280 }),
);
const anyJson = fc.jsonValue({ maxDepth: 4 });

describe('parseExactJson', () => {
  it('keeps the digits of numbers that a double cannot represent', () => {
    const value: unknown = parseExactJson('{"id":12345678901234567890,"n":1.5,"t":"x"}');
    expect(value).toEqual({ id: new ExactNumber('12345678901234567890'), n: 1.5, t: 'x' });
    expect(JSON.stringify(value)).toBe('{"id":12345678901234567890,"n":1.5,"t":"x"}');
  });

  it('rounds fractions to the nearest double, as every reader of JSON does', () => {
    expect(parseExactJson('[0.12345678901234567890123]')).toEqual([0.12345678901234568]);
  });

  it('keeps every digit of integers, and otherwise equals JSON.parse', () => {
    const number = fc.oneof(
      fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(String),
      fc.constantFrom('-1e400', '0.5', '-0', '9007199254740992.5E0', '1e2'),
    );
    const value = fc.dictionary(anyText, fc.oneof(anyText, anyJson, fc.array(number.map(JSON.rawJSON))));
    fc.assert(
      fc.property(value, fc.constantFrom(undefined, ' '), (members, space) => {
        const text = JSON.stringify({ ...members, ['__proto__']: members }, null, space);
        const expected = JSON.parse(text, (_key, member, { source }) =>
          typeof member === 'number' && !isExact(member) ? JSON.rawJSON(source ?? '') : member,
        );
        expect(JSON.stringify(parseExactJson(text))).toBe(JSON.stringify(expected));
      }),
      { numRuns: 500 },
    );
  });

  it('gives up on values nested deeper than the stack, and on what is no JSON', () => {
    const deep = `${'[{"a":'.repeat(50_000)}1${'}]'.repeat(50_000)}`;
    expect(() => parseExactJson(deep)).toThrow(RangeError);
    for (const text of [deep, '{"a":']) expect(tryParseExactJson(text)).toBeUndefined();
  });
});

describe('tryParseExactJson', () => {
  it.each([
    { levels: 2_000, isRead: true },
    { levels: 2_001, isRead: false },
  ])('reads $levels levels: $isRead', ({ levels, isRead }) => {
    const read = tryParseExactJson(`${'['.repeat(levels)}1${']'.repeat(levels)}`);
    expect(read !== undefined).toBe(isRead);
  });

  it.each([
    {
      what: 'four MiB with a number that a double cannot hold',
      id: '12345678901234567890',
      more: 0,
      isRead: true,
    },
    { what: 'a character more with such a number', id: '12345678901234567890', more: 1, isRead: false },
    { what: 'a character more with another number', id: '1234567890123456', more: 5, isRead: true },
  ])('reads $what: $isRead', ({ id, more, isRead }) => {
    const text = `{"id":${id},"text":"${'x'.repeat(4 * 1024 * 1024 - 37 + more)}"}`;
    expect(tryParseExactJson(text) !== undefined).toBe(isRead);
  });
});
