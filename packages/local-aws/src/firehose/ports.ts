/** Destination of delivered objects: the local S3. */
export interface ObjectSink {
  /**
   * Resolves once the object is stored; an existing object with that key is replaced.
   *
   * @param body The bytes, or a file with them, which may be deleted once the call has resolved.
   * @throws any error that prevents storing the object; the delivery is then retried.
   */
  put(
    bucket: string,
    key: string,
    body: Uint8Array | { readonly file: string },
    options: { readonly contentType: string },
  ): Promise<void>;
}

/** A column in the catalog, with Glue's own type text, e.g. `decimal(10,2)`. */
export interface SchemaColumn {
  readonly name: string;
  readonly type: string;
}

/** The properties of a table that conversion needs. Partition keys are not columns of its files. */
export interface TableSchema {
  readonly columns: readonly SchemaColumn[];
  readonly partitionKeys?: readonly SchemaColumn[];
}

/** Looks a table up at delivery time, as Firehose does with `VersionId: LATEST`; undefined if it doesn't exist. */
export type SchemaSource = (database: string, table: string) => Promise<TableSchema | undefined>;

/** A call of a delivery stream to another service, before it is made. */
export type StreamCall =
  | { readonly operation: 'GetTable'; readonly database: string; readonly table: string }
  | {
      readonly operation: 'PutObject';
      readonly bucket: string;
      readonly key: string;
      /** Whether the object contains undeliverable documents, or could not be delivered before. */
      readonly failures: boolean;
    };
