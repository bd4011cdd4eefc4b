import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import {
  type DeletedObject,
  type FolderPage,
  type ListOptions,
  type ObjectHead,
  type ObjectPage,
  type ObjectStore,
  type ObjectText,
  type OpenedObject,
  storedText,
  type WriteOptions,
} from '../../lib/base/ObjectStore.ts';
import type { LandingBucket } from '../../lib/ledger/LandingBucket.ts';

/** An object that is computed whenever it is listed or read. */
export interface ComputedObject {
  /** What its key has behind the folder and the group: `.json`, or `/file.parquet`. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** With its quotes. */
  readonly eTag: string;
  /** Epoch milliseconds. Default 0. */
  readonly modifiedAt?: number;
  /** Its text. Default: it has none that could be read. */
  readonly text?: () => string;
}

/** A folder whose objects are computed: ten years of a deployment have millions, which no test can hold. */
export interface ComputedFolder {
  /** With a slash at its end. No other folder's begins with it. */
  readonly prefix: string;
  /** What keys have behind it, in order and none the beginning of another: mostly days. */
  readonly groups: readonly string[];
  /** The objects of a group, in the order of their names. */
  readonly objects: (group: string) => readonly ComputedObject[];
}

/** Calls of a store by what S3 bills, and bytes of bodies. */
interface StoreCounts {
  /** Pages that were listed. */
  list: number;
  /** Objects that were read. */
  get: number;
  /** Objects that were written. */
  put: number;
  /** Calls that deleted an object. */
  remove: number;
  /** Bytes of the bodies that were read. */
  bytesRead: number;
  /** Bytes of the bodies that were written. */
  bytesWritten: number;
}

const PAGE = 1_000;

/**
 * A bucket of computed folders, which counts its calls. What is written or deleted is kept in memory and hides what is computed.
 * A page has 1,000 keys, as S3's. `MemoryObjects` has S3's faults; this one has none.
 */
export class ComputedObjects implements ObjectStore {
  readonly counts: StoreCounts = { list: 0, get: 0, put: 0, remove: 0, bytesRead: 0, bytesWritten: 0 };
  readonly #folders: readonly ComputedFolder[];
  /** Null: deleted. */
  readonly #written = new Map<string, (ComputedObject & { readonly bytes: Buffer }) | null>();
  /** The group that was listed last, as its next page follows. */
  #last: { readonly key: string; readonly objects: readonly ComputedObject[] } | undefined;

  constructor(folders: readonly ComputedFolder[]) {
    this.#folders = [...folders].sort((a, b) => (a.prefix < b.prefix ? -1 : 1));
  }

  async read(key: string) {
    await Promise.resolve();
    this.counts.get += 1;
    const found = this.#find(key);
    if (found === null) return null;
    const text = textOf(found, key);
    this.counts.bytesRead += Buffer.byteLength(text);
    return { text, eTag: found.eTag } satisfies ObjectText;
  }

  async open(key: string): Promise<OpenedObject | null> {
    const read = await this.read(key);
    if (read === null) return null;
    const body = Readable.from([Buffer.from(read.text)]);
    return { body, eTag: read.eTag, modifiedAt: this.#find(key)?.modifiedAt ?? 0, bytes: undefined };
  }

  async head(key: string): Promise<ObjectHead | null> {
    await Promise.resolve();
    this.counts.get += 1;
    const found = this.#find(key);
    return found === null ? null : { eTag: found.eTag, metadata: {} };
  }

  async write(key: string, body: string | Uint8Array, { expected }: WriteOptions = {}) {
    await Promise.resolve();
    this.counts.put += 1;
    if (expected !== undefined && (this.#find(key)?.eTag ?? null) !== expected) return null;
    const bytes = Buffer.from(body);
    this.counts.bytesWritten += bytes.length;
    const eTag = `"written ${this.counts.put}"`;
    this.#written.set(key, { name: key, size: bytes.length, eTag, bytes, text: () => bytes.toString() });
    return eTag;
  }

  async remove(key: string, eTag: string): Promise<'removed' | 'gone' | 'changed'> {
    await Promise.resolve();
    this.counts.remove += 1;
    return this.#remove(key, eTag);
  }

  async removeAll(objects: readonly DeletedObject[]): ReturnType<ObjectStore['removeAll']> {
    await Promise.resolve();
    this.counts.remove += Math.ceil(objects.length / PAGE);
    return {
      left: [],
      gone: objects.filter(({ key, eTag }) => this.#remove(key, eTag) !== 'removed').map(({ key }) => key),
    };
  }

  async listPage(
    prefix: string,
    { token, after = token, limit = PAGE }: ListOptions = {},
  ): Promise<ObjectPage> {
    await Promise.resolve();
    this.counts.list += 1;
    const own = [...this.#written].filter(
      ([key, object]) => object !== null && key.startsWith(prefix) && (after === undefined || key > after),
    );
    const items = own.flatMap(([key, object]) => (object === null ? [] : [listed(key, object)]));
    // One more than a page of computed keys, which written ones only move back.
    let computed = 0;
    for (const [key, object] of this.#computedKeys(prefix, after)) {
      if (this.#written.has(key)) continue;
      items.push(listed(key, object));
      computed += 1;
      if (computed > limit) break;
    }
    items.sort((a, b) => (a.key < b.key ? -1 : 1));
    const page = items.slice(0, limit);
    return { items: page, next: items.length > limit ? page.at(-1)?.key : undefined };
  }

  async listFolders(
    prefix: string,
    { token, after = token, limit = PAGE }: ListOptions = {},
  ): Promise<FolderPage> {
    await Promise.resolve();
    this.counts.list += 1;
    const names = new Set<string>();
    for (const folder of this.#folders)
      if (folder.prefix === prefix) for (const group of folder.groups) names.add(group);
    for (const [key, object] of this.#written) {
      const [name = '', ...deeper] = key.slice(prefix.length).split('/');
      if (object !== null && key.startsWith(prefix) && deeper.length > 0) names.add(name);
    }
    const left = [...names].sort().filter((name) => after === undefined || `${prefix}${name}` > after);
    const page = left.slice(0, limit);
    const next = left.length > limit ? `${prefix}${page.at(-1)}` : undefined;
    return { items: page, next };
  }

  *#computedKeys(
    prefix: string,
    after = '',
  ): Generator<readonly [key: string, object: ComputedObject], void, undefined> {
    const from = after > prefix ? after : prefix;
    for (const folder of this.#folders) {
      if (!folder.prefix.startsWith(prefix) && !prefix.startsWith(folder.prefix)) continue;
      const { groups } = folder;
      for (let index = firstGroup(folder, from); index < groups.length; index += 1) {
        const group = groups[index] ?? '';
        const start = `${folder.prefix}${group}`;
        if (start > prefix && !start.startsWith(prefix)) break;
        for (const object of this.#objects(folder, group)) {
          const key = `${start}${object.name}`;
          if (key.startsWith(prefix) && key > after) yield [key, object];
        }
      }
    }
  }

  #objects(folder: ComputedFolder, group: string): readonly ComputedObject[] {
    const key = `${folder.prefix}${group}`;
    if (this.#last?.key !== key) this.#last = { key, objects: folder.objects(group) };
    return this.#last.objects;
  }

  #find(key: string): ComputedObject | null {
    const written = this.#written.get(key);
    if (written !== undefined) return written;
    for (const [found, object] of this.#computedKeys(key)) if (found === key) return object;
    return null;
  }

  #remove(key: string, eTag: string): 'removed' | 'gone' | 'changed' {
    const found = this.#find(key);
    if (found === null) return 'gone';
    if (eTag !== '*' && eTag !== found.eTag) return 'changed';
    this.#written.set(key, null);
    return 'removed';
  }
}

/** The deployment's bucket, as loads write to it, before a store. */
export function landingOf(store: ObjectStore): LandingBucket {
  return {
    upload: async (path, key) => void (await store.write(key, await readFile(path))),
    async copy(from, to) {
      const opened = await store.open(from);
      if (opened === null) throw new Error(`${from} is gone.`);
      await store.write(to, await buffer(opened.body));
    },
    putNote: async (key) => void (await store.write(key, '')),
    putText: async (key, text) => void (await store.write(key, text)),
    readText: async (key) => (await store.read(key))?.text ?? null,
    text: (key) => storedText(store, key),
    listPage: (prefix, options) => store.listPage(prefix, options),
    list: async (prefix, after) => (await store.listPage(prefix, { after })).items.map(({ key }) => key),
    remove: async (keys) => void (await store.removeAll(keys.map((key) => ({ key, eTag: '*' })))),
  };
}

/** The last group that a key may belong to, or the first that follows it. */
function firstGroup({ prefix, groups }: ComputedFolder, key: string): number {
  let low = 0;
  let high = groups.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (`${prefix}${groups[middle]}` <= key) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

/** An object as a page lists it. */
function listed(key: string, { size, eTag, modifiedAt = 0 }: ComputedObject) {
  return { key, size, eTag, modifiedAt };
}

/** The text of an object. @throws Error for an object that has none, as no test reads it. */
function textOf({ text }: ComputedObject, key: string): string {
  if (text === undefined) throw new Error(`${key} has no text.`);
  return text();
}
