import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from '@jest/globals';
import {
  eraseCopy,
  eraseErrors,
  eraseLanding,
  eraseOverflow,
  eraseResult,
} from '../../../lib/erase/eraseDocuments.ts';
import { parseUnit } from '../../../lib/erase/Unit.ts';
import { UnitMatcher } from '../../../lib/erase/UnitMatcher.ts';
import { encodeRecord, type LandingRequest } from '../../../lib/landing/frames/encodeRecord.ts';
import { walkRecords } from '../../../lib/landing/frames/records.ts';
import { writeRelayCopy } from '../../../lib/relay/RelayCopy.ts';
import { relayId } from '../../../lib/tables/objectKeys.ts';

const matcher = new UnitMatcher([parseUnit('user_id=user-1', { unitIds: {} })]);
const [own, other, third] = ['user-1', 'user-2', 'user-3'].map((user_id) => JSON.stringify({ user_id })) as [
  string,
  string,
  string,
];
const lines = (...all: string[]) => gzipSync(`${all.join('\n')}\n`);

describe('an object of the landing', () => {
  const DAYS = ['2026-11-22', '2026-11-23'];
  const row = (user_id: string, day = DAYS[0]) => ({
    day: day ?? '',
    json: JSON.stringify({ user_id, ds: day }),
  });
  const request = { id: 'a'.repeat(32), request: 'r-1', receivedAt: 7 };
  const record = (rows: LandingRequest['rows']) => Buffer.from(encodeRecord({ ...request, rows }).bytes);
  const bodyOf = (...records: Uint8Array[]) => {
    const left = eraseLanding(Buffer.concat(records), matcher);
    return left === 'unreadable' || !('body' in left)
      ? left
      : { ...left, body: left.body?.toString() ?? null };
  };
  const others = record({ events: [row('user-2')], exposures: [row('user-3', DAYS[1])] });

  it('keeps the bytes of records without the unit', () => {
    expect(bodyOf(others, record({}))).toEqual({ own: 0 });
  });

  it('keeps the rows of others, in their order and on their days', () => {
    const mixed = record({
      events: [row('user-3', DAYS[1]), row('user-1'), row('user-2'), row('user-2', DAYS[1])],
      exposures: [row('user-1')],
      quarantine: [{ day: DAYS[0] ?? '', json: JSON.stringify({ raw: '{"userID":"user-2"}', ds: DAYS[0] }) }],
    });
    const kept = record({
      events: [row('user-3', DAYS[1]), row('user-2'), row('user-2', DAYS[1])],
      quarantine: [{ day: DAYS[0] ?? '', json: JSON.stringify({ raw: '{"userID":"user-2"}', ds: DAYS[0] }) }],
    });
    expect(bodyOf(others, mixed, others)).toEqual({
      ...{ own: 2, others: 0 },
      body: Buffer.concat([others, kept, others]).toString(),
    });
  });

  it('keeps the header of a record that has no other row, and is gone when no row is left', () => {
    const own = record({ events: [row('user-1')], exposures: [row('user-1', DAYS[1])] });
    const body = Buffer.concat([record({}), others]).toString();
    expect(bodyOf(own, others)).toEqual({ own: 2, others: 0, body });
    expect(bodyOf(own, own)).toEqual({ own: 4, others: 0, body: null });
  });

  it('keeps a damaged frame, and says that it was not read', () => {
    const mixed = record({ events: [row('user-1'), row('user-2')], exposures: [row('user-1')] });
    const [frame] = walkRecords(mixed)[0]?.frames ?? [];
    mixed.fill(0, (frame?.offset ?? 0) + 6, (frame?.offset ?? 0) + 9);
    const left = eraseLanding(Buffer.concat([others, mixed]), matcher);
    expect(left).toMatchObject({ own: 1, unread: 1 });
    const body = left !== 'unreadable' && 'body' in left ? (left.body ?? Buffer.of()) : Buffer.of();
    expect(walkRecords(body)[1]?.frames).toMatchObject([
      { table: 'exposures', crc32: frame?.crc32 },
      { table: 'events', rows: { [DAYS[0] ?? '']: 1 } },
    ]);
  });

  it('keeps what is no record beside records, and says that it was not read', () => {
    const own = record({ events: [row('user-1'), row('user-2')] });
    const kept = record({ events: [row('user-2')] });
    const [cut, more] = [others.subarray(9), Buffer.from('more')];
    expect(bodyOf(cut, own, more, others)).toEqual({
      ...{ own: 1, others: 0, unread: 2 },
      body: Buffer.concat([cut, kept, more, others]).toString(),
    });
  });

  it('that has no record can not be searched', () => {
    expect(bodyOf(others.subarray(0, -1))).toBe('unreadable');
    expect(bodyOf(Buffer.from('more'))).toBe('unreadable');
  });
});

describe('an overflow object', () => {
  const textOf = async (body: Uint8Array) => {
    const left = await eraseOverflow('events', body, matcher);
    if (left === 'unreadable' || left.own === 0 || !('body' in left)) return left;
    return { own: left.own, text: left.body === null ? null : gunzipSync(left.body).toString('utf8') };
  };

  it('keeps the rows of others, in their order', async () => {
    expect(await textOf(lines(third, own, other))).toEqual({
      own: 1,
      text: `${third}\n${other}\n`,
    });
    expect(await textOf(lines(own, own))).toEqual({ own: 2, text: null });
    expect(await textOf(lines(other))).toEqual({ own: 0 });
    expect(await textOf(Buffer.from('no gzip'))).toBe('unreadable');
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

  it('that is no JSON, or says a wrong encoding, is searched as a text, and goes as a body that nobody can read', () => {
    expect(of('{"events":[{"user":{"userID":"user-1"},"x')).toEqual({ own: 1, others: 0, body: null });
    const unreadable = { own: 1, others: 1, unreadable: 1, body: null };
    expect(of('{"events":[{"user":{"userID":"user-2"},"x')).toEqual(unreadable);
    expect(of(own, { 'content-encoding': 'br' })).toEqual({ own: 1, others: 0, body: null });
    expect(of(other, { 'content-encoding': 'br' })).toEqual({ own: 0 });
    expect(of(Buffer.from('93a1f0c8d2e6bb17ff02849c5d', 'hex'))).toEqual(unreadable);
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

  it('goes if the value is quoted, or anything is spelled in other characters, also across the pieces in which it is read', async () => {
    const id = `zoë "O'Brien" <x>\\ 漢字`;
    const json = JSON.stringify({ id });
    const csv = (text: string) => `"${text.replaceAll('"', '""')}"`;
    for (const text of [json, csv(json), csv(JSON.stringify(json)), '\\u00fc', 'm%C3%BCller', 'm&uuml;ller'])
      for (const before of [0, 1024 * 1024 - 20, 1024 * 1024 - 4])
        expect([text, await search(Buffer.from(`${'x,'.repeat(before / 2)}${text}`), id)]).toEqual([
          text,
          { own: 1, others: 0, body: null },
        ]);
    expect(await search(Buffer.from(csv(json.replace('字', '字x'))), id)).toEqual({ own: 0 });
    expect(await search(Buffer.from(csv(json.replace('O', 'P'))), id)).toEqual({ own: 0 });
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
