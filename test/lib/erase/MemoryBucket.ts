import { readFile, writeFile } from 'node:fs/promises';
import type {
  EraseBucket,
  ObjectAttributes,
  ObjectVersions,
  StoredVersion,
} from '../../../lib/erase/EraseBucket.ts';

/** A version that is kept. */
interface Kept extends Omit<StoredVersion, 'isLatest' | 'size'> {
  /** Its body; null for a delete marker. */
  readonly bytes: Uint8Array | null;
}

/** The attributes of every object. */
const attributes: ObjectAttributes = {
  contentType: 'application/x-ndjson',
  headers: {},
  metadata: {},
  storageClass: undefined,
};

/**
 * A bucket in memory with versions, which notes what it is asked. The n-th object that is put has the ETag `"<n>"`, and the ID
 * `v<n>` if the bucket keeps versions.
 */
export class MemoryBucket implements EraseBucket {
  readonly name = 'acme-experiments';
  /** What was asked, each with the version that it was asked of, `fetch v1`; `hide` with the ETag. */
  readonly asked: string[] = [];
  /** Attributes of what replaced another object. */
  readonly replacedWith: ObjectAttributes[] = [];
  /** Keys of a page. */
  pageKeys = 2;
  /** Whether what is put leaves the version before. Otherwise it takes the place of the version with the ID `null`. */
  keepsVersions = true;
  /** The newest first. */
  #kept: Kept[] = [];
  #puts = 0;

  /** Puts an object, or a delete marker. @param modifiedAt Epoch milliseconds. */
  put(key: string, bytes: Uint8Array | null, modifiedAt = 0): Kept {
    this.#puts += 1;
    const versionId = this.keepsVersions ? `v${this.#puts}` : 'null';
    const put = { key, bytes, versionId, modifiedAt, eTag: `"${this.#puts}"` };
    this.#drop(put);
    this.#kept.unshift(put);
    return put;
  }

  /** The bodies of an object's versions, the newest first; null for a delete marker. */
  bodies(key: string): readonly (Uint8Array | null)[] {
    return this.#of(key).map(({ bytes }) => bytes);
  }

  async versions(key: string): Promise<readonly StoredVersion[]> {
    const [latest] = this.#of(key);
    return this.#of(key).flatMap(({ bytes, ...version }) =>
      bytes === null
        ? []
        : [{ ...version, size: bytes.length, isLatest: version.versionId === latest?.versionId }],
    );
  }

  async *objects(prefix: string, after = ''): AsyncGenerator<readonly ObjectVersions[]> {
    const all = this.#kept.map(({ key }) => key).filter((key) => key.startsWith(prefix) && key > after);
    const keys = [...new Set(all)].sort();
    while (keys.length > 0) {
      const page = keys.splice(0, this.pageKeys);
      const objects = await Promise.all(
        page.map(async (key) => ({ key, versions: await this.versions(key) })),
      );
      // S3 lists the delete markers of a key apart from its versions.
      yield objects.filter(({ versions }) => versions.length > 0);
    }
  }

  async fetch(version: StoredVersion, path: string): ReturnType<EraseBucket['fetch']> {
    this.asked.push(`fetch ${version.versionId}`);
    const { bytes } = this.#find(version) ?? {};
    if (bytes === undefined || bytes === null) return null;
    await writeFile(path, bytes);
    return attributes;
  }

  async replace(
    version: StoredVersion,
    path: string,
    given: ObjectAttributes,
  ): ReturnType<EraseBucket['replace']> {
    this.asked.push(`replace ${version.versionId}`);
    if (this.#of(version.key)[0]?.eTag !== version.eTag) return null;
    this.replacedWith.push(given);
    const { eTag, versionId } = this.put(version.key, await readFile(path));
    return { eTag, isKept: versionId !== version.versionId };
  }

  async hide({ key, eTag }: Pick<StoredVersion, 'key' | 'eTag'>): ReturnType<EraseBucket['hide']> {
    this.asked.push(`hide ${eTag}`);
    if (this.#of(key)[0]?.eTag !== eTag) return 'changed';
    this.put(key, null);
    return null;
  }

  async remove(
    version: Pick<StoredVersion, 'key' | 'versionId' | 'eTag'>,
    ifRead = false,
  ): ReturnType<EraseBucket['remove']> {
    this.asked.push(`remove ${version.versionId}${ifRead ? ' if read' : ''}`);
    // Only the version with the ID `null` can be another one than before.
    const isAnother = this.#find(version)?.eTag !== version.eTag;
    if (ifRead && version.versionId === 'null' && isAnother) return 'changed';
    this.#drop(version);
    return null;
  }

  /** The versions of an object, the newest first. */
  #of(wanted: string): readonly Kept[] {
    return this.#kept.filter(({ key }) => key === wanted);
  }

  /** The version of an ID. */
  #find({ key, versionId }: Pick<StoredVersion, 'key' | 'versionId'>): Kept | undefined {
    return this.#of(key).find((version) => version.versionId === versionId);
  }

  /** Forgets the version of an ID. */
  #drop({ key, versionId }: Pick<StoredVersion, 'key' | 'versionId'>): void {
    this.#kept = this.#kept.filter((version) => version.key !== key || version.versionId !== versionId);
  }
}
