import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { parseUnit } from '../../../../lib/erase/units/Unit.ts';
import { type BodyFound, UnitMatcher } from '../../../../lib/erase/units/UnitMatcher.ts';

const config = { unitIds: { companyID: 'company_id' } };

/** Whether something of a unit was found. */
const isFound = (found: BodyFound) => found === 'unit' || found === 'elsewhere';

const matcher = (...texts: string[]) => new UnitMatcher(texts.map((text) => parseUnit(text, config)));

const ofUser1 = () => matcher('user_id=user-1');

describe('a matcher', () => {
  it.each([
    { unit: 'user_id=user-1', what: 'its column', row: { user_id: 'user-1' } },
    { unit: 'user_id=7', what: 'a number', row: { user_id: 7 } },
    { unit: 'company_id=c', what: 'its column', row: { company_id: 'c' } },
    { unit: 'company_id=c', what: 'its type in another case', row: { custom_ids: '{"companyid":"c"}' } },
    { unit: 'custom_ids.teamID=t', what: 'its type', row: { custom_ids: '{"teamID":"t"}' } },
    {
      unit: 'custom_ids.teamID=t',
      what: 'its type beside another',
      row: { custom_ids: '{"squadID":"s","teamID":"t"}' },
    },
    {
      unit: 'custom_ids.teamID=9007199254740993',
      what: 'a number that no double holds',
      row: { custom_ids: '{"teamID":9007199254740993}' },
    },
  ])('of $unit finds it in a row by $what', ({ unit, row }) => {
    expect(isFound(matcher(unit).findDocument('events', JSON.stringify(row)))).toBe(true);
  });

  it.each([
    { unit: 'user_id=user-1', what: 'another value', row: { user_id: 'U-1' } },
    {
      unit: 'user_id=user-1',
      what: 'its value in another column',
      row: { user_id: 'user-11', stable_id: 'user-1' },
    },
    {
      unit: 'custom_ids.teamID=t',
      what: 'its value under another type',
      row: { custom_ids: '{"squadID":"t"}' },
    },
    { unit: 'custom_ids.teamID=t', what: 'a list', row: { custom_ids: '{"teamID":["t"]}' } },
    { unit: 'custom_ids.teamID=t', what: 'no IDs', row: { custom_ids: 'null' } },
    { unit: 'user_id=user-1', what: 'a list as its column', row: { user_id: ['user-1'] } },
    {
      unit: 'custom_ids.teamID=9007199254740993',
      what: 'a number that is the same double',
      row: { custom_ids: '{"teamID":9007199254740992}' },
    },
    {
      unit: 'user_id=user-1',
      what: 'its value in metadata',
      row: { user_id: 'x', company_metadata: '{"friend":"user-1"}' },
    },
  ])('of $unit does not find it in a row with $what', ({ unit, row }) => {
    expect(isFound(matcher(unit).findDocument('events', JSON.stringify(row)))).toBe(false);
  });

  it.each([
    { what: 'words', text: 'x '.repeat(5_000_000), found: null },
    { what: 'more than is parsed', text: ' '.repeat(33_554_431), found: 'unreadable' },
    { what: 'a long word', text: 'x'.repeat(65_535), found: null },
    { what: 'a longer word', text: 'x'.repeat(65_536), found: 'unreadable' },
    { what: 'backslashes where JSON may be', text: `[${'\\'.repeat(1_000_000)}`, found: 'unreadable' },
  ])('comes to an end with a body of $what', ({ text, found }) => {
    expect(ofUser1().findBody(Buffer.from(JSON.stringify(text)))).toBe(found);
  });

  it.each([
    { raw: '{"events":[{"user":{"userID":"user-1"}}]}', expected: 'unit' },
    { raw: '{"events":[{"user":{"userID":"user-10"}}]}', expected: null },
    // Python writes NaN.
    { raw: '{"events":[{"value":NaN,"user":{"userID":"user-1"}}]}', expected: 'unit' },
    { raw: '{"events":[{"value":NaN,"user":{"userID":"user-2"}}]}', expected: null },
    // A row that failed conversion has JSON within its texts.
    { raw: JSON.stringify({ user_object: '{"userID":"user-1"}' }), expected: 'unit' },
    { raw: JSON.stringify({ user_object: '{"userID":"user-2"}' }), expected: null },
    { raw: '{"list":["(user-1)","user-1"]}', expected: 'elsewhere' },
    { raw: '{"persons":{"user-1":{"seen":true}}}', expected: 'elsewhere' },
    { raw: '{"userID":{"user-1":true}}', expected: 'unit' },
    { raw: '{"persons":{"user-2":{"seen":true}}}', expected: null },
  ])('looks for its unit in the refused text $raw: $expected', ({ raw, expected }) => {
    const units = ofUser1();
    expect(units.findRaw(raw, 'text')).toBe(expected);
    expect(units.findRaw(Buffer.from(raw).toString('base64'), 'base64')).toBe(expected);
    expect(units.findDocument('quarantine', JSON.stringify({ raw, raw_encoding: 'text' }))).toBe(expected);
  });

  it('looks for each of several units of a type', () => {
    const units = matcher('user_id=user-1', 'user_id=user-2', 'custom_ids.teamID=t');
    for (const user_id of ['user-1', 'user-2'])
      expect(units.findDocument('events', JSON.stringify({ user_id }))).toBe('unit');
  });

  it.each([
    { unit: 'company_id=42', raw: '{"companyID":"42"}', expected: 'unit' },
    { unit: 'company_id=42', raw: '{"company_id":"42"}', expected: 'unit' },
    { unit: 'custom_ids.teamID=42', raw: '{"teamID":"42"}', expected: 'unit' },
    { unit: 'user_id=eventName', raw: '{"eventName":"x"}', expected: null },
    { unit: 'user_id=[user-1]', raw: '{"userID":"[user-1]"}', expected: 'unit' },
    { unit: 'user_id=user-1', raw: '{"userID":"user-1","note":"m%C3%BC"}', expected: 'unit' },
    { unit: 'user_id=user-1', raw: '{"note":"user-1 [x]"}', expected: null },
    { unit: 'user_id=user-1', raw: JSON.stringify({ inner: ' {"userID":"user-1"}' }), expected: 'unit' },
    { unit: 'user_id=user-1', raw: JSON.stringify({ inner: '{"userID":"user-1"' }), expected: 'unit' },
  ])('of $unit finds in the refused text $raw: $expected', ({ unit, raw, expected }) => {
    expect(matcher(unit).findRaw(raw, 'text')).toBe(expected);
  });

  it.each(['"', '\\', '" "'])(
    'does not look for a value of which nothing is left without quotes: %s',
    (value) => {
      const units = matcher(`user_id=${value}`);
      expect(units.plainValues).toEqual([]);
      expect(units.findNamed('userID: somebody')).toBeNull();
    },
  );

  it('judges a row of quarantine by its body before its message', () => {
    const row = { raw: '{"userID":"user-1"}', raw_encoding: 'text', detail: 'Cannot convert "user-1".' };
    expect(ofUser1().findDocument('quarantine', JSON.stringify(row))).toBe('unit');
  });

  it.each([
    { what: 'a body that nobody can read', raw: '{"broken' },
    { what: 'a body that has its value elsewhere', raw: '{"metadata":{"friend":"user-1"}}' },
    { what: 'a body without it', raw: '{"value":1}' },
  ])(
    'says of a row in quarantine with $what that it is of the unit whose key its message names',
    ({ raw }) => {
      const row = { raw, raw_encoding: 'text', detail: 'userID: user-1 is too long.' };
      expect(ofUser1().findDocument('quarantine', JSON.stringify(row))).toBe('unit');
    },
  );

  it('looks for bodies of quarantine that are objects of their own, and for messages that quote', () => {
    const units = ofUser1();
    const row = JSON.stringify({ raw: null, raw_location: 's3://bucket/quarantine-large/d/q' });
    expect(isFound(units.findDocument('quarantine', row))).toBe(false);
    units.addLocation('s3://bucket/quarantine-large/d/other');
    expect(isFound(units.findDocument('quarantine', row))).toBe(false);
    units.addLocation('s3://bucket/quarantine-large/d/q');
    expect(isFound(units.findDocument('quarantine', row))).toBe(true);
    expect(
      isFound(units.findDocument('quarantine', JSON.stringify({ detail: 'Cannot convert "user-1".' }))),
    ).toBe(true);
  });

  it.each([
    { raw: '{"value":42}', expected: false },
    { raw: '{"value":"42","metadata":{"level":"42"}}', expected: false },
    { raw: '{"user":{"userID":"42"}}', expected: true },
    { raw: '{"user":{"userID":42}}', expected: true },
    { raw: '{"USER_ID":"42"}', expected: true },
    { raw: '{"user":{"customIDs":{"teamID":"42"}}}', expected: true },
    { raw: '{"custom_ids":"{\\"teamID\\":\\"42\\"}"}', expected: true },
    { raw: '{"user_object":"{\\"userID\\":\\"42\\",\\"level\\":7}"}', expected: true },
    { raw: '{"user_object":"{\\"userID\\":\\"7\\",\\"level\\":42}"}', expected: false },
    { raw: '{"userIDs":["42"]}', expected: false },
    { raw: '42', expected: false },
  ])('takes digits for the unit under the key of a unit alone, in $raw: $expected', ({ raw, expected }) => {
    expect(isFound(matcher('user_id=42').findRaw(raw, 'text'))).toBe(expected);
  });

  it('takes a short text for the unit under the key of a unit alone', () => {
    const units = matcher('user_id=ab');
    expect(isFound(units.findRaw('{"value":"ab"}', 'text'))).toBe(false);
    expect(isFound(units.findRaw('{"user":{"userID":"ab"}}', 'text'))).toBe(true);
    expect(isFound(units.findDocument('quarantine', '{"detail":"ab is no name"}'))).toBe(false);
  });

  it('knows a unit by its column, which may have another name than its type', () => {
    const unit = parseUnit('org=a7', { unitIds: { companyID: 'org' } });
    expect(new UnitMatcher([unit]).findValue({ org: 'a7' })).toBe('unit');
    expect(new UnitMatcher([unit]).findValue({ organ: 'a7' })).toBeNull();
  });

  it('parses a body of 32 Mi characters, and none that is longer', () => {
    const blank = ' '.repeat(32 * 1024 ** 2 - 2);
    const units = ofUser1();
    expect(units.findBody(Buffer.from(`${blank}{}`))).toBeNull();
    expect(units.findBody(Buffer.from(`${blank} {}`))).toBe('unreadable');
  });

  const id = 'müller"1"\\';
  const json = JSON.stringify({ userID: id });
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const quoted = (text: string) =>
    [...Buffer.from(text)].map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
  const utf32 = (text: string) =>
    Buffer.concat([...text].map((character) => Buffer.from([character.codePointAt(0) ?? 0, 0, 0, 0])));

  it.each([
    { what: 'cut', body: Buffer.from(json.slice(0, -1)) },
    { what: 'cut behind escapes', body: Buffer.from(json.replace('ü', '\\u00fc').slice(0, -1)) },
    { what: 'cut within an escape', body: Buffer.from('{"userID":"m\\u00') },
    { what: 'cut JSON as a text', body: Buffer.from(JSON.stringify(json).slice(0, -1)) },
    { what: 'a form', body: Buffer.from(`data=${encodeURIComponent(json)}`) },
    { what: 'base64', body: Buffer.from(base64(json)) },
    {
      what: 'hexadecimal digits in JSON',
      body: Buffer.from(JSON.stringify({ data: Buffer.from(id).toString('hex') })),
    },
    { what: 'base64 in a form', body: Buffer.from(`a=b&data=${base64(json)}`) },
    { what: 'base64 in JSON', body: Buffer.from(JSON.stringify({ data: `x ${base64(id)}` })) },
    {
      what: 'base64 of URLs behind others in JSON',
      body: Buffer.from(JSON.stringify({ data: `ab-${Buffer.from(json).toString('base64url')}` })),
    },
    {
      what: 'base64 of gzip in JSON',
      body: Buffer.from(JSON.stringify({ data: gzipSync(json).toString('base64') })),
    },
    {
      what: 'reversed base64 in JSON',
      body: Buffer.from(JSON.stringify({ data: [...base64(json)].reverse().join('') })),
    },
    { what: 'entities of XML', body: Buffer.from('<user id="m&#252;ller"/>') },
    { what: 'entities in JSON', body: Buffer.from('{"note":"m&uuml;ller"}') },
    { what: 'backslashes that are escaped twice', body: Buffer.from('{"note":"ACME\\\\u005c\\\\u005cx"}') },
    { what: 'percents in JSON', body: Buffer.from('{"url":"/?q=m%C3%BCller"}') },
    { what: 'UTF-16', body: Buffer.from(`\ufeff${json}`, 'utf16le') },
    { what: 'UTF-32', body: utf32(json) },
    { what: 'Latin-1', body: Buffer.from(json, 'latin1') },
    { what: 'quoted-printable', body: Buffer.from(quoted(json)) },
    { what: 'quoted-printable in JSON', body: Buffer.from(JSON.stringify({ mail: quoted('ü') })) },
    { what: 'gzip', body: gzipSync(json) },
    { what: 'gzip that is cut', body: gzipSync(json).subarray(0, -9) },
    { what: 'zstd', body: zstdCompressSync(json) },
    { what: 'Brotli', body: brotliCompressSync(json) },
    {
      what: 'gzip within multipart',
      body: Buffer.concat([Buffer.from('--x\r\n\r\n'), gzipSync(json), Buffer.from('\r\n--x--')]),
    },
    { what: 'a member that is there twice', body: Buffer.from('{"a":{"userID":"user-7"},"a":1}') },
    { what: 'JSON within JSON that is cut', body: Buffer.from(JSON.stringify({ inner: json.slice(0, -1) })) },
    { what: 'JSON within JSON that is cut in a list', body: Buffer.from('{"inner":"[\\"a\\""}') },
    {
      what: 'a member that is there twice in JSON within JSON',
      body: Buffer.from('{"inner":" {\\"a\\":1,\\"a\\":2}"}'),
    },
    { what: 'percents in JSON within JSON', body: Buffer.from('{"inner":"{\\"a\\":\\"m%C3%BC\\"}"}') },
    {
      what: 'base64 that ends in hexadecimal digits',
      body: Buffer.from(`{"data":"${base64('hello hi9')}"}`),
    },
    { what: 'base64 behind a letter', body: Buffer.from(`{"data":"z${base64('hello hello')}"}`) },
    { what: 'base64 of letters that are not ASCII', body: Buffer.from(`{"data":"${base64('äöüäöü')}"}`) },
    { what: 'noise', body: Buffer.from([0xff, 0x00, 0x91]) },
    { what: 'nothing', body: Buffer.from('') },
  ])('takes a refused body for that of a unit that it cannot read at a glance: $what', ({ body }) => {
    expect(matcher('user_id=somebody-else').findBody(body)).toBe('unreadable');
  });

  it('leaves a body of somebody else that is plain JSON', () => {
    const units = ofUser1();
    const event = {
      eventName: 'purchase: 2 for 1, 100% off & more',
      value: 12.5,
      time: 1795159920126,
      user: {
        userID: 'Zoë O’Brien',
        email: 'müller+1@example.com',
        custom: { plan: 'pro/annual', 漢字: '🙂' },
      },
      metadata: {
        page: 'https://example.com/a/b?tab=prices#top',
        build: '2026.11.19-rc1',
        inner: '{"a":["b"]}',
        list: 'a [b] {c}',
        capitals: `${'A'.repeat(20)}${'1'.repeat(20)}`,
        letters: `${'A'.repeat(20)}${'a'.repeat(20)}`,
      },
    };
    const statsigMetadata = {
      sdkType: 'javascript-client',
      sdkVersion: '3.33.5',
      stableID: '8d1244ef-86df-4bf7-90e5-d9e6e9645a50',
      sessionID: 'd889fe67711040e299d66e9a2e7f44e5',
      userAgent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0',
    };
    const body = JSON.stringify({ events: [event], statsigMetadata }, null, 1);
    expect(units.findRaw(body, 'text')).toBeNull();
    expect(units.findRaw(body.replace('Zoë O’Brien', 'user-1'), 'text')).toBe('unit');
  });

  it.each([
    { text: '{"userID":"user-1"', expected: 'unit' },
    { text: 'expected a number, got {\\"userID\\": \\"user-1\\"}', expected: 'unit' },
    { text: 'Cannot convert "user-1".', expected: 'elsewhere' },
    { text: 'a line\\nuser-1\\n', expected: 'elsewhere' },
    { text: '"user-1": no such name', expected: null },
    { text: 'sdkType: "user-1"', expected: null },
    { text: 'user-10, xuser-1, user-1-2', expected: null },
    { text: '{"userID":"user-10"', expected: null },
    { text: 'user_id=user-1', expected: 'unit' },
    { text: 'xuserID: user-1', expected: 'elsewhere' },
    { text: 'sdkType=user-1', expected: null },
    { text: "{'sdkType': 'user-1'", expected: null },
    { text: 'user-1   : no such name', expected: null },
    { text: 'user-1 is missing', expected: 'elsewhere' },
    { text: 'user-1 said: no', expected: 'elsewhere' },
    { text: 'user-1 : no such name', expected: null },
    // A letter and a picture of two units each.
    { text: '𝐀user-1', expected: null },
    { text: '🙂user-1', expected: 'elsewhere' },
  ])('looks for its unit in a message that may quote: $text', ({ text, expected }) => {
    expect(ofUser1().findNamed(text)).toBe(expected);
  });

  it('finds an ID with quotes and backslashes in a message, however it is quoted', () => {
    const units = matcher('user_id=o"neil\\99');
    const once = JSON.stringify('o"neil\\99');
    for (const text of ['o"neil\\99', once, JSON.stringify(once)])
      expect({ text, found: units.findNamed(`userID: ${text} y`) }).toEqual({ text, found: 'unit' });
  });

  it('comes to an end with a mebibyte of parts that could be retried at each place', () => {
    const units = matcher('user_id=user-1', 'user_id=\\\\a\\b', 'user_id=%41%41%41b');
    const most = 1024 ** 2;
    for (const value of ['\\', '%25', '\\u00', 'z\\', '"\\', '{"a":"', 'A1b'])
      expect(units.findRaw(JSON.stringify([value.repeat(most / value.length)]), 'text')).toBe('unreadable');
  });

  it.each(['1e999,', '[9007199254740993],'])(
    'does not parse more than 4 MiB with numbers that a double cannot hold: %j',
    (part) => {
      const list = part.repeat(Math.ceil(4_500_000 / part.length));
      const units = matcher('user_id=user-1');
      expect(units.findRaw(`[${list}{"userID":"user-1"}]`, 'text')).toBe('unreadable');
    },
  );

  it.each([
    { id: 'javascript-client', body: { statsigMetadata: { sdkType: 'javascript-client' } } },
    { id: '3.33.5', body: { statsigMetadata: { sdkVersion: '3.33.5' } } },
    { id: 'production', body: { user: { statsigEnvironment: { tier: 'production' } } } },
    { id: 'purchase', body: { events: [{ eventName: 'purchase' }] } },
    {
      id: 'new_checkout',
      body: {
        events: [{ metadata: { gate: 'new_checkout' }, secondaryExposures: [{ gate: 'new_checkout' }] }],
      },
    },
    {
      id: 'checkout_button',
      body: {
        exposures: [{ experimentName: 'checkout_button', metadata: { config: 'checkout_button' } }],
      },
    },
  ])('takes $id for an ID under the key of a unit alone where it names something else', ({ id, body }) => {
    const units = matcher(`user_id=${id}`);
    const others = { events: [{ eventName: 7, user: { userID: 'somebody' } }], ...body };
    const text = JSON.stringify(others);
    expect(units.findRaw(text, 'text')).toBe(null);
    expect(units.findNamed(text.slice(0, -1))).toBe(null);
    const own = JSON.stringify({ ...others, user: { userID: id } });
    for (const raw of [own, own.slice(0, -1), JSON.stringify(own).slice(1, -3)])
      expect({ raw, found: units.findNamed(raw) }).toEqual({ raw, found: 'unit' });
    expect(units.findRaw(JSON.stringify({ custom: { plan: id } }), 'text')).toBe(
      id.length < 6 ? null : 'elsewhere',
    );
  });

  it('takes a row that cannot be read for that of a unit if it names one', () => {
    expect(isFound(ofUser1().findDocument('events', '{"user_id":"user-1"'))).toBe(true);
    expect(isFound(ofUser1().findDocument('events', '{"user_id":"user-2"'))).toBe(false);
  });
});
