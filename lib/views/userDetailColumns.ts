import { quoteName } from '../base/sql.ts';
import type { ViewColumn } from './View.ts';

/** What every application and phone may state about the user. */
export const userDetails = [
  { name: 'country', type: 'string', comment: 'Country of the user, as the application said it' },
  { name: 'locale', type: 'string', comment: 'Locale of the user, else of the device, e.g. en_GB' },
  {
    name: 'app_version',
    type: 'string',
    comment: 'Version of the application: of the user, else of the device',
  },
] as const;

/**
 * Columns about the user, without JSON functions for the reader: country, locale and app version.
 *
 * Phones' SDKs say locale and app version of the device in their metadata (DeviceEnvironment.swift, StatsigMetadata.kt);
 * what the application said of the user comes first. The country is only there if the application said it: an SDK
 * leaves it to Statsig's servers.
 *
 * @param user The column that has the user's JSON.
 */
export function userDetailColumns(user: string): ViewColumn[] {
  const text = (column: string, key: string) =>
    `NULLIF(json_extract_scalar(${quoteName(column)}, '$.${key}'), '')`;
  const userOrDevice = (key: string) => `COALESCE(${text(user, key)}, ${text('statsig_metadata', key)})`;
  const sql = {
    country: text(user, 'country'),
    locale: userOrDevice('locale'),
    app_version: userOrDevice('appVersion'),
  };
  return userDetails.map((column) => ({ ...column, sql: sql[column.name] }));
}
