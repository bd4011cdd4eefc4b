import type { UtcDay } from '../base/time.ts';
import type { Page } from '../landing/catalog/catalogCalls.ts';
import type { ViewName } from '../views/View.ts';

/**
 * Parameter of the views of a deployment that curates. The template sets it, and takes it away when `curate` is turned
 * off. CloudFormation then writes the template's text, in which no day is curated, and a function that still runs for
 * some seconds does not write another text.
 */
export const CURATE_PARAMETER = 'sluice_curate';

/** A view in the catalog, as it was read. */
interface CatalogView {
  /** Its text: lib/views/prestoView.ts reads it. */
  readonly text: string;
  /** Whether it has {@link CURATE_PARAMETER}. */
  readonly isCurated: boolean;
  /**
   * Replaces the text and nothing else. It makes one call, and rejects with a CatalogCallError.
   *
   * @returns False if the view has changed since it was read; then nothing is written.
   */
  replaceText(text: string): Promise<boolean>;
}

/**
 * The views in the catalog, and the partitions of the tables that they read. Methods make one call, and reject with a
 * CatalogCallError.
 */
export interface ViewCatalog {
  /** Reads a view; null if there is none of the name. */
  read(name: ViewName): Promise<CatalogView | null>;
  /** The partitions of a table, one page. */
  partitions(
    table: string,
    token: string | undefined,
  ): Promise<Page<{ readonly day: UtcDay; readonly location: string }>>;
}
