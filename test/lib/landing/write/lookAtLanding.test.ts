import { beforeEach, expect, it } from '@jest/globals';
import { anyVersion } from '../../../../lib/base/ObjectStore.ts';
import { objectCreated } from '../../../../lib/base/queue.ts';
import { HOUR_MS } from '../../../../lib/base/time.ts';
import { readNotes, writeNote } from '../../../../lib/landing/LandingNote.ts';
import { lookAtLanding } from '../../../../lib/landing/write/lookAtLanding.ts';
import { LANDING_LOOK } from '../../../../lib/tables/ledgerKeys.ts';
import { MemoryObjects } from '../../../harness/MemoryObjects.ts';

const WRITTEN = { written: true, why: 'AccessDenied' } as const;
const BEGIN = Date.parse('2026-11-25T10:00:00Z');

let now: number;
const clock = { now: () => now };
let store: MemoryObjects;
let keysSent: string[];
let waiting: number;
/** Whether the queue takes no message. */
let isAway: boolean;
let lines: Record<string, unknown>[];
beforeEach(() => {
  now = BEGIN;
  store = new MemoryObjects(clock);
  keysSent = [];
  waiting = 0;
  isAway = false;
  lines = [];
});

async function look(hours: number) {
  keysSent = [];
  now = BEGIN + hours * HOUR_MS;
  const send = async (bodies: readonly string[]) => {
    if (isAway) throw new Error('SlowDown');
    keysSent.push(...bodies.map((body) => Object(objectCreated(body)).key));
  };
  const log = (line: Record<string, unknown>) => lines.push(line);
  await lookAtLanding(
    { store, clock, wait: async () => {}, random: () => 0, log, stage: 'dev', config: { bucket: 'acme' } },
    { send, waiting: async () => waiting },
  );
  return keysSent;
}

/** What the store answers of an object. */
async function version(key: string) {
  const opened = await store.open(key);
  return { key, eTag: opened?.eTag ?? '', modifiedAt: opened?.modifiedAt ?? 0 };
}

it('tells of an object as it reaches each of its ages, and then each day', async () => {
  await store.write('landing/a', 'a');
  const hours: number[] = [];
  for (let hour = 0; hour <= 97; hour += 1) if ((await look(hour + 0.01)).length > 0) hours.push(hour);
  expect(hours).toEqual([3, 6, 12, 24, 48, 72, 96]);
});

it('tells once of an object whose ages passed while nobody looked', async () => {
  for (const key of ['landing/a', 'landing/folder/']) await store.write(key, 'a');
  await look(1);
  expect(await look(20)).toEqual(['landing/a']);
  expect(await look(20)).toEqual([]);
  expect(await look(23)).toEqual([]);
});

it('tells of what it did not tell while many messages waited', async () => {
  await store.write('landing/a', 'a');
  await look(2);
  waiting = 1_000;
  expect(await look(4)).toEqual([]);
  waiting = 999;
  expect(await look(5)).toEqual(['landing/a']);
});

it('tells of what the queue did not take', async () => {
  await store.write('landing/a', 'a');
  await look(2);
  isAway = true;
  await expect(look(4)).rejects.toThrow('SlowDown');
  isAway = false;
  expect(await look(5)).toEqual(['landing/a']);
});

it('tells of no more than the queue should have, and of the others the next hour', async () => {
  store.pageKeys = 1_000;
  const all = Array.from({ length: 10_001 }, (_, i) => `landing/${String(i).padStart(5, '0')}`);
  for (const key of all) await store.write(key, '');
  expect(await look(4)).toEqual(all.slice(0, -1));
  await store.removeAll(anyVersion(all.slice(0, -1)));
  expect(await look(5)).toEqual(all.slice(-1));
});

it('deletes what is written, with its note, and tells nobody of it', async () => {
  for (const key of ['landing/a', 'landing/b', 'landing/c']) await store.write(key, key);
  await writeNote(store, await version('landing/a'), WRITTEN);
  await writeNote(store, await version('landing/b'), { from: 7 });
  await writeNote(store, { ...(await version('landing/c')), eTag: '"of an earlier one"' }, { from: 7 });
  expect(await look(4)).toEqual(['landing/b', 'landing/c']);
  expect(lines).toMatchObject([{ event: 'write_look', told: 2, deleted: 1, undeleted: 0 }]);
  expect([...store.objects.keys()].filter((key) => key.startsWith('landing/'))).toEqual([
    'landing/b',
    'landing/c',
  ]);
  expect((await readNotes(store, await version('landing/b'))).note).toEqual({ from: 7 });
  expect((await store.listPage('ledger/_landing/')).items.map(({ key }) => key)).toEqual([
    expect.stringMatching(/from\.json$/),
    LANDING_LOOK,
  ]);
});

it('deletes a thousand notes without an object, and the others the next hour', async () => {
  store.pageKeys = 1_000;
  for (let i = 0; i < 1_001; i += 1)
    await writeNote(store, { key: `landing/${i}`, eTag: '"e"', modifiedAt: BEGIN }, WRITTEN);
  await look(4);
  expect(store.objects.size).toBe(2);
  await look(5);
  expect([...store.objects.keys()]).toEqual([LANDING_LOOK]);
});

it('counts the events of what it deletes, and only of that', async () => {
  for (const key of ['landing/a', 'landing/b', 'landing/c']) {
    await store.write(key, key);
    const events = { '2026-11-25T07': { events_finished: 3 } };
    await writeNote(store, await version(key), { ...WRITTEN, events });
  }
  const removeAll = store.removeAll.bind(store);
  store.removeAll = async (objects) => {
    store.objects.delete('landing/b');
    return removeAll(objects);
  };
  await look(4);
  expect(lines).toMatchObject([
    { stage: 'dev', events_finished: 6 },
    { event: 'write_look', deleted: 3 },
  ]);
});

it('leaves what somebody puts in the place of what is written', async () => {
  await store.write('landing/a', 'written');
  await writeNote(store, await version('landing/a'), WRITTEN);
  const listPage = store.listPage.bind(store);
  store.listPage = async (prefix, options) => {
    const page = await listPage(prefix, options);
    if (prefix === 'landing/') await store.write('landing/a', 'restored');
    return page;
  };
  await look(4);
  expect((await store.read('landing/a'))?.text).toBe('restored');
});

it('tries others the next hour, where the bucket deletes nothing', async () => {
  store.pageKeys = 1_000;
  for (let i = 0; i < 1_500; i += 1) {
    await store.write(`landing/${i}`, '');
    await writeNote(store, await version(`landing/${i}`), WRITTEN);
  }
  const asked = new Set<string>();
  store.removeAll = async (objects) => {
    for (const { key } of objects) asked.add(key);
    return { left: objects.map(({ key }) => ({ key, why: 'AccessDenied' })), gone: [] };
  };
  for (const hour of [4, 5, 6]) expect(await look(hour)).toEqual([]);
  expect(asked.size).toBe(1_500);
  expect(lines.slice(-2)).toMatchObject([
    { event: 'write_undeleted', code: 'AccessDenied', action: 's3:DeleteObject' },
    { event: 'write_look', told: 0, deleted: 0, undeleted: 1_500 },
  ]);
});
