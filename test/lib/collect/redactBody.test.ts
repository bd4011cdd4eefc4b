import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../lib/base/json.ts';
import { redactBody } from '../../../lib/collect/decode.ts';
import { RefusedEvents } from '../../../lib/collect/rows/refusedEvents.ts';
import { Redaction } from '../../../lib/wire/Redaction.ts';

const SALT = 'pepper and salt, 16 or more';
const KEY_HASH = 'k'.repeat(64);
const privateBody = '{"user":{"privateAttributes":{"email":"a@example.com"}},"event":[]}';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const bytes = (text: string) => Buffer.from(text);
const base64 = (text: string) => bytes(text).toString('base64');

describe('a refused body', () => {
  it('without private attributes is kept as the bytes that were sent', () => {
    const body = bytes('{ "event" : [] }');
    expect(redactBody(body, '{ "event" : [] }', null, KEY_HASH)).toBe(body);
    expect(redactBody(body, null, null, KEY_HASH)).toBe(body);
  });

  it('loses private attributes, with every digit of its numbers kept', () => {
    const body = privateBody.replace('[]', '[9007199254740993]');
    expect(redactBody(bytes(body), body, null, KEY_HASH)).toBe('{"user":{},"event":[9007199254740993]}');
  });

  it('loses private attributes if it has NaN, which is null then', () => {
    const body = privateBody.replace('[]', 'NaN');
    expect(redactBody(bytes(body), body, null, KEY_HASH)).toBe('{"user":{},"event":null}');
  });

  it('with private attributes that cannot be removed is replaced by its length and a hash', () => {
    const cut = privateBody.slice(0, -2);
    const withheld = `withheld: ${cut.length} bytes, ${sha256(KEY_HASH + base64(cut))}`;
    expect(redactBody(bytes(cut), cut, null, KEY_HASH)).toBe(withheld);
    // Its text could not be decoded, but its bytes have the name.
    expect(redactBody(bytes(cut), null, null, KEY_HASH)).toBe(withheld);
  });

  it('is replaced with redaction, also without private attributes, by a hash with its salt', () => {
    const redaction = new Redaction({ 'user.email': 'drop' }, SALT);
    for (const text of ['{}', privateBody]) {
      expect(redactBody(bytes(text), text, redaction, KEY_HASH)).toBe(
        `withheld: ${text.length} bytes, ${sha256(SALT + base64(text))}`,
      );
    }
  });
});

describe('refused events', () => {
  const collected = (sent: readonly unknown[], common: JsonObject = {}) => {
    const refused = new RefusedEvents(() => common, null);
    for (const event of sent) refused.add('SLUICE_EVENT_NO_NAME', 'detail', 'events', event);
    const rows = refused.rows();
    return { rows, inexact: refused.inexact, counts: refused.counts() };
  };

  it('are none without any, and their common members are not read then', () => {
    expect(collected([], { user: { userID: 2 ** 60 } })).toEqual({
      rows: [],
      inexact: false,
      counts: {},
    });
  });

  it('share one row only if they are several and longer than 4 MiB together', () => {
    const most = 4 * 1024 * 1024;
    const pair = (more: number) => {
      // A row is its body, `{"events":["…"]}`, and 400 units for its other columns.
      const each = most / 2 - 400 - '{"events":[""]}'.length;
      return collected(['x'.repeat(each), 'y'.repeat(each + more)]).rows;
    };
    expect(pair(0)).toHaveLength(2);
    expect(pair(1)).toMatchObject([
      { code: 'SLUICE_EVENT_MANY_REFUSED', detail: 'SLUICE_EVENT_NO_NAME: 2.' },
    ]);
    expect(collected(['x'.repeat(most)]).rows).toMatchObject([{ code: 'SLUICE_EVENT_NO_NAME' }]);
  });
});
