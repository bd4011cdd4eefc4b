/** The folders of a bucket. Retries by itself; rejects with a CatalogCallError when it can't be read. */
export interface DayFolders {
  /** Names, without slashes, of the folders directly under `prefix` (which ends with a slash). */
  list(bucket: string, prefix: string): Promise<readonly string[]>;
}
