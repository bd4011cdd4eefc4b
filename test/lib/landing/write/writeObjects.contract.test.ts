import { hash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { encodeLines, type LandedRow, type LandedRows } from '../../../../lib/landing/store/encodeLines.ts';
import { lineFailure } from '../../../../lib/landing/write/lineStatements.ts';
import { type Writer, writeObjects } from '../../../../lib/landing/write/writeObjects.ts';
import { type RoundRequest, writeRound } from '../../../../lib/landing/write/writeRound.ts';
import { MAX_RECORD_BYTES } from '../../../../lib/schema/deliveryLimits.ts';
import { type TableKind, tableKinds } from '../../../../lib/schema/kinds.ts';
import { againKey, damagedKey } from '../../../../lib/tables/objectKeys.ts';
import { parseTableKey } from '../../../../lib/tables/tableFolders.ts';
import { temporaryDirectory } from '../../../harness/temporaryDirectory.ts';

const NOW = Date.parse('2026-11-25T10:00:00Z');
const config = defineConfig({ bucket: 'acme', unitIds: { companyID: 'company_id' } });
const KEY = (n: number | string) => `landing/2026/11/25/10/object-${n}.ndjson.gz`;

/** A row of a table, as the collector writes it. */
function rowOf(kind: TableKind, id: string, day = '2026-11-25', more: object = {}): LandedRow {
  const timestamp = `${day}T09:30:00.123Z`;
  const own = {
    exposures: { event_id: id, experiment_id: 'button', gate_value: true, timestamp },
    events: { event_id: id, event_name: 'page_view', event_value: '1', timestamp },
    quarantine: {
      quarantine_id: id,
      reason: 'SLUICE_EVENT_NO_NAME',
      received_at: timestamp,
      raw: '{"a": 1}',
    },
  };
  return { day, json: JSON.stringify({ ...own[kind], ...more }) };
}
const record = (rows: LandedRows) => Buffer.from(encodeLines(rows) ?? []);

let directory: ReturnType<typeof temporaryDirectory>;
let objects: Map<string, Buffer>;
/** Their metadata. */
let metadataOf: Map<string, Readonly<Record<string, string>> | undefined>;
let lines: Record<string, unknown>[];
/** Called before each call of the bucket; what it throws fails the call. */
let onCall: (call: string, key: string) => void;
/** Whether the next stream of an object ends half way. */
let breaks: (key: string) => boolean;
beforeEach(() => {
  breaks = () => false;
  directory = temporaryDirectory();
  objects = new Map();
  metadataOf = new Map();
  lines = [];
  onCall = () => {};
});
afterEach(() => directory.remove());

/** Null without an object. */
function eTagOf(key: string): string | null {
  const bytes = objects.get(key);
  return bytes === undefined ? null : hash('sha256', bytes);
}

function store(): Writer['store'] {
  return {
    open: async (key, { range, ifMatch } = {}) => {
      onCall('fetch', key);
      const whole = objects.get(key);
      const eTag = eTagOf(key) ?? '';
      if (whole === undefined || (ifMatch !== undefined && ifMatch !== eTag)) return null;
      if (range !== undefined && range.first >= whole.length) throw new Error('InvalidRange');
      const bytes = range === undefined ? whole : whole.subarray(range.first, range.last + 1);
      const half = bytes.length >> 1;
      const body = Readable.from(
        breaks(key) ? [bytes.subarray(0, half)] : [bytes.subarray(0, half), bytes.subarray(half)],
      );
      return { body, eTag, modifiedAt: 9, bytes: bytes.length, metadata: metadataOf.get(key) };
    },
    read: async (key) => {
      const bytes = objects.get(key);
      return bytes === undefined ? null : { text: bytes.toString(), eTag: '' };
    },
    write: async (key, body, { expected, metadata } = {}) => {
      onCall('put', key);
      if (expected !== undefined && expected !== eTagOf(key)) return null;
      metadataOf.set(key, metadata);
      objects.set(key, Buffer.from(body));
      return eTagOf(key);
    },
    removeAll: async (asked) => {
      const left: { key: string; why: string }[] = [];
      const gone: string[] = [];
      for (const { key, eTag } of asked)
        try {
          onCall('remove', key);
          if (objects.has(key) && (eTag === '*' || eTag === eTagOf(key))) objects.delete(key);
          else gone.push(key);
        } catch (error) {
          left.push({ key, why: String(error) });
        }
      return { left, gone };
    },
    listPage: async (prefix) => ({
      items: keysOf(prefix).map((key) => ({ key, size: 1, eTag: '', modifiedAt: 0 })),
      folders: [],
      next: undefined,
    }),
  };
}

let runs = 0;
function write(keys: readonly string[], more: Partial<Writer> = {}, groups = [keys]) {
  runs += 1;
  const own = join(directory.path, `run-${runs}`);
  mkdirSync(own);
  const limits = { memoryMegabytes: 256, threads: 1, temporaryDirectory: own };
  const writer = { config, store: store(), clock: { now: () => NOW }, stage: 'dev', limits, directory: own };
  return writeObjects(
    groups,
    { ...writer, log: (line) => lines.push(line), ...more },
    { deadline: NOW + 600_000 },
  );
}

/** The rows of a table, with the day of their folder, in the order of files and rows; without nulls. */
async function rowsOf(kind: TableKind) {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const rows: Record<string, unknown>[] = [];
  for (const [key, body] of [...objects].sort()) {
    const parsed = parseTableKey(config, key);
    if (!('kind' in parsed) || parsed.kind !== kind) continue;
    const path = join(directory.path, 'read.parquet');
    writeFileSync(path, body);
    const reader = await connection.runAndReadAll(`SELECT * FROM read_parquet('${path}')`);
    for (const row of reader.getRowObjectsJson())
      rows.push({
        ...Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)),
        ds: parsed.day,
      });
  }
  connection.closeSync();
  instance.closeSync();
  return rows;
}
const idsOf = async (kind: TableKind) =>
  (await rowsOf(kind)).map((row) => String(row['event_id'] ?? row['quarantine_id'])).sort();
const keysOf = (prefix: string) => [...objects.keys()].filter((key) => key.startsWith(prefix)).sort();

describe('objects of the landing', () => {
  it('become a file of each table and day together, sorted, and are gone', async () => {
    const days = ['2026-11-24', '2026-11-25'];
    for (const n of [1, 2])
      objects.set(
        KEY(n),
        record(
          Object.fromEntries(
            tableKinds.map((kind) => [
              kind,
              days.flatMap((day) => [rowOf(kind, `b${n}${day}`, day), rowOf(kind, `a${n}${day}`, day)]),
            ]),
          ),
        ),
      );
    const done = await write([KEY(1), KEY(2)]);
    expect(done).toMatchObject({
      objects: { written: 2, gone: 0, damaged: 0 },
      rows: 24,
      files: 6,
      rounds: 1,
      refused: 0,
    });
    expect([done.failed.size, keysOf('landing/')]).toEqual([0, []]);
    for (const kind of tableKinds)
      expect((await rowsOf(kind)).map((row) => [row['event_id'] ?? row['quarantine_id'], row['ds']])).toEqual(
        days.flatMap((day) => ['a1', 'a2', 'b1', 'b2'].map((id) => [`${id}${day}`, day])),
      );
  });

  it('have every value that the collector writes, with the types of the tables', async () => {
    const row = rowOf('exposures', 'x', '2026-11-25', {
      company_id: 'c',
      user_dimensions: '{"a":[1,"ü"]}',
      unknown: 1,
      is_manual: false,
      reason: '',
      rule_id: 'line\nbreak "quoted" \u0000',
    });
    objects.set(KEY(1), record({ exposures: [row] }));
    await write([KEY(1)]);
    expect(await rowsOf('exposures')).toEqual([
      {
        event_id: 'x',
        experiment_id: 'button',
        gate_value: true,
        is_manual: false,
        company_id: 'c',
        user_dimensions: '{"a":[1,"ü"]}',
        reason: '',
        rule_id: 'line\nbreak "quoted" \u0000',
        timestamp: '2026-11-25 09:30:00.123',
        ds: '2026-11-25',
      },
    ]);
  });

  it('are written in rounds, of which an object may span several and goes after its last', async () => {
    for (const n of [1, 2, 3])
      objects.set(
        KEY(n),
        Buffer.concat(
          Array.from({ length: 4 }, (_, i) => record({ events: [rowOf('events', `${n}-${i}`)] })),
        ),
      );
    const held: number[] = [];
    onCall = (call) => {
      if (call === 'put') held.push(keysOf('landing/').length);
    };
    const done = await write([KEY(1), KEY(2), KEY(3)], { roundBytes: 500, runBytes: 0 });
    expect(done).toMatchObject({ objects: { written: 3 }, rows: 12 });
    expect(done.rounds).toBeGreaterThan(3);
    expect([held.at(0), held.at(-1), keysOf('landing/')]).toEqual([3, 1, []]);
    expect(await idsOf('events')).toEqual([1, 2, 3].flatMap((n) => [0, 1, 2, 3].map((i) => `${n}-${i}`)));
  });

  it('are fewer in a round if their rows hardly compress, as their files are large', async () => {
    const rounds: number[] = [];
    for (const text of [() => randomBytes(600).toString('base64'), () => 'a'.repeat(800)]) {
      for (let i = 0; i < 8; i += 1)
        objects.set(
          KEY(i),
          record({ events: [rowOf('events', `${i}`, undefined, { user_object: text() })] }),
        );
      rounds.push((await write(keysOf('landing/'), { roundBytes: 8_000 })).rounds);
    }
    expect(rounds).toEqual([2, 1]);
  });

  it('of two groups are in no round together, and fetched one group after the other', async () => {
    for (const n of [1, 2, 3]) objects.set(KEY(n), record({ events: [rowOf('events', `${n}`)] }));
    const calls: string[] = [];
    onCall = (call, key) => calls.push(`${call} ${key.slice(0, 8)}`);
    const groups = [[KEY(1), KEY(2)], [KEY(3)]];
    expect(await write([], {}, groups)).toMatchObject({ rounds: 2, files: 2 });
    expect(calls.slice(0, 4)).toEqual([
      'fetch landing/',
      'fetch landing/',
      'put statsig/',
      'remove landing/',
    ]);
  });

  it('that no round has time for any more stay, and the round that is open is written', async () => {
    let now = NOW;
    for (const n of [1, 2, 3]) objects.set(KEY(n), record({ events: [rowOf('events', `${n}`)] }));
    onCall = (call) => {
      if (call === 'fetch') now += 150_000;
    };
    const { objects: done, failed } = await write([KEY(1), KEY(2), KEY(3)], {
      clock: { now: () => now },
    });
    expect([done.written + failed.size, failed.size]).toEqual([3, expect.any(Number)]);
    expect(keysOf('landing/')).toHaveLength(failed.size);
  });

  it('stay when there is no time for a round', async () => {
    objects.set(KEY(1), record({ events: [rowOf('events', 'a')] }));
    const { failed } = await write([KEY(1)], { clock: { now: () => NOW + 500_000 } });
    expect([...failed]).toEqual([[KEY(1), { code: 'SLUICE_WRITE_OUT_OF_TIME', detail: expect.anything() }]]);
    expect(keysOf('')).toEqual([KEY(1)]);
  });
});

describe('a large object', () => {
  const ids = Array.from({ length: 30 }, (_, i) => `e${String(i).padStart(2, '0')}`);
  const members = ids.map((id) => record({ events: [rowOf('events', id)] }));
  const small = { pieceBytes: 100, roundBytes: 1_000, runBytes: 0 };
  const notes = () => keysOf('ledger/');
  const aside = (from = '') => `${KEY(1).replace('landing/', 'damaged/')}${from}`;
  const demo = Buffer.from('{"TICKER_SYMBOL":"QXZ"}');
  beforeEach(() => {
    objects.set(KEY(1), Buffer.concat(members));
  });

  it('is written on from the last whole round when there is no time for more, also if others are put between', async () => {
    objects.set(KEY(1), Buffer.concat(members.flatMap((one) => [one, demo])));
    let rounds = 0;
    for (let run = 0; objects.has(KEY(1)); run += 1) {
      expect(run).toBeLessThan(10);
      let now = NOW;
      onCall = (call, key) => {
        // From the third round on there is no time for another.
        if (call === 'put' && key.startsWith('statsig/')) now += 150_000;
      };
      const done = await write([KEY(1)], { ...small, clock: { now: () => now } });
      rounds += done.rounds;
      if (!objects.has(KEY(1))) continue;
      expect([...done.failed]).toEqual([
        [KEY(1), expect.objectContaining({ code: 'SLUICE_WRITE_OUT_OF_TIME' })],
      ]);
      expect(notes()).toHaveLength(1);
    }
    expect(rounds).toBeGreaterThan(5);
    expect(await idsOf('events')).toEqual(ids);
    expect([...keysOf('landing/'), ...notes()]).toEqual([]);
    // Each run has put what it skipped.
    const skipped = Buffer.concat(keysOf('damaged/').map((key) => objects.get(key) ?? Buffer.of()));
    expect(skipped.equals(Buffer.concat(members.map(() => demo)))).toBe(true);
  });

  it('fails where its stream breaks or another is in its place, and goes on there', async () => {
    let pieces = 0;
    breaks = (key) => {
      if (key === KEY(1)) pieces += 1;
      return pieces === 25;
    };
    const { failed } = await write([KEY(1)], small);
    expect([...failed.keys()]).toEqual([KEY(1)]);
    const written = await idsOf('events');
    expect(written).toEqual(ids.slice(0, written.length));
    expect(written.length).toBeGreaterThan(10);
    expect(written.length).toBeLessThan(30);
    await write([KEY(1)], small);
    expect(await idsOf('events')).toEqual(ids);
    expect([...keysOf('landing/'), ...notes()]).toEqual([]);
  });

  it('that changes while it is read fails, and the new one is read from its beginning', async () => {
    let pieces = 0;
    onCall = (call, key) => {
      if (call !== 'fetch' || key !== KEY(1)) return;
      pieces += 1;
      if (pieces === 25) objects.set(KEY(1), record({ events: [rowOf('events', 'new')] }));
    };
    expect([...(await write([KEY(1)], small)).failed.keys()]).toEqual([KEY(1)]);
    expect(await write([KEY(1)], small)).toMatchObject({ objects: { written: 1 }, rows: 1 });
    expect((await idsOf('events')).at(-1)).toBe('new');
  });

  it('that another run has ended meanwhile leaves what that run has put aside', async () => {
    objects.set(KEY(1), Buffer.concat(members.flatMap((one) => [one, demo])));
    let files = 0;
    onCall = (call, key) => {
      if (call === 'put' && key.startsWith('statsig/')) files += 1;
      if (files !== 2 || !objects.delete(KEY(1))) return;
      objects.set(aside(), Buffer.from('all'));
    };
    expect([...(await write([KEY(1)], small)).failed.keys()]).toEqual([KEY(1)]);
    expect(objects.get(aside())?.toString()).toBe('all');
    expect(await write([KEY(1)], small)).toMatchObject({ objects: { gone: 1 }, rows: 0 });
  });

  it('that ends while another run is in it loses nothing that either has put aside', async () => {
    const foreign = Buffer.concat(members.flatMap((one, i) => [one, Buffer.from(`${demo}${i}`)]));
    objects.set(KEY(1), foreign);
    // The other run has read less of the object by now, and is killed as it has put that.
    let files = 0;
    onCall = (call, key) => {
      if (call !== 'put' || !key.startsWith('statsig/')) return;
      files += 1;
      if (files === 4) objects.set(aside(), Buffer.from(`${demo}0`));
    };
    await write([KEY(1)], small);
    const put = keysOf('damaged/').map((key) => String(objects.get(key)));
    for (const i of members.keys())
      expect(put.join('|')).toContain(`${demo}${i}{`.slice(0, i === 29 ? -1 : undefined));
    expect([...keysOf('landing/'), ...notes()]).toEqual([]);
  });

  it('may be of others for the most part: what is skipped is put in as many objects as it takes', async () => {
    const foreign = Buffer.alloc(1_000, 'foreign ');
    objects.set(KEY(1), Buffer.concat([foreign, ...members, foreign]));
    expect(await write([KEY(1)], { ...small, skippedBytes: 300 })).toMatchObject({ rows: 30 });
    expect(await idsOf('events')).toEqual(ids);
    const put = keysOf('damaged/').map((key) => objects.get(key) ?? Buffer.of());
    expect(put.length).toBeGreaterThan(3);
    expect(Buffer.concat(put)).toHaveLength(2_000);
    expect(objects.has(aside())).toBe(true);
    expect([...keysOf('landing/'), ...notes()]).toEqual([]);
    // The folder of the run keeps none of it.
    expect(
      readdirSync(join(directory.path, `run-${runs}`)).filter((name) => name.startsWith('damaged')),
    ).toEqual([]);
  });

  it('that ends with what is skipped, as is noted, is done when it is read again', async () => {
    objects.set(KEY(1), Buffer.concat([...members, Buffer.alloc(1_000, 'foreign ')]));
    onCall = (call, key) => {
      if (call === 'remove' || key.endsWith('.written.json')) throw new Error('SlowDown');
    };
    // The last piece passes the bound.
    const more = { pieceBytes: 2_000, skippedBytes: 300 };
    expect((await write([KEY(1)], more)).failed.size).toBe(1);
    expect(notes()).toHaveLength(1);
    onCall = () => {};
    expect(await write([KEY(1)], more)).toMatchObject({ objects: { gone: 1 }, rows: 0 });
    expect(await idsOf('events')).toEqual(ids);
    expect([...keysOf('landing/'), ...notes()]).toEqual([]);
  });
});

describe('a line that DuckDB refuses', () => {
  const bad = (id: string) =>
    rowOf('events', id, '2026-11-25', { timestamp: 'never', received_at: '2026-11-25T09:31:00.000Z' });

  it('becomes a row of quarantine, and every other line is written', async () => {
    const ids = Array.from({ length: 40 }, (_, i) => `e${String(i).padStart(2, '0')}`);
    objects.set(KEY(1), record({ events: ids.slice(0, 20).map((id) => rowOf('events', id)) }));
    objects.set(KEY(2), record({ events: [...ids.slice(20).map((id) => rowOf('events', id)), bad('bad')] }));
    const done = await write([KEY(1), KEY(2)]);
    expect(done).toMatchObject({ objects: { written: 2 }, rows: 41, refused: 1 });
    expect(await idsOf('events')).toEqual(ids);
    expect(await rowsOf('quarantine')).toEqual([
      expect.objectContaining({
        reason: 'SLUICE_ROW_UNFIT',
        detail: 'timestamp',
        path: `${KEY(2)}#events/2026-11-25`,
        raw: bad('bad').json,
        ds: '2026-11-25',
      }),
    ]);
    expect(lines).toEqual([
      {
        level: 'error',
        event: 'write_refused',
        object: KEY(2),
        kind: 'events',
        code: 'SLUICE_ROW_UNFIT',
        detail: 'timestamp',
      },
      expect.objectContaining({ events_finished: 1, events_refused: 1 }),
    ]);
  });

  it('may be the only one, be no JSON, or be of quarantine itself', async () => {
    const broken = { day: '2026-11-25', json: '{"event_id":"x" oops}' };
    const unfit = rowOf('quarantine', 'q', '2026-11-25', { received_at: 'never' });
    objects.set(KEY(1), record({ events: [broken], quarantine: [unfit, rowOf('quarantine', 'fine')] }));
    expect(await write([KEY(1)])).toMatchObject({ objects: { written: 1 }, rows: 3, refused: 2 });
    expect(await rowsOf('events')).toEqual([]);
    expect((await rowsOf('quarantine')).map(({ reason, raw }) => [reason, raw]).sort()).toEqual([
      ['SLUICE_EVENT_NO_NAME', '{"a": 1}'],
      ['SLUICE_ROW_NOT_JSON', broken.json],
      ['SLUICE_ROW_UNFIT', unfit.json],
    ]);
    expect(keysOf('landing/')).toEqual([]);
  });
});

describe('bytes of others in an object', () => {
  const requests = Array.from({ length: 10 }, (_, i) =>
    record({
      events: Array.from({ length: 20 }, (_row, j) => rowOf('events', `e${i}${String(j).padStart(2, '0')}`)),
    }),
  );
  const ids = requests.flatMap((_, i) =>
    Array.from({ length: 20 }, (_row, j) => `e${i}${String(j).padStart(2, '0')}`),
  );
  const between = (wrong: Uint8Array) =>
    Buffer.concat(requests.flatMap((one, i) => (i < 3 ? [one, wrong] : [one])));
  const withLine = (request: Buffer, line: string) =>
    gzipSync(Buffer.concat([gunzipSync(request).subarray(0, -1), Buffer.from(`\n${line}`)]));
  const aside = KEY(1).replace('landing/', 'damaged/');
  const demo = Buffer.from('{"TICKER_SYMBOL":"QXZ","SECTOR":"HEALTHCARE","CHANGE":-0.05,"PRICE":84.51}');
  const newer = '{"kind":"orders","ds":"2026-11-25","row":{"a":1}}\n';

  it.each([
    ['records of the console', between(demo), Buffer.concat([demo, demo, demo])],
    [
      'a member of lines of others',
      between(gzipSync('hello\n')),
      Buffer.concat(Array(3).fill(gzipSync('hello\n'))),
    ],
    ['bytes at its beginning', Buffer.concat([demo, ...requests]), demo],
    [
      'lines of others',
      Buffer.concat(requests.map((one) => withLine(one, newer))),
      Buffer.concat(Array(10).fill(gzipSync(newer))),
    ],
  ])('cost no row, and are one object of damaged/ alone: %s', async (_what, object, skipped) => {
    objects.set(KEY(1), object);
    const done = { objects: { written: 0, damaged: 1, gone: 0 }, rows: 200, refused: 0, rounds: 1 };
    expect(await write([KEY(1)])).toMatchObject(done);
    expect(await idsOf('events')).toEqual(ids);
    expect([...keysOf('landing/'), ...keysOf('damaged/')]).toEqual([aside]);
    expect(objects.get(aside)?.equals(skipped)).toBe(true);
    expect(lines).toEqual([
      expect.objectContaining({ event: 'write_damaged', object: KEY(1), code: 'SLUICE_LANDED_DAMAGED' }),
    ]);
    // Copied back, it makes the same object again, and no row.
    objects.set(KEY(1), objects.get(aside) ?? Buffer.of());
    objects.delete(aside);
    expect(await write([KEY(1)])).toMatchObject({ ...done, rows: 0 });
    expect(objects.get(aside)?.equals(skipped)).toBe(true);
  });

  it('are kept with the time of their delivery, and the hours of rows in them', async () => {
    const ofHour = '{"kind":"events","ds":"2026-11-25","row":{"received_at":"2026-11-25T07:1"},"v":2}\n';
    const [first = Buffer.of()] = requests;
    objects.set(KEY(1), withLine(first, ofHour));
    await write([KEY(1)]);
    expect(metadataOf.get(aside)).toEqual({ delivered: '9', hours: '2026-11-25T07' });
    // It is tried again, and now other bytes are there besides.
    const again = againKey(aside, 1_000);
    objects.set(again, Buffer.concat([objects.get(aside) ?? first, first.subarray(0, -9)]));
    metadataOf.set(again, { delivered: '5', hours: '2026-11-25T07' });
    await write([again]);
    expect(metadataOf.get(damagedKey(again))).toEqual({ delivered: '5' });
    objects.set(KEY(1), between(demo));
    objects.delete(aside);
    await write([KEY(1)]);
    expect(metadataOf.get(aside)).toEqual({ delivered: '9', hours: 'none' });
  });

  it('are told in one line, with their causes and the first of their places', async () => {
    objects.set(KEY(1), Buffer.concat([...requests, ...requests, ...requests].flatMap((one) => [one, demo])));
    await write([KEY(1)]);
    const from = requests[0]?.length ?? 0;
    const to = (requests[0]?.length ?? 0) + demo.length;
    expect(lines).toEqual([
      {
        level: 'error',
        event: 'write_damaged',
        object: KEY(1),
        code: 'SLUICE_LANDED_DAMAGED',
        bytes: 30 * demo.length,
        count: 30,
        lines: 0,
        row_like: 0,
        causes: { broken: 30 * demo.length },
        ranges: expect.any(Array),
      },
    ]);
    expect(lines[0]?.['ranges']).toHaveLength(20);
    expect(lines[0]).toMatchObject({ ranges: expect.arrayContaining([{ from, to, why: 'broken' }]) });
  });

  it('that were under the key before stay beside them, and the same bytes are kept once', async () => {
    const other = Buffer.from('of another object');
    for (const [object, kept] of [
      [between(demo), [Buffer.concat([demo, demo, demo])]],
      [between(demo), [Buffer.concat([demo, demo, demo])]],
      [between(other), [Buffer.concat([demo, demo, demo]), Buffer.concat([other, other, other])]],
      [between(other), [Buffer.concat([demo, demo, demo]), Buffer.concat([other, other, other])]],
    ] as const) {
      objects.set(KEY(1), object);
      await write([KEY(1)]);
      expect(keysOf('damaged/').map((key) => String(objects.get(key)))).toEqual(kept.map(String));
    }
  });

  it('may be all of it, and none: an object without bytes is done', async () => {
    objects.set(KEY(1), demo);
    objects.set(KEY(2), Buffer.of());
    expect(await write([KEY(1), KEY(2)])).toMatchObject({ objects: { written: 1, damaged: 1 }, rows: 0 });
    expect(keysOf('')).toEqual([aside]);
  });
});

describe('what somebody puts in the place of an object', () => {
  it('while its file is put stays, and is written as what it is', async () => {
    objects.set(KEY(1), record({ events: [rowOf('events', 'read')] }));
    onCall = (call, key) => {
      if (call !== 'put' || !key.startsWith('statsig/')) return;
      onCall = () => {};
      objects.set(KEY(1), record({ events: [rowOf('events', 'restored')] }));
    };
    expect(await write([KEY(1)])).toMatchObject({ objects: { written: 1, undeleted: 0 } });
    expect([keysOf('landing/'), keysOf('ledger/'), lines]).toEqual([[KEY(1)], [], []]);
    expect(await write([KEY(1)])).toMatchObject({ objects: { written: 1 } });
    expect([await idsOf('events'), keysOf('landing/')]).toEqual([['read', 'restored'], []]);
  });
});

describe('a bucket that fails', () => {
  const failing = (call: string, prefix: string, times = Number.POSITIVE_INFINITY) => {
    let left = times;
    onCall = (one, key) => {
      if (one === call && key.startsWith(prefix) && left > 0) {
        left -= 1;
        throw new Error('SlowDown');
      }
    };
  };
  beforeEach(() => {
    for (const n of [1, 2])
      objects.set(
        KEY(n),
        record({ events: [rowOf('events', `e${n}`)], exposures: [rowOf('exposures', `x${n}`)] }),
      );
  });

  it('keeps every object while a file cannot be put, and none of its files', async () => {
    failing('put', 'statsig/statsig_forwarded_events/');
    // One of others alone is of the round, too.
    objects.set(KEY(3), Buffer.from('foreign'));
    const all = [KEY(1), KEY(2), KEY(3)];
    const { failed } = await write(all);
    expect([...failed.keys()].sort()).toEqual(all);
    expect(keysOf('')).toEqual(all);
    onCall = () => {};
    await write(all);
    expect([await idsOf('events'), await idsOf('exposures')]).toEqual([
      ['e1', 'e2'],
      ['x1', 'x2'],
    ]);
  });

  it('keeps the object whichever of its writes fails: of a table, or of a refused row that is too large', async () => {
    const refused = { timestamp: 'never', page: 'x'.repeat(MAX_RECORD_BYTES) };
    const rows = [rowOf('events', 'bad', '2026-11-25', refused), rowOf('events', 'good')];
    objects = new Map([[KEY(1), record({ events: rows })]]);
    const before = new Map(objects);
    const puts: string[] = [];
    let failing = 0;
    onCall = (call, key) => {
      if (call !== 'put') return;
      puts.push(key);
      if (puts.length === failing) throw new Error('SlowDown');
    };
    await write([KEY(1)]);
    const { length } = puts;
    expect([length, keysOf('landing/')]).toEqual([3, []]);
    for (failing = 1; failing <= length; failing += 1) {
      puts.length = 0;
      objects = new Map(before);
      expect([...(await write([KEY(1)])).failed.keys()]).toEqual([KEY(1)]);
      expect(keysOf('landing/')).toEqual([KEY(1)]);
    }
  });

  it('tells what AWS says of a denial, and nothing that another error quotes', async () => {
    const sentence = `User: x is not authorized to perform: s3:PutObject on resource: ${'k'.repeat(300)} with an explicit deny`;
    const failedWith = async (name: string) => {
      onCall = (call) => {
        if (call === 'put') throw Object.assign(new Error(`${sentence}. ${'x'.repeat(999)}`), { name });
      };
      return [...(await write([KEY(1)])).failed.values()];
    };
    const [denied] = await failedWith('AccessDenied');
    expect(denied?.detail).toMatch(`AccessDenied: ${sentence}. xx`);
    expect(denied?.detail.length).toBeLessThan(530);
    expect(await failedWith('Other')).toMatchObject([{ detail: 'Other' }]);
  });

  it('keeps an object of which a round failed, though a later one would not', async () => {
    const ids = Array.from({ length: 8 }, (_, i) => `e${i}`);
    objects.set(KEY(1), Buffer.concat(ids.map((id) => record({ events: [rowOf('events', id)] }))));
    objects.delete(KEY(2));
    failing('put', 'statsig/', 1);
    const { failed, ...done } = await write([KEY(1)], { roundBytes: 500, runBytes: 0 });
    expect([[...failed.keys()], done.objects.written]).toEqual([[KEY(1)], 0]);
    expect(keysOf('landing/')).toEqual([KEY(1)]);
    await write([KEY(1)], { roundBytes: 500, runBytes: 0 });
    expect([await idsOf('events'), keysOf('landing/')]).toEqual([ids, []]);
  });

  it('is asked again to delete, and what it keeps is only deleted the next time', async () => {
    failing('remove', KEY(1), 2);
    expect((await write([KEY(1), KEY(2)])).objects).toMatchObject({ written: 2, undeleted: 0 });
    expect([keysOf('landing/'), lines]).toEqual([[], []]);
    objects.set(KEY(3), record({ events: [rowOf('events', 'e3')] }));
    failing('remove', KEY(3));
    for (const written of [1, 0, 0]) {
      const done = await write([KEY(3)]);
      expect([done.objects, done.failed.size]).toEqual([{ written, undeleted: 1, gone: 0, damaged: 0 }, 0]);
    }
    expect(keysOf('ledger/')).toHaveLength(1);
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatchObject({ event: 'write_undeleted', objects: 1, object: KEY(3) });
    onCall = () => {};
    expect((await write([KEY(3)])).objects).toMatchObject({ written: 0, undeleted: 0, gone: 1 });
    expect([keysOf('landing/'), keysOf('ledger/')]).toEqual([[], []]);
    expect(await idsOf('events')).toEqual(['e1', 'e2', 'e3']);
  });

  it('that neither deletes nor takes a note has it written again', async () => {
    onCall = (call, key) => {
      if (call === 'remove' || key.startsWith('ledger/')) throw new Error('AccessDenied');
    };
    expect([...(await write([KEY(1)])).failed.keys()]).toEqual([KEY(1)]);
    onCall = () => {};
    await write([KEY(1)]);
    expect([await idsOf('events'), keysOf('landing/')]).toEqual([['e1', 'e1'], [KEY(2)]]);
  });

  it('that cannot be read for notes leaves no object open', async () => {
    const bodies: Readable[] = [];
    const { open, ...rest } = store();
    const opening: typeof open = async (...args) => {
      const opened = await open(...args);
      if (opened !== null) bodies.push(opened.body);
      return opened;
    };
    const slow = () => Promise.reject(new Error('SlowDown'));
    const failing = { ...rest, open: opening, read: slow, listPage: slow };
    const { failed } = await write([KEY(1), KEY(2)], { store: failing });
    expect([failed.size, bodies.map(({ destroyed }) => destroyed)]).toEqual([2, [true, true]]);
  });

  it('that cannot be read for one object writes the others', async () => {
    failing('fetch', KEY(1));
    expect([...(await write([KEY(1), KEY(2)])).failed.keys()]).toEqual([KEY(1)]);
    expect([await idsOf('events'), keysOf('landing/')]).toEqual([['e2'], [KEY(1)]]);
  });
});

describe('the events of objects', () => {
  const at = (hour: string) => ({ received_at: `2026-11-25T${hour}:59:59.999Z` });
  const event = (id: string, hour: string) => rowOf('events', id, '2026-11-25', at(hour));
  /** The counts that the lines have, by hour. */
  const counts = () =>
    lines.flatMap((line) => {
      const { _aws: aws, function: _function, stage, ...values } = line;
      return stage === undefined ? [] : [[new Date(Object(aws).Timestamp).toISOString(), values]];
    });
  const seven = '2026-11-25T07:00:00.000Z';
  const eight = '2026-11-25T08:00:00.000Z';

  it('are counted by table and by the hour in which they were received, as their objects are deleted', async () => {
    const many = {
      reason: 'SLUICE_EVENT_MANY_REFUSED',
      detail: 'SLUICE_EVENT_NO_NAME: 3, SLUICE_EVENT_X: 2.',
    };
    const file = { reason: 'SLUICE_INGEST_ROW_TIME_MISSING' };
    const unfit = { reason: 'SLUICE_ROW_UNFIT' };
    const quoted = { user_object: '{"received_at":"2026-11-25T03:00:00.000Z"}' };
    const refusal = (id: string, more: object) =>
      rowOf('quarantine', id, '2026-11-25', { ...at('07'), ...more });
    objects.set(
      KEY(1),
      Buffer.concat([
        record({
          events: [event('a', '07'), rowOf('events', 'b', '2026-11-24', { ...quoted, ...at('07') })],
        }),
        record({ events: [event('c', '08')], exposures: [rowOf('exposures', 'x', '2026-11-25', at('08'))] }),
      ]),
    );
    const bad = rowOf('events', 'bad', '2026-11-25', { timestamp: 'never', ...at('08') });
    const refusals = [refusal('q1', {}), refusal('q2', many), refusal('q3', file), refusal('q4', unfit)];
    objects.set(KEY(2), record({ events: [bad, rowOf('events', 'timeless')], quarantine: refusals }));
    await write([KEY(1), KEY(2)]);
    expect(counts()).toEqual([
      [seven, { events_finished: 2, quarantine_finished: 6 }],
      [eight, { exposures_finished: 1, events_finished: 2, events_refused: 1 }],
    ]);
  });

  it('are counted by the hour that their lines say, beside lines of an earlier release', async () => {
    const rows = {
      events: [event('a', '07')],
      quarantine: [rowOf('quarantine', 'q', '2026-11-25', at('07'))],
    };
    const hours = ['2026-11-25T08', null, '2026-11-25T08'];
    objects.set(KEY(1), Buffer.concat(hours.map((hour) => encodeLines(rows, hour) ?? Buffer.of())));
    await write([KEY(1)]);
    expect(await idsOf('events')).toEqual(['a', 'a', 'a']);
    expect(counts()).toEqual([
      [eight, { events_finished: 2, quarantine_finished: 2 }],
      [seven, { events_finished: 1, quarantine_finished: 1 }],
    ]);
  });

  it('are counted once, by whoever deletes their object', async () => {
    objects.set(KEY(1), record({ events: [event('a', '07')] }));
    const again = objects.get(KEY(1)) ?? Buffer.of();
    let runs = 0;
    onCall = (call, key) => {
      if (call !== 'remove' || key !== KEY(1)) return;
      runs += 1;
      // Another run has deleted it, and the answer of the first deletion is lost.
      if (runs === 1) objects.delete(KEY(1));
    };
    await write([KEY(1)]);
    expect([await idsOf('events'), counts()]).toEqual([['a'], []]);
    objects.set(KEY(1), again);
    await write([KEY(1)]);
    expect([await idsOf('events'), counts()]).toEqual([['a', 'a'], [[seven, { events_finished: 1 }]]]);
  });

  it('are not counted while their object stays, and all of them when it goes by its note', async () => {
    const ids = Array.from({ length: 8 }, (_, i) => `e${i}`);
    objects.set(KEY(1), Buffer.concat(ids.map((id) => record({ events: [event(id, '07')] }))));
    const small = { roundBytes: 500, runBytes: 0, pieceBytes: 200 };
    let now = NOW;
    onCall = (call, key) => {
      if (call === 'put' && key.startsWith('statsig/')) now += 250_000;
      if (call === 'remove' && key === KEY(1)) throw new Error('AccessDenied');
    };
    for (let run = 0; run < 9; run += 1) {
      now = NOW;
      await write([KEY(1)], { ...small, clock: { now: () => now } });
    }
    expect([await idsOf('events'), counts()]).toEqual([ids, []]);
    onCall = () => {};
    await write([KEY(1)]);
    expect([keysOf('landing/'), counts()]).toEqual([[], [[seven, { events_finished: 8 }]]]);
  });
});

describe('lines of a round', () => {
  /** Writes one line. */
  function round(more: Partial<RoundRequest['lines'][number]>) {
    const path = join(directory.path, 'lines');
    const { day, json } = rowOf('events', 'e');
    writeFileSync(path, `${json}\n`);
    const bytes = json.length + 1;
    const line = { kind: 'events', day, path, rows: 1, bytes, longest: bytes, keyAt: () => KEY(1) } as const;
    const limits = { memoryMegabytes: 256, threads: 1, temporaryDirectory: directory.path };
    const lines = [{ ...line, ...more }];
    return writeRound({ config, lines, limits, directory: directory.path, now: NOW });
  }

  it('become no file that has fewer rows', async () => {
    await expect(round({ rows: 2 })).rejects.toMatchObject({ code: 'SLUICE_WRITE_COUNTS_DIFFER' });
  });

  it('have a code of their own if DuckDB refuses them for a reason without one', () => {
    // As a session throws it: `errors_as_json`.
    const told = { exception_type: 'Out of Range', exception_message: 'Overflow in addition of "7"' };
    const error = new Error(JSON.stringify(told));
    expect(lineFailure(error)).toEqual({
      code: 'SLUICE_ROW_REFUSED',
      detail: expect.not.stringContaining('7'),
    });
  });
});
