import { Readable } from 'node:stream';
import type {
  DeletedObject,
  FolderPage,
  ListedObject,
  ListOptions,
  ObjectHead,
  ObjectPage,
  ObjectStore,
  ObjectText,
  OpenedObject,
  OpenOptions,
  ReadOptions,
  WriteOptions,
} from '../../lib/base/ObjectStore.ts';
import type { Clock } from '../../lib/base/time.ts';

/**
 * The outcome of a write. `lost_answer`: written, and the caller hears of a failure. `written_twice`: the client sends it
 * again by itself, and the second is refused. `conflict`: 409, nothing written. `away`: nothing written.
 */
export type WriteFault = 'lost_answer' | 'written_twice' | 'conflict' | 'away';

/** An object that is kept. */
interface Stored extends ObjectHead {
  /** Its body. */
  readonly bytes: Buffer;
  /** When it was written, epoch milliseconds. */
  readonly modifiedAt: number;
}

/** What a run has asked of a bucket. */
export interface Asked {
  /** Pages that were listed. */
  lists: number;
  /** Objects whose text was read. */
  reads: number;
  /** Objects that were written. */
  writes: number;
  /** Bytes of the texts that were read, of what was listed, and of what was written: of a listed object as many as its name has. */
  bytes: number;
}

/** A bucket in memory, with S3's conditional writes and their faults, which counts calls. `s3ObjectStore.contract.test.ts` compares it with S3. */
export class MemoryObjects implements ObjectStore {
  /** Taken one for each write; null for none, as when there are no more. */
  faults: (WriteFault | null)[] = [];
  /** Keys of a page, of which S3 has a thousand: whoever forgets the second page misses some of nearly every list. */
  pageKeys = 2;
  /** Called as an object is written. */
  onWrite: (before: Buffer | undefined, after: Buffer) => void = () => {};
  /** Called before each listing and each read of a text, with its prefix or key. */
  onCall: (key: string) => void = () => {};
  readonly asked: Asked = { lists: 0, reads: 0, writes: 0, bytes: 0 };
  readonly objects = new Map<string, Stored>();
  /** Keys whose objects are in an archive class. */
  readonly archived = new Set<string>();
  /** The keys in the order of S3's lists. */
  #sorted: string[] = [];
  readonly #clock: Clock;
  #writes = 0;

  /** @param clock Gives `modifiedAt`. Default: it is 0. */
  constructor(clock: Clock = { now: () => 0 }) {
    this.#clock = clock;
  }

  /** What was asked since the last call. */
  take(): Asked {
    const { ...asked } = this.asked;
    Object.assign(this.asked, { lists: 0, reads: 0, writes: 0, bytes: 0 });
    return asked;
  }

  async read(key: string, _options?: ReadOptions) {
    this.onCall(key);
    await Promise.resolve();
    const found = this.objects.get(key);
    this.asked.reads += 1;
    this.asked.bytes += found?.bytes.length ?? 0;
    if (found === undefined) return null;
    return { text: found.bytes.toString(), eTag: found.eTag } satisfies ObjectText;
  }

  async open(key: string, { ifMatch, range }: OpenOptions = {}): Promise<OpenedObject | null> {
    await Promise.resolve();
    const found = this.objects.get(key);
    if (found === undefined || (ifMatch !== undefined && ifMatch !== found.eTag)) return null;
    const bytes = range === undefined ? found.bytes : found.bytes.subarray(range.first, range.last + 1);
    const { eTag, modifiedAt, metadata } = found;
    return { body: Readable.from([bytes]), eTag, modifiedAt, metadata, bytes: bytes.length };
  }

  async head(key: string): Promise<ObjectHead | null> {
    await Promise.resolve();
    const found = this.objects.get(key);
    return found === undefined ? null : { eTag: found.eTag, metadata: found.metadata };
  }

  async write(
    key: string,
    body: string | Uint8Array,
    { expected, throwsConflict = false, metadata = {} }: WriteOptions = {},
  ): Promise<string | null> {
    this.asked.writes += 1;
    this.asked.bytes += body.length;
    const fault = this.faults.shift() ?? null;
    await Promise.resolve();
    if (fault === 'away') throw failure('away');
    if (fault === 'conflict' && (throwsConflict || expected === undefined))
      throw failure('ConditionalRequestConflict');
    if (fault === 'conflict') return null;
    if (expected !== undefined && (this.objects.get(key)?.eTag ?? null) !== expected) return null;
    this.#writes += 1;
    const bytes = Buffer.from(body);
    const eTag = `"${this.#writes}"`;
    this.onWrite(this.objects.get(key)?.bytes, bytes);
    const place = firstFrom(this.#sorted, key);
    if (this.#sorted[place] !== key) this.#sorted.splice(place, 0, key);
    this.objects.set(key, { bytes, eTag, metadata, modifiedAt: this.#clock.now() });
    if (fault === 'lost_answer') throw failure('lost');
    return fault === 'written_twice' ? null : eTag;
  }

  async remove(key: string, eTag: string): Promise<'removed' | 'gone' | 'changed'> {
    await Promise.resolve();
    const found = this.objects.get(key);
    if (found === undefined) return 'gone';
    if (eTag !== '*' && found.eTag !== eTag) return 'changed';
    this.#sorted.splice(firstFrom(this.#sorted, key), 1);
    this.objects.delete(key);
    return 'removed';
  }

  async removeAll(objects: readonly DeletedObject[]): ReturnType<ObjectStore['removeAll']> {
    const gone: string[] = [];
    for (const { key, eTag } of objects) if ((await this.remove(key, eTag)) !== 'removed') gone.push(key);
    return { left: [], gone };
  }

  async listPage(prefix: string, options: ListOptions = {}): Promise<ObjectPage> {
    this.onCall(prefix);
    await Promise.resolve();
    const page = this.#pageOf(prefix, options, (key) => key);
    this.#count(page.items);
    return { items: page.items.map((key) => this.#listed(key)), next: page.next };
  }

  async listFolders(prefix: string, options: ListOptions = {}): Promise<FolderPage> {
    this.onCall(prefix);
    await Promise.resolve();
    const page = this.#pageOf(prefix, options, (key) => {
      const slash = key.indexOf('/', prefix.length);
      return slash < 0 ? undefined : key.slice(0, slash);
    });
    const items = page.items.map((folder) => folder.slice(prefix.length));
    this.#count(items);
    return { items, next: page.next };
  }

  /** Counts a list by what it answers. */
  #count(names: readonly string[]): void {
    this.asked.lists += 1;
    for (const name of names) this.asked.bytes += name.length;
  }

  /** A page of what is listed of keys, each once: the key, its folder, or nothing of it. */
  #pageOf(
    prefix: string,
    { token, after = token ?? '', limit = this.pageKeys }: ListOptions,
    listed: (key: string) => string | undefined,
  ): FolderPage {
    const keys = this.#sorted;
    const items: string[] = [];
    for (let i = firstFrom(keys, isBefore(after, prefix) ? prefix : after); i < keys.length; i += 1) {
      const key = keys[i] ?? '';
      if (!key.startsWith(prefix)) break;
      // A test may have taken the object out of the map.
      const item = this.objects.has(key) ? listed(key) : undefined;
      if (item === undefined || item === after || item === items.at(-1)) continue;
      if (items.length === limit) return { items, next: items.at(-1) };
      items.push(item);
    }
    return { items, next: undefined };
  }

  #listed(key: string): ListedObject {
    const { bytes, eTag = '', modifiedAt = 0 } = this.objects.get(key) ?? {};
    const object = { key, size: bytes?.length ?? 0, eTag, modifiedAt };
    return this.archived.has(key) ? { ...object, isArchived: true } : object;
  }
}

/** What UTF-16 sorts otherwise than S3, which compares bytes. */
const SURROGATES = /[\ud800-\uffff]/;

/** Whether S3 lists a key before another. */
function isBefore(first: string, other: string): boolean {
  return SURROGATES.test(first) || SURROGATES.test(other)
    ? Buffer.compare(Buffer.from(first), Buffer.from(other)) < 0
    : first < other;
}

/** Where the first key is that is not before another, in sorted keys. */
function firstFrom(keys: readonly string[], wanted: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore(keys[middle] ?? '', wanted)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** An error as the client of S3 throws it, by the name of its code. */
function failure(name: string): Error {
  return Object.assign(new Error(name), { name });
}
