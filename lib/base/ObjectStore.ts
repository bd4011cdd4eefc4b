import type { Readable } from 'node:stream';

/**
 * A bucket, as far as rooms use it: small texts, whole objects and listings. Every method makes one call that the client may
 * repeat, and throws the client's error if the outcome is not known. `lib/aws/s3ObjectStore.ts` is S3's.
 */
export interface ObjectStore {
  /** Reads a small object; null if it does not exist. */
  read(key: string, options?: ReadOptions): Promise<ObjectText | null>;
  /** Opens an object for reading; null if it does not exist, or has another ETag than `ifMatch`. */
  open(key: string, options?: OpenOptions): Promise<OpenedObject | null>;
  /** Reads an object's metadata; null if it does not exist. */
  head(key: string): Promise<ObjectHead | null>;
  /**
   * Writes an object.
   *
   * @returns Its ETag; null if another write came first, which may be an earlier attempt of the same write. Without
   *   `options.expected` it is never null.
   */
  write(key: string, body: string | Uint8Array, options?: WriteOptions): Promise<string | null>;
  /** Deletes an object if it still has this ETag. */
  remove(key: string, eTag: string): Promise<'removed' | 'gone' | 'changed'>;
  /**
   * Deletes objects that still have these ETags, a thousand with each call. An object that is gone, or has another ETag
   * by now, counts as done.
   *
   * @returns What this call has not deleted.
   */
  removeAll(objects: readonly DeletedObject[]): Promise<Undeleted>;
  /** Lists one page of objects, in the order of their keys. */
  listPage(prefix: string, options?: ListOptions): Promise<ObjectPage>;
  /**
   * Lists one page of the folders directly under a prefix, in order. S3 counts objects beside them, so that a page may
   * have none although another follows.
   *
   * @param prefix Ends with a slash; empty for the whole bucket.
   */
  listFolders(prefix: string, options?: ListOptions): Promise<FolderPage>;
}

/** What a call that deletes objects has not deleted. */
export interface Undeleted {
  /** Objects that could not be deleted, and S3's code for it. */
  readonly left: readonly { readonly key: string; readonly why: string }[];
  /** Keys of objects that were gone, or had another ETag, before. A repeated call may have deleted them itself. */
  readonly gone: readonly string[];
}

/** What is deleted: an object as it was read. */
export type DeletedObject = Pick<ListedObject, 'key' | 'eTag'>;

/**
 * Deletions of whatever is stored under these keys, for callers who decide by the key alone and have not read the
 * objects.
 */
export function anyVersion(keys: Iterable<string>): DeletedObject[] {
  return Array.from(keys, (key) => ({ key, eTag: '*' }));
}

/** The content of a small object, and its version for a conditional write. */
export interface ObjectText {
  /** The content as text. */
  readonly text: string;
  /** The ETag of what was read, with its quotes. */
  readonly eTag: string;
}

/** An object whose bytes are being read. */
export interface OpenedObject {
  /** The bytes as they come. */
  readonly body: Readable;
  /** The ETag of what is read, with its quotes. */
  readonly eTag: string;
  /** Its version, in a bucket with versioning. Default none. */
  readonly versionId?: string | undefined;
  /** Epoch milliseconds of its last write. S3 says whole seconds. */
  readonly modifiedAt: number;
  /** Bytes of `body`; undefined if the store does not say. */
  readonly bytes: number | undefined;
  /** The object's own metadata by name, in lower case: empty if it has none, undefined if the store does not say. */
  readonly metadata?: ObjectHead['metadata'] | undefined;
}

/** Options of {@link ObjectStore.read}. */
export interface ReadOptions {
  /** Lists the key if the read is refused, as a missing object looks refused to some callers. Default false. */
  readonly listsIfDenied?: boolean;
  /** Ends the call, which throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of {@link ObjectStore.open}. */
export interface OpenOptions extends ReadOptions {
  /** The ETag to open. Default: any. */
  readonly ifMatch?: string | undefined;
  /** First and last byte, both included. Default all. */
  readonly range?: { readonly first: number; readonly last: number } | undefined;
}

/** An object without its bytes. */
export interface ObjectHead {
  /** The ETag of the object, with its quotes. */
  readonly eTag: string;
  /** The object's own metadata by name, in lower case; empty without any. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Options of {@link ObjectStore.write}. */
export interface WriteOptions {
  /** ETag of the object that is replaced; null: it must not exist. Default: whatever is there. */
  readonly expected?: string | null | undefined;
  /**
   * Throws the client's `ConditionalRequestConflict` after a conflict, which does not say what is stored in the end.
   * Default: null is returned.
   */
  readonly throwsConflict?: boolean;
  /** Its media type. Default `application/json`. */
  readonly contentType?: string | undefined;
  /** The object's own metadata by name. Default none. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** Ends the call, which throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Objects of a page of S3 at most: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
export const PAGE_OBJECTS = 1_000;

/** Options of {@link ObjectStore.listPage} and {@link ObjectStore.listFolders}. */
export interface ListOptions {
  /** `next` of the page before. Default: the first page. */
  readonly token?: string | undefined;
  /** Only keys that sort after this one. Default all. */
  readonly after?: string | undefined;
  /** Objects, or folders, of the page at most. Default {@link PAGE_OBJECTS}, which S3 never exceeds. */
  readonly limit?: number | undefined;
  /** Ends the call, which throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** An object in a listing. */
export interface ListedObject {
  /** The whole key, not URL-encoded. */
  readonly key: string;
  /** The size of the object, bytes. */
  readonly size: number;
  /** The ETag with its quotes, as a condition expects it. */
  readonly eTag: string;
  /** Epoch milliseconds of its last write. */
  readonly modifiedAt: number;
  /** Whether S3 can't read it before it is restored: {@link isArchive}. Default false. */
  readonly isArchived?: boolean;
}

/** The storage classes of {@link isArchive}. */
export const ARCHIVE_CLASSES: readonly string[] = ['GLACIER', 'DEEP_ARCHIVE'];

/**
 * Whether S3 can't read objects of a storage class before they are restored. Athena skips them without an error,
 * restored ones too: https://docs.aws.amazon.com/athena/latest/ug/querying-glacier.html. `GLACIER_IR` is read at once:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html
 */
export function isArchive(storageClass: string | undefined): boolean {
  return storageClass !== undefined && ARCHIVE_CLASSES.includes(storageClass);
}

/** A page of objects. */
export interface ObjectPage {
  /** The objects, in the order of their keys. */
  readonly items: readonly ListedObject[];
  /** Where the next page begins; undefined after the last. */
  readonly next: string | undefined;
}

/** A page of folders. */
export interface FolderPage {
  /** Their names, without the prefix and without slashes. */
  readonly items: readonly string[];
  /** Where the next page begins; undefined after the last. */
  readonly next: string | undefined;
}

/** Every object under a prefix, in the order of their keys. */
export async function* listObjects(
  store: Pick<ObjectStore, 'listPage'>,
  prefix: string,
): AsyncGenerator<ListedObject> {
  let token: string | undefined;
  do {
    const { items, next } = await store.listPage(prefix, { token });
    yield* items;
    token = next;
  } while (token !== undefined);
}

/**
 * Whether ETags are digests of the bytes, so that unequal ones tell bytes apart. Those of objects that came in parts, and of
 * objects with a key of KMS, are none:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
 */
export function areDigests(eTags: readonly string[], isKms: boolean): boolean {
  return !isKms && eTags.every((eTag) => !eTag.includes('-'));
}

/** One small object of a store. */
export interface StoredText {
  /** Reads it; null if it does not exist. */
  read(): Promise<ObjectText | null>;
  /** Writes it if `expected` is still its ETag (null: if it does not exist). @returns The ETag; null if it is not. */
  write(text: string, expected: string | null): Promise<string | null>;
}

/** One small object of a store. @param contentType Default `application/json`. */
export function storedText(store: ObjectStore, key: string, contentType?: string): StoredText {
  return {
    read: () => store.read(key),
    write: (text, expected) => store.write(key, text, { expected, contentType }),
  };
}
