import { z } from 'zod';

/** Glue's limits. Pages: https://docs.aws.amazon.com/glue/latest/webapi/ and the operation's name. */
export const GLUE_LIMITS = {
  /** Characters of a database, table or column name. API_DatabaseInput, API_TableInput, API_Column */
  nameCharacters: 255,
  /** Characters of a column's comment. API_Column */
  commentCharacters: 255,
  /** Characters of a column's type. API_Column */
  typeCharacters: 131_072,
  /** Characters of a description. API_DatabaseInput */
  descriptionCharacters: 2_048,
  /** Characters of one partition value. API_PartitionInput */
  valueCharacters: 1_024,
  /** Characters of a location. API_StorageDescriptor */
  locationCharacters: 2_056,
  /** Characters of the class of an input or output format. API_StorageDescriptor */
  formatCharacters: 128,
  /** Characters of a database's location. API_DatabaseInput */
  uriCharacters: 1_024,
  /** Characters of a view's text. API_TableInput */
  viewCharacters: 409_600,
  /** Characters of a parameter's name and of its value. API_TableInput */
  parameterNameCharacters: 255,
  parameterValueCharacters: 512_000,
  /** Partitions a call. API_BatchCreatePartition */
  createBatch: 100,
  /** Partitions a call. API_BatchUpdatePartition */
  updateBatch: 100,
  /** Partitions a call. API_BatchDeletePartition */
  deleteBatch: 25,
  /** Partitions a page. API_GetPartitions */
  partitionPage: 1_000,
  /** Tables and databases a page. API_GetTables, API_GetDatabases */
  listPage: 100,
  /** Characters of a partition filter. API_GetPartitions */
  expressionCharacters: 2_048,
} as const;

/** Glue's sentence for a member that is empty. */
export const NOT_EMPTY = 'Member must have length greater than or equal to 1';

/** Glue's sentence for a member that is too long. @param most Characters of a text, items of a list. */
export function tooLong(most: number): string {
  return `Member must have length less than or equal to ${most}`;
}

/** A text. @param most The most characters. */
function textOf(most: number): z.ZodString {
  return z.string().max(most, tooLong(most));
}

/** A name in Glue: one line of text. */
export const nameSchema = textOf(GLUE_LIMITS.nameCharacters)
  .min(1, NOT_EMPTY)
  .regex(/^[^\r\n\0]*$/, 'Member must be a single line of text');

/** `Parameters` of a database, table, partition, column or storage descriptor. */
const parametersSchema = z.record(
  textOf(GLUE_LIMITS.parameterNameCharacters).min(1),
  textOf(GLUE_LIMITS.parameterValueCharacters),
);

/** A column: https://docs.aws.amazon.com/glue/latest/webapi/API_Column.html */
const columnSchema = z.strictObject({
  Name: nameSchema,
  Type: textOf(GLUE_LIMITS.typeCharacters).optional(),
  Comment: textOf(GLUE_LIMITS.commentCharacters)
    .regex(/^[\t\P{Cc}]*$/u, 'Member must satisfy its pattern')
    .optional(),
  Parameters: parametersSchema.optional(),
});

/** One column of a table or a partition. */
export type Column = z.output<typeof columnSchema>;

/**
 * Where and how rows are stored. `SchemaReference` is rejected as an unknown member: there is no schema registry.
 * https://docs.aws.amazon.com/glue/latest/webapi/API_StorageDescriptor.html
 */
const storageDescriptorSchema = z.strictObject({
  Columns: z.array(columnSchema).optional(),
  Location: textOf(GLUE_LIMITS.locationCharacters).optional(),
  AdditionalLocations: z.array(z.string()).optional(),
  InputFormat: textOf(GLUE_LIMITS.formatCharacters).optional(),
  OutputFormat: textOf(GLUE_LIMITS.formatCharacters).optional(),
  Compressed: z.boolean().optional(),
  NumberOfBuckets: z.int().optional(),
  SerdeInfo: z
    .strictObject({
      Name: nameSchema.optional(),
      SerializationLibrary: nameSchema.optional(),
      Parameters: parametersSchema.optional(),
    })
    .optional(),
  BucketColumns: z.array(nameSchema).optional(),
  SortColumns: z.array(z.strictObject({ Column: nameSchema, SortOrder: z.int().min(0).max(1) })).optional(),
  Parameters: parametersSchema.optional(),
  SkewedInfo: z
    .strictObject({
      SkewedColumnNames: z.array(nameSchema).optional(),
      SkewedColumnValues: z.array(z.string()).optional(),
      SkewedColumnValueLocationMaps: z.record(z.string(), z.string()).optional(),
    })
    .optional(),
  StoredAsSubDirectories: z.boolean().optional(),
});

/** Where and how the rows of a table or a partition are stored. */
export type StorageDescriptor = z.output<typeof storageDescriptorSchema>;

/** Glue's defaults for members that were never set. */
export const storageDescriptorDefaults: StorageDescriptor = {
  Compressed: false,
  NumberOfBuckets: 0,
  SortColumns: [],
  StoredAsSubDirectories: false,
};

/** The values that name a partition, in the order of the table's partition keys. */
export const partitionValuesSchema = z.array(textOf(GLUE_LIMITS.valueCharacters));

/** A partition: https://docs.aws.amazon.com/glue/latest/webapi/API_PartitionInput.html */
export const partitionInputSchema = z.strictObject({
  /** Optional in the API model, but required in practice: see `entries.ts`. */
  Values: partitionValuesSchema.optional(),
  /** Epoch seconds, like every time in this API. */
  LastAccessTime: z.number().optional(),
  LastAnalyzedTime: z.number().optional(),
  StorageDescriptor: storageDescriptorSchema.optional(),
  Parameters: parametersSchema.optional(),
});

/** A partition as clients send it and as it is stored. */
export type PartitionInput = z.output<typeof partitionInputSchema>;

/**
 * A table as an API call or a template's `AWS::Glue::Table` defines it. Links to other catalogs (`TargetTable`,
 * `FederatedTable`, `ViewDefinition`) are rejected as unknown members.
 * https://docs.aws.amazon.com/glue/latest/webapi/API_TableInput.html
 */
export const tableInputSchema = z.strictObject({
  // Glue stores names in lower case, for compatibility with Hive.
  Name: nameSchema.transform((name) => name.toLowerCase()),
  Description: textOf(GLUE_LIMITS.descriptionCharacters).optional(),
  Owner: nameSchema.optional(),
  /** Epoch seconds, like every time in this API. */
  LastAccessTime: z.number().optional(),
  LastAnalyzedTime: z.number().optional(),
  Retention: z.int().min(0).optional(),
  StorageDescriptor: storageDescriptorSchema.optional(),
  PartitionKeys: z.array(columnSchema).optional(),
  ViewOriginalText: textOf(GLUE_LIMITS.viewCharacters).optional(),
  ViewExpandedText: textOf(GLUE_LIMITS.viewCharacters).optional(),
  TableType: nameSchema.optional(),
  Parameters: parametersSchema.optional(),
});

/** A table as it is stored: the name is in lower case. */
export type TableInput = z.output<typeof tableInputSchema>;

/**
 * A database as an API call or a template's `AWS::Glue::Database` defines it. Links to other catalogs
 * (`TargetDatabase`, `FederatedDatabase`) are rejected as unknown members.
 * https://docs.aws.amazon.com/glue/latest/webapi/API_DatabaseInput.html
 */
export const databaseInputSchema = z.strictObject({
  // Glue stores names in lower case, for compatibility with Hive.
  Name: nameSchema.transform((name) => name.toLowerCase()),
  Description: textOf(GLUE_LIMITS.descriptionCharacters).optional(),
  LocationUri: textOf(GLUE_LIMITS.uriCharacters).min(1).optional(),
  Parameters: parametersSchema.optional(),
  /** Lake Formation permissions are accepted and have no effect. */
  CreateTableDefaultPermissions: z
    .array(
      z.strictObject({
        Principal: z.strictObject({ DataLakePrincipalIdentifier: z.string().optional() }).optional(),
        Permissions: z.array(z.string()).optional(),
      }),
    )
    .optional(),
});

/** A database as it is stored: the name is in lower case. */
export type DatabaseInput = z.output<typeof databaseInputSchema>;
