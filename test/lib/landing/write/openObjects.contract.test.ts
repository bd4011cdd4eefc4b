import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { MINUTE_MS } from '../../../../lib/base/time.ts';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { writeNote } from '../../../../lib/landing/LandingNote.ts';
import { encodeLines } from '../../../../lib/landing/store/encodeLines.ts';
import { type Writer, writeObjects } from '../../../../lib/landing/write/writeObjects.ts';
import { LANDING_LOOK } from '../../../../lib/tables/ledgerKeys.ts';
import { seededBytes } from '../../../../packages/local-aws/src/base/index.ts';
import { MemoryObjects } from '../../../harness/MemoryObjects.ts';
import { temporaryDirectory } from '../../../harness/temporaryDirectory.ts';

// How objects are opened ahead: how many, how many bytes, and with which calls.

const NOW = Date.parse('2026-11-25T10:00:00Z');
const MIB = 2 ** 20;
const config = defineConfig({ bucket: 'acme' });
/** As many objects as the tests of opening and of notes have: more than are opened at once, fewer than a page of keys. */
const OBJECTS = 200;
const keyOf = (n: number) => `landing/2026/11/25/10/object-${String(n).padStart(5, '0')}.ndjson.gz`;
const keysOf = (count: number) => Array.from({ length: count }, (_, n) => keyOf(n));

let directory: ReturnType<typeof temporaryDirectory>;
let objects: MemoryObjects;
/** Calls of the bucket: keys, and the number of listings. */
let calls: { open: string[]; read: string[]; list: number };
/** Whether the bucket does not delete an object. */
let undeletable: (key: string) => boolean;
/** The bodies of the objects that were opened. */
let bodies: Readable[];
/** Called with the whole body of an opened object; what it returns is read instead. */
let stream: (body: Buffer, key: string) => Readable;
/** Resolves before an object is opened. */
let latency: (key: string) => Promise<void>;
beforeEach(() => {
  directory = temporaryDirectory();
  objects = new MemoryObjects({ now: () => NOW });
  objects.pageKeys = 1_000;
  calls = { open: [], read: [], list: 0 };
  undeletable = () => false;
  bodies = [];
  stream = (body) => Readable.from([body]);
  latency = () => Promise.resolve();
});
afterEach(() => directory.remove());

const store: Writer['store'] = {
  open: async (key, options) => {
    calls.open.push(key);
    await latency(key);
    const opened = await objects.open(key, options);
    if (opened === null) return null;
    const body = stream(Buffer.concat(await opened.body.toArray()), key);
    bodies.push(body);
    return { ...opened, body };
  },
  read: (key) => {
    calls.read.push(key);
    return objects.read(key);
  },
  write: (key, body, options) => objects.write(key, body, options),
  removeAll: async (asked) => {
    const kept = asked.filter(({ key }) => undeletable(key));
    const { gone } = await objects.removeAll(asked.filter(({ key }) => !undeletable(key)));
    return { gone, left: kept.map(({ key }) => ({ key, why: 'AccessDenied' })) };
  },
  listPage: (prefix, options) => {
    calls.list += 1;
    return objects.listPage(prefix, options);
  },
};

const write = (keys: readonly string[], more: Partial<Writer> = {}, groups = [keys]) => {
  const limits = { memoryMegabytes: 256, threads: 1, temporaryDirectory: directory.path };
  const own = { directory: directory.path, limits, stage: 'dev', log: () => {} };
  const timing = { clock: { now: () => NOW }, wait: async () => {}, random: () => 0 };
  const writer = { config, store, ...timing, ...own, ...more };
  return writeObjects(groups, writer, { deadline: NOW + 10 * MINUTE_MS });
};

const row = (id: string) => ({ day: '2026-11-25', json: JSON.stringify({ event_id: id }) });
const recordOf = (id: string) => Buffer.from(encodeLines({ events: [row(id)] }) ?? []);
/** Objects of one row each. */
async function land(count: number): Promise<void> {
  for (const [n, key] of keysOf(count).entries()) await objects.write(key, recordOf(`e${n}`));
}
/** Notes on objects that were written before, and are not deleted. */
async function noteOthers(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    const version = { key: keyOf(n), eTag: `"other-${n}"`, modifiedAt: NOW };
    await writeNote(store, version, { written: true, why: 'AccessDenied' });
  }
}
/** Objects of others, which take the memory that they have bytes. */
async function landBytes(sizes: readonly number[]): Promise<void> {
  for (const [n, size] of sizes.entries()) await objects.write(keyOf(n), seededBytes(size));
}

/** How many objects are being opened at most. */
async function mostOpening(work: () => Promise<unknown>): Promise<number> {
  let open = 0;
  let most = 0;
  latency = async () => {
    open += 1;
    most = Math.max(most, open);
    await new Promise(setImmediate);
    open -= 1;
  };
  await work();
  return most;
}

it('opens forty objects ahead, and no more', async () => {
  await land(OBJECTS);
  expect(await mostOpening(() => write(keysOf(OBJECTS)))).toBe(40);
  expect(calls.open).toHaveLength(OBJECTS);
});

it('lists notes once for a batch, and reads none if there is none', async () => {
  await land(OBJECTS);
  await objects.write(LANDING_LOOK, '{}');
  expect(await write(keysOf(OBJECTS))).toMatchObject({ objects: { written: OBJECTS }, rows: OBJECTS });
  expect(calls.list).toBe(1);
  expect(calls.read).toEqual([]);
});

it.each([
  { title: 'two pages of notes', others: 1_999, reads: 1 },
  // The listing ends before it is whole: each of the 100 objects is asked for both notes that it may have.
  { title: 'more than two pages of notes', others: 2_000, reads: 200 },
])('finds the note on an object among $title', async ({ others, reads }) => {
  await land(100);
  undeletable = (key) => key === keyOf(70);
  await write([keyOf(70)]);
  await noteOthers(others);
  calls = { open: [], read: [], list: 0 };
  undeletable = () => false;
  expect(await write(keysOf(100))).toMatchObject({ objects: { written: 99, gone: 1 }, rows: 99 });
  expect(calls.list).toBe(2);
  expect(calls.read).toHaveLength(reads);
});

it('sees what another run has noted since the round before', async () => {
  await land(2);
  const { eTag = '' } = objects.objects.get(keyOf(1)) ?? {};
  const other = { key: keyOf(1), eTag, modifiedAt: NOW };
  let noted: Promise<unknown> | undefined;
  objects.onWrite = () => {
    objects.onWrite = () => {};
    noted = writeNote(objects, other, { written: true, why: 'AccessDenied' });
  };
  const done = await write([], {}, [[keyOf(0)], [keyOf(1)]]);
  await noted;
  expect(done).toMatchObject({ objects: { written: 1, gone: 1 }, rows: 1 });
});

it('reads the notes of each object if they cannot be listed', async () => {
  await land(2);
  undeletable = () => true;
  const denied = { ...store, listPage: () => Promise.reject(new Error('AccessDenied')) };
  expect(await write(keysOf(2), { store: denied })).toMatchObject({ objects: { written: 2 }, rows: 2 });
  expect(await write(keysOf(2), { store: denied })).toMatchObject({ objects: { undeleted: 2 }, rows: 0 });
});

/** The most bytes of open objects that were read, and are not skipped yet: of all but the one that is taken. */
async function mostHeld(sizes: readonly number[], more: Partial<Writer> = {}): Promise<number> {
  await landBytes(sizes);
  let held = 0;
  let most = 0;
  const taken = new Set<string>();
  const read = new Map<string, number>();
  stream = (body, key) =>
    Readable.from(
      (function* () {
        for (let at = 0; at < body.length; at += 65_536) {
          const chunk = body.subarray(at, at + 65_536);
          read.set(key, (read.get(key) ?? 0) + chunk.length);
          held = [...read].reduce((sum, [readKey, bytes]) => (taken.has(readKey) ? sum : sum + bytes), 0);
          most = Math.max(most, held);
          yield chunk;
        }
      })(),
      { objectMode: true, highWaterMark: 1 },
    );
  // What is skipped is kept behind each object: it is taken as the next one is.
  const log = ({ object }: Record<string, unknown>) => void taken.add(String(object));
  await write(keysOf(sizes.length), { log, skippedBytes: 0, ...more });
  return most;
}

it('holds more than 24 MiB of objects ahead, and at most 41', async () => {
  const sizes = [40, 1, 1, 9, 1, 4, 4, 4, 4, 4, 4, 4, 4, 4, 1, 1];
  const most = await mostHeld(sizes.map((mebibytes) => mebibytes * MIB));
  // 32 MiB are held ahead. Beside them are pieces of the object that is taken: the one that is read, and the next.
  expect(most / MIB).toBeLessThanOrEqual(32 + 8 + 1);
  expect(most / MIB).toBeGreaterThan(24);
  expect(bodies.filter(({ destroyed }) => !destroyed)).toEqual([]);
});

it('takes pieces that are larger than all of that', async () => {
  await landBytes([1, 40 * MIB, 1, 40 * MIB, 1]);
  const done = await write(keysOf(5), { pieceBytes: 64 * MIB });
  expect(done.objects).toEqual({ written: 0, undeleted: 0, gone: 0, damaged: 5 });
  expect(done.failed.size).toBe(0);
});

it('fails only the objects that cannot be opened or read, and leaves no stream open', async () => {
  await land(60);
  stream = (body, key) => {
    if (key !== keyOf(30)) return Readable.from([body]);
    return Readable.from(
      (async function* () {
        yield body.subarray(0, 5);
        await new Promise(setImmediate);
        throw new Error('ECONNRESET');
      })(),
    );
  };
  latency = (key) => (key === keyOf(45) ? Promise.reject(new Error('SlowDown')) : Promise.resolve());
  objects.objects.delete(keyOf(50));
  const done = await write(keysOf(60));
  expect([...done.failed.keys()].sort()).toEqual([keyOf(30), keyOf(45)]);
  expect(done).toMatchObject({ objects: { written: 57, gone: 1 }, rows: 57 });
  expect(bodies.filter(({ destroyed }) => !destroyed)).toEqual([]);
});
