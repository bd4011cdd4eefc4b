import type { PartitionQuery } from './partitionQuery.ts';
import type { PrefixTemplate } from './prefixTemplate.ts';

/** How an aggregated record is taken apart. */
export type Deaggregation =
  | { readonly type: 'JSON' }
  | { readonly type: 'DELIMITED'; readonly delimiter: Uint8Array };

/** How records become Parquet. */
export interface Conversion {
  readonly database: string;
  readonly table: string;
  /** As configured, for the error output; Glue's newest version is always the one used. */
  readonly catalogId: string | undefined;
  readonly region: string | undefined;
  readonly versionId: string;
  readonly roleArn: string | undefined;
  readonly compression: 'SNAPPY' | 'GZIP' | 'UNCOMPRESSED';
  readonly writerVersion: 'V1' | 'V2';
  /** `EnableDictionaryCompression`. */
  readonly dictionary: boolean;
  /** Match keys whatever their case. OpenX's default: true. */
  readonly caseInsensitive: boolean;
  readonly dotsToUnderscores: boolean;
  /** Column → key in the JSON, where they differ. */
  readonly keyOfColumn: ReadonlyMap<string, string>;
}

/** A delivery stream's settings, validated, defaults filled in. */
export interface StreamSettings {
  readonly bucket: string;
  readonly prefix: PrefixTemplate;
  readonly errorPrefix: PrefixTemplate;
  readonly buffering: { readonly seconds: number; readonly bytes: number };
  /** IANA name that timestamps in keys are written in. */
  readonly timeZone: string;
  readonly compression: 'UNCOMPRESSED' | 'GZIP';
  readonly fileExtension: string | undefined;
  readonly deaggregation: Deaggregation | undefined;
  /** Undefined without dynamic partitioning. */
  readonly partitionQuery: PartitionQuery | undefined;
  /** What follows each record in an object that isn't converted; '' by default, as Firehose adds nothing itself. */
  readonly delimiter: string;
  readonly conversion: Conversion | undefined;
}
