import { describe, expect, it } from '@jest/globals';
import { sameJson } from '../../../lib/base/json.ts';
import { collect, now } from '../collect/collectOne.ts';

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

it('no user is written into the row of another user with the same number of members', () => {
  const users = ['{"userID":"u1","email":"u1@example.com"}', '{"__proto__":{},"userID":"u1"}'];
  for (const [first, second] of [users, users.toReversed()]) {
    const event = (user: string | undefined) => `{"eventName":"e","time":${now},"user":${user}}`;
    const { rows } = collect(`{"events":[${event(first)},${event(second)}]}`);
    expect(rows.map((row) => String(row['user_object']).includes('u1@example.com'))).toEqual(
      [first, second].map((user) => user?.includes('email')),
    );
  }
});
