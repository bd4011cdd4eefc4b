import { Readable } from 'node:stream';
import type {
  DeletedObject,
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

interface Stored extends ObjectHead {
  readonly bytes: Buffer;
  readonly modifiedAt: number;
}

/** A bucket in memory, with S3's conditional writes and their faults. `s3ObjectStore.test.ts` compares it with S3. */
export class MemoryObjects implements ObjectStore {
  /** Taken one for each write; null for none, as when there are no more. */
  faults: (WriteFault | null)[] = [];
  /** Keys of a page, of which S3 has a thousand: whoever forgets the second page misses some of nearly every list. */
  pageKeys = 2;
  /** Called as an object is written. */
  onWrite: (before: Buffer | undefined, after: Buffer) => void = () => {};
  readonly objects = new Map<string, Stored>();
  readonly #clock: Clock;
  #writes = 0;

  /** @param clock Gives `modifiedAt`. Default: it is 0. */
  constructor(clock: Clock = { now: () => 0 }) {
    this.#clock = clock;
  }

  async read(key: string, { ifMatch }: ReadOptions = {}) {
    await Promise.resolve();
    const found = this.objects.get(key);
    if (found === undefined) return null;
    if (ifMatch !== undefined && ifMatch !== found.eTag) throw failure('PreconditionFailed');
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
    this.objects.set(key, { bytes, eTag, metadata, modifiedAt: this.#clock.now() });
    if (fault === 'lost_answer') throw failure('lost');
    return fault === 'written_twice' ? null : eTag;
  }

  async remove(key: string, eTag: string): Promise<'removed' | 'gone' | 'changed'> {
    await Promise.resolve();
    const found = this.objects.get(key);
    if (found === undefined) return 'gone';
    if (eTag !== '*' && found.eTag !== eTag) return 'changed';
    this.objects.delete(key);
    return 'removed';
  }

  async removeAll(objects: readonly DeletedObject[]): ReturnType<ObjectStore['removeAll']> {
    const gone: string[] = [];
    for (const { key, eTag } of objects) if ((await this.remove(key, eTag)) !== 'removed') gone.push(key);
    return { left: [], gone };
  }

  async listPage(
    prefix: string,
    { token, after = token, folders = false, limit = this.pageKeys }: ListOptions = {},
  ): Promise<ObjectPage> {
    await Promise.resolve();
    const under = [...this.objects].filter(
      ([key]) =>
        key.startsWith(prefix) &&
        (after === undefined || (key > after && !(folders && key.startsWith(`${after}/`)))),
    );
    const named = under.map((one) => ({ one, name: Buffer.from(one[0]) }));
    const left = named.sort((a, b) => Buffer.compare(a.name, b.name)).map(({ one }) => one);
    if (folders) {
      const paths = left.map(([key]) => key.slice(prefix.length).split('/'));
      const names = paths.filter(({ length }) => length > 1).map(([name = '']) => name);
      const all = [...new Set(names)];
      const page = all.slice(0, limit);
      const next = all.length > limit ? `${prefix}${page.at(-1)}` : undefined;
      return { items: [], folders: page, next };
    }
    const items = left
      .slice(0, limit)
      .map(([key, { bytes, eTag, modifiedAt }]) => ({ key, size: bytes.length, eTag, modifiedAt }));
    return { items, folders: [], next: left.length > limit ? items.at(-1)?.key : undefined };
  }
}

function failure(name: string): Error {
  return Object.assign(new Error(name), { name });
}
