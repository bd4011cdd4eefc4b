import { describe, expect, it } from '@jest/globals';
import { sameJson } from '../../../lib/base/json.ts';

describe('sameJson', () => {
  it.each([
    ['{"__proto__":{},"userID":"u1"}', '{"userID":"u1","email":"x"}'],
    ['{"__proto__":{"__proto__":null}}', '{"a":1}'],
    ['{"constructor":{},"a":1}', '{"a":1,"b":2}'],
    ['{"a":[{"__proto__":{}}]}', '{"a":[{"b":1}]}'],
  ])('does not treat an inherited member as an own one: %s, %s', (a, b) => {
    expect(sameJson(JSON.parse(a), JSON.parse(b))).toBe(false);
    expect(sameJson(JSON.parse(b), JSON.parse(a))).toBe(false);
  });

  it('treats values with own keys of such names as equal', () => {
    expect(sameJson(JSON.parse('{"__proto__":{},"a":1}'), JSON.parse('{"a":1,"__proto__":{}}'))).toBe(true);
  });
});
