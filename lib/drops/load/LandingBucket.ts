/** The deployment's own bucket, as loads write to it. Methods throw what the store throws, after tries of their own. */
export interface LandingBucket {
  /** Puts a file of the local disk, in parts when it is large: there whole or not at all. */
  upload(path: string, key: string, signal: AbortSignal): Promise<void>;
  /** Puts an empty object: its key says all. */
  putNote(key: string): Promise<void>;
  /**
   * Keys under a prefix in their order, as many as one call answers.
   *
   * @param after Only keys that sort after this one. Default all.
   */
  list(prefix: string, after?: string): Promise<readonly string[]>;
  /** Deletes at most 1,000 objects; none of them need be there. */
  remove(keys: readonly string[]): Promise<void>;
}
