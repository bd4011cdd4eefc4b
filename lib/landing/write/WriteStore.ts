import type { ListedObject } from '../../base/ObjectStore.ts';

/** The bucket, as the writer needs it. Methods throw what the client throws. */
export interface WriteStore {
  /**
   * Fetches an object; null if there is none.
   *
   * @throws WriteError `SLUICE_WRITE_OBJECT_TOO_LARGE` for one of more than `most` bytes.
   */
  fetch(key: string, most: number, signal?: AbortSignal): Promise<Uint8Array | null>;
  /** Puts an object with one call. @param body A file, or bytes. */
  put(
    key: string,
    body: Uint8Array | { readonly path: string },
    contentType: string,
    signal?: AbortSignal,
  ): Promise<void>;
  /** Deletes objects. @returns Those that could not be deleted, and why. */
  remove(keys: readonly string[]): Promise<readonly { readonly key: string; readonly why: string }[]>;
  /** Objects below a prefix, by their keys. */
  list(prefix: string): AsyncIterable<ListedObject>;
}
