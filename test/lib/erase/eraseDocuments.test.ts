import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { eraseCopy, eraseLanding } from '../../../lib/erase/eraseDocuments.ts';
import { parseUnit } from '../../../lib/erase/units/Unit.ts';
import { UnitMatcher } from '../../../lib/erase/units/UnitMatcher.ts';
import { LandedObject } from '../../../lib/landing/lines/LandedObject.ts';
import { encodeLines, type LandedRows } from '../../../lib/landing/store/encodeLines.ts';
import { writeRelayCopy } from '../../../lib/relay/RelayCopy.ts';
import { relayId } from '../../../lib/tables/relayKeys.ts';

const matcher = new UnitMatcher([parseUnit('user_id=user-1', { unitIds: {} })]);
const DAY = '2026-11-22';
const NEXT_DAY = '2026-11-23';
const rowOf = (user_id: string, day = DAY) => ({ day, json: JSON.stringify({ user_id }) });
const record = (rows: LandedRows) => Buffer.from(encodeLines(rows) ?? []);
const recordOfOthers = record({ events: [rowOf('user-2')], exposures: [rowOf('user-3', NEXT_DAY)] });
const refused = { quarantine: [{ day: DAY, json: JSON.stringify({ raw: '{"userID":"user-2"}' }) }] };

describe('an object of the landing', () => {
  /** What is left of an object with records, its bytes as a buffer. */
  const erase = (...records: Uint8Array[]) => {
    const left = eraseLanding(Buffer.concat(records), matcher);
    return left === 'unreadable' || !('body' in left)
      ? left
      : { ...left, body: left.body === null ? null : Buffer.from(left.body) };
  };

  it('keeps the bytes of records without the unit, whoever compressed them, and the rows of others in their order', () => {
    const stored = gzipSync(gunzipSync(recordOfOthers), { level: 0 });
    const mixed = record({
      events: [rowOf('user-3', NEXT_DAY), rowOf('user-1'), rowOf('user-2'), rowOf('user-2', NEXT_DAY)],
      exposures: [rowOf('user-1')],
      ...refused,
    });
    const kept = record({
      events: [rowOf('user-3', NEXT_DAY), rowOf('user-2'), rowOf('user-2', NEXT_DAY)],
      ...refused,
    });
    expect(erase(stored, mixed, recordOfOthers)).toEqual({
      own: 2,
      others: 0,
      body: Buffer.concat([stored, kept, recordOfOthers]),
    });
    expect(erase(recordOfOthers, stored)).toEqual({ own: 0 });
  });

  it('is a record without rows when no row is left', () => {
    const ofUnit = record({ events: [rowOf('user-1')], exposures: [rowOf('user-1', NEXT_DAY)] });
    expect(erase(ofUnit, recordOfOthers)).toEqual({ own: 2, others: 0, body: recordOfOthers });
    const erased = erase(ofUnit, ofUnit);
    expect(erased).toMatchObject({ own: 4, others: 0 });
    const left = new LandedObject(
      erased !== 'unreadable' && 'body' in erased && erased.body ? erased.body : ofUnit,
    );
    expect([...left.rows()]).toEqual([]);
    expect(left.skipped.count).toBe(0);
  });

  it('goes as a whole where a null says so, and counts rows that may be of others', () => {
    const raws = ['{"userID":"user-1"}', '{"userID":"user-1","n":2}', '{"list":["user-1"]}'];
    const rows = raws.map((raw) => ({ day: DAY, json: JSON.stringify({ raw, raw_encoding: 'text' }) }));
    expect(eraseLanding(record({ quarantine: rows }), matcher, null)).toEqual({
      own: 3,
      others: 1,
      body: null,
    });
  });

  it('keeps the hour of each line, and of lines without one that they have none', () => {
    const rows = [rowOf('user-1'), rowOf('user-2'), { ...rowOf('user-2'), hour: '2026-11-25T08' }];
    for (const hour of ['2026-11-25T07', null]) {
      const { body } = Object(erase(Buffer.from(encodeLines({ events: rows }, hour) ?? [])));
      const left = encodeLines({ events: rows.slice(1) }, hour) ?? Buffer.of();
      expect(gunzipSync(body).toString()).toBe(gunzipSync(left).toString());
    }
  });

  it('keeps bytes that are no rows, and lines that are none but for those that name the unit', () => {
    const ofUnit = record({ events: [rowOf('user-1')] });
    const cut = recordOfOthers.subarray(0, -1);
    expect(erase(cut)).toMatchObject({ own: 0, unread: expect.any(Number) });
    expect(erase(ofUnit, Buffer.from('more'), recordOfOthers, ofUnit, cut)).toEqual({
      own: 2,
      others: 0,
      unread: expect.any(Number),
      body: Buffer.concat([Buffer.from('more'), recordOfOthers, cut]),
    });
    const line = (user: string) => `{"kind":"pages","ds":"${DAY}","row":{"user_id":"${user}"}}\n`;
    expect(erase(gzipSync(`${line('user-2')}hello\n`))).toEqual({ own: 0, unread: 2 });
    const { body, ...counts } = Object(erase(gzipSync(`${line('user-1')}${line('user-2')}hello`)));
    expect(counts).toEqual({ own: 1, others: 0, unread: 2 });
    expect(gunzipSync(body).toString()).toBe(`${line('user-2')}hello\n`);
  });
});

describe('a copy of a request', () => {
  const erase = (body: string | Uint8Array, headers = {}) =>
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
    expect(erase('{"events":[{"user":{"userID":"user-1"},"x')).toEqual({ own: 1, others: 0, body: null });
    const unreadable = { own: 1, others: 1, unreadable: 1, body: null };
    expect(erase('{"events":[{"user":{"userID":"user-2"},"x')).toEqual(unreadable);
    expect(erase('{"user_id":"user-1"}', { 'content-encoding': 'br' })).toEqual({
      own: 1,
      others: 0,
      body: null,
    });
    expect(erase('{"user_id":"user-2"}', { 'content-encoding': 'br' })).toEqual({ own: 0 });
    expect(erase(Buffer.from('93a1f0c8d2e6bb17ff02849c5d', 'hex'))).toEqual(unreadable);
  });

  it('goes as a whole, also if the value may be another’s, whose events are counted', () => {
    const event = { user: { userID: 'user-1' } };
    const plan = { user: { userID: 'x', custom: { plan: 'user-1' } } };
    expect(erase(JSON.stringify({ events: [event, plan] }))).toEqual({ own: 1, others: 1, body: null });
    expect(erase(JSON.stringify({ events: [plan, plan] }))).toEqual({ own: 0, others: 2, body: null });
    expect(erase(JSON.stringify({ events: [event, plan, event, plan] }))).toMatchObject({
      own: 2,
      others: 2,
    });
    const named = { events: [{ eventName: 'user-1' }], statsigMetadata: { sdkType: 'user-1' } };
    expect(erase(JSON.stringify(named))).toEqual({ own: 0 });
  });
});

it('an object in the place of a copy that is none is unreadable', () => {
  expect(eraseCopy(Buffer.from('no copy'), matcher)).toBe('unreadable');
});
