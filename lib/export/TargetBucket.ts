/**
 * A customer's bucket as the export writes to it; every call names the account that owns it. Methods throw ExportError.
 */
export interface TargetBucket {
  /** Keys under a prefix with their sizes in bytes. */
  list(prefix: string): Promise<ReadonlyMap<string, number>>;
  /**
   * Writes an object, in parts when it is large: there whole or not at all.
   *
   * @param bytes Exactly `size` of them, or nothing is written.
   */
  write(key: string, bytes: AsyncIterable<Uint8Array>, size: number): Promise<void>;
  /** Writes a small object of JSON. */
  writeJson(key: string, text: string): Promise<void>;
  /** Deletes objects; none of them need be there. */
  remove(keys: readonly string[]): Promise<void>;
  /**
   * Gives up uploads of files of an export's under a day's folder that were begun and never ended: their parts cost. No other
   * export may be writing there.
   *
   * @param prefix The day's folder, with the slash at its end.
   *
   * @returns how many; null where the bucket's policy does not let them be listed, as that of Statsig's document.
   */
  abortUploads(prefix: string): Promise<number | null>;
}
