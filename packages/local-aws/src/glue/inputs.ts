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
  /** Characters of a parameter's name and of its value. API_TableInput */
  parameterNameCharacters: 255,
  parameterValueCharacters: 512_000,
  /** Partitions a call. API_BatchCreatePartition */
  createBatch: 100,
  /** Partitions a call. API_BatchUpdatePartition */
  updateBatch: 100,
  /** Partitions a call. API_BatchDeletePartition */
  deleteBatch: 25,
  /** Partitions a call. API_BatchGetPartition */
  getBatch: 1_000,
  /** Partitions a page. API_GetPartitions */
  partitionPage: 1_000,
  /** Tables and databases a page. API_GetTables, API_GetDatabases */
  listPage: 100,
  /** Parts of a table that are listed side by side. API_Segment */
  segments: 10,
  /** Characters of a partition filter. API_GetPartitions */
  expressionCharacters: 2_048,
} as const;

/** A name as Glue has it: one line of text. */
export const nameSchema = z
  .string()
  .min(1, 'Member must have length greater than or equal to 1')
  .max(
    GLUE_LIMITS.nameCharacters,
    `Member must have length less than or equal to ${GLUE_LIMITS.nameCharacters}`,
  )
  .regex(/^[^\r\n\0]*$/, 'Member must be a single line of text');

/** `Parameters` of anything. */
const parametersSchema = z.record(
  z.string().min(1).max(GLUE_LIMITS.parameterNameCharacters),
  z.string().max(GLUE_LIMITS.parameterValueCharacters),
);

/** https://docs.aws.amazon.com/glue/latest/webapi/API_Column.html */
const columnSchema = z.strictObject({
  Name: nameSchema,
  Type: z.string().max(GLUE_LIMITS.typeCharacters).optional(),
  Comment: z
    .string()
    .max(
      GLUE_LIMITS.commentCharacters,
      `Member must have length less than or equal to ${GLUE_LIMITS.commentCharacters}`,
    )
    .optional(),
  Parameters: parametersSchema.optional(),
});

/** One column of a table or a partition. */
export type Column = z.output<typeof columnSchema>;

/**
 * Where and how rows lie. `SchemaReference` is left out and so refused by name: there is no schema registry.
 * https://docs.aws.amazon.com/glue/latest/webapi/API_StorageDescriptor.html
 */
const storageDescriptorSchema = z.strictObject({
  Columns: z.array(columnSchema).optional(),
  Location: z
    .string()
    .max(
      GLUE_LIMITS.locationCharacters,
      `Member must have length less than or equal to ${GLUE_LIMITS.locationCharacters}`,
    )
    .optional(),
  AdditionalLocations: z.array(z.string()).optional(),
  InputFormat: z.string().max(128).optional(),
  OutputFormat: z.string().max(128).optional(),
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

/** As it is stored, whatever the table's or partition's door it came through. */
export type StorageDescriptor = z.output<typeof storageDescriptorSchema>;

/** What Glue answers for members that were never given. */
export const storageDescriptorDefaults: StorageDescriptor = {
  Compressed: false,
  NumberOfBuckets: 0,
  SortColumns: [],
  StoredAsSubDirectories: false,
};

/** The values that name a partition, in the order of the table's partition keys. */
export const partitionValuesSchema = z.array(z.string().max(GLUE_LIMITS.valueCharacters));

/** https://docs.aws.amazon.com/glue/latest/webapi/API_PartitionInput.html */
export const partitionInputSchema = z.strictObject({
  /** Optional in the model of the API, required by what it does: see `partitionChanges.ts`. */
  Values: partitionValuesSchema.optional(),
  /** Epoch seconds, like every time on this wire. */
  LastAccessTime: z.number().optional(),
  LastAnalyzedTime: z.number().optional(),
  StorageDescriptor: storageDescriptorSchema.optional(),
  Parameters: parametersSchema.optional(),
});

/** A partition as it is sent and stored. */
export type PartitionInput = z.output<typeof partitionInputSchema>;

const VIEW_CHARACTERS = 409_600;

/**
 * A table as it is sent, by a call or by a template's `AWS::Glue::Table`. Links to other catalogs
 * (`TargetTable`, `FederatedTable`, `ViewDefinition`) are refused by name.
 * https://docs.aws.amazon.com/glue/latest/webapi/API_TableInput.html
 */
export const tableInputSchema = z.strictObject({
  // Glue folds names to lower case when it stores them, for Hive's sake.
  Name: nameSchema.transform((name) => name.toLowerCase()),
  Description: z.string().max(GLUE_LIMITS.descriptionCharacters).optional(),
  Owner: nameSchema.optional(),
  /** Epoch seconds, like every time on this wire. */
  LastAccessTime: z.number().optional(),
  LastAnalyzedTime: z.number().optional(),
  Retention: z.int().min(0).optional(),
  StorageDescriptor: storageDescriptorSchema.optional(),
  PartitionKeys: z.array(columnSchema).optional(),
  ViewOriginalText: z.string().max(VIEW_CHARACTERS).optional(),
  ViewExpandedText: z.string().max(VIEW_CHARACTERS).optional(),
  TableType: nameSchema.optional(),
  Parameters: parametersSchema.optional(),
});

/** As it is stored: the name in lower case. */
export type TableInput = z.output<typeof tableInputSchema>;

/**
 * A database as it is sent, by a call or by a template's `AWS::Glue::Database`. Links to other catalogs
 * (`TargetDatabase`, `FederatedDatabase`) are refused by name.
 * https://docs.aws.amazon.com/glue/latest/webapi/API_DatabaseInput.html
 */
export const databaseInputSchema = z.strictObject({
  // Glue folds names to lower case when it stores them, for Hive's sake.
  Name: nameSchema.transform((name) => name.toLowerCase()),
  Description: z.string().max(GLUE_LIMITS.descriptionCharacters).optional(),
  LocationUri: z.string().min(1).max(1_024).optional(),
  Parameters: parametersSchema.optional(),
  /** Lake Formation's; permissions are inert here. */
  CreateTableDefaultPermissions: z
    .array(
      z.strictObject({
        Principal: z.strictObject({ DataLakePrincipalIdentifier: z.string().optional() }).optional(),
        Permissions: z.array(z.string()).optional(),
      }),
    )
    .optional(),
});

/** As it is stored: the name in lower case. */
export type DatabaseInput = z.output<typeof databaseInputSchema>;
