import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { distinctUnits, erasureId, parseUnit } from '../../../lib/erase/Unit.ts';
import { UnitMatcher } from '../../../lib/erase/UnitMatcher.ts';

const config = { unitIds: { companyID: 'company_id' } };
const matcher = (...texts: string[]) => new UnitMatcher(texts.map((text) => parseUnit(text, config)));

describe('a unit', () => {
  it.each([
    ['user_id=user-1', { type: 'userID', column: 'user_id', value: 'user-1' }],
    ['userID=a=b', { type: 'userID', column: 'user_id', value: 'a=b' }],
    ['stable_id=a s', { type: 'stableID', column: 'stable_id', value: 'a s' }],
    ['company_id=7', { type: 'companyID', column: 'company_id', value: '7' }],
    ['companyID=7', { type: 'companyID', column: 'company_id', value: '7' }],
    ['custom_ids.teamID=t', { type: 'teamID', column: null, value: 't' }],
  ])('is read from %j', (text, unit) => {
    expect(parseUnit(text, config)).toEqual(unit);
  });

  it.each([
    ['user-1', 'Expected <column>=<value>.'],
    ['=user-1', 'Expected <column>=<value>.'],
    ['user_id=', 'user_id: it has no value.'],
    ['user=user-1', 'expected user_id, stable_id, company_id or custom_ids.<type>.'],
    ['teamID=t', '"teamID" is no unit'],
    ['custom_ids.=t', '"custom_ids." is no unit'],
    ['stable_id= u-1', 'white space at its beginning or end'],
    ['user_id=u-1\u00a0', 'white space at its beginning or end'],
    ['user_id=a\nb', 'a control character'],
    ['user_id=\ud800', 'half a character'],
    [`user_id=${'x'.repeat(1_001)}`, 'got 1001 characters, expected at most 1000.'],
  ])('is refused for %j, without its value', (text, detail) => {
    const refused = () => parseUnit(text, config);
    expect(refused).toThrow(expect.objectContaining({ code: 'SLUICE_ERASE_UNIT_INVALID' }));
    expect(refused).toThrow(detail);
    expect(refused).not.toThrow(/user-1|x{9}/);
  });

  it('has an erasure of the same name in any order, and another in another bucket', () => {
    const [one, other] = [parseUnit('user_id=a', config), parseUnit('stable_id=b', config)];
    const id = erasureId('bucket', [one, other]);
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(erasureId('bucket', [other, one, one])).toBe(id);
    expect(erasureId('another', [one, other])).not.toBe(id);
    expect(erasureId('bucket', [parseUnit('stable_id=a', config), other])).not.toBe(id);
  });
});

describe('units', () => {
  const some = (...texts: string[]) => texts.map((text) => parseUnit(text, config));

  it('are counted once each, also two of the same value', () => {
    expect(distinctUnits(some('user_id=a', 'stable_id=a', 'userID=a'))).toHaveLength(2);
  });

  it('are a thousand at most', () => {
    const all = some(...Array.from({ length: 1_001 }, (_, i) => `user_id=u${i}`));
    expect(distinctUnits(all.slice(1))).toHaveLength(1_000);
    expect(() => distinctUnits(all)).toThrow(
      expect.objectContaining({ code: 'SLUICE_ERASE_UNITS_TOO_MANY' }),
    );
  });
});

describe('a matcher', () => {
  it.each([
    ['user_id=user-1', { user_id: 'user-1' }, true],
    ['user_id=user-1', { user_id: 'U-1' }, false],
    ['user_id=user-1', { user_id: 'user-11', stable_id: 'user-1' }, false],
    ['user_id=7', { user_id: 7 }, true],
    ['company_id=c', { company_id: 'c' }, true],
    ['company_id=c', { custom_ids: '{"companyid":"c"}' }, true],
    ['custom_ids.teamID=t', { custom_ids: '{"teamID":"t"}' }, true],
    ['custom_ids.teamID=t', { custom_ids: '{"squadID":"t"}' }, false],
    // Beyond what a double holds.
    ['custom_ids.teamID=9007199254740993', { custom_ids: '{"teamID":9007199254740993}' }, true],
    ['custom_ids.teamID=9007199254740993', { custom_ids: '{"teamID":9007199254740992}' }, false],
    ['user_id=user-1', { user_id: 'x', company_metadata: '{"friend":"user-1"}' }, false],
  ])('of %s decides on the row %j: %j', (unit, row, expected) => {
    expect(matcher(unit).hasDocument('events', JSON.stringify(row))).toBe(expected);
  });

  it.each([
    ['{"events":[{"user":{"userID":"user-1"}}]}', true],
    ['{"events":[{"user":{"userID":"user-10"}}]}', false],
    // A row that failed conversion has JSON within its texts.
    [JSON.stringify({ user_object: '{"userID":"user-1"}' }), true],
    ['{"events":[{"user":{"userID":"user-1"', true],
    ['{"events":[{"user":{"userID":"xuser-1"', false],
    ['user user-1-2', false],
    ['(user-1)', true],
  ])('looks for its unit in the refused text %j: %j', (raw, expected) => {
    const units = matcher('user_id=user-1');
    expect(units.hasRaw(raw, 'text')).toBe(expected);
    expect(units.hasRaw(gzipSync(raw).toString('base64'), 'base64')).toBe(expected);
    const row = { raw, raw_encoding: 'text' };
    expect(units.hasDocument('quarantine', JSON.stringify(row))).toBe(expected);
  });

  it('looks for bodies of quarantine that are objects of their own, and for messages that quote', () => {
    const units = matcher('user_id=user-1');
    const row = JSON.stringify({ raw: null, raw_location: 's3://bucket/quarantine-large/d/q' });
    expect(units.hasDocument('quarantine', row)).toBe(false);
    units.addLocation('s3://bucket/quarantine-large/d/q');
    expect(units.hasDocument('quarantine', row)).toBe(true);
    expect(units.hasDocument('quarantine', JSON.stringify({ detail: 'Cannot convert "user-1".' }))).toBe(
      true,
    );
  });

  it.each([
    ['{"value":42}', false],
    ['{"value":"42","metadata":{"level":"42"}}', false],
    ['{"user":{"userID":"42"}}', true],
    ['{"user":{"userID":42}}', true],
    ['{"USER_ID":"42"}', true],
    ['{"user":{"customIDs":{"teamID":"42"}}}', true],
    ['{"custom_ids":"{\\"teamID\\":\\"42\\"}"}', true],
    ['{"user_object":"{\\"userID\\":\\"42\\",\\"level\\":7}"}', true],
    ['{"user_object":"{\\"userID\\":\\"7\\",\\"level\\":42}"}', false],
    ['{"userIDs":["42"]}', false],
    ['{"events":[{"user":{"userID":"42","x', true],
    ['{"user":"{\\"userID\\": \\"42\\",\\"x', true],
    ['{"events":[{"value":42,"user":{"userID":"420', false],
    ['42', false],
  ])('takes digits for the unit under the key of a unit alone, in %j: %j', (raw, expected) => {
    expect(matcher('user_id=42').hasRaw(raw, 'text')).toBe(expected);
  });

  it('takes a short text for the unit under the key of a unit alone', () => {
    const units = matcher('user_id=ab');
    expect(units.hasRaw('{"value":"ab"}', 'text')).toBe(false);
    expect(units.hasRaw('{"user":{"userID":"ab"}}', 'text')).toBe(true);
    expect(units.hasDocument('quarantine', '{"detail":"ab is no name"}')).toBe(false);
  });

  const body = JSON.stringify({ events: [{ user: { userID: 'user-1' } }] });
  const statsig = (text: string) => Buffer.from([...btoa(text)].reverse().join(''), 'latin1');

  it('reads bodies in the encodings of SDKs', () => {
    const units = matcher('user_id=user-1');
    // UTF-8, so it is kept as text.
    expect(units.hasRaw(statsig(body).toString('utf8'), 'text')).toBe(true);
    expect(units.hasRaw(statsig(body.replace('-1', '-2')).toString('utf8'), 'text')).toBe(false);
    for (const encode of [gzipSync, brotliCompressSync, deflateSync, zstdCompressSync])
      expect([
        encode.name,
        units.hasBody(encode(body)),
        units.hasBody(encode('{"userID":"user-2"}')),
      ]).toEqual([...[encode.name, true, false]]);
    expect(units.hasBody(gzipSync(statsig(body)))).toBe(true);
    expect(units.hasBody(Buffer.concat([zstdCompressSync('{}'), zstdCompressSync(body)]))).toBe(true);
    expect(units.takeUnread()).toBe(0);
  });

  /** Its middle does not compress, so the beginning alone can be inflated. */
  const long = (first: string) =>
    JSON.stringify({ first, middle: Array.from({ length: 4_000 }, (_, i) => Math.sin(i)) });

  it.each([
    ['gzip', gzipSync, 0],
    ['brotli', brotliCompressSync, 0],
    ['deflate', deflateSync, 0],
    // It is read by blocks.
    ['zstd', zstdCompressSync, 1],
  ])('reads a body of %s that ends early as far as it goes', (_, encode, unread) => {
    const units = matcher('user_id=user-1');
    const cut = (text: string) => {
      const bytes = encode(text);
      return bytes.subarray(0, Math.floor(bytes.length / 2));
    };
    expect(units.hasBody(cut(long('none')))).toBe(false);
    expect(units.takeUnread()).toBe(unread);
    if (unread === 0) expect(units.hasBody(cut(long('user-1')))).toBe(true);
  });

  it('counts bodies that cannot be read as a whole', () => {
    const units = matcher('user_id=user-1');
    const damaged = (text: string) => {
      const bytes = gzipSync(text);
      bytes.fill(0xff, bytes.length >> 1, (bytes.length >> 1) + 40);
      return bytes;
    };
    expect([units.hasBody(damaged(long('user-1'))), units.takeUnread()]).toEqual([true, 0]);
    expect([units.hasBody(damaged(long('none'))), units.takeUnread()]).toEqual([false, 1]);
    // More comes out than is searched.
    const bomb = gzipSync(Buffer.alloc(100 * 1024 * 1024, ' '));
    expect([units.hasRaw(bomb.toString('base64'), 'base64'), units.takeUnread()]).toEqual([false, 1]);
    const noise = Buffer.from(Array.from({ length: 400 }, (_, i) => (i * 7 + 129) % 256));
    expect([units.hasBody(noise), units.takeUnread()]).toEqual([false, 1]);
    // A damaged character is no reason.
    expect([units.hasBody(Buffer.from('{"a":"m\xfcller"}', 'latin1')), units.takeUnread()]).toEqual([
      false,
      0,
    ]);
  });

  it('takes a row that cannot be read for that of a unit if it names one', () => {
    expect(matcher('user_id=user-1').hasDocument('events', '{"user_id":"user-1"')).toBe(true);
    expect(matcher('user_id=user-1').hasDocument('events', '{"user_id":"user-2"')).toBe(false);
  });
});
