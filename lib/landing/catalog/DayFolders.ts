import type { Page } from './readPages.ts';

/** The folders of a bucket, one call each, without retries of its own. */
export interface DayFolders {
  /**
   * Names, without slashes, of folders directly under `prefix` (which ends with a slash): at most 1,000, from
   * where the page before ended. Rejects with a CatalogCallError.
   */
  listPage(bucket: string, prefix: string, token: string | undefined): Promise<Page<string>>;
}
