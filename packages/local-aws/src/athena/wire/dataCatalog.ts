/** The one data catalog there is: Glue's, of this account. */
export const DATA_CATALOG = 'AwsDataCatalog';

/** Athena takes its name in any case; drivers send it in lower case. */
export function isDataCatalog(name: string): boolean {
  return name.toLowerCase() === DATA_CATALOG.toLowerCase();
}
