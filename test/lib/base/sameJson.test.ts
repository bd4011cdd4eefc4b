import { describe, expect, it } from '@jest/globals';
import { sameJson } from '../../../lib/base/json.ts';

describe('sameJson', () => {
  it.each([
    { left: '{"__proto__":{},"userID":"u1"}', right: '{"userID":"u1","email":"x"}' },
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
