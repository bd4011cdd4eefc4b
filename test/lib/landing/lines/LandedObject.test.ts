import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LandedObject } from '../../../../lib/landing/lines/LandedObject.ts';
import { encodeLines, type LandedRows } from '../../../../lib/landing/store/encodeLines.ts';
import { tableKinds } from '../../../../lib/schema/kinds.ts';

const DAY = '2026-11-25';
const rowOf = (id: string, day = DAY) => ({ day, json: JSON.stringify({ event_id: id }) });
const member = (...ids: readonly string[]) =>
  Buffer.from(encodeLines({ events: ids.map((id) => rowOf(id)) }) ?? []);
const line = (id: string) => `{"kind":"events","ds":"${DAY}","row":{"event_id":"${id}"}}\n`;

/** The IDs of an object's rows, and why there are no more. */
function read(bytes: Uint8Array) {
  const object = new LandedObject(bytes);
  const ids = Array.from(object.rows(), ({ json }) => JSON.parse(json).event_id);
  return { ids, damage: object.damage?.detail ?? null };
}

describe('an object of the landing', () => {
  it('is a gzip file of lines, whose members are read in their order', () => {
    const bytes = Buffer.concat([member('a', 'b'), member('c')]);
    expect(gunzipSync(bytes).toString()).toBe(`${line('a')}${line('b')}${line('c')}`);
    expect(read(bytes)).toEqual({ ids: ['a', 'b', 'c'], damage: null });
  });

  it('may be made by any gzip', () => {
    const named = Buffer.from(member('a'));
    // FNAME, FEXTRA and FHCRC, as RFC 1952 has them in this order.
    const header = Buffer.concat([
      named.subarray(0, 10),
      Buffer.of(2, 0, 7, 7),
      Buffer.from('x.ndjson\0'),
      Buffer.of(0, 0),
    ]);
    header[3] = 2 | 4 | 8;
    const bytes = Buffer.concat([
      gzipSync(''),
      header,
      named.subarray(10),
      gzipSync(line('b'), { level: 9 }),
    ]);
    expect(read(bytes)).toEqual({ ids: ['a', 'b'], damage: null });
  });

  it('has the rows that were encoded, whatever they are', () => {
    const day = fc
      .integer({ min: 0, max: 800 })
      .map((days) => new Date(Date.UTC(2025, 0, 1 + days)).toISOString().slice(0, 10));
    const json = fc
      .dictionary(fc.string({ unit: 'binary' }), fc.jsonValue())
      .map((row) => JSON.stringify(row).toWellFormed());
    const rows = fc.array(fc.record({ day, json }), { maxLength: 20 });
    const requests = fc.array(
      fc.record({ exposures: rows, events: rows, quarantine: rows }, { requiredKeys: [] }),
    );
    fc.assert(
      fc.property(requests, (all) => {
        const object = new LandedObject(Buffer.concat(all.map((one) => encodeLines(one) ?? Buffer.of())));
        const expected = all.flatMap((one: LandedRows) =>
          tableKinds.flatMap((kind) => (one[kind] ?? []).map((row) => ({ kind, ...row }))),
        );
        expect([...object.rows()]).toEqual(expected);
        expect(object.damage === null).toBe(expected.length > 0);
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    ['a zero byte behind a member', Buffer.of(0)],
    ['bytes that are no member', Buffer.from('more')],
    ['a line break between members', Buffer.from('\n')],
    ['a member that is cut', member('x').subarray(0, -9)],
    ['a member without its trailer', member('x').subarray(0, -1)],
    ['a header alone', member('x').subarray(0, 10)],
  ])('ends at %s, and hides nothing behind it', (_what, wrong) => {
    const good = member('a');
    const bytes = Buffer.concat([good, wrong, member('b')]);
    const { ids, damage } = read(bytes);
    expect(ids).toEqual(['a']);
    expect(damage).toMatch(new RegExp(`^At byte ${good.length}\\. `));
  });

  it('has no row of a member of which any bit was flipped', () => {
    const [first, second] = [member('a'), member('b', 'c', 'd')];
    for (let bit = 0; bit < second.length * 8; bit += 1) {
      const flipped = Buffer.from(second);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const { ids, damage } = read(Buffer.concat([first, flipped]));
      // The flag for texts, the time, the compression's hint and the system of a header say nothing.
      const isIgnored = bit === 24 || (bit >= 32 && bit < 80);
      expect([bit, ids, damage === null]).toEqual([bit, isIgnored ? ['a', 'b', 'c', 'd'] : ['a'], isIgnored]);
    }
  });

  it.each([
    ['of another kind', '{"kind":"orders","ds":"2026-11-25","row":{}}\n'],
    ['of no day', '{"kind":"events","ds":"2026-02-30","row":{}}\n'],
    ['whose row is no object', '{"kind":"events","ds":"2026-11-25","row":[]}\n'],
    ['with its members in another order', '{"ds":"2026-11-25","kind":"events","row":{}}\n'],
    ['without its end', '{"kind":"events","ds":"2026-11-25","row":{}\n'],
    ['that is empty', '\n'],
    [
      'that is no UTF-8',
      Buffer.from('{"kind":"events","ds":"2026-11-25","row":{"a":"m\xfcller"}}\n', 'latin1'),
    ],
  ])('ends before a line %s', (_what, wrong) => {
    const text = Buffer.concat([Buffer.from(line('a')), Buffer.from(wrong), Buffer.from(line('b'))]);
    expect(read(Buffer.concat([gzipSync(text), member('c')]))).toEqual({
      ids: ['a'],
      damage: expect.stringContaining('At byte 0. Its line 2 is not a row.'),
    });
  });

  it('ends before a line that does not end', () => {
    const text = `${line('a')}${line('b').slice(0, -1)}`;
    expect(read(gzipSync(text))).toEqual({
      ids: ['a'],
      damage: 'At byte 0. Its line 2 is not a row.',
    });
  });

  it('that is empty is damaged, and a request without rows makes none', () => {
    expect(read(Buffer.of())).toEqual({ ids: [], damage: 'At byte 0. It is empty.' });
    expect(encodeLines({})).toBeNull();
    expect(encodeLines({ events: [] })).toBeNull();
  });
});
