import type { Config } from '../config/configSchema.ts';
import type { TableKind } from '../schema/kinds.ts';
import { errorFolder } from './errorKey.ts';
import { tableFolder } from './tableFolders.ts';

/** jq that Firehose runs on each document to choose its folder; the key `ds` is dropped at conversion. */
export const partitionQuery = '{ds: .ds}';

/**
 * S3 prefix of a kind's delivery stream.
 * https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html
 */
export function deliveryPrefix(config: Pick<Config, 'statsigFolder' | 'tables'>, kind: TableKind): string {
  return `${tableFolder(config, kind)}!{partitionKeyFromQuery:ds}/`;
}

/** Where a stream writes what it could not deliver: `errors/<stream>/<type>/`. */
export function errorPrefix(kind: TableKind): string {
  return `${errorFolder(kind)}!{firehose:error-output-type}/`;
}
