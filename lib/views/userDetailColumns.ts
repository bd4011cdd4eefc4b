import { quoteName, quoteText } from '../base/sql.ts';
import type { Config } from '../schema/config.ts';
import type { Column } from '../tables/Table.ts';
import { type JsonRoot, parseJsonPath } from './jsonPath.ts';
import type { ViewColumn } from './View.ts';

/** Where a source has each member of the event; null when it hasn't. */
type JsonColumns = Readonly<Record<JsonRoot, string | null>>;

/** Paths into JSON columns. */
type Paths = readonly (readonly [column: string, keys: readonly string[]])[];

/** What every application and phone may say of the user. */
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
  /** The text of the first path that has one. */
  const text = (column: Column, from: Paths) => {
    const texts = from.map(([source, keys]) => `NULLIF(${jsonScalar(source, keys)}, '')`);
    return { ...column, sql: texts.length === 1 ? texts.join() : `COALESCE(${texts.join(', ')})` };
  };
  const userOrDevice = (key: string): Paths => [
    [from.user, [key]],
    [from.statsigMetadata, [key]],
  ];
  const paths: Readonly<Record<(typeof userDetails)[number]['name'], Paths>> = {
    country: [[from.user, ['country']]],
    locale: userOrDevice('locale'),
    app_version: userOrDevice('appVersion'),
  };
  return [
    ...userDetails.map((column) => text(column, paths[column.name])),
    ...Object.entries(config.jsonPaths).flatMap(([name, path]) => {
      const parsed = parseJsonPath(path);
      const column = parsed === null ? null : from[parsed.root];
      if (parsed === null || column === null) return [];
      const comment = `${path} of the event; null when it is nothing, empty, a list or an object`;
      return [text({ name, type: 'string', comment: comment.slice(0, 255) }, [[column, parsed.keys]])];
    }),
  ];
}

/** Keys that Trino takes without quotes (JsonPathTokenizer.isUnquotedPathCharacter). Others fail the query. */
const PLAIN_KEY = /^[A-Za-z_][A-Za-z0-9_]*$/;

function jsonScalar(column: string, keys: readonly string[]): string {
  const steps = keys.map((key) => (PLAIN_KEY.test(key) ? `.${key}` : `["${key}"]`));
  const path = quoteText(`$${steps.join('')}`);
  return `json_extract_scalar(${quoteName(column)}, ${path})`;
}
