import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from '@jest/globals';
import { eraseCopy, eraseLanding, eraseResult } from '../../../lib/erase/eraseDocuments.ts';
import { parseUnit } from '../../../lib/erase/Unit.ts';
import { UnitMatcher } from '../../../lib/erase/UnitMatcher.ts';
import { LandedObject } from '../../../lib/landing/lines/LandedObject.ts';
import { encodeLines, type LandedRows } from '../../../lib/landing/store/encodeLines.ts';
import { writeRelayCopy } from '../../../lib/relay/RelayCopy.ts';
import { relayId } from '../../../lib/tables/objectKeys.ts';

const matcher = new UnitMatcher([parseUnit('user_id=user-1', { unitIds: {} })]);
const [own, other] = ['user-1', 'user-2'].map((user_id) => JSON.stringify({ user_id })) as [string, string];
const DAYS = ['2026-11-22', '2026-11-23'] as const;
const row = (user_id: string, day: string = DAYS[0]) => ({ day, json: JSON.stringify({ user_id }) });
const record = (rows: LandedRows) => Buffer.from(encodeLines(rows) ?? []);
const others = record({ events: [row('user-2')], exposures: [row('user-3', DAYS[1])] });
const refused = { quarantine: [{ day: DAYS[0], json: JSON.stringify({ raw: '{"userID":"user-2"}' }) }] };

describe('an object of the landing', () => {
  const bodyOf = (...records: Uint8Array[]) => {
    const left = eraseLanding(Buffer.concat(records), matcher);
    return left === 'unreadable' || !('body' in left)
      ? left
      : { ...left, body: left.body === null ? null : Buffer.from(left.body) };
  };

  it('keeps the bytes of records without the unit, whoever compressed them, and the rows of others in their order', () => {
    const stored = gzipSync(gunzipSync(others), { level: 0 });
    const mixed = record({
      events: [row('user-3', DAYS[1]), row('user-1'), row('user-2'), row('user-2', DAYS[1])],
      exposures: [row('user-1')],
      ...refused,
    });
    const kept = record({
      events: [row('user-3', DAYS[1]), row('user-2'), row('user-2', DAYS[1])],
      ...refused,
    });
    expect(bodyOf(stored, mixed, others)).toEqual({
      own: 2,
      others: 0,
      body: Buffer.concat([stored, kept, others]),
    });
    expect(bodyOf(others, stored)).toEqual({ own: 0 });
  });

  it('is a record without rows when no row is left', () => {
    const own = record({ events: [row('user-1')], exposures: [row('user-1', DAYS[1])] });
    expect(bodyOf(own, others)).toEqual({ own: 2, others: 0, body: others });
    const erased = bodyOf(own, own);
    expect(erased).toMatchObject({ own: 4, others: 0 });
    const left = new LandedObject(
      erased !== 'unreadable' && 'body' in erased && erased.body ? erased.body : own,
    );
    expect([[...left.rows()], left.skipped.count]).toEqual([[], 0]);
  });

  it('keeps the hour of each line, and of lines without one that they have none', () => {
    const rows = [row('user-1'), row('user-2'), { ...row('user-2'), hour: '2026-11-25T08' }];
    for (const hour of ['2026-11-25T07', null]) {
      const { body } = Object(bodyOf(Buffer.from(encodeLines({ events: rows }, hour) ?? [])));
      const left = encodeLines({ events: rows.slice(1) }, hour) ?? Buffer.of();
      expect(gunzipSync(body).toString()).toBe(gunzipSync(left).toString());
    }
  });

  it('keeps bytes that are no rows, and lines that are none but for those that name the unit', () => {
    const own = record({ events: [row('user-1')] });
    const cut = others.subarray(0, -1);
    expect(bodyOf(cut)).toMatchObject({ own: 0, unread: expect.any(Number) });
    expect(bodyOf(own, Buffer.from('more'), others, own, cut)).toEqual({
      own: 2,
      others: 0,
      unread: expect.any(Number),
      body: Buffer.concat([Buffer.from('more'), others, cut]),
    });
    const line = (user: string) => `{"kind":"pages","ds":"${DAYS[0]}","row":{"user_id":"${user}"}}\n`;
    expect(bodyOf(gzipSync(`${line('user-2')}hello\n`))).toEqual({ own: 0, unread: 2 });
    const { body, ...counts } = Object(bodyOf(gzipSync(`${line('user-1')}${line('user-2')}hello`)));
    expect(counts).toEqual({ own: 1, others: 0, unread: 2 });
    expect(gunzipSync(body).toString()).toBe(`${line('user-2')}hello\n`);
  });
});

describe('a copy of a request', () => {
  const erased = (body: string | Uint8Array, headers = {}) =>
    eraseCopy(
      Buffer.from(
        writeRelayCopy({
          id: relayId(0, 'b'.repeat(24)),
          keptAt: 0,
          path: '/v1/rgstr',
          query: '',
          headers,
          body: Buffer.from(body),
        }),
      ),
      matcher,
    );

  it('that is no JSON, or says a wrong encoding, is searched as a text, and goes as a body that nobody can read', () => {
    expect(erased('{"events":[{"user":{"userID":"user-1"},"x')).toEqual({ own: 1, others: 0, body: null });
    const unreadable = { own: 1, others: 1, unreadable: 1, body: null };
    expect(erased('{"events":[{"user":{"userID":"user-2"},"x')).toEqual(unreadable);
    expect(erased(own, { 'content-encoding': 'br' })).toEqual({ own: 1, others: 0, body: null });
    expect(erased(other, { 'content-encoding': 'br' })).toEqual({ own: 0 });
    expect(erased(Buffer.from('93a1f0c8d2e6bb17ff02849c5d', 'hex'))).toEqual(unreadable);
  });

  it('goes as a whole, also if the value may be another’s, whose events are counted', () => {
    const event = { user: { userID: 'user-1' } };
    const plan = { user: { userID: 'x', custom: { plan: 'user-1' } } };
    expect(erased(JSON.stringify({ events: [event, plan] }))).toEqual({ own: 1, others: 1, body: null });
    expect(erased(JSON.stringify({ events: [plan, plan] }))).toEqual({ own: 0, others: 2, body: null });
    const named = { events: [{ eventName: 'user-1' }], statsigMetadata: { sdkType: 'user-1' } };
    expect(erased(JSON.stringify(named))).toEqual({ own: 0 });
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
