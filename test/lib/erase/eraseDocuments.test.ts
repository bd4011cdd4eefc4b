import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from '@jest/globals';
import { eraseCopy, eraseErrors, eraseOverflow, eraseResult } from '../../../lib/erase/eraseDocuments.ts';
import { parseUnit } from '../../../lib/erase/Unit.ts';
import { UnitMatcher } from '../../../lib/erase/UnitMatcher.ts';
import { writeRelayCopy } from '../../../lib/relay/RelayCopy.ts';
import { relayId } from '../../../lib/tables/objectKeys.ts';

const matcher = new UnitMatcher([parseUnit('user_id=user-1', { unitIds: {} })]);
const [own, other, third] = ['user-1', 'user-2', 'user-3'].map((user_id) => JSON.stringify({ user_id })) as [
  string,
  string,
  string,
];
const lines = (...all: string[]) => gzipSync(`${all.join('\n')}\n`);

describe('an overflow object', () => {
  const textOf = async (folder: 'events' | 'requests', body: Uint8Array) => {
    const left = await eraseOverflow(folder, body, matcher);
    if (left === 'unreadable' || left.own === 0 || !('body' in left)) return left;
    return { own: left.own, text: left.body === null ? null : gunzipSync(left.body).toString('utf8') };
  };

  it('keeps the rows of others, in their order', async () => {
    expect(await textOf('events', lines(third, own, other))).toEqual({
      own: 1,
      text: `${third}\n${other}\n`,
    });
    expect(await textOf('events', lines(own, own))).toEqual({ own: 2, text: null });
    expect(await textOf('events', lines(other))).toEqual({ own: 0 });
    expect(await textOf('events', Buffer.from('no gzip'))).toBe('unreadable');
  });

  it('of several streams counts what is left of each', async () => {
    const body = lines('{"exposures":1,"events":2}', own, other, own);
    expect(await textOf('requests', body)).toEqual({ own: 2, text: `{"events":1}\n${other}\n` });
  });
});

describe('an error object', () => {
  const line = (raw: string, lastErrorMessage = 'no') =>
    JSON.stringify({ arrivalTimestamp: 7, lastErrorMessage, rawData: Buffer.from(raw).toString('base64') });
  const textOf = (...all: string[]) => {
    const left = eraseErrors('events', Buffer.from(all.map((one) => `${one}\n`).join('')), matcher);
    if (left === 'unreadable' || !('body' in left)) return left;
    return left.body === null ? null : Buffer.from(left.body).toString('utf8');
  };

  it('keeps the records and the rows of others', () => {
    expect(textOf(line(other))).toEqual({ own: 0 });
    expect(textOf(line(own), line(own))).toBeNull();
    expect(textOf(line(own), line(other))).toBe(`${line(other)}\n`);
    expect(textOf(line(`${own}\n${other}\n${third}\n`))).toBe(`${line(`${other}\n${third}\n`)}\n`);
  });

  it('keeps the bytes of others beside a broken row', () => {
    const broken = '{"user_id":"user-1';
    // No JSON, and no UTF-8.
    const odd = Buffer.from('{"user_id":"m\xfcller', 'latin1');
    const record = (...parts: readonly Uint8Array[]) =>
      Buffer.from(`${JSON.stringify({ rawData: Buffer.concat(parts).toString('base64') })}\n`);
    const text = (raw: string) => Buffer.from(raw);
    const left = eraseErrors(
      'events',
      record(text(`${other}\n${broken}\n`), odd, text(`\n\n${third}`)),
      matcher,
    );
    expect(left).toEqual({
      ...{ own: 1, others: 0 },
      body: record(text(`${other}\n`), odd, text(`\n\n${third}`)),
    });
    // A line of others is the same bytes, whatever it is.
    const line = Buffer.from('no JSON \xff\r\n', 'latin1');
    expect(eraseErrors('events', Buffer.concat([line, record(text(own))]), matcher)).toEqual({
      ...{ own: 1, others: 0, body: line },
    });
  });

  it('loses a message that quotes the unit', () => {
    expect(textOf(line(other, 'near "user-1"'))).toBe(`${line(other, '')}\n`);
  });
});

describe('a copy of a request', () => {
  const of = (body: string | Uint8Array, headers = {}) =>
    eraseCopy(
      Buffer.from(
        writeRelayCopy({
          ...{ id: relayId(0, 'b'.repeat(24)), keptAt: 0, path: '/v1/rgstr', query: '', headers },
          body: Buffer.from(body),
        }),
      ),
      matcher,
    );

  it('that is no JSON, or says a wrong encoding, is searched as a text', () => {
    expect(of('{"events":[{"user":{"userID":"user\\u002d1"},"x')).toEqual({ own: 1, others: 0, body: null });
    expect(of('{"events":[{"user":{"userID":"user-2"},"x')).toEqual({ own: 0 });
    expect(of(own, { 'content-encoding': 'br' })).toEqual({ own: 1, others: 0, body: null });
    expect(of(Buffer.from('93a1f0c8d2e6bb17ff02849c5d', 'hex'))).toEqual({ own: 0, noText: 1 });
  });

  it('goes as a whole, also if the value may be another’s, whose events are counted', () => {
    const [event, plan] = [
      { user: { userID: 'user-1' } },
      { user: { userID: 'x', custom: { plan: 'user-1' } } },
    ];
    expect(of(JSON.stringify({ events: [event, plan] }))).toEqual({ own: 1, others: 1, body: null });
    expect(of(JSON.stringify({ events: [plan, plan] }))).toEqual({ own: 0, others: 2, body: null });
    const named = { events: [{ eventName: 'user-1' }], statsigMetadata: { sdkType: 'user-1' } };
    expect(of(JSON.stringify(named))).toEqual({ own: 0 });
  });
});

describe('a result of a query', () => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-erase-'));
  afterAll(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'result.csv');
  const search = (bytes: Uint8Array, value = 'user-1') => {
    writeFileSync(path, bytes);
    return eraseResult(path, new UnitMatcher([parseUnit(`user_id=${value}`, { unitIds: {} })]));
  };

  it('goes as a whole if it has the value, however it is written', async () => {
    const found = { own: 1, others: 0, body: null };
    expect(await search(Buffer.from('"user_id"\n"user-1"\n'))).toEqual(found);
    expect(await search(gzipSync('"user_id"\n"user-1"\n'))).toEqual(found);
    expect(await search(Buffer.from('"a""b"'), 'a"b')).toEqual(found);
    expect(await search(Buffer.from('"{""id"":""a\\""b""}"'), 'a"b')).toEqual(found);
    expect(await search(Buffer.from('"user_id"\n"user-2"\n'))).toEqual({ own: 0 });
    expect(await search(gzipSync('"user-2"').subarray(0, 12))).toBe('unreadable');
  });

  it('goes if the value is escaped, also across the pieces in which it is read', async () => {
    const id = `zoë "O'Brien" <x>\\ 漢字`;
    const json = JSON.stringify({ id });
    const ascii = json.replaceAll(
      /[^\0-\x7f]/g,
      (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
    const csv = (text: string) => `"${text.replaceAll('"', '""')}"`;
    for (const text of [ascii, csv(ascii), csv(JSON.stringify(ascii)), encodeURIComponent(id)])
      for (const before of [0, 1024 * 1024 - 20])
        expect([text, await search(Buffer.from(`${'x,'.repeat(before / 2)}${text}`), id)]).toEqual([
          text,
          { own: 1, others: 0, body: null },
        ]);
    expect(await search(Buffer.from(csv(ascii.replace('u5b57', 'u5b57x'))), id)).toEqual({ own: 0 });
  });

  it('is searched across the pieces in which it is read', async () => {
    const long = Buffer.alloc(3 * 1024 * 1024, 'x');
    const mega = 1024 * 1024;
    for (const at of [
      ...Array.from({ length: 12 }, (_, i) => mega - 10 + i),
      2 * mega - 2,
      long.length - 7,
    ]) {
      const bytes = Buffer.from(long);
      bytes.write(',user-1', at);
      bytes.write(at + 7 < bytes.length ? ',' : '', at + 7);
      expect([at, await search(bytes)]).toEqual([at, { own: 1, others: 0, body: null }]);
      // A part of a longer word.
      bytes.write('x', at);
      expect([at, await search(bytes)]).toEqual([at, { own: 0 }]);
    }
  });

  it('stays with longer words that have the value, except in bytes that are no text', async () => {
    const found = { own: 1, others: 0, body: null };
    expect(await search(Buffer.from('"n"\n"1420"\n"a-42"\n'), '42')).toEqual({ own: 0 });
    for (const text of ['"42"', '42', 'a,42', '"{""n"":42}"', '"x\\n42"', '“42”'])
      expect([text, await search(Buffer.from(text), '42')]).toEqual([text, found]);
    expect(await search(Buffer.from('ORC\0a42b'), '42')).toEqual(found);
  });
});
