/** Athena's limits. Pages: https://docs.aws.amazon.com/athena/latest/APIReference/ and the name of the operation or type. */
export const ATHENA_LIMITS = {
  /** Characters of a statement. API_StartQueryExecution */
  queryCharacters: 262_144,
  /** Characters of an execution's ID. API_GetQueryExecution */
  idCharacters: 128,
  /** Characters of a tag's key, and of its value. API_Tag */
  tagKeyCharacters: 128,
  tagValueCharacters: 256,
  /** Characters of a client's request token. API_StartQueryExecution */
  tokenLeastCharacters: 32,
  tokenMostCharacters: 128,
  /** Characters of one execution parameter. API_StartQueryExecution */
  parameterCharacters: 1_024,
  /** Characters of a catalog's and of a database's name. API_QueryExecutionContext */
  catalogCharacters: 256,
  databaseCharacters: 255,
  /** Maximum age of a reused result, in minutes. API_ResultReuseByAgeConfiguration */
  reuseMinutes: 10_080,
  /** Rows per page, including the header row. API_GetQueryResults */
  resultPage: 1_000,
  /** Items per page of every list except tags. API_ListQueryExecutions, API_ListWorkGroups, API_ListTableMetadata */
  listPage: 50,
  /** Characters of a list's token. API_ListQueryExecutions */
  nextTokenCharacters: 1_024,
  /** Characters of a workgroup's name, and of a description. API_CreateWorkGroup */
  workGroupCharacters: 128,
  descriptionCharacters: 1_024,
  /** The smallest scan limit of a workgroup, in bytes. API_WorkGroupConfiguration */
  leastCutoffBytes: 10_000_000,
  /** Characters of a prepared statement's name. API_CreatePreparedStatement */
  statementNameCharacters: 256,
  /** Characters of a filter on tables' names. API_ListTableMetadata */
  expressionCharacters: 256,
  /**
   * Queries that run concurrently. Others are queued.
   * https://docs.aws.amazon.com/athena/latest/ug/service-limits.html
   */
  runningQueries: 20,
  /** Queries that may be queued. AWS limits the waiting time instead. */
  queuedQueries: 1_000,
  /**
   * Days for which an execution can be read.
   * https://docs.aws.amazon.com/athena/latest/ug/queries-viewing-history.html
   */
  historyDays: 45,
} as const;
