import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CanonicalJsonWriter, DepthError, quoteEmbedded } from '../../../lib/base/canonicalJson.ts';
import { parseExactJson } from '../../../lib/base/exactJson.ts';

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

const written = (value: unknown) => new CanonicalJsonWriter().write(value);
const parsed = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('quoteEmbedded', () => {
  it('equals JSON.stringify, inside a string', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(JSON.parse(`"${quoteEmbedded(text)}"`)).toBe(JSON.stringify(text));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('CanonicalJsonWriter', () => {
  it('writes sorted JSON as it stands inside a string', () => {
    expect(written({ b: 'x', a: { z: 1, y: [true, null, 'é"'] } })).toBe(
      '{\\"a\\":{\\"y\\":[true,null,\\"é\\\\\\"\\"],\\"z\\":1},\\"b\\":\\"x\\"}',
    );
  });

  it('writes quoted canonical JSON for any value, whatever the order of its keys', () => {
    fc.assert(
      fc.property(anyJson, fc.dictionary(anyText, anyText, { maxKeys: 50 }), (value, texts) => {
        const all = parsed({ value, texts, ...texts });
        expect(JSON.parse(`"${written(all)}"`)).toBe(canonical(all));
        const reversed = Object.fromEntries(Object.entries(Object(all)).reverse());
        expect(written(reversed)).toBe(written(all));
      }),
      { numRuns: 500 },
    );
  });

  it('writes many members and items as it writes few', () => {
    const count = 1_025;
    const items = Array.from({ length: count }, (_, i) => (i % 2 === 0 ? i : { b: i, a: '"' }));
    const members = Object.fromEntries(items.map((item, i) => [`k${(i * 7) % count}`, item]));
    expect(JSON.parse(`"${written({ members, items })}"`)).toBe(canonical({ members, items }));
  });

  it.each([undefined, () => 1, Symbol('s')])('writes what JSON does not have as null: %p', (value) => {
    expect(written([value])).toBe('[null]');
  });

  it('keeps __proto__ as a normal key', () => {
    const value: unknown = JSON.parse('{"__proto__":{"a":1},"constructor":2}');
    expect(written(value)).toBe('{\\"__proto__\\":{\\"a\\":1},\\"constructor\\":2}');
  });

  it('rejects more than 64 levels', () => {
    const nest = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));
    expect(written(nest(64))).toHaveLength(128);
    expect(() => written(nest(65))).toThrow(DepthError);
    expect(() => written(nest(20_000))).toThrow(DepthError);
    const nestObjects = (levels: number): unknown =>
      JSON.parse(`${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`);
    expect(written(nestObjects(64))).toContain('{}');
    expect(() => written(nestObjects(65))).toThrow(DepthError);
    expect(() => written(JSON.parse(`${'{"a":'.repeat(65)}1${'}'.repeat(65)}`))).toThrow(DepthError);
  });

  it.each(['9007199254740993', '-12345678901234567890', '1e999'])(
    'says that %s is no longer exact, unless it is read exactly',
    (number) => {
      const text = `{"a":[${number}]}`;
      const writer = new CanonicalJsonWriter();
      writer.write(JSON.parse(text));
      expect(writer.inexact).toBe(true);
      const exact = new CanonicalJsonWriter();
      expect(exact.write(parseExactJson(text))).toBe(`{\\"a\\":[${number}]}`);
      expect(exact.inexact).toBe(false);
    },
  );

  it.each([
    { number: Number.MAX_SAFE_INTEGER, inexact: false },
    { number: 0.1, inexact: false },
    // An integer beyond 2^53 may have been another one.
    { number: 1e300, inexact: true },
  ])('says of $number that it may be inexact: $inexact', ({ number, inexact }) => {
    const writer = new CanonicalJsonWriter();
    writer.write([0, -1, number]);
    expect(writer.inexact).toBe(inexact);
  });
});
