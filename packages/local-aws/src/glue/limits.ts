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
