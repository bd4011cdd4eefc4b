/** Largest Firehose record, bytes before base64: https://docs.aws.amazon.com/firehose/latest/APIReference/API_Record.html */
export const MAX_RECORD_BYTES = 1_024_000;

/**
 * Documents that deaggregation takes out of one record:
 * https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning-multirecord-deaggergation.html
 */
export const MAX_DOCUMENTS_PER_RECORD = 500;

/** Records of one call: https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html */
export const MAX_RECORDS_PER_CALL = 500;

/** Bytes of one call, its records together (4 MiB), same page. */
export const MAX_CALL_BYTES = 4_194_304;

/** AWS bills each record rounded up to this many bytes: https://aws.amazon.com/firehose/pricing/ */
export const BILLED_STEP_BYTES = 5_120;

/** How often a record is put at most, the first time included. */
export const MAX_ATTEMPTS = 6;

/** Backoff before the n-th retry is random between 0 and this times 2ⁿ⁻¹ milliseconds, at most the cap. */
export const BACKOFF_BASE_MS = 50;
export const BACKOFF_CAP_MS = 1_000;
