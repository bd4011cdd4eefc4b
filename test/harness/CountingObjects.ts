import type { ListedObject, ListOptions, ReadOptions, WriteOptions } from '../../lib/base/ObjectStore.ts';
import { MemoryObjects } from './MemoryObjects.ts';

/** What a run has asked of a bucket. */
export interface Asked {
  lists: number;
  reads: number;
  writes: number;
  /** Bytes of what was read, listed and written: of a listed object as many as its name has. */
  bytes: number;
}

/** A bucket in memory for many objects, with S3's pages, that counts calls and bytes. */
export class CountingObjects extends MemoryObjects {
  override pageKeys = 1_000;
  /** Called before each listing and each read, with its prefix or key. */
  onCall: (key: string) => void = () => {};
  #sorted: string[] | undefined;
  readonly asked: Asked = { lists: 0, reads: 0, writes: 0, bytes: 0 };

  /** What was asked since the last call. */
  take(): Asked {
    const { ...asked } = this.asked;
    Object.assign(this.asked, { lists: 0, reads: 0, writes: 0, bytes: 0 });
    return asked;
  }

  override async read(key: string, options?: ReadOptions) {
    this.onCall(key);
    const found = await super.read(key, options);
    this.asked.reads += 1;
    this.asked.bytes += found?.text.length ?? 0;
    return found;
  }

  override async write(key: string, body: string | Uint8Array, options?: WriteOptions) {
    this.asked.writes += 1;
    this.asked.bytes += body.length;
    if (!this.objects.has(key)) this.#sorted = undefined;
    return super.write(key, body, options);
  }

  override async remove(key: string, eTag: string) {
    this.#sorted = undefined;
    return super.remove(key, eTag);
  }

  override async listPage(prefix: string, options: ListOptions = {}) {
    this.onCall(prefix);
    await Promise.resolve();
    const page = this.#page(prefix, options);
    this.asked.lists += 1;
    for (const { key } of page.items) this.asked.bytes += key.length;
    for (const name of page.folders) this.asked.bytes += name.length;
    return page;
  }

  #page(prefix: string, { token, after = token ?? '', folders = false, limit = this.pageKeys }: ListOptions) {
    this.#sorted ??= [...this.objects.keys()].sort();
    const items: ListedObject[] = [];
    const names: string[] = [];
    const from = after > prefix ? after : prefix;
    for (let i = firstFrom(this.#sorted, from); i < this.#sorted.length; i += 1) {
      const key = this.#sorted[i] ?? '';
      if (!key.startsWith(prefix)) break;
      if (key <= after || (folders && key.startsWith(`${after}/`))) continue;
      const slash = key.indexOf('/', prefix.length);
      if (folders && slash < 0) continue;
      const name = key.slice(prefix.length, slash);
      if (folders && names.at(-1) === name) continue;
      if (items.length + names.length === limit) {
        return { items, folders: names, next: items.at(-1)?.key ?? `${prefix}${names.at(-1)}` };
      }
      if (folders) names.push(name);
      else items.push(this.#listed(key));
    }
    return { items, folders: names, next: undefined };
  }

  #listed(key: string): ListedObject {
    const found = this.objects.get(key);
    return {
      key,
      size: found?.bytes.length ?? 0,
      eTag: found?.eTag ?? '',
      modifiedAt: found?.modifiedAt ?? 0,
    };
  }
}

/** Where the first key is that is not before another, in sorted keys. */
function firstFrom(keys: readonly string[], wanted: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] ?? '') < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
