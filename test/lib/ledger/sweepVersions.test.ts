import { beforeEach, expect, it } from '@jest/globals';
import { anyVersion } from '../../../lib/base/ObjectStore.ts';
import { MINUTE_MS } from '../../../lib/base/time.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { CatalogCallError } from '../../../lib/landing/catalog/catalogCalls.ts';
import type { PartitionCatalog } from '../../../lib/landing/catalog/PartitionCatalog.ts';
import { Ledger } from '../../../lib/ledger/Ledger.ts';
import { ledgerStore } from '../../../lib/ledger/ledgerStore.ts';
import { sweepVersions } from '../../../lib/ledger/sweepVersions.ts';
import { ledgerKey, loadFolder, VERSION_NOTES, versionNoteKey } from '../../../lib/tables/ledgerKeys.ts';
import { versionPrefix } from '../../../lib/tables/tableFolders.ts';
import { acmeSource, eventsDataset } from '../../harness/configInput.ts';
import { ledgerEntry, loadRun } from '../../harness/ledgerEntry.ts';
import { MemoryObjects } from '../../harness/MemoryObjects.ts';

const DAY = '2026-11-19';
const V1 = '20261119T100000000Z-00000001';
const V2 = '20261119T110000000Z-00000002';
const NOW = Date.UTC(2026, 10, 20);
const DEADLINE = NOW + MINUTE_MS;
const TABLE = 'acme_visits';
const config = defineConfig({
  bucket: 'own',
  sources: [acmeSource({ datasets: [eventsDataset({ name: 'other' }), eventsDataset({ name: 'visits' })] })],
});
const { exposures } = config.curatedTables;

let store: MemoryObjects;
/** Versions that the catalog has, by table. The table is missing if there is none. */
let partitions: Map<string, string | null>;
/** The bucket of the catalog's partitions. */
let partitionBucket: string;
let now: number;
let logged: unknown[];
/** Called before each deletion, with its keys. */
let onRemove: (keys: readonly string[]) => void;
/** Called as the catalog is asked. */
let onCatalog: () => void;
beforeEach(() => {
  store = new MemoryObjects();
  partitions = new Map();
  partitionBucket = 'own';
  now = NOW;
  logged = [];
  onRemove = () => {};
  onCatalog = () => {};
});

const timing = { clock: { now: () => now }, wait: async () => {}, random: () => 0 };
const fileKey = (table: string, version: string, name = 'rows.parquet') =>
  `${versionPrefix(config, table, DAY, version)}${name}`;

/** Writes a version with its note, `ago` milliseconds after the note was due. @returns The key of the note. */
async function put({ table = TABLE, version = V1, ago = 0, files = ['rows.parquet'] } = {}) {
  for (const name of files) await store.write(fileKey(table, version, name), 'rows');
  const note = versionNoteKey({ due: NOW - ago, table, day: DAY, version });
  await store.write(note, '');
  return note;
}

async function settle(source: string, dataset: string, more: Parameters<typeof ledgerEntry>[0]) {
  const entry = ledgerEntry({ source, dataset, day: DAY, ...more });
  await store.write(ledgerKey(source, dataset, DAY), JSON.stringify(entry));
}

const keysOf = (prefix: string) => [...store.objects.keys()].filter((key) => key.startsWith(prefix)).sort();
const notes = () => keysOf(VERSION_NOTES);

/** What differs of a run, and the configured tables. */
interface Run {
  readonly most?: number;
  readonly isOurs?: (table: string) => boolean;
  readonly signal?: AbortSignal;
  readonly tables?: Parameters<typeof sweepVersions>[0]['config'];
}

function sweep({ most, isOurs, signal = new AbortController().signal, tables = config }: Run = {}) {
  const unused = () => Promise.reject(new TypeError('The sweep only reads partitions.'));
  const catalog: PartitionCatalog = {
    getTable: unused,
    batchCreate: unused,
    batchUpdate: unused,
    async listPage(_database: string, table: string) {
      onCatalog();
      const version = partitions.get(table);
      if (version === undefined)
        throw new CatalogCallError({
          code: 'EntityNotFoundException',
          message: 'No table.',
          isTransient: false,
        });
      if (version === 'denied')
        throw new CatalogCallError({ code: 'AccessDeniedException', message: 'No.', isTransient: false });
      const storage = {
        Location: `s3://${partitionBucket}/${versionPrefix(config, table, DAY, version ?? V1)}`,
      };
      return { items: version === null ? [] : [{ values: [DAY], storage }], next: undefined };
    },
  };
  const landing = {
    list: async (prefix: string, after?: string) =>
      (await store.listPage(prefix, { after })).items.map(({ key }) => key),
    remove: async (keys: readonly string[]) => {
      onRemove(keys);
      await store.removeAll(anyVersion(keys));
    },
  };
  const ledger = new Ledger({ store: ledgerStore(store), newToken: () => 't', ...timing });
  const log = (fields: unknown) => void logged.push(fields);
  const sweeper = { config: tables, bucket: 'own', landing, catalog, ledger, log, ...timing };
  return sweepVersions(sweeper, { deadline: DEADLINE, signal, ...(isOurs && { isOurs }) }, most);
}

/** What a sweep has counted. */
const counted = (
  more: { readonly removed?: number; readonly kept?: number; readonly failed?: number } = {},
) => ({
  removed: 0,
  kept: 0,
  failed: 0,
  ...more,
});
/** Puts five versions that no query reads, which are due one after the other. */
async function putFive() {
  partitions.set(TABLE, V2);
  for (let i = 1; i <= 5; i += 1) await put({ version: `20261101T090000000Z-0000000${i}`, ago: 6 - i });
}
const PIECE = `${loadFolder({ table: TABLE, day: DAY, version: V1 })}plan.json`;

it('deletes a version that no query reads, with the pieces of its load, and then its note', async () => {
  await put({ files: ['a.parquet', 'b.parquet', 'c.parquet'] });
  await store.write(fileKey(TABLE, V2), 'rows');
  await store.write(PIECE, '{}');
  partitions.set(TABLE, V2);
  const removed: string[] = [];
  onRemove = (keys) => void removed.push(...keys);
  expect(await sweep()).toEqual(counted({ removed: 1 }));
  expect([...store.objects.keys()]).toEqual([fileKey(TABLE, V2)]);
  expect(removed.slice(-2)).toEqual([PIECE, expect.stringContaining(VERSION_NOTES)]);
  expect(logged).toEqual([]);
});

it('keeps the version that queries read, and deletes the pieces of its load and its note', async () => {
  await put();
  await store.write(PIECE, '{}');
  partitions.set(TABLE, V1);
  expect(await sweep()).toEqual(counted({ kept: 1 }));
  expect([...store.objects.keys()]).toEqual([fileKey(TABLE, V1)]);
});

it('goes through all pages of notes that are due, over what is no note, and stops at one that is not due', async () => {
  await putFive();
  const strange = ['01', '02', '03'].map((day) => `${VERSION_NOTES}2026-11-${day}`);
  for (const key of strange) await store.write(key, '');
  const later = [await put({ ago: -1 }), await put({ version: V2, ago: -2 }), await put({ ago: -3 })];
  expect(await sweep()).toEqual(counted({ removed: 5 }));
  expect(notes()).toEqual([...strange, ...later].sort());
  store.take();
  expect(await sweep()).toEqual(counted());
  // Two of the strange keys, and the third beside the first that is not due.
  expect(store.take().lists).toBe(2);
  now += 1;
  expect(await sweep()).toEqual(counted({ removed: 1 }));
});

it('processes at most as many as it may, of the tables that it is for', async () => {
  for (let i = 1; i <= 3; i += 1)
    for (const table of [TABLE, 'acme_other']) {
      partitions.set(table, V2);
      await put({ table, version: `20261101T090000000Z-0000000${i}`, ago: 9 - i });
    }
  const isOurs = (table: string) => table === TABLE;
  let pages = 0;
  store.onCall = (prefix) => {
    if (prefix === VERSION_NOTES) pages += 1;
  };
  store.pageKeys = 4;
  expect(await sweep({ most: 1, isOurs })).toEqual(counted({ removed: 1 }));
  expect(pages).toBe(1);
  expect(await sweep({ most: 2, isOurs })).toEqual(counted({ removed: 2 }));
  expect(await sweep({ isOurs })).toEqual(counted());
  expect(notes().map((key) => key.split('/')[3])).toEqual(['acme_other', 'acme_other', 'acme_other']);
  expect(await sweep()).toEqual(counted({ removed: 3 }));
});

it.each([
  { what: 'a dataset', table: TABLE, source: 'acme', dataset: 'visits' },
  { what: 'a curated table', table: exposures, source: 'curated', dataset: 'exposures' },
])('keeps the version that a run of $what still makes, and its note', async ({ table, source, dataset }) => {
  const note = await put({ table });
  partitions.set(table, V2);
  await settle(source, dataset, { table, state: 'loading', version: V2, run: loadRun({ version: V1 }) });
  expect(await sweep()).toEqual(counted({ kept: 1 }));
  expect(notes()).toEqual([note]);
  await settle(source, dataset, { table, version: V2, run: loadRun({ version: V2 }) });
  expect(await sweep()).toEqual(counted({ removed: 1 }));
});

it.each([
  { what: 'partition', inCatalog: null },
  { what: 'table', inCatalog: undefined },
])('keeps the version of the ledger as long as the $what is missing, and no other', async ({ inCatalog }) => {
  if (inCatalog === null) partitions.set(TABLE, null);
  await settle('acme', 'visits', { table: TABLE, version: V1 });
  await put();
  await put({ version: V2 });
  expect(await sweep()).toEqual(counted({ removed: 1, kept: 1 }));
  expect(keysOf('statsig/')).toEqual([fileKey(TABLE, V1)]);
});

it('keeps the version of the ledger as long as the partition is in another bucket, and no other', async () => {
  partitions.set(TABLE, V2);
  partitionBucket = 'old';
  await settle('acme', 'visits', { table: TABLE, version: V1 });
  await put();
  await put({ version: V2 });
  expect(await sweep()).toEqual(counted({ removed: 1, kept: 1 }));
  expect(keysOf('statsig/')).toEqual([fileKey(TABLE, V1)]);
});

it.each([
  { what: 'of another table than the dataset has now', entry: { table: 'acme_before', version: V1 } },
  { what: 'without a version', entry: { table: TABLE } },
])('deletes what no partition has although the ledger has an entry $what', async ({ entry }) => {
  await settle('acme', 'visits', entry);
  await put();
  expect(await sweep()).toEqual(counted({ removed: 1 }));
});

it('deletes versions of a table that no dataset has any more', async () => {
  await put({ table: 'acme_removed' });
  await put({ table: exposures });
  const { statsigFolder, database } = config;
  expect(await sweep({ tables: { statsigFolder, database } })).toEqual(counted({ removed: 2 }));
});

it('deletes what no run makes by an entry that cannot be read, but not what may be its only version', async () => {
  await store.write(ledgerKey('acme', 'visits', DAY), 'broken');
  await put();
  expect(await sweep()).toEqual(counted({ failed: 1 }));
  expect(keysOf('statsig/')).toHaveLength(1);
  partitions.set(TABLE, V2);
  expect(await sweep()).toEqual(counted({ removed: 1 }));
});

it('keeps the note and the version if the catalog does not say what queries read, and goes on', async () => {
  const note = await put({ ago: 1 });
  await put({ table: 'acme_other' });
  partitions.set(TABLE, 'denied');
  expect(await sweep()).toEqual(counted({ removed: 1, failed: 1 }));
  expect(notes()).toEqual([note]);
  expect(keysOf('statsig/')).toEqual([fileKey(TABLE, V1)]);
  expect(logged).toEqual([
    expect.objectContaining({ level: 'error', event: 'ingest_sweep', note, error: 'CatalogCallError' }),
  ]);
});

it('keeps a version whose note a load has removed meanwhile', async () => {
  partitions.set(TABLE, V2);
  const note = await put();
  onCatalog = () => store.objects.delete(note);
  expect(await sweep()).toEqual(counted({ kept: 1 }));
  expect(keysOf('statsig/')).toEqual([fileKey(TABLE, V1)]);
});

it('fails for a version whose note it cannot delete, and goes on with it', async () => {
  partitions.set(TABLE, V2);
  const note = await put();
  onRemove = ([key]) => {
    if (key === note) throw new Error('SlowDown');
  };
  expect(await sweep()).toEqual(counted({ failed: 1 }));
  onRemove = () => {};
  expect(await sweep()).toEqual(counted({ removed: 1 }));
  expect([...store.objects]).toEqual([]);
});

it('gives a folder up that fills as fast as it is emptied, and keeps its note', async () => {
  partitions.set(TABLE, V2);
  const note = await put();
  let calls = 0;
  onRemove = () => {
    calls += 1;
    void store.write(fileKey(TABLE, V1, `${calls}.parquet`), 'rows');
  };
  expect(await sweep()).toEqual(counted({ failed: 1 }));
  expect(calls).toBe(20);
  expect(notes()).toEqual([note]);
});

it('begins no version after its deadline, and lists no more notes', async () => {
  await putFive();
  onRemove = () => {
    now = DEADLINE;
  };
  const { removed, failed } = await sweep();
  expect({ removed, failed }).toEqual({ removed: 2, failed: 0 });
  store.take();
  expect(await sweep()).toEqual(counted());
  expect(store.take().lists).toBe(1);
  expect(notes()).toHaveLength(3);
});

it('begins no version once its signal has ended it', async () => {
  partitions.set(TABLE, V2);
  await put();
  expect(await sweep({ signal: AbortSignal.abort() })).toEqual(counted());
  expect(notes()).toHaveLength(1);
});
