import { expect, it } from '@jest/globals';
import { LandingNotes } from '../../../lib/landing/LandingNotes.ts';
import { LANDING_NOTES } from '../../../lib/tables/ledgerKeys.ts';
import { MemoryObjects } from '../../harness/MemoryObjects.ts';

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
  await new LandingNotes(store).writeWritten(version, 'AccessDenied');
  const notes = new LandingNotes(store);
  expect(await notes.read({ ...version, modifiedAt: 5_999 })).toEqual({ written: true, why: 'AccessDenied' });
  expect(await Promise.all(others.map((other) => notes.read(other)))).toEqual(others.map(() => null));
  await notes.remove(others);
  expect(store.objects.size).toBe(1);
  await notes.remove([version]);
  expect(store.objects.size).toBe(0);
});

it('goes on from byte to byte until the object is written', async () => {
  const store = new MemoryObjects();
  const notes = new LandingNotes(store);
  expect(await notes.read(version)).toBeNull();
  for (const from of [1_000, 2_000]) {
    await notes.writeFrom(version, from);
    expect(await new LandingNotes(store).read(version)).toEqual({ from });
  }
  await notes.writeWritten(version, 'AccessDenied');
  expect(await notes.read(version)).toMatchObject({ written: true });
  await notes.remove([version]);
  expect((await store.listPage(LANDING_NOTES)).items).toEqual([]);
});

it('is not taken for made after a conflict, and is made once', async () => {
  const store = new MemoryObjects();
  const notes = new LandingNotes(store);
  store.faults = ['conflict'];
  await expect(notes.writeWritten(version, 'AccessDenied')).rejects.toThrow('ConditionalRequestConflict');
  await notes.writeWritten(version, 'AccessDenied');
  await notes.writeWritten(version, 'SlowDown');
  expect(await notes.read(version)).toEqual({ written: true, why: 'AccessDenied' });
});
