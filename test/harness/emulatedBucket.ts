import { buffer } from 'node:stream/consumers';
import {
  type DeletedObject,
  type FolderPage,
  isArchive,
  type ListedObject,
  type ListOptions,
  type ObjectHead,
  type ObjectPage,
  type ObjectStore,
  type ObjectText,
  type OpenedObject,
  type OpenOptions,
  type ReadOptions,
  type WriteOptions,
} from '../../lib/base/ObjectStore.ts';
import type { Faults } from '../../packages/local-aws/src/faults/index.ts';
import type { ObjectStore as EmulatedS3 } from '../../packages/local-aws/src/s3/index.ts';

/** Keys of a page, as S3's. */
const PAGE = 1_000;

/**
 * A bucket of the local S3 without the wire between: for code whose calls are many, and about which `test/lib/aws/` proves that
 * real clients do the same. Clients see what is written here, and it sees what they write.
 *
 * @param faults Those of calls that fail, by the names of S3's operations.
 */
export function emulatedBucket(
  s3: EmulatedS3,
  bucket: string,
  faults: Pick<Faults, 'takeCall'>,
): ObjectStore {
  return new EmulatedBucket(s3, bucket, faults);
}

class EmulatedBucket implements ObjectStore {
  readonly #s3: EmulatedS3;
  readonly #bucket: string;
  readonly #faults: Pick<Faults, 'takeCall'>;

  constructor(s3: EmulatedS3, bucket: string, faults: Pick<Faults, 'takeCall'>) {
    this.#s3 = s3;
    this.#bucket = bucket;
    this.#faults = faults;
  }

  async read(key: string, options?: ReadOptions): Promise<ObjectText | null> {
    const found = await this.#get(key, options);
    return found === null ? null : { text: (await buffer(found.body)).toString(), eTag: found.eTag };
  }

  async open(key: string, options?: OpenOptions): Promise<OpenedObject | null> {
    try {
      return await this.#get(key, options);
    } catch (error) {
      if (codeOf(error) === 'PreconditionFailed') return null;
      throw error;
    }
  }

  head(key: string): Promise<ObjectHead | null> {
    const head = () => {
      const { etag, attributes } = this.#s3.head(this.#bucket, key);
      return { eTag: `"${etag}"`, metadata: attributes.metadata };
    };
    return this.#call('HeadObject', key, head, ['NoSuchKey']);
  }

  async write(
    key: string,
    body: string | Uint8Array,
    { expected, contentType = 'application/json', metadata = {} }: WriteOptions = {},
  ): Promise<string | null> {
    const condition = conditionOf(expected);
    const isNull = expected === undefined ? [] : ['PreconditionFailed', 'NoSuchKey'];
    const put = () => this.#s3.put(this.#bucket, key, body, { condition, contentType, metadata });
    const written = await this.#call('PutObject', key, put, isNull);
    return written === null ? null : `"${written.etag}"`;
  }

  async remove(key: string, eTag: string): Promise<'removed' | 'gone' | 'changed'> {
    return (await this.#call('DeleteObject', key, () => this.#delete(key, eTag))) ?? 'gone';
  }

  async removeAll(objects: readonly DeletedObject[]): ReturnType<ObjectStore['removeAll']> {
    const gone = await this.#call('DeleteObjects', '', () =>
      objects.filter(({ key, eTag }) => this.#delete(key, eTag) !== 'removed').map(({ key }) => key),
    );
    return { left: [], gone: gone ?? [] };
  }

  async listPage(prefix: string, options: ListOptions = {}): Promise<ObjectPage> {
    const page = await this.#list(prefix, options, {});
    const entries = page?.entries ?? [];
    const items = entries.flatMap((entry) => ('object' in entry ? [listedObject(entry.object)] : []));
    return { items, next: page?.next };
  }

  async listFolders(prefix: string, options: ListOptions = {}): Promise<FolderPage> {
    const page = await this.#list(prefix, options, { delimiter: '/' });
    const entries = page?.entries ?? [];
    const names = entries.flatMap((entry) => ('commonPrefix' in entry ? [entry.commonPrefix] : []));
    return { items: names.map((name) => name.slice(prefix.length, -1)), next: page?.next };
  }

  /** One call that lists objects or folders. */
  #list(prefix: string, { token, after = token, limit = PAGE }: ListOptions, by: { delimiter?: string }) {
    const query = { prefix, limit, ...by };
    return this.#call('ListObjectsV2', prefix, () =>
      this.#s3.list(this.#bucket, after === undefined ? query : { ...query, after }),
    );
  }

  /** Opens an object; null if there is none. @throws Error `PreconditionFailed`, if it has another ETag. */
  #get(key: string, { ifMatch, range }: OpenOptions = {}): Promise<OpenedObject | null> {
    const get = () => {
      const part = range === undefined ? undefined : { start: range.first, end: range.last };
      const { object, body } = this.#s3.get(this.#bucket, key, part);
      if (ifMatch !== undefined && unquoted(ifMatch) !== object.etag) {
        body.destroy();
        throw Object.assign(new Error(key), { code: 'PreconditionFailed' });
      }
      const { versionId, modifiedMs, attributes, size } = object;
      const { metadata } = attributes;
      return { body, eTag: `"${object.etag}"`, versionId, modifiedAt: modifiedMs, bytes: size, metadata };
    };
    return this.#call('GetObject', key, get, ['NoSuchKey']);
  }

  /** Deletes an object that has this ETag, or any if it is `*`, and says what became of it. */
  #delete(key: string, eTag: string): 'removed' | 'gone' | 'changed' {
    try {
      this.#s3.head(this.#bucket, key);
      this.#s3.delete(this.#bucket, key, eTag === '*' ? {} : { ifMatch: unquoted(eTag) });
      return 'removed';
    } catch (error) {
      if (codeOf(error) === 'PreconditionFailed') return 'changed';
      if (codeOf(error) === 'NoSuchKey') return 'gone';
      throw error;
    }
  }

  /** Makes one call, or fails as a fault says. @param isNull S3's codes of errors for which the answer is null. */
  async #call<Answer>(
    operation: string,
    key: string,
    run: () => Answer | Promise<Answer>,
    isNull: readonly string[] = [],
  ): Promise<Answer | null> {
    const resource = `${this.#bucket}/${key}`;
    const { before } = this.#faults.takeCall({ service: 's3', operation, resource });
    if (before.delayMs > 0 || before.end === 'reset') throw new Error('Only a client sees such a fault.');
    if (before.end !== undefined) throw before.end;
    try {
      return await run();
    } catch (error) {
      if (isNull.includes(codeOf(error))) return null;
      throw error;
    }
  }
}

/** An object as a page of the port lists it. */
function listedObject({
  key,
  size,
  etag,
  modifiedMs,
  attributes,
}: ReturnType<EmulatedS3['head']>): ListedObject {
  const object = { key, size, eTag: `"${etag}"`, modifiedAt: modifiedMs };
  return isArchive(attributes.storageClass) ? { ...object, isArchived: true } : object;
}

/** The condition of a write. @param expected The ETag that is expected; null: no object; undefined: anything. */
function conditionOf(expected: string | null | undefined): {
  readonly ifNoneMatch?: '*';
  readonly ifMatch?: string;
} {
  if (expected === undefined) return {};
  return expected === null ? { ifNoneMatch: '*' } : { ifMatch: unquoted(expected) };
}

const unquoted = (eTag: string) => eTag.replaceAll('"', '');
/** S3's code of an error; empty of another's. */
const codeOf = (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : '');
