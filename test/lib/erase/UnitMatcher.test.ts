import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { distinctUnits, erasureId, parseUnit } from '../../../lib/erase/Unit.ts';
import { type BodyFound, UnitMatcher } from '../../../lib/erase/UnitMatcher.ts';

const config = { unitIds: { companyID: 'company_id' } };
/** Whether something of a unit was found. */
const isFound = (found: BodyFound) => found === 'unit' || found === 'elsewhere';
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
    ['teamID=t', '"teamID" is not a unit'],
    ['custom_ids.=t', '"custom_ids." is not a unit'],
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
    expect(isFound(matcher(unit).findDocument('events', JSON.stringify(row)))).toBe(expected);
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
    expect(isFound(units.findRaw(raw, 'text'))).toBe(expected);
    expect(isFound(units.findRaw(gzipSync(raw).toString('base64'), 'base64'))).toBe(expected);
    const row = { raw, raw_encoding: 'text' };
    expect(isFound(units.findDocument('quarantine', JSON.stringify(row)))).toBe(expected);
  });

  it('looks for bodies of quarantine that are objects of their own, and for messages that quote', () => {
    const units = matcher('user_id=user-1');
    const row = JSON.stringify({ raw: null, raw_location: 's3://bucket/quarantine-large/d/q' });
    expect(isFound(units.findDocument('quarantine', row))).toBe(false);
    units.addLocation('s3://bucket/quarantine-large/d/q');
    expect(isFound(units.findDocument('quarantine', row))).toBe(true);
    expect(
      isFound(units.findDocument('quarantine', JSON.stringify({ detail: 'Cannot convert "user-1".' }))),
    ).toBe(true);
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
    expect(isFound(matcher('user_id=42').findRaw(raw, 'text'))).toBe(expected);
  });

  it('takes a short text for the unit under the key of a unit alone', () => {
    const units = matcher('user_id=ab');
    expect(isFound(units.findRaw('{"value":"ab"}', 'text'))).toBe(false);
    expect(isFound(units.findRaw('{"user":{"userID":"ab"}}', 'text'))).toBe(true);
    expect(isFound(units.findDocument('quarantine', '{"detail":"ab is no name"}'))).toBe(false);
  });

  const body = JSON.stringify({ events: [{ user: { userID: 'user-1' } }] });
  const statsig = (text: string) => Buffer.from([...btoa(text)].reverse().join(''), 'latin1');

  it('reads bodies in the encodings of SDKs', () => {
    const units = matcher('user_id=user-1');
    // UTF-8, so it is kept as text.
    expect(isFound(units.findRaw(statsig(body).toString('utf8'), 'text'))).toBe(true);
    expect(isFound(units.findRaw(statsig(body.replace('-1', '-2')).toString('utf8'), 'text'))).toBe(false);
    for (const encode of [gzipSync, brotliCompressSync, deflateSync, zstdCompressSync])
      expect([
        encode.name,
        isFound(units.findBody(encode(body))),
        isFound(units.findBody(encode('{"userID":"user-2"}'))),
      ]).toEqual([...[encode.name, true, false]]);
    expect(isFound(units.findBody(gzipSync(statsig(body))))).toBe(true);
    expect(isFound(units.findBody(Buffer.concat([zstdCompressSync('{}'), zstdCompressSync(body)])))).toBe(
      true,
    );
  });

  /** Its middle does not compress, so the beginning alone can be inflated. */
  const long = (first: string) =>
    JSON.stringify({ first, middle: Array.from({ length: 4_000 }, (_, i) => Math.sin(i)) });

  it.each([
    ['gzip', gzipSync, 'elsewhere', null],
    ['brotli', brotliCompressSync, 'elsewhere', null],
    ['deflate', deflateSync, 'elsewhere', null],
    // It is read by blocks.
    ['zstd', zstdCompressSync, 'unread', 'unread'],
  ])('reads a body of %s that ends early as far as it goes', (_, encode, of, ofNobody) => {
    const units = matcher('user_id=user-1');
    const cut = (text: string) => {
      const bytes = encode(text);
      return bytes.subarray(0, Math.floor(bytes.length / 2));
    };
    expect([units.findBody(cut(long('user-1'))), units.findBody(cut(long('none')))]).toEqual([of, ofNobody]);
  });

  it('tells bodies that cannot be read as a whole from bytes that hold no text', () => {
    const units = matcher('user_id=user-1');
    const damaged = (text: string) => {
      const bytes = gzipSync(text);
      bytes.fill(0xff, bytes.length >> 1, (bytes.length >> 1) + 40);
      return bytes;
    };
    expect(units.findBody(damaged(long('user-1')))).toBe('elsewhere');
    expect(units.findBody(damaged(long('none')))).toBe('unread');
    // More comes out than is searched.
    const bomb = gzipSync(Buffer.alloc(100 * 1024 * 1024, ' '));
    expect(units.findRaw(bomb.toString('base64'), 'base64')).toBe('unread');
    const noise = Buffer.from(Array.from({ length: 400 }, (_, i) => (i * 7 + 129) % 256));
    for (const begin of ['', '1f8b', '28b52ffd'])
      expect(units.findBody(Buffer.concat([Buffer.from(begin, 'hex'), noise]))).toBe('no_text');
    // Its sender named an encoding, so there may be a text in it.
    expect(units.findRaw(noise.toString('base64'), 'unknown base64')).toBe('unread');
    expect(units.findRaw(noise.toString('base64'), 'unknown text')).toBe('unread');
    expect(units.findRaw(noise.toString('base64'), 'text')).toBe(null);
    expect(units.findRaw('a=b&c=d', 'unknown text')).toBe(null);
    // A damaged character is no reason.
    expect(units.findBody(Buffer.from('{"a":"m\xfcller"}', 'latin1'))).toBe(null);
  });

  const ODD = `zoë "O'Brien" <x>\\ 漢字🙂`;
  const ids = [
    ODD,
    ODD.replace('\\', '\\\\'),
    'müller@example.com',
    'o"neil-99',
    'team/anna-77',
    'bob+1@example.com',
    'ACME\\ülf.x',
    'ACME\\nils-1',
    '50%41 "x" é',
    'zoë',
  ];
  const ascii = (text: string) =>
    text.replaceAll(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const json = (text: string) => JSON.stringify(text).slice(1, -1);
  /** As senders write a text: JSON, of PHP and of .NET, URLs, forms, CSV. */
  const spellings: Readonly<Record<string, (text: string) => string>> = {
    json,
    ascii: (text) => ascii(json(text)),
    php: (text) => ascii(json(text)).replaceAll('/', '\\/'),
    dotnet: (text) =>
      ascii(json(text))
        .replaceAll('\\"', '\\u0022')
        .replaceAll(/['<>&]/g, (one) => `\\u00${one.charCodeAt(0).toString(16).toUpperCase()}`),
    url: encodeURIComponent,
    lowerUrl: (text) => encodeURIComponent(text).replaceAll(/%../g, (one) => one.toLowerCase()),
    form: (text) => new URLSearchParams({ a: text }).toString().slice(2),
    csv: (text) => text.replaceAll('"', '""'),
  };
  const twice = Object.keys(spellings).flatMap((one) => [
    [one],
    ...Object.keys(spellings).map((two) => [one, two]),
  ]);

  it.each(ids)('finds %j in refused text, however it is escaped, and what follows is cut', (id) => {
    const units = new UnitMatcher([{ type: 'userID', column: 'user_id', value: id }]);
    const another = new UnitMatcher([{ type: 'userID', column: 'user_id', value: `${id}x` }]);
    for (const how of twice) {
      const spell = (text: string) => how.reduce((all, one) => spellings[one]?.(all) ?? all, text);
      for (const end of ['","x', '"', '" \\u00', '","y":"\u00c3']) {
        const text = spell(`{"events":[{"user":{"userID":"${id.length < 6 ? '' : 'a"},"n":"'}`);
        const raw = `${text}${spell(id)}${end}`;
        expect([how, raw, isFound(units.findRaw(raw, 'text'))]).toEqual([how, raw, true]);
        expect([how, raw, isFound(another.findRaw(raw, 'text'))]).toEqual([how, raw, false]);
      }
    }
  });

  it('finds an ID that begins or ends at an escape, and in JSON within JSON that was cut', () => {
    const units = matcher('user_id=müller-1');
    const found = [
      'note\\nm\\u00fcller-1\\nx',
      'dir\\\\m\\u00fcller-1',
      'a=1%26b=m%C3%BCller-1%26',
      '(m\\xfcller-1)',
      'id=m\\u00FCller\\u002D1',
    ];
    for (const text of [...found, JSON.stringify({ inner: '{"id":"m\\u00fcller-1","x' }), '"id=m%fcller-1"'])
      expect([text, isFound(units.findRaw(text, 'text'))]).toEqual([text, true]);
    for (const text of [
      'xm\\u00fcller-1',
      'm\\u00fcller-1\\u00fc',
      'm\\u00fcller-12',
      '\\u00fcm\\u00fcller-1',
      '𠮷müller-1',
    ])
      expect([text, isFound(units.findRaw(text, 'text'))]).toEqual([text, false]);
    // Composed and decomposed are different IDs.
    expect(isFound(units.findRaw('müller-1'.normalize('NFD'), 'text'))).toBe(false);
  });

  it.each([
    ['base64', (text: string) => Buffer.from(Buffer.from(text).toString('base64'))],
    ['base64 of gzip', (text: string) => Buffer.from(gzipSync(text).toString('base64url'))],
    ['Latin-1', (text: string) => Buffer.from(text, 'latin1')],
    ['UTF-16', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['UTF-16, big-endian', (text: string) => Buffer.from(text, 'utf16le').swap16()],
  ])('reads a body in %s', (_, encode) => {
    const units = matcher('user_id=müller-1');
    expect(isFound(units.findBody(encode('{"userID":"müller-1"}')))).toBe(true);
    expect(isFound(units.findBody(encode('{"userID":"müller-1'.slice(0, -1))))).toBe(false);
  });

  it.each([
    ['andrea', 'andreaé'],
    ['jos', 'josé'],
    ['CORP\\', 'CORP\\anna'],
    ['"quoted', 'x"quoted'],
    ['/anna-1', 'team/anna-1'],
    ['ann\u00a9-\u6f22', 'ann\u00a9-\u6f22x'],
  ])('finds %j in escaped text, and not in %j', (id, other) => {
    const units = new UnitMatcher([{ type: 'userID', column: 'user_id', value: id }]);
    const latin = (text: string) => text.replace('\u00a9', '\\xa9').replace('\u6f22', '\\u6f22');
    for (const spell of [
      (text: string) => ascii(JSON.stringify(text)),
      (text: string) => JSON.stringify(text).replaceAll('/', '\\/'),
      (text: string) => JSON.stringify(ascii(JSON.stringify(text))),
      (text: string) => latin(JSON.stringify(text)),
      encodeURIComponent,
    ]) {
      const raw = (text: string) => `x{"userID":${spell(text)}`;
      expect([raw(id), units.findRaw(raw(id), 'text')]).toEqual([raw(id), 'unit']);
      expect([raw(other), units.findRaw(raw(other), 'text')]).toEqual([raw(other), null]);
    }
  });

  it('searches in linear time', () => {
    const units = matcher(`user_id=${ODD}`, 'user_id=\\\\a\\b', 'user_id=%41%41%41b');
    const most = 1024 ** 2;
    const began = performance.now();
    for (const one of ['\\', '%25', '\\u00', '%', 'z\\', '\\ud83d', 'userID', '""', '{"a":"'])
      expect(units.findRaw(one.repeat(most / one.length), 'text')).toBe(null);
    expect(performance.now() - began).toBeLessThan(30_000);
  });

  it.each(['1e999,', '{},', '"a":1,', '[9007199254740993],'])(
    'does not parse what costs more than the collector spends on it: %j',
    (part) => {
      const units = matcher('user_id=user-1');
      const list = (last: string) =>
        `[${part.includes(':') ? `{${part.repeat(2_600_000)}"b":1},` : part.repeat(2_600_000)}${last}]`;
      const began = performance.now();
      expect(units.findRaw(list('{"userID":"user-1"}'), 'text')).toBe('unit');
      expect(units.findRaw(list('{"userID":"user-2"}'), 'text')).toBe(null);
      expect(performance.now() - began).toBeLessThan(20_000);
    },
  );

  it.each([
    ['javascript-client', 'statsigMetadata', { sdkType: 'javascript-client' }],
    ['3.33.5', 'statsigMetadata', { sdkVersion: '3.33.5' }],
    ['production', 'user', { statsigEnvironment: { tier: 'production' } }],
    ['purchase', 'events', [{ eventName: 'purchase' }]],
    [
      'new_checkout',
      'events',
      [{ metadata: { gate: 'new_checkout' }, secondaryExposures: [{ gate: 'new_checkout' }] }],
    ],
    [
      'checkout_button',
      'exposures',
      [{ experimentName: 'checkout_button', metadata: { config: 'checkout_button' } }],
    ],
  ])(
    'takes %s for an ID under the key of a unit alone where it names something else',
    (id, member, value) => {
      const units = matcher(`user_id=${id}`);
      const others = { events: [{ eventName: 7, user: { userID: 'somebody' } }], [member]: value };
      const text = JSON.stringify(others);
      for (const raw of [
        text,
        text.slice(0, -1),
        JSON.stringify(text).slice(1, -3),
        encodeURIComponent(text.slice(0, -1)),
      ])
        expect([raw, units.findRaw(raw, 'text')]).toEqual([raw, null]);
      const own = JSON.stringify({ ...others, user: { userID: id } });
      for (const raw of [own, own.slice(0, -1), JSON.stringify(own).slice(1, -3)])
        expect([raw, units.findRaw(raw, 'text')]).toEqual([raw, 'unit']);
      expect(units.findRaw(JSON.stringify({ custom: { plan: id } }), 'text')).toBe(
        id.length < 6 ? null : 'elsewhere',
      );
    },
  );

  it('takes a row that cannot be read for that of a unit if it names one', () => {
    expect(isFound(matcher('user_id=user-1').findDocument('events', '{"user_id":"user-1"'))).toBe(true);
    expect(isFound(matcher('user_id=user-1').findDocument('events', '{"user_id":"user-2"'))).toBe(false);
  });
});
