import type { Readable } from 'node:stream';

/** One object of a customer's bucket, as listed. */
export interface DropObject {
  /** The whole key, not URL-encoded. */
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** The ETag with its quotes, as `If-Match` expects it. */
  readonly eTag: string;
  /** When it was last written. S3 says whole seconds. */
  readonly lastModified: Date;
  /** S3 omits `STANDARD`. https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html */
  readonly storageClass?: string | undefined;
  /**
   * Whether a restored copy of an archived object can be read. The storage class stays the archive's. Default false.
   */
  readonly isRestored?: boolean | undefined;
}

/** One answer to a list call. */
export interface DropPage {
  /** The objects of the page, in the order of their keys. */
  readonly objects: readonly DropObject[];
  /**
   * With a delimiter, the beginnings of the keys of all other objects under the prefix, up to the delimiter behind it.
   */
  readonly folders?: readonly string[];
  /** The token of the next page; undefined on the last page. */
  readonly next: string | undefined;
}

/**
 * A customer's bucket, as ingest reads it. Every call names the expected owner. Methods throw SourceError.
 */
export interface CustomerBucket {
  /**
   * Up to 1,000 objects under a prefix, in the order of their keys.
   *
   * @param request With a delimiter only objects whose key has none behind the prefix, and folders. With `after`, the
   *   first page begins behind that key.
   */
  list(request: {
    readonly prefix: string;
    readonly next?: string | undefined;
    readonly after?: string | undefined;
    readonly delimiter?: '/';
  }): Promise<DropPage>;
  /**
   * The bytes of an object as it was listed; null if it has changed or is gone since, and the caller must list again.
   *
   * @param range First and last byte, both included. Default all.
   */
  read(
    object: Pick<DropObject, 'key' | 'eTag'>,
    range?: { readonly first: number; readonly last: number },
  ): Promise<Readable | null>;
}
