import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeBody } from '../../../lib/statsig/decodeBody.ts';
import { parseSharingUsers } from '../../../lib/statsig/parseSharingUsers.ts';
import { statsigFixtures } from '../../harness/StatsigFixture.ts';

const usersOf = (body: unknown): unknown[] => {
  const events: unknown = Reflect.get(Object(body), 'events');
  return Array.isArray(events) ? events.map((event): unknown => Reflect.get(Object(event), 'user')) : [];
};

describe('parseSharingUsers', () => {
  it('makes equal users one object', () => {
    const [a, b] = [{ userID: 'a', custom: { text: '}"{\\' } }, { userID: 'b' }];
    const events = [a, a, b, a, b].map((user, n) => ({ eventName: 'e', n, user }));
    const parsed = parseSharingUsers(JSON.stringify({ events }));
    expect(parsed).toEqual({ events });
    expect(new Set(usersOf(parsed)).size).toBe(2);
  });

  it.each(statsigFixtures())('reads %s as JSON.parse does', (_name, { headers, body }) => {
    const contentEncoding = headers['content-encoding'] ?? '';
    const { text } = decodeBody(Buffer.from(body, 'base64'), { contentEncoding, statsigEncoded: false });
    expect(parseSharingUsers(text)).toEqual(JSON.parse(text));
  });

  it.each([
    ['no user', '{"events":[{"eventName":"e"}]}'],
    ['one user', '{"events":[{"eventName":"e","user":{"userID":"u"}}]}'],
    ['a user of the batch', '{"events":[{"n":1,"user":{"a":1}},{"n":2,"user":{"a":1}}],"user":{"a":1}}'],
    [
      'a user inside metadata',
      '{"events":[{"m":{"b":1,"user":{"a":1}},"user":{"a":1}},{"n":1,"user":{"a":1}}]}',
    ],
    ['a user that comes first', '{"events":[{"user":{"a":1},"n":1},{"user":{"a":1},"n":2}]}'],
    ['a user twice in an event', '{"events":[{"n":1,"user":{"a":1},"user":{"a":2}},{"n":1,"user":{"a":1}}]}'],
    [
      'a user that is a number',
      '{"events":[{"n":1,"user":{"a":1}},{"n":1,"user":{"a":1}},{"user":-4503599627370497}]}',
    ],
    [
      'a text like a user',
      '{"events":[{"t":",\\"user\\":{\\"a\\":1}","user":{"a":1}},{"n":1,"user":{"a":1}}]}',
    ],
    ['a key that ends like one', '{"events":[{"n":1,"end user":{"a":1}},{"n":1,"\\"user":{"a":1}}]}'],
    ['users outside events', '{"list":[{"n":1,"user":{"a":1}},{"n":1,"user":{"a":1}}]}'],
    ['events that are none', '{"events":[null,7,[],{"n":1,"user":{"a":1}},{"n":1,"user":{"a":1}}]}'],
  ])('reads %s as JSON.parse does', (_what, text) => {
    expect(parseSharingUsers(text)).toEqual(JSON.parse(text));
  });

  it.each([
    '{"events":[{"n":1,"user":{"a":1}},{"n":1,"user":{"a":1}',
    '{"n":1,"user":{"a"},"m":1,"user":{"a"}}',
    'x',
  ])('refuses what is no JSON: %s', (text) => {
    expect(() => parseSharingUsers(text)).toThrow(SyntaxError);
  });

  it('reads anything as JSON.parse does', () => {
    const user = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom({ userID: 'u' }, { a: { user: { b: 1 } } }, { t: ',"user":{' }),
    );
    const event = fc.record(
      { n: fc.jsonValue(), user, metadata: fc.record({ k: fc.nat(3), user }) },
      { requiredKeys: [] },
    );
    const body = fc.record(
      { events: fc.array(event, { maxLength: 12 }), user, more: fc.array(event) },
      { requiredKeys: ['events'] },
    );
    fc.assert(
      fc.property(body, fc.constantFrom(undefined, 1), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(parseSharingUsers(text)).toEqual(JSON.parse(text));
      }),
      { numRuns: 1_000 },
    );
  });
});
