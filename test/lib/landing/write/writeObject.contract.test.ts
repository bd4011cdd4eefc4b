import { writeFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { s3ObjectStore } from '../../../../lib/aws/s3ObjectStore.ts';
import { walkRecords } from '../../../../lib/landing/frames/records.ts';
import type { WriteStore } from '../../../../lib/landing/write/WriteStore.ts';
import { writeStore } from '../../../../lib/landing/write/WriteStore.ts';
import { type TableKind, tableKinds } from '../../../../lib/schema/kinds.ts';
import {
  CLAIM_MS,
  Killed,
  killingStore,
  parquetRows,
  type ReadRow,
  recordFor,
  rowOf,
  START,
  startWriter,
  type Writer,
} from './startWriter.ts';

const KEY = 'landing/2026/11/23/10/sluice-1-2026-11-23-10-00-00-7a3e';
const DAYS = ['2026-11-21', '2026-11-22', '2026-11-23'];
const REQUESTS = 4;

/** Requests that each have rows of all tables and days, and a probe. */
const records = [
  ...Array.from({ length: REQUESTS }, (_, request) => {
    const of = (table: TableKind) => DAYS.map((day) => rowOf(table, `${table}-${request}-${day}`, day));
    return recordFor({ exposures: of('exposures'), events: of('events'), quarantine: of('quarantine') });
  }),
  recordFor({}),
];
const object = Buffer.concat(records);
const ROWS = REQUESTS * DAYS.length * tableKinds.length;

const idsOf = (rows: readonly ReadRow[]) =>
  rows.map((row) => `${row['event_id'] ?? row['quarantine_id']} ${row['ds']}`).sort();
const expectedIds = (table: TableKind, requests = [...Array(REQUESTS).keys()]) =>
  requests.flatMap((request) => DAYS.map((day) => `${table}-${request}-${day} ${day}`)).sort();

let writer: Writer;
beforeEach(async () => {
  writer = await startWriter();
});
afterEach(() => writer.close());

/** Every row is in its table and day once, and the object is gone. */
async function expectWhole() {
  for (const table of tableKinds) expect(idsOf(await writer.rows(table))).toEqual(expectedIds(table));
  expect(await writer.keys('landing/')).toEqual([]);
}

describe('an object of the landing', () => {
  it('becomes a file of each table and day, sorted by name, time and identity', async () => {
    const names = ['c 2 x', 'a 2 x', 'b 1 y', 'b 1 x', 'b 0 z'];
    const rows = names.map((name) => {
      const [event_name = '', hour, id = ''] = name.split(' ');
      return rowOf('events', id, '2026-11-22', { event_name, timestamp: `2026-11-22T0${hour}:00:00.000Z` });
    });
    await writer.put(
      KEY,
      Buffer.concat([recordFor({ events: rows.slice(0, 2) }), recordFor({ events: rows.slice(2) })]),
    );
    await writer.write(KEY);
    const [file = ''] = await writer.keys('statsig/');
    const path = writer.path('sorted.parquet');
    writeFileSync(path, await writer.bytes(file));
    const read = (await parquetRows(path)).map(
      (row) => `${row['event_name']} ${String(row['timestamp']).slice(12, 13)} ${row['event_id']}`,
    );
    expect(read).toEqual(names.toSorted());
  });

  it('is deleted when all of its rows are in files', async () => {
    await writer.put(KEY, object);
    const done = await writer.write(KEY);
    expect(done).toMatchObject({
      outcome: 'written',
      account: { rows: ROWS, written: ROWS, quarantined: 0, damaged: 0, earlier: 0, parked: [] },
    });
    expect(await writer.keys('statsig/')).toHaveLength(6);
    await expectWhole();
    expect(await writer.keys('ledger/')).toEqual([]);
    expect(await writer.write(KEY)).toEqual({ outcome: 'gone' });
  });

  it('has no file written again that exists, whoever brings it back', async () => {
    await writer.put(KEY, object);
    await writer.write(KEY);
    const before = await writer.files();
    writer.clock.advance(3_600_000);
    await writer.put(KEY, object);
    expect(await writer.write(KEY)).toMatchObject({
      account: { rows: ROWS, written: 0, earlier: ROWS, files: [] },
    });
    expect(await writer.files()).toEqual(before);
    await expectWhole();
  });

  it('of which an erasure took rows after an attempt becomes the files of what is left', async () => {
    await writer.put(KEY, object);
    const partBytes = 900;
    const kept: WriteStore = { ...writer.store, remove: async () => Promise.reject(new Killed()) };
    await expect(writer.write(KEY, { writer: { store: kept, partBytes } })).rejects.toThrow(Killed);
    const before = await writer.files();
    await writer.put(KEY, Buffer.concat(records.slice(1)));
    await writer.write(KEY, { writer: { partBytes } });
    const left = [1, 2, 3];
    for (const table of tableKinds)
      expect(new Set(idsOf(await writer.rows(table)))).toEqual(new Set(expectedIds(table, left)));
    expect(before.length).toBeGreaterThan((await writer.files()).length - 1);
  });

  it('of which an erasure took rows replaces no file once the claim of the attempt has expired', async () => {
    await writer.put(KEY, object);
    const kept: WriteStore = { ...writer.store, remove: async () => Promise.reject(new Killed()) };
    await expect(writer.write(KEY, { writer: { store: kept } })).rejects.toThrow(Killed);
    const before = await writer.files();
    await writer.put(KEY, Buffer.concat(records.slice(1)));
    const late: WriteStore = {
      ...writer.store,
      head: async (...of) => {
        writer.clock.advance(CLAIM_MS);
        return writer.store.head(...of);
      },
    };
    const time = { deadline: writer.clock.now() + 1_000 * CLAIM_MS };
    await expect(writer.write(KEY, { writer: { store: late }, time })).rejects.toMatchObject({
      ...{ code: 'SLUICE_WRITE_OBJECT_CHANGED', detail: `${KEY}.` },
    });
    expect(await writer.files()).toEqual(before);
    expect(await writer.keys('landing/')).toEqual([KEY]);
  });

  it('without rows is deleted', async () => {
    await writer.put(KEY, recordFor({}));
    expect(await writer.write(KEY)).toMatchObject({ outcome: 'written', account: { rows: 0 } });
    expect(await writer.keys()).toEqual([]);
  });

  it('goes on with the parts that are missing when the time was up', async () => {
    await writer.put(KEY, object);
    const slow: WriteStore = {
      ...writer.store,
      put: (...of) => {
        writer.clock.advance(10_000);
        return writer.store.put(...of);
      },
    };
    const partBytes = 900;
    const attempts: unknown[] = [];
    const puts: string[] = [];
    for (let outcome = ''; outcome !== 'written'; ) {
      const deadline = writer.clock.now() + 100_000;
      const done = await writer.write(KEY, { writer: { store: slow, partBytes }, time: { deadline } });
      attempts.push(done);
      outcome = done.outcome;
      if ('account' in done) puts.push(...done.account.files);
      // The claim was released: the next attempt does not wait for it.
      expect(writer.clock.now()).toBeLessThanOrEqual(deadline);
    }
    expect(attempts.length).toBeGreaterThan(1);
    expect(attempts[0]).toMatchObject({ outcome: 'unfinished', account: { rows: ROWS, earlier: 0 } });
    expect(new Set(puts).size).toBe(puts.length);
    await expectWhole();
  });

  it('is left alone while another writer has it', async () => {
    await writer.put(KEY, object);
    await writer.store.claim(KEY, START + CLAIM_MS);
    expect(await writer.write(KEY)).toEqual({ outcome: 'busy' });
    writer.clock.advance(CLAIM_MS);
    expect(await writer.write(KEY)).toMatchObject({ outcome: 'written' });
  });

  it('that two writers have at the same time becomes the same files, each once', async () => {
    await writer.put(KEY, object);
    const unclaimed: WriteStore = { ...writer.store, claim: async () => ({ release: async () => {} }) };
    const options = { writer: { store: unclaimed, partBytes: 900 } };
    const done = await Promise.allSettled([writer.write(KEY, options), writer.write(KEY, options)]);
    const puts = done.flatMap((one) =>
      one.status === 'fulfilled' && 'account' in one.value ? one.value.account.files : [],
    );
    expect(new Set(puts).size).toBe(puts.length);
    expect(done.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
    await expectWhole();
  });

  it('that was replaced meanwhile stays', async () => {
    await writer.put(KEY, object);
    const other = recordFor({ events: [rowOf('events', 'other', '2026-11-23')] });
    const replaced: WriteStore = {
      ...writer.store,
      remove: async (...of) => {
        await writer.put(KEY, other);
        return writer.store.remove(...of);
      },
    };
    await expect(writer.write(KEY, { writer: { store: replaced } })).rejects.toMatchObject({
      code: 'SLUICE_WRITE_OBJECT_CHANGED',
    });
    expect(await writer.bytes(KEY)).toEqual(other);
  });
});

describe('a writer that is killed', () => {
  it('after any of its calls leaves what makes the same bucket when it is tried again', async () => {
    const request = (id: string, more?: ReadRow) => {
      const rows = DAYS.slice(1).map((day) => rowOf('events', `${id}-${day}`, day, more));
      return recordFor({ events: rows, exposures: [rowOf('exposures', id, '2026-11-22')] });
    };
    const damaged = request('damaged');
    const [{ frames } = { frames: [] }] = walkRecords(damaged);
    damaged.fill(0, (frames[0]?.offset ?? 0) + 8, (frames[0]?.offset ?? 0) + 12);
    const bad = Buffer.concat([request('good'), request('unfit', { timestamp: 'soon' }), damaged]);
    const state = async () => {
      const keys = await writer.keys();
      return Promise.all(keys.map(async (key) => [key, (await writer.head(key)).ETag]));
    };
    await writer.put(KEY, bad);
    const whole = killingStore(writer.store, Number.POSITIVE_INFINITY);
    expect(await writer.write(KEY, { writer: { store: whole.store } })).toMatchObject({
      account: { rows: 9, written: 6, quarantined: 2, damaged: 1 },
    });
    const expected = await state();
    // Three files, one of quarantine, one parked frame.
    expect(expected).toHaveLength(5);
    expect(whole.calls()).toBe(12);

    // The last call releases the claim: it is not made to fail.
    for (let call = 0; call < whole.calls() - 1; call += 1) {
      await writer.close();
      writer = await startWriter();
      await writer.put(KEY, bad);
      const { store } = killingStore(writer.store, call);
      await expect(writer.write(KEY, { writer: { store } })).rejects.toThrow(Killed);
      writer.clock.advance(CLAIM_MS);
      await writer.write(KEY);
      expect(await state()).toEqual(expected);
    }
  });
});

describe('what is damaged of an object', () => {
  it('is parked from a cut record on, and all before it is written', async () => {
    const cut = object.subarray(0, object.length - (records.at(-1)?.length ?? 0) - 5);
    const from = records.slice(0, REQUESTS - 1).reduce((sum, { length }) => sum + length, 0);
    await writer.put(KEY, cut);
    const key = `parked/${KEY}.${from}`;
    expect(await writer.write(KEY)).toMatchObject({
      outcome: 'written',
      account: { rows: 27, written: 27, parked: [{ key, code: 'SLUICE_LANDING_TRUNCATED', rows: 0 }] },
    });
    expect(await writer.bytes(key)).toEqual(cut.subarray(from));
    expect((await writer.head(key)).Metadata).toMatchObject({ 'sluice-code': 'SLUICE_LANDING_TRUNCATED' });
    for (const table of tableKinds)
      expect(idsOf(await writer.rows(table))).toEqual(expectedIds(table, [0, 1, 2]));
    expect(await writer.keys('landing/')).toEqual([]);
  });

  it('is parked alone between records, whether a header is damaged or a record was cut between two objects', async () => {
    const [first = Buffer.of(), second = Buffer.of()] = records;
    const tail = first.subarray(-20);
    const header = Buffer.from(second);
    header.writeUInt8((header[30] ?? 0) ^ 1, 30);
    const all = Buffer.concat([tail, first, header, ...records.slice(2)]);
    await writer.put(KEY, all);
    const at = tail.length + first.length;
    expect(await writer.write(KEY)).toMatchObject({
      outcome: 'written',
      account: {
        ...{ rows: 27, written: 27 },
        parked: [
          { key: `parked/${KEY}.0`, code: 'SLUICE_LANDING_NOT_A_RECORD' },
          { key: `parked/${KEY}.${at}`, code: 'SLUICE_LANDING_HEADER_DAMAGED' },
        ],
      },
    });
    expect(await writer.bytes(`parked/${KEY}.0`)).toEqual(tail);
    expect(await writer.bytes(`parked/${KEY}.${at}`)).toEqual(header);
    for (const table of tableKinds)
      expect(idsOf(await writer.rows(table))).toEqual(expectedIds(table, [0, 2, 3]));
    // Other bytes at the same place are parked beside them.
    const other = Buffer.from(tail.toReversed());
    await writer.put(KEY, Buffer.concat([other, first]));
    await writer.write(KEY);
    const [, beside = ''] = (await writer.keys(`parked/${KEY}.0`)).sort();
    expect(await writer.bytes(beside)).toEqual(other);
    expect(await writer.bytes(`parked/${KEY}.0`)).toEqual(tail);
  });

  it('is parked whole when it is not of the landing', async () => {
    const other = Buffer.from('{"event_id":"1"}\n');
    await writer.put(KEY, other);
    expect(await writer.write(KEY)).toMatchObject({
      account: { rows: 0, parked: [{ key: `parked/${KEY}`, code: 'SLUICE_LANDING_NOT_A_RECORD' }] },
    });
    expect(await writer.bytes(`parked/${KEY}`)).toEqual(other);
    expect(await writer.keys('landing/')).toEqual([]);
  });

  it('is parked alone when a bit of a frame is flipped, wherever', async () => {
    const [{ frames } = { frames: [] }] = walkRecords(records[0] ?? Buffer.alloc(0));
    const exposures = frames[0];
    if (exposures === undefined) throw new RangeError('no frame');
    for (const at of [0, 4, 9, exposures.length >> 1, exposures.length - 1]) {
      const flipped = Buffer.from(object);
      const offset = exposures.offset + at;
      flipped.writeUInt8((flipped[offset] ?? 0) ^ 0x10, offset);
      const key = `${KEY}-${at}`;
      await writer.put(key, flipped);
      const parked = `parked/${key}.${exposures.offset}`;
      expect(await writer.write(key)).toMatchObject({
        outcome: 'written',
        account: {
          ...{ rows: ROWS, written: ROWS - DAYS.length, damaged: DAYS.length },
          parked: [{ key: parked, code: 'SLUICE_LANDING_FRAME_DAMAGED', rows: DAYS.length }],
        },
      });
      // A record of its own: moved back it is read like any other.
      const alone = await writer.bytes(parked);
      const [record] = walkRecords(alone);
      expect(record?.header.frames).toEqual([
        expect.objectContaining({ table: 'exposures', rows: exposures.rows }),
      ]);
      const [frame] = record?.frames ?? [];
      expect(alone.subarray(frame?.offset)).toEqual(
        flipped.subarray(exposures.offset, exposures.offset + exposures.length),
      );
    }
  });

  it('is parked when its rows are of other days than its header says', async () => {
    const other = { day: '2026-11-22', json: rowOf('events', 'wrong', '2026-11-23').json };
    const right = rowOf('events', 'right', '2026-11-22');
    await writer.put(KEY, Buffer.concat([recordFor({ events: [right, other] }), object]));
    expect(await writer.write(KEY)).toMatchObject({
      account: {
        rows: ROWS + 2,
        written: ROWS,
        damaged: 2,
        parked: [{ code: 'SLUICE_LANDING_FRAME_DAMAGED' }],
      },
    });
    await expectWhole();
  });
});

describe('a row that does not fit its table', () => {
  const good = rowOf('events', 'good', '2026-11-22');
  const bad: readonly (readonly [string, string, string])[] = [
    ['SLUICE_ROW_UNFIT', 'timestamp', rowOf('events', 'e1', '2026-11-22', { timestamp: 'soon' }).json],
    [
      'SLUICE_ROW_UNFIT',
      'A time does not exist.',
      rowOf('events', 'e2', '2026-11-22', { received_at: '2026-02-30T00:00:00.000Z' }).json,
    ],
    ['SLUICE_ROW_NOT_JSON', '', '{"event_id":"e3","ds":"2026-11-22"'],
    ['SLUICE_ROW_NOT_JSON', '', '[1]'],
  ];

  it('is kept in quarantine, with its reason, and all others are written', async () => {
    const rows = bad.flatMap(([, , json]) => [good, { day: '2026-11-22', json }]);
    await writer.put(KEY, Buffer.concat([...records, recordFor({ events: rows }), ...records]));
    const done = await writer.write(KEY);
    expect(done).toMatchObject({
      outcome: 'written',
      account: { rows: 2 * ROWS + 8, written: 2 * ROWS + 4, quarantined: 4, damaged: 0, parked: [] },
    });
    const kept = (await writer.rows('quarantine')).filter(({ reason }) =>
      String(reason).startsWith('SLUICE_ROW_'),
    );
    expect(kept.map(({ reason, detail = '', raw }) => [reason, detail, raw]).sort()).toEqual([...bad].sort());
    for (const row of kept) {
      expect(row).toMatchObject({
        path: `${KEY}#events`,
        received_at: '2026-11-23 10:00:07',
        ds: '2026-11-23',
      });
    }
    expect((await writer.rows('events')).filter(({ event_id: id }) => id === 'good')).toHaveLength(4);
  });

  it('of the quarantine table is kept there as well', async () => {
    const json = rowOf('quarantine', 'q', '2026-11-23', { received_at: 'soon' }).json;
    await writer.put(KEY, recordFor({ quarantine: [{ day: '2026-11-23', json }] }));
    expect(await writer.write(KEY)).toMatchObject({ account: { rows: 1, written: 0, quarantined: 1 } });
    expect(await writer.rows('quarantine')).toMatchObject([{ reason: 'SLUICE_ROW_UNFIT', raw: json }]);
  });
});

describe('what is not the fault of an object', () => {
  it('leaves it where it is', async () => {
    await writer.put(KEY, object);
    const elsewhere = writeStore(s3ObjectStore(writer.s3, 'no-such-bucket'), writer.clock);
    for (const method of ['claim', 'fetch', 'put', 'remove'] as const) {
      const failing: WriteStore = { ...writer.store, [method]: elsewhere[method] };
      await expect(writer.write(KEY, { writer: { store: failing } })).rejects.toMatchObject({
        code: 'SLUICE_WRITE_BUCKET_FAILED',
        detail: expect.stringContaining('NoSuchBucket'),
      });
      expect(await writer.bytes(KEY)).toEqual(object);
    }
    expect(await writer.keys('parked/')).toEqual([]);
    await writer.write(KEY);
    await expectWhole();
  });

  it('leaves a record of a later version in the landing', async () => {
    const later = Buffer.from(records[0] ?? []);
    later.write('2', later.indexOf('"version":1') + 10);
    const seal = later.indexOf(',"crc32":"', later.indexOf('}]'));
    const sum = crc32(later.subarray(8, seal)).toString(16).padStart(8, '0');
    later.write(sum, seal + ',"crc32":"'.length);
    await writer.put(KEY, later);
    const outcome = writer.write(KEY);
    await expect(outcome).rejects.toMatchObject({ code: 'SLUICE_LANDING_VERSION_UNKNOWN' });
    expect(await writer.bytes(KEY)).toEqual(later);
    expect(await writer.keys('parked/')).toEqual([]);
  });
});

describe('the rows of files', () => {
  it('have texts of every scalar and JSON of lists and objects, times of numbers, and no unknown members', async () => {
    const day = '2026-11-22';
    const ids = { event_id: 12, user_id: 1.5, stable_id: [], custom_ids: { a: 1, b: ['x', null] } };
    const texts = { event_name: 'ünï 😀 \u0000 \u2028', user_id: '' };
    const marks = { event_id: 'x', event_value: '12345678901234567890.10', company_id: 'c "1" \\ \n' };
    const long = { event_name: 'n'.repeat(20_000) };
    const events: readonly (readonly [document: ReadRow, row: ReadRow])[] = [
      [{}, {}],
      [{ ...texts, event_id: null, unknown: { a: [1] } }, texts],
      [
        { ...ids, event_value: true },
        {
          ...{ event_id: '12', user_id: '1.5', stable_id: '[]', event_value: 'true' },
          custom_ids: '{"a":1,"b":["x",null]}',
        },
      ],
      [marks, marks],
      [
        {
          timestamp: '2026-11-22T10:00:00.123Z',
          client_timestamp: '2026-11-22 1:2:3',
          received_at: '2026-11-22T10:00:00.123456789',
        },
        {
          timestamp: '2026-11-22 10:00:00.123',
          client_timestamp: '2026-11-22 01:02:03',
          received_at: '2026-11-22 10:00:00.123456',
        },
      ],
      [
        { timestamp: 1_763_892_000, client_timestamp: 1_763_892_000_123, received_at: '1763892000' },
        {
          timestamp: '2025-11-23 10:00:00',
          client_timestamp: '2025-11-23 10:00:00.123',
          received_at: '2025-11-23 10:00:00',
        },
      ],
      [long, long],
    ];
    const exposures: typeof events = [
      [
        { gate_value: true, is_manual: 'FALSE' },
        { gate_value: true, is_manual: false },
      ],
      [{ gate_value: 'true', is_assignment: null }, { gate_value: true }],
    ];
    const lines = (rows: typeof events) =>
      rows.map(([document]) => ({ day, json: JSON.stringify({ ...document, ds: day }) }));
    await writer.put(KEY, recordFor({ events: lines(events), exposures: lines(exposures) }));
    expect(await writer.write(KEY)).toMatchObject({ account: { written: 9, quarantined: 0 } });
    for (const [kind, rows] of [
      ['events', events],
      ['exposures', exposures],
    ] as const) {
      const written: unknown[] = (await writer.rows(kind)).map(({ ds: _, ...row }) =>
        JSON.parse(JSON.stringify(row)),
      );
      expect(written).toHaveLength(rows.length);
      expect(written).toEqual(expect.arrayContaining(rows.map(([, row]) => row)));
    }
  });

  it('whose times and truth values cannot be read are in quarantine', async () => {
    const documents = [
      ...['soon', '2026-11-22', '2026-11-22T10:00:00+02:00', true, '', [1]].map((timestamp) => ({
        timestamp,
      })),
      ...['yes', 1, '', {}].map((gate_value) => ({ gate_value })),
    ].map((document) => JSON.stringify({ ...document, ds: '2026-11-22' }));
    await writer.put(KEY, recordFor({ exposures: documents.map((json) => ({ day: '2026-11-22', json })) }));
    expect(await writer.write(KEY)).toMatchObject({ account: { written: 0, quarantined: documents.length } });
    expect((await writer.rows('quarantine')).map(({ raw }) => raw).sort()).toEqual(documents.sort());
  });
});
