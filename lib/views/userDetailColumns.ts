import { quoteName, quoteText } from '../base/sql.ts';
import type { Config } from '../schema/config.ts';
import type { ViewColumn } from './View.ts';

/** Where a source has each member of the event; null when it hasn't. */
export type JsonColumns = Readonly<Record<JsonRoot, string | null>>;

/** Names of the columns that every view of single rows makes of JSON. */
export const DETAIL_COLUMNS = ['country', 'locale', 'app_version'] as const;

/**
 * What a reader wants of the user without JSON functions: country, locale, app version and the configured JSON paths.
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

/** Members of an event that a path can begin with. */
type JsonRoot = 'user' | 'metadata' | 'statsigMetadata';

/** A path inside an event's JSON: `user.custom.plan`. */
export interface JsonPath {
  readonly root: JsonRoot;
  /** Keys from there on, at least one, as the event has them. */
  readonly keys: readonly string[];
}

/** Keys that need no escaping. Integers are excluded: in Trino, they would also be indexes of list elements. */
const KEY = /^(?!-?[0-9]+$)[A-Za-z0-9_-]+$/;
/** Keys that Trino takes without quotes (JsonPathTokenizer.isUnquotedPathCharacter), and DuckDB. Others fail the query. */
const PLAIN_KEY = /^[A-Za-z_][A-Za-z0-9_]*$/;
const ROOTS: readonly JsonRoot[] = ['user', 'metadata', 'statsigMetadata'];

/** Splits a path such as `user.custom.plan`; null when it is not valid. */
export function parseJsonPath(path: string): JsonPath | null {
  const [first, ...keys] = path.split('.');
  const root = ROOTS.find((name) => name === first);
  return root === undefined || keys.length === 0 || !keys.every((key) => KEY.test(key))
    ? null
    : { root, keys };
}

/**
 * SQL of the text at a path inside a JSON column; numbers and booleans as in JSON. Null for an absent value, an empty
 * text, a list or an object.
 */
function jsonTextSql(column: string, keys: readonly string[]): string {
  const steps = keys.map((key) => (PLAIN_KEY.test(key) ? `.${key}` : `["${key}"]`));
  return `NULLIF(json_extract_scalar(${quoteName(column)}, ${quoteText(`$${steps.join('')}`)}), '')`;
}
