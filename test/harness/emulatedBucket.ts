import { buffer } from 'node:stream/consumers';
import { isArchive, type ObjectStore } from '../../lib/base/ObjectStore.ts';
import type { Faults } from '../../packages/local-aws/src/faults/index.ts';
import type { ObjectStore as EmulatedS3 } from '../../packages/local-aws/src/s3/index.ts';

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
  /** Makes one call. @param isNull S3's codes of errors for which the answer is null. */
  async function call<Answer>(
    operation: string,
    key: string,
    run: () => Answer | Promise<Answer>,
    isNull: readonly string[] = [],
  ): Promise<Answer | null> {
    const { before } = faults.takeCall({ service: 's3', operation, resource: `${bucket}/${key}` });
    if (before.delayMs > 0 || before.end === 'reset') throw new Error('Only a client sees such a fault.');
    if (before.end !== undefined) throw before.end;
    try {
      return await run();
    } catch (error) {
      if (isNull.includes(codeOf(error))) return null;
      throw error;
    }
  }
  /** Deletes an object if it has an ETag, or `*` any, and says what became of it. */
  const remove = (key: string, eTag: string): 'removed' | 'gone' | 'changed' => {
    try {
      s3.head(bucket, key);
      s3.delete(bucket, key, eTag === '*' ? {} : { ifMatch: unquoted(eTag) });
      return 'removed';
    } catch (error) {
      if (codeOf(error) === 'PreconditionFailed') return 'changed';
      if (codeOf(error) === 'NoSuchKey') return 'gone';
      throw error;
    }
  };
  /** Opens an object; null if there is none. */
  const get: ObjectStore['open'] = (key, { ifMatch, range } = {}) =>
    call(
      'GetObject',
      key,
      () => {
        const part = range === undefined ? undefined : { start: range.first, end: range.last };
        const { object, body } = s3.get(bucket, key, part);
        if (ifMatch !== undefined && unquoted(ifMatch) !== object.etag) {
          body.destroy();
          throw Object.assign(new Error(key), { code: 'PreconditionFailed' });
        }
        const { versionId, modifiedMs, attributes, size } = object;
        const { metadata } = attributes;
        return { body, eTag: `"${object.etag}"`, versionId, modifiedAt: modifiedMs, bytes: size, metadata };
      },
      ['NoSuchKey'],
    );
  return {
    async read(key, options) {
      const found = await get(key, options);
      return found === null ? null : { text: (await buffer(found.body)).toString(), eTag: found.eTag };
    },
    async open(key, options) {
      try {
        return await get(key, options);
      } catch (error) {
        if (codeOf(error) === 'PreconditionFailed') return null;
        throw error;
      }
    },
    head: (key) =>
      call(
        'HeadObject',
        key,
        () => {
          const { etag, attributes } = s3.head(bucket, key);
          return { eTag: `"${etag}"`, metadata: attributes.metadata };
        },
        ['NoSuchKey'],
      ),
    async write(key, body, { expected, contentType = 'application/json', metadata = {} } = {}) {
      const condition = conditionOf(expected);
      const isNull = expected === undefined ? [] : ['PreconditionFailed', 'NoSuchKey'];
      const put = () => s3.put(bucket, key, body, { condition, contentType, metadata });
      const written = await call('PutObject', key, put, isNull);
      return written === null ? null : `"${written.etag}"`;
    },
    async remove(key, eTag) {
      return (await call('DeleteObject', key, () => remove(key, eTag))) ?? 'gone';
    },
    async removeAll(objects) {
      const gone = await call('DeleteObjects', '', () =>
        objects.filter(({ key, eTag }) => remove(key, eTag) !== 'removed').map(({ key }) => key),
      );
      return { left: [], gone: gone ?? [] };
    },
    async listPage(prefix, { token, after = token, folders = false, limit = PAGE } = {}) {
      const query = { prefix, limit, ...(folders ? { delimiter: '/' } : {}) };
      const page = await call('ListObjectsV2', prefix, () =>
        s3.list(bucket, after === undefined ? query : { ...query, after }),
      );
      const entries = page?.entries ?? [];
      const objects = entries.flatMap((entry) => ('object' in entry ? [entry.object] : []));
      const names = entries.flatMap((entry) => ('commonPrefix' in entry ? [entry.commonPrefix] : []));
      return {
        items: folders
          ? []
          : objects.map(({ key, size, etag, modifiedMs, attributes: { storageClass } }) => {
              const object = { key, size, eTag: `"${etag}"`, modifiedAt: modifiedMs };
              return isArchive(storageClass) ? { ...object, isArchived: true } : object;
            }),
        folders: names.map((name) => name.slice(prefix.length, -1)),
        next: page?.next,
      };
    },
  };
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
