import type { Readable } from 'node:stream';
import type { DropObject } from './DropObject.ts';

/** One answer to a list call. */
export interface DropPage {
  readonly objects: readonly DropObject[];
  /** Where the next page begins; undefined on the last. */
  readonly next: string | undefined;
}

/**
 * A customer's bucket, as ingest reads it: every call names the owner it expects. Methods throw SourceError, which says
 * in our words what the bucket refused.
 */
export interface CustomerBucket {
  /** Up to 1,000 objects under a prefix, in the order of their keys. */
  list(request: {
    readonly prefix: string;
    /** Only keys after this one. */
    readonly startAfter?: string | undefined;
    readonly next?: string | undefined;
  }): Promise<DropPage>;
  /**
   * The bytes of an object as it was listed; null when it is another by now, or gone: list again.
   *
   * @param range First and last byte, both included. Default all.
   */
  read(
    object: Pick<DropObject, 'key' | 'eTag'>,
    range?: { readonly first: number; readonly last: number },
  ): Promise<Readable | null>;
}
