import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CanonicalJsonWriter, DepthError, quoteEmbedded } from '../../../lib/base/canonicalJson.ts';
import { stringifyDeep } from '../../../lib/base/deepJson.ts';
import { parseExactJson, tryParseExactJson } from '../../../lib/base/exactJson.ts';
import { ExactNumber, isEmptyJson, isExact, sameJson } from '../../../lib/base/json.ts';

declare global {
  interface JSON {
    // In Node since 22, not yet in TypeScript's library: https://tc39.es/proposal-json-parse-with-source/
    parse(
      text: string,
      reviver: (this: unknown, key: string, value: unknown, context: { source?: string }) => unknown,
    ): unknown;
  }
}

/** The same by the plainest means: sort the keys, stringify, quote. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  const pairs = members.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(',');
  return `{${pairs}}`;
}

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('a', '"', '\\', '\n', '\u2028', '\ud800', 'é', '😀', '\u007f') }),
  fc.string({ minLength: 240, maxLength: 280 }),
);
const anyJson = fc.jsonValue({ maxDepth: 4 });

const parsed = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('quoteNested', () => {
  it('equals JSON.stringify, inside a string', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(JSON.parse(`"${quoteEmbedded(text)}"`)).toBe(JSON.stringify(text));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('NestedJson', () => {
  it('writes sorted JSON as it stands inside a string', () => {
    expect(new CanonicalJsonWriter().write({ b: 'x', a: { z: 1, y: [true, null, 'é"'] } })).toBe(
      '{\\"a\\":{\\"y\\":[true,null,\\"é\\\\\\"\\"],\\"z\\":1},\\"b\\":\\"x\\"}',
    );
  });

  it('writes quoted canonical JSON for any value, whatever the order of its keys', () => {
    fc.assert(
      fc.property(anyJson, fc.dictionary(anyText, anyText, { maxKeys: 50 }), (value, texts) => {
        const all = parsed({ value, texts, ...texts });
        expect(JSON.parse(`"${new CanonicalJsonWriter().write(all)}"`)).toBe(canonical(all));
        const reversed = Object.fromEntries(Object.entries(Object(all)).reverse());
        expect(new CanonicalJsonWriter().write(reversed)).toBe(new CanonicalJsonWriter().write(all));
      }),
      { numRuns: 500 },
    );
  });

  it('keeps __proto__ as a normal key', () => {
    const value: unknown = JSON.parse('{"__proto__":{"a":1},"constructor":2}');
    expect(new CanonicalJsonWriter().write(value)).toBe('{\\"__proto__\\":{\\"a\\":1},\\"constructor\\":2}');
  });

  it('rejects more than 64 levels', () => {
    const nest = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));
    expect(new CanonicalJsonWriter().write(nest(64))).toHaveLength(128);
    expect(() => new CanonicalJsonWriter().write(nest(65))).toThrow(DepthError);
    expect(() => new CanonicalJsonWriter().write(nest(20_000))).toThrow(DepthError);
    expect(() =>
      new CanonicalJsonWriter().write(JSON.parse(`${'{"a":'.repeat(65)}1${'}'.repeat(65)}`)),
    ).toThrow(DepthError);
  });

  it('detects a number that JSON.parse cannot represent', () => {
    for (const text of ['9007199254740993', '-12345678901234567890', '1e999']) {
      const writer = new CanonicalJsonWriter();
      writer.write(JSON.parse(`{"a":[${text}]}`));
      expect(writer.inexact).toBe(true);
      const exact = new CanonicalJsonWriter();
      expect(exact.write(parseExactJson(`{"a":[${text}]}`))).toBe(`{\\"a\\":[${text}]}`);
      expect(exact.inexact).toBe(false);
    }
    const fine = new CanonicalJsonWriter();
    fine.write([0, -1, 0.1, 1e300, Number.MAX_SAFE_INTEGER]);
    expect(fine.inexact).toBe(true); // 1e300 is an integer beyond 2^53, so it is looked at exactly.
  });
});

describe('parseExactJson', () => {
  it('keeps exact only numbers that a double cannot represent', () => {
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

describe('sameJson', () => {
  it('equals equality of canonical JSON', () => {
    const pair = fc.oneof(
      fc.tuple(anyJson, anyJson),
      anyJson.map((value): [unknown, unknown] => [value, parsed(value)]),
    );
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const left = parsed(a);
        const right = parsed(b);
        expect(sameJson(left, right)).toBe(canonical(left) === canonical(right));
      }),
      { numRuns: 1_000 },
    );
    expect(sameJson(JSON.parse('{"__proto__":{}}'), {})).toBe(false);
    expect(sameJson({}, JSON.parse('{"__proto__":{}}'))).toBe(false);
  });
});

describe('stringifyDeep', () => {
  it('writes values nested deeper than the stack, and any other as JSON.stringify does', () => {
    const deep = `${'[{"a":0,"b":'.repeat(50_000)}1${'},2]'.repeat(50_000)}`;
    // Jest would take minutes to show a difference of texts of this length.
    expect(stringifyDeep(JSON.parse(deep)) === deep).toBe(true);
    fc.assert(fc.property(anyJson, (value) => expect(stringifyDeep(value)).toBe(JSON.stringify(value))));
  });
});

describe('isEmptyJson', () => {
  it.each([null, undefined, {}, []])('treats %p as empty', (value) => expect(isEmptyJson(value)).toBe(true));
  it.each([0, '', false, [null], { a: null }])('treats %p as not empty', (value) =>
    expect(isEmptyJson(value)).toBe(false),
  );
});
