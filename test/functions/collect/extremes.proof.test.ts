import { brotliCompressSync, constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { MAX_BODY_BYTES, MAX_DECODED_BYTES } from '../../../lib/wire/limits.ts';
import type { HttpRequest } from '../../../lib/wire/sdkRequest.ts';
import { memoryCollector, requestOf, type Taken } from './memoryCollector.ts';
import { NOW } from './postEvents.ts';

let take: (request: HttpRequest) => Promise<Taken>;

beforeAll(() => {
  take = memoryCollector();
});

/** At the quality it has by default brotli would take seconds for a bomb. */
const quickBrotli = (input: Uint8Array) =>
  brotliCompressSync(input, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } });

const good = `{"eventName":"good","time":${NOW}}`;
const take1 = (event: string) => take(requestOf(`{"events":[${event},${good}]}`));

describe('an event at the edge of JSON', () => {
  const deep = `${'{"a":['.repeat(5_000)}1${']}'.repeat(5_000)}`;

  it.each([
    ['metadata 10,000 levels deep', `{"eventName":"e","metadata":${deep}}`, 'SLUICE_EVENT_TOO_DEEP'],
    ['a user 10,000 levels deep', `{"eventName":"e","user":{"custom":${deep}}}`, 'SLUICE_EVENT_TOO_DEEP'],
    [
      'an event 10,000 arrays deep',
      `${'['.repeat(10_000)}${']'.repeat(10_000)}`,
      'SLUICE_EVENT_NOT_AN_OBJECT',
    ],
    ['a time of 1e400', '{"eventName":"e","time":1e400}', 'SLUICE_EVENT_BAD_TIME'],
    ['a time of -1e400', '{"eventName":"e","time":-1e400}', 'SLUICE_EVENT_BAD_TIME'],
    ['a time that is "NaN"', '{"eventName":"e","time":"NaN"}', 'SLUICE_EVENT_BAD_TIME'],
    ['a time in the year 10000', '{"eventName":"e","time":253402300800000}', 'SLUICE_EVENT_BAD_TIME'],
    [
      'a time in the year 10000 as text',
      '{"eventName":"e","time":"10000-01-01T00:00:00Z"}',
      'SLUICE_EVENT_BAD_TIME',
    ],
    ['a time before the year 1', '{"eventName":"e","time":-62135596800001}', 'SLUICE_EVENT_BAD_TIME'],
    ['a name only in its prototype', '{"__proto__":{"eventName":"e"}}', 'SLUICE_EVENT_NO_NAME'],
    ['a name that a later key takes away', '{"eventName":"e","eventName":null}', 'SLUICE_EVENT_NO_NAME'],
  ])('with %s is quarantined, and the event beside it lands', async (_what, event, reason) => {
    const { status, rows, quarantined } = await take1(event);
    expect(status).toBe(202);
    expect(rows).toMatchObject([{ event_name: 'good' }]);
    expect(quarantined).toMatchObject([{ reason }]);
  });

  it.each([
    ['a value of 1e400', '{"eventName":"e","value":1e400}', { event_value: '1e400' }],
    [
      'the last time there is',
      '{"eventName":"e","time":253402300799999}',
      { timestamp: '9999-12-31T23:59:59.999Z' },
    ],
    ['a key twice: the later counts', '{"eventName":"e","eventName":"f"}', { event_name: 'f' }],
    [
      'a key __proto__, kept as a key',
      '{"eventName":"e","metadata":{"__proto__":{"polluted":1}}}',
      { company_metadata: '{"__proto__":{"polluted":1}}' },
    ],
    [
      'half a surrogate pair',
      '{"eventName":"a\\ud83d","value":"\\udc00b"}',
      { event_name: 'a\ufffd', event_value: '\ufffdb' },
    ],
    ['a NUL', '{"eventName":"e","value":"\\u0000"}', { event_value: '\u0000' }],
  ])('with %s lands', async (_what, event, columns) => {
    const { status, rows, quarantined } = await take1(event);
    expect([status, quarantined.length]).toEqual([202, 0]);
    expect(rows).toMatchObject([columns, { event_name: 'good' }]);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  it('with bytes that are not UTF-8 lands with U+FFFD in their place', async () => {
    const body = Buffer.concat([
      Buffer.from('{"events":[{"eventName":"a'),
      Buffer.from([0xff, 0xc0, 0x80]),
      Buffer.from('"}]}'),
    ]);
    const { status, rows } = await take(requestOf(body));
    expect(status).toBe(202);
    expect(rows).toMatchObject([{ event_name: 'a\ufffd\ufffd\ufffd' }]);
  });

  it('with NaN or Infinity is not JSON, and the body is kept', async () => {
    for (const value of ['NaN', 'Infinity', '-Infinity', 'undefined', '0x1']) {
      const { status, code, quarantined } = await take1(`{"eventName":"e","value":${value}}`);
      expect([status, code, quarantined.length]).toEqual([400, 'SLUICE_BODY_NOT_JSON', 1]);
    }
  });
});

describe('a body at the edge of its size', () => {
  it('lands all of its 10,000 events', async () => {
    const events = Array.from({ length: 10_000 }, (_, i) => `{"eventName":"e${i}","time":${NOW}}`);
    const { status, rows, metrics } = await take(
      requestOf(gzipSync(`{"events":[${events.join()}]}`, { level: 1 })),
    );
    expect([status, rows.length, metrics['received']]).toEqual([202, 10_000, 10_000]);
    expect(new Set(rows.map((row) => Reflect.get(Object(row), 'event_id'))).size).toBe(10_000);
  }, 120_000);

  it('with 10,000 invalid events is kept, all of them together', async () => {
    const text = `"${'x'.repeat(80)}"`;
    const body = `{"events":[${`${text},`.repeat(9_999)}${text}]}`;
    const { status, rows, quarantined, metrics } = await take(requestOf(body));
    expect([status, rows.length, metrics['quarantined']]).toEqual([202, 0, 10_000]);
    const detail = 'SLUICE_EVENT_NOT_AN_OBJECT: 10000.';
    expect(quarantined).toEqual([
      expect.objectContaining({ reason: 'SLUICE_EVENT_MANY_REFUSED', detail, raw: body }),
    ]);
  }, 120_000);

  it.each([
    [-1, 202],
    [0, 202],
    [1, 413],
  ])('of 6 MiB and %i byte is answered %i and kept', async (difference, expected) => {
    const shell = `{"events":[${good}],"padding":""}`;
    const body = shell.replace('""', `"${'x'.repeat(MAX_BODY_BYTES + difference - shell.length)}"`);
    expect(Buffer.byteLength(body)).toBe(MAX_BODY_BYTES + difference);
    const { status, rows, quarantined, large } = await take(requestOf(body));
    expect(status).toBe(expected);
    if (expected === 202) expect(rows).toMatchObject([{ event_name: 'good' }]);
    else {
      expect(quarantined).toMatchObject([{ reason: 'SLUICE_BODY_TOO_LARGE' }]);
      expect(large).toEqual([body.length]);
    }
  });

  it.each([
    ['gzip', gzipSync, {}],
    ['zstd', zstdCompressSync, {}],
    ['brotli', quickBrotli, { 'content-encoding': 'br' }],
  ])('that is a %s bomb is stopped, and kept as sent', async (_name, compress, headers) => {
    const bomb = compress(Buffer.alloc(MAX_DECODED_BYTES * 2, 0x20));
    const twice = compress(compress(Buffer.alloc(MAX_DECODED_BYTES, 0x20)));
    const { status, code, quarantined } = await take(requestOf(bomb, headers));
    expect([status, code]).toEqual([413, 'SLUICE_BODY_INFLATES_TOO_FAR']);
    expect(quarantined).toMatchObject([{ reason: code, raw: bomb.toString('base64') }]);
    // Spaces are not JSON, however often they were compressed.
    expect((await take(requestOf(twice, headers))).status).toBe(400);
  });

  it('that redaction cannot read is not kept, only its size and hash', async () => {
    const redacting = memoryCollector({
      privacy: { redact: { 'user.email': 'drop' }, salt: 'sixteen characters at least' },
    });
    const first = await redacting(requestOf('{"events":[{"user":{"email":"a@example.com"'));
    expect(first).toMatchObject({ status: 400, code: 'SLUICE_BODY_NOT_JSON' });
    expect(String(first.quarantined[0]?.['raw'])).toMatch(/^withheld: 43 bytes, [0-9a-f]{64}$/);
    const again = await redacting(requestOf('{"events":[{"user":{"email":"a@example.com"'));
    const other = await redacting(requestOf('{"events":[{"user":{"email":"b@example.com"'));
    const id = ({ quarantined }: Taken) => quarantined[0]?.['quarantine_id'];
    expect(id(again)).toBe(id(first));
    expect(id(other)).not.toBe(id(first));
  });
});
