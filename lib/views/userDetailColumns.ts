import type { Config } from '../schema/config.ts';
import { type JsonRoot, jsonTextSql, parseJsonPath } from './jsonPath.ts';
import type { ViewColumn } from './View.ts';

/** Where a source has each member of the event; null when it hasn't. */
export type JsonColumns = Readonly<Record<JsonRoot, string | null>>;

/**
 * Columns about the user, without JSON functions for the reader: country, locale, app version and the configured JSON
 * paths.
 *
 * Phones' SDKs say locale and app version of the device in their metadata (DeviceEnvironment.swift, StatsigMetadata.kt);
 * what the application said of the user comes first. The country is only there if the application said it: an SDK
 * leaves it to Statsig's servers.
 *
 * @param from The source's JSON columns: a path into a member that it hasn't makes no column.
 */
export function userDetailColumns(
  config: Pick<Config, 'jsonPaths'>,
  from: JsonColumns & { readonly user: string; readonly statsigMetadata: string },
): ViewColumn[] {
  const device = (key: string) =>
    `COALESCE(${jsonTextSql(from.user, [key])}, ${jsonTextSql(from.statsigMetadata, [key])})`;
  return [
    {
      name: 'country',
      type: 'string',
      comment: 'Country of the user, as the application said it',
      sql: jsonTextSql(from.user, ['country']),
    },
    {
      name: 'locale',
      type: 'string',
      comment: 'Locale of the user, else of the device, e.g. en_GB',
      sql: device('locale'),
    },
    {
      name: 'app_version',
      type: 'string',
      comment: 'Version of the application: of the user, else of the device',
      sql: device('appVersion'),
    },
    ...Object.entries(config.jsonPaths).flatMap(([name, path]) => {
      const parsed = parseJsonPath(path);
      const column = parsed === null ? null : from[parsed.root];
      if (parsed === null || column === null) return [];
      const comment = `${path} of the event; null when it is nothing, empty, a list or an object`;
      return [
        {
          name,
          type: 'string',
          comment: comment.slice(0, 255),
          sql: jsonTextSql(column, parsed.keys),
        } as const,
      ];
    }),
  ];
}
