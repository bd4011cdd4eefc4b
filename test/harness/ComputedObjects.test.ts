import { expect, test } from '@jest/globals';
import { listObjects, type ObjectStore } from '../../lib/base/ObjectStore.ts';
import { ComputedObjects } from './ComputedObjects.ts';
import { MemoryObjects } from './MemoryObjects.ts';

const DAYS = ['2026-11-19', '2026-11-20', '2026-11-21'];
const COUNT = 1_200;

/** The same objects in both stores: days with some pages of files, and a ledger whose days are files. */
async function stores() {
  const memory = new MemoryObjects();
  memory.pageKeys = 1_000;
  const files = Array.from({ length: COUNT }, (_, i) => `/${String(i).padStart(4, '0')}.parquet`);
  const objectOf = (name: string) => ({ name, size: 1, eTag: `"${name}"`, text: () => name });
  const computed = new ComputedObjects([
    { prefix: 'rows/', groups: DAYS, objects: () => files.map(objectOf) },
    { prefix: 'ledger/', groups: [...DAYS, 'days'], objects: () => [objectOf('.json')] },
  ]);
  for (const day of DAYS) for (const name of files) await memory.write(`rows/${day}${name}`, name);
  for (const day of [...DAYS, 'days']) await memory.write(`ledger/${day}.json`, '.json');
  for (const store of [memory, computed]) {
    await store.write('rows/2026-11-20/0500a.parquet', 'written');
    await store.write('rows/2026-11-22/a.parquet', 'written');
    await store.remove('rows/2026-11-20/0501.parquet', '*');
  }
  return { memory, computed };
}

async function keys(store: ObjectStore, prefix: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of listObjects(store, prefix)) found.push(key);
  return found;
}

test('computed objects are listed and read as written ones', async () => {
  const { memory, computed } = await stores();
  for (const prefix of [
    '',
    'rows/',
    'rows/2026-11-20/',
    'rows/2026-11-2',
    'ledger/',
    'ledger/2026-11-21.json',
    'none/',
  ])
    expect(await keys(computed, prefix)).toEqual(await keys(memory, prefix));
  for (const after of [
    'rows/2026-11-20',
    'rows/2026-11-20/0500.parquet',
    'rows/2026-11-21/1199.parquet',
    'z',
  ]) {
    const pages = [computed, memory].map((store) => store.listPage('rows/', { after }));
    const [own, other] = await Promise.all(pages);
    expect(own?.items.map(({ key }) => key)).toEqual(other?.items.map(({ key }) => key));
    expect(own?.next).toBe(other?.next);
  }
  const folders = { folders: true, limit: 3 };
  expect(await computed.listPage('rows/', folders)).toEqual(await memory.listPage('rows/', folders));
  for (const key of [
    'ledger/2026-11-20.json',
    'rows/2026-11-20/0501.parquet',
    'rows/2026-11-20/0500a.parquet',
  ])
    expect((await computed.read(key))?.text).toBe((await memory.read(key))?.text);
});

test('calls are counted by page', async () => {
  const { computed } = await stores();
  const before = { ...computed.counts };
  await keys(computed, 'rows/2026-11-19/');
  await computed.read('ledger/2026-11-19.json');
  expect(computed.counts).toEqual({
    ...before,
    list: before.list + 2,
    get: before.get + 1,
    bytesRead: before.bytesRead + 5,
  });
});
