import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseBatch } from '../../../lib/wire/parseBatch.ts';
import { namesPrivateAttributes, stripPrivateAttributes } from '../../../lib/wire/stripPrivateAttributes.ts';

const withPrivate = (members: Record<string, unknown>) => ({
  ...members,
  privateAttributes: { ssn: 'secret' },
});

describe('private attributes', () => {
  it('are removed from every part of a batch', () => {
    const user = withPrivate({ userID: 'u' });
    const batch = parseBatch(
      JSON.stringify({
        user,
        statsigMetadata: withPrivate({ sdkType: 'x', user }),
        events: [
          withPrivate({ eventName: 'e', user, metadata: { bootstrapMetadata: { user }, list: [[user]] } }),
          user,
          'privateAttributes',
        ],
      }),
    );
    expect(batch).toEqual({
      events: [
        {
          eventName: 'e',
          user: { userID: 'u' },
          metadata: { bootstrapMetadata: { user: { userID: 'u' } }, list: [[{ userID: 'u' }]] },
        },
        { userID: 'u' },
        'privateAttributes',
      ],
      exposures: [],
      user: { userID: 'u' },
      senderMetadata: { sdkType: 'x', user: { userID: 'u' } },
      clientTime: undefined,
      notANumbers: 0,
    });
  });

  it('are found with any spelling of the key and at any depth', () => {
    const deep = `${'{"a":['.repeat(20_000)}{"\\u0070rivateAttribute\\u0073":"secret"}${']}'.repeat(20_000)}`;
    const { events } = parseBatch(`{"events":[{"metadata":${deep},"user":{"priv\\u0061teAttributes":1}}]}`);
    let node: unknown = Object(events[0])['metadata'];
    for (let i = 0; i < 20_000; i += 1) node = Object(node)['a'][0];
    expect(node).toEqual({});
    expect(Object(events[0])['user']).toEqual({});
  });

  it.each([
    { text: '{"privateAttributes":1}', expected: true },
    { text: '{"\\u0070rivateAttributes":1}', expected: true },
    { text: '{"Attrib":1}', expected: false },
    { text: '{"a":"\\u00e9"}', expected: false },
    { text: '{}', expected: false },
  ])('may be in $text: $expected', ({ text, expected }) => {
    expect(namesPrivateAttributes(text)).toBe(expected);
    const parsed = { privateAttributes: 1 };
    stripPrivateAttributes(parsed, text);
    expect(parsed).toEqual(expected ? {} : { privateAttributes: 1 });
  });

  it('are the only values that are removed', () => {
    const json = fc.jsonValue({ maxDepth: 5 });
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('a', 'privateAttributes', '__proto__', 'b'), json),
        (value) => {
          const text = JSON.stringify([value, { deep: value }]);
          const expected: unknown = JSON.parse(text, (key, member) =>
            key === 'privateAttributes' ? undefined : member,
          );
          const parsed: unknown = JSON.parse(text);
          stripPrivateAttributes(parsed, text);
          expect(JSON.stringify(parsed)).toBe(JSON.stringify(expected));
        },
      ),
    );
  });
});
