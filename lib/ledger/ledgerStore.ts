import type * as z from 'zod';
import { mapLimit } from '../base/concurrency.ts';
import { errorText } from '../base/errors.ts';
import { type ListedObject, listObjects, type ObjectStore } from '../base/ObjectStore.ts';
import type { UtcDay } from '../base/time.ts';
import { datasetLedger, ledgerDay, ledgerKey } from '../tables/ledgerKeys.ts';
import { type LedgerStore, ledgerEntrySchema } from './LedgerEntry.ts';
import { LedgerError } from './LedgerError.ts';

/** The ledger in a bucket. Methods throw LedgerError. */
export function ledgerStore(store: ObjectStore): LedgerStore {
  return {
    async read({ source, dataset, day }) {
      const key = ledgerKey(source, dataset, day);
      const read = await available(key, () => store.read(key, { listsIfDenied: true }));
      return read === null ? null : { entry: parse(read.text, ledgerEntrySchema, key), eTag: read.eTag };
    },

    async write(entry, expected) {
      const key = ledgerKey(entry.source, entry.dataset, entry.day);
      return available(key, () => store.write(key, JSON.stringify(entry), { expected }));
    },
  };
}

/** Small objects beside the ledger, one for each dataset. The last write wins. Methods throw LedgerError. */
export interface DatasetNotes<Note> {
  /** Reads the note of a dataset; null before the first. */
  read(source: string, dataset: string): Promise<Note | null>;
  /** Replaces the note of a dataset. */
  write(source: string, dataset: string, note: Note): Promise<void>;
}

/** Notes in a bucket. */
export function datasetNotes<Note>(
  store: ObjectStore,
  keyOf: (source: string, dataset: string) => string,
  schema: z.ZodType<Note>,
): DatasetNotes<Note> {
  return {
    async read(source, dataset) {
      const key = keyOf(source, dataset);
      const read = await available(key, () => store.read(key));
      return read === null ? null : parse(read.text, schema, key);
    },
    async write(source, dataset, note) {
      const key = keyOf(source, dataset);
      await available(key, () => store.write(key, JSON.stringify(note)));
    },
  };
}

/** The days of a dataset that have an entry, as a listing shows them: a call for a thousand days. Throws LedgerError. */
export type ListEntries = (source: string, dataset: string) => Promise<ListedEntries>;

/** Listed entries of a dataset, by their days. */
export type ListedEntries = ReadonlyMap<UtcDay, Pick<ListedObject, 'eTag' | 'modifiedAt'>>;

/** Lists entries in a bucket. */
export function listedEntries(store: Pick<ObjectStore, 'listPage'>): ListEntries {
  return (source, dataset) => {
    const folder = datasetLedger(source, dataset);
    return available(folder, async () => {
      const entries = new Map<UtcDay, ListedObject>();
      for await (const object of listObjects(store, folder)) {
        const day = ledgerDay(source, dataset, object.key);
        if (day !== null) entries.set(day, object);
      }
      return entries;
    });
  };
}

/** Notes that are read at the same time. */
const PARALLEL_NOTES = 8;

/**
 * What a run looks at, in the order of the last looks: first what was never looked at, then what was longest ago; what
 * is equal keeps its order. So a run whose time is up does not leave out the same each time. A note with `triedAt` is
 * of an item whose last look came to nothing then: it comes behind those that were looked at before.
 *
 * @param read The note of the last look at an item.
 * @returns Each item with its note, whose promise rejects if the note can't be read.
 */
export async function oldestFirst<
  Item,
  Look extends { readonly at: number; readonly triedAt?: number | undefined },
>(
  items: readonly Item[],
  read: (item: Item) => Promise<Look | null>,
): Promise<readonly { readonly item: Item; readonly look: Promise<Look | null> }[]> {
  const looked = await mapLimit(items, PARALLEL_NOTES, async (item) => {
    const look = read(item);
    return { item, look, at: await look.then((note) => note?.triedAt ?? note?.at ?? 0).catch(() => 0) };
  });
  return looked.toSorted((a, b) => a.at - b.at);
}

/** Parses a stored object. @throws LedgerError SLUICE_INGEST_LEDGER_INVALID. */
function parse<Value>(text: string, schema: z.ZodType<Value>, key: string): Value {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new LedgerError('SLUICE_INGEST_LEDGER_INVALID', `${key}.`, { cause: error });
  }
}

/** Makes a call of the store. @throws LedgerError SLUICE_INGEST_LEDGER_UNAVAILABLE in place of the store's error. */
async function available<Result>(key: string, call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    throw new LedgerError('SLUICE_INGEST_LEDGER_UNAVAILABLE', `${key}: ${errorText(error)}.`, {
      cause: error,
    });
  }
}
