/** What one statement of the local Athena may take of the machine. */
export const STATEMENT_LIMITS = {
  /** Memory of a statement before it writes to disk, in DuckDB's words; many may run at once. */
  memory: '1GB',
  /** Disk that it may write to then. */
  temporaryDisk: '20GB',
  /** Objects of a listing at a time: S3's own page. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
  listedObjects: 1_000,
  /** Partitions that INSERT and CTAS may write. https://docs.aws.amazon.com/athena/latest/ug/ctas-insert-into.html */
  writtenPartitions: 100,
  /** Views within views: more are taken for a circle. */
  viewDepth: 30,
  /** Milliseconds between attempts to interrupt a statement. */
  interruptMs: 50,
} as const;
