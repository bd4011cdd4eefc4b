import { quoteName } from '../base/sql.ts';
import type { Column } from '../tables/Table.ts';
import type { ViewColumn } from './View.ts';

/** What applications state about the user, and phones about the device; the country only the application states. */
export const userDetails = [
  { name: 'country', type: 'string', comment: 'Country of the user, as the application said it' },
  { name: 'locale', type: 'string', comment: 'Locale of the user, else of the device, e.g. en_GB' },
  {
    name: 'app_version',
    type: 'string',
    comment: 'Version of the application: of the user, else of the device',
  },
] as const satisfies readonly Column[];

/**
 * Columns about the user, without JSON functions for the reader: country, locale and app version.
 *
 * Phones' SDKs say locale and app version of the device in their metadata (DeviceEnvironment.swift, StatsigMetadata.kt);
 * what the application said of the user comes first. The country is only there if the application said it: an SDK
 * leaves it to Statsig's servers.
 *
 * @param userColumn The column that has the user's JSON. The source has the device's in `statsig_metadata`.
 */
export function userDetailColumns(userColumn: string): ViewColumn[] {
  const text = (column: string, key: string) =>
    `NULLIF(json_extract_scalar(${quoteName(column)}, '$.${key}'), '')`;
  const userOrDevice = (key: string) =>
    `COALESCE(${text(userColumn, key)}, ${text('statsig_metadata', key)})`;
  const sql = {
    country: text(userColumn, 'country'),
    locale: userOrDevice('locale'),
    app_version: userOrDevice('appVersion'),
  };
  return userDetails.map((column) => ({ ...column, sql: sql[column.name] }));
}
