import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isEmptyJson, sameJson } from '../../../lib/base/json.ts';

describe('sameJson', () => {
  it('is whether values are deeply equal', () => {
    const anyJson = fc.jsonValue({ maxDepth: 4 });
    const pair = fc.oneof(
      fc.tuple(anyJson, anyJson),
      anyJson.map((value): [unknown, unknown] => [value, value]),
    );
    fc.assert(
      fc.property(pair, (values) => {
        const [left, right] = values.map((value): unknown => JSON.parse(JSON.stringify(value)));
        expect(sameJson(left, right)).toBe(isDeepStrictEqual(left, right));
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    { left: '{"__proto__":{},"userID":"u1"}', right: '{"userID":"u1","email":"x"}' },
    { left: '{"__proto__":{}}', right: '{}' },
    { left: '{"__proto__":{"__proto__":null}}', right: '{"a":1}' },
    { left: '{"constructor":{},"a":1}', right: '{"a":1,"b":2}' },
    { left: '{"a":[{"__proto__":{}}]}', right: '{"a":[{"b":1}]}' },
  ])('does not treat an inherited member as an own one: $left, $right', ({ left, right }) => {
    const [first, second] = [left, right].map((text) => JSON.parse(text));
    expect([sameJson(first, second), sameJson(second, first)]).toEqual([false, false]);
  });

  it('treats values with own keys of such names as equal', () => {
    expect(sameJson(JSON.parse('{"__proto__":{},"a":1}'), JSON.parse('{"a":1,"__proto__":{}}'))).toBe(true);
  });
});

describe('isEmptyJson', () => {
  it.each([null, undefined, {}, []])('treats %p as empty', (value) => expect(isEmptyJson(value)).toBe(true));
  it.each([0, '', false, [null], { a: null }])('treats %p as not empty', (value) =>
    expect(isEmptyJson(value)).toBe(false),
  );
});
