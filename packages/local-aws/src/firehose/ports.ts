/** Where delivered objects go: the local S3. */
export interface ObjectSink {
  /**
   * Resolves once the object is stored; an object of that key is replaced.
   *
   * @param body The bytes, or a file holding them, which may be deleted once the call has resolved.
   * @throws whatever keeps the object from being stored; the delivery is then tried again.
   */
  put(
    bucket: string,
    key: string,
    body: Uint8Array | { readonly file: string },
    options: { readonly contentType: string },
  ): Promise<void>;
}

/** A column as the catalog has it: Glue's own type text, e.g. `decimal(10,2)`. */
export interface SchemaColumn {
  readonly name: string;
  readonly type: string;
}

/** What conversion needs to know of a table. Partition keys are no columns of its files. */
export interface TableSchema {
  readonly columns: readonly SchemaColumn[];
  readonly partitionKeys?: readonly SchemaColumn[];
}

/** Looks a table up at delivery time, as Firehose does with `VersionId: LATEST`; undefined when there is none. */
export type SchemaSource = (database: string, table: string) => Promise<TableSchema | undefined>;

/** A call of a delivery stream to another service, for the recorder. */
export type StreamCall =
  | { readonly operation: 'GetTable'; readonly database: string; readonly table: string }
  | {
      readonly operation: 'PutObject';
      readonly bucket: string;
      readonly key: string;
      /** Whether it holds what could not be delivered. */
      readonly failures: boolean;
    };
