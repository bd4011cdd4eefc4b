import { describe, expect, it } from '@jest/globals';
import { ListedNotes, readNotes, writeNote } from '../../../lib/landing/LandingNote.ts';
import { MemoryObjects } from '../../harness/MemoryObjects.ts';

const WRITTEN = { written: true, why: 'AccessDenied' } as const;
const version = { key: 'landing/a', eTag: '"1"', versionId: 'v1', modifiedAt: 5_000 };
const others = [
  { title: 'another key', other: { ...version, key: 'landing/b' } },
  { title: 'another version ID', other: { ...version, versionId: 'v2' } },
  { title: 'no version ID', other: { ...version, versionId: undefined } },
  { title: 'another ETag', other: { ...version, eTag: '"2"' } },
  { title: 'a time in another second', other: { ...version, modifiedAt: 6_000 } },
];

describe('a note on a version of an object', () => {
  it('is found by a time in the same second', async () => {
    const store = new MemoryObjects();
    const key = await writeNote(store, version, WRITTEN);
    expect(await readNotes(store, { ...version, modifiedAt: 5_999 })).toEqual({ note: WRITTEN, keys: [key] });
  });

  it.each(others)('is not found for a version with $title', async ({ other }) => {
    const store = new MemoryObjects();
    await writeNote(store, version, WRITTEN);
    expect(await readNotes(store, other)).toEqual({ note: null, keys: [] });
  });

  it('is none before the first one is written', async () => {
    expect(await readNotes(new MemoryObjects(), version)).toEqual({ note: null, keys: [] });
  });

  it('gives way to one that names a later byte', async () => {
    const store = new MemoryObjects();
    await writeNote(store, version, { from: 1_000 });
    await writeNote(store, version, { from: 2_000 });
    expect((await readNotes(store, version)).note).toEqual({ from: 2_000 });
  });

  it('gives way to the one that the object is written, and is found beside it to be deleted', async () => {
    const store = new MemoryObjects();
    const fromKey = await writeNote(store, version, { from: 1_000 });
    const writtenKey = await writeNote(store, version, WRITTEN);
    expect(await readNotes(store, version)).toEqual({ note: WRITTEN, keys: [writtenKey, fromKey] });
  });

  it('that the object is written is never replaced', async () => {
    const store = new MemoryObjects();
    await writeNote(store, version, WRITTEN);
    await writeNote(store, version, { written: true, why: 'SlowDown' });
    expect((await readNotes(store, version)).note).toEqual(WRITTEN);
  });

  it('that the object is written can be written again after a conflict, which the first call throws', async () => {
    const store = new MemoryObjects();
    store.faults = ['conflict'];
    await expect(writeNote(store, version, WRITTEN)).rejects.toThrow('ConditionalRequestConflict');
    await writeNote(store, version, WRITTEN);
    expect((await readNotes(store, version)).note).toEqual(WRITTEN);
  });

  it('is read only if a listing has it', async () => {
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
    for (const object of [version, ...others.map(({ other }) => other)])
      await readNotes(counting, object, listed);
    expect(asked).toEqual([key]);
  });
});
