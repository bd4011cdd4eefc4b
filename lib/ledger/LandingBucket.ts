import type { ListOptions, ObjectPage, StoredText } from '../base/ObjectStore.ts';

/** The deployment's own bucket, as loads write to it. Methods retry, and then throw the errors of the store. */
export interface LandingBucket {
  /** Uploads a file from the local disk, in parts if it is large. The upload is atomic. */
  upload(path: string, key: string, signal: AbortSignal): Promise<void>;
  /** Writes an empty object whose key is the note. */
  putNote(key: string): Promise<void>;
  /**
   * Keys under a prefix, in order; one page.
   *
   * @param after Only keys that sort after this one. Default all.
   */
  list(prefix: string, after?: string): Promise<readonly string[]>;
  /** A page of objects, which says whether another follows. */
  listPage(prefix: string, options?: Pick<ListOptions, 'token' | 'after'>): Promise<ObjectPage>;
  /** A small text that several may write: each write names what it replaces. */
  text(key: string): StoredText;
  /** Writes a small text. */
  putText(key: string, text: string): Promise<void>;
  /** Reads a small text; null if there is none. */
  readText(key: string): Promise<string | null>;
  /** Copies an object of at most 5 GB within the bucket. */
  copy(from: string, to: string): Promise<void>;
  /** Deletes objects, which need not exist. */
  remove(keys: readonly string[]): Promise<void>;
}
