import { expect, it } from '@jest/globals';
import { ListedNotes, readNotes, writeNote } from '../../../lib/landing/LandingNotes.ts';
import { MemoryObjects } from '../../harness/MemoryObjects.ts';

const WRITTEN = { written: true, why: 'AccessDenied' } as const;
const version = { key: 'landing/a', eTag: '"1"', versionId: 'v1', modifiedAt: 5_000 };
const others = [
  { ...version, key: 'landing/b' },
  { ...version, versionId: 'v2' },
  { ...version, versionId: undefined },
  { ...version, eTag: '"2"' },
  { ...version, modifiedAt: 6_000 },
];

it('is of one version of an object: no copy of it', async () => {
  const store = new MemoryObjects();
  const key = await writeNote(store, version, WRITTEN);
  expect(await readNotes(store, { ...version, modifiedAt: 5_999 })).toEqual({ note: WRITTEN, keys: [key] });
  for (const other of others) expect(await readNotes(store, other)).toEqual({ note: null, keys: [] });
});

it('goes on from byte to byte until the object is written', async () => {
  const store = new MemoryObjects();
  expect((await readNotes(store, version)).note).toBeNull();
  for (const from of [1_000, 2_000]) {
    await writeNote(store, version, { from });
    expect((await readNotes(store, version)).note).toEqual({ from });
  }
  await writeNote(store, version, WRITTEN);
  const { note, keys } = await readNotes(store, version);
  expect(note).toEqual(WRITTEN);
  expect(keys.toSorted()).toEqual([...store.objects.keys()].toSorted());
});

it('is not taken for made after a conflict, and is made once', async () => {
  const store = new MemoryObjects();
  store.faults = ['conflict'];
  await expect(writeNote(store, version, WRITTEN)).rejects.toThrow('ConditionalRequestConflict');
  await writeNote(store, version, WRITTEN);
  await writeNote(store, version, { written: true, why: 'SlowDown' });
  expect((await readNotes(store, version)).note).toEqual(WRITTEN);
});

it('is not asked for where a listing has none', async () => {
  const store = new MemoryObjects();
  const key = await writeNote(store, version, { from: 1_000 });
  const listed = await ListedNotes.list(store);
  const asked: string[] = [];
  const counting: Pick<MemoryObjects, 'read'> = {
    async read(note) {
      asked.push(note);
      return store.read(note);
    },
  };
  for (const object of [version, ...others]) await readNotes(counting, object, listed);
  expect(asked).toEqual([key]);
});
