import { defineErrorFamily, type ErrorEntry } from '../base/errors.ts';
import { EventError } from '../wire/EventError.ts';
import { RequestError } from '../wire/RequestError.ts';

/**
 * Why Firehose could not deliver a record that it had acknowledged. Such records are in quarantine under these reasons;
 * only `sluice redrive --reason` lands them.
 */
export const FirehoseFailure = defineErrorFamily('system', {
  SLUICE_FIREHOSE_MALFORMED_JSON: {
    cause: 'Firehose could not read the row as JSON when it converted it.',
    cure: 'Inspect the raw row. Once the table or Sluice is corrected, land the row with `sluice redrive`.',
  },
  SLUICE_FIREHOSE_SCHEMA_MISMATCH: {
    cause: "The row did not fit the Glue table's columns when Firehose converted it.",
    cure: 'Compare the detail with the table. Once the table is corrected, land the row with `sluice redrive`.',
  },
  SLUICE_FIREHOSE_CONVERSION_FAILED: {
    cause: 'Firehose could not convert the row for another reason, for example a missing table.',
    cure: 'Correct the problem in the detail, then land the row with `sluice redrive`.',
  },
  SLUICE_FIREHOSE_PARTITION_UNKNOWN: {
    cause: 'Firehose could not determine the day of the row.',
    cure: 'Inspect the raw row: it must have a ds. Land it with `sluice redrive`.',
  },
  SLUICE_FIREHOSE_TOO_MANY_PARTITIONS: {
    cause: 'The stream had rows of more days at once than Firehose allows.',
    cure: 'Land the row with `sluice redrive`. If the error recurs, narrow timeWindow or ask AWS for a higher quota.',
  },
  SLUICE_FIREHOSE_PROCESSING_FAILED: {
    cause: 'Firehose could not process the row before converting it.',
    cure: 'Correct the problem in the detail, then land the row with `sluice redrive`.',
  },
  SLUICE_FIREHOSE_UNDELIVERABLE: {
    cause: 'Firehose could not deliver the row, for a reason that has no code of its own in Sluice.',
    cure: 'Correct the problem in the detail, then land the row with `sluice redrive`.',
  },
  SLUICE_FIREHOSE_LINE_UNREADABLE: {
    cause: 'A line that Firehose wrote to its error prefix does not have the format that AWS documents.',
    cure: 'Inspect the raw line. `sluice redrive` cannot land it.',
  },
});

/** Why a row that landed could not be written to its table. */
export const RowFailure = defineErrorFamily('system', {
  SLUICE_ROW_NOT_JSON: {
    cause: 'The row that the collector wrote is not a JSON object.',
    cure: 'Report it with the raw row.',
  },
  SLUICE_ROW_REFUSED: {
    cause: 'DuckDB refuses the row, for the reason in the detail.',
    cure: 'Report it with the raw row.',
  },
  SLUICE_ROW_UNFIT: {
    cause: 'A value of the row did not fit its column.',
    cure: 'Compare the detail with the table. Once it fits, land the row with `sluice redrive`.',
  },
});

/** A stable code that such a row has. */
export type RowFailureReason = keyof typeof RowFailure.entries;

/** Whether quarantine holds a whole row under this code, not what an SDK sent. */
export function isRowFailure(code: string): boolean {
  return rowFailures.includes(code);
}

/** The codes of such rows. */
export const rowFailures: readonly string[] = Object.keys({
  ...FirehoseFailure.entries,
  ...RowFailure.entries,
});

/** One of the codes of {@link FirehoseFailure}. */
export type FirehoseReason = keyof typeof FirehoseFailure.entries;

/**
 * The reason of an error output type and, for conversions, of the record's error code. Types:
 * https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html and
 * https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning-s3bucketprefix.html; codes of conversion as
 * probed on AWS (floci-io/floci, docs/services/firehose.md).
 */
export function firehoseReason(outputType: string, errorCode: string): FirehoseReason {
  switch (outputType) {
    case 'format-conversion-failed':
      if (errorCode === 'DataFormatConversion.ParseError') return 'SLUICE_FIREHOSE_MALFORMED_JSON';
      if (errorCode === 'DataFormatConversion.MalformedData') return 'SLUICE_FIREHOSE_SCHEMA_MISMATCH';
      return 'SLUICE_FIREHOSE_CONVERSION_FAILED';
    case 'metadata-extraction-failed':
      return 'SLUICE_FIREHOSE_PARTITION_UNKNOWN';
    case 'active-partitions-exceeded':
      return 'SLUICE_FIREHOSE_TOO_MANY_PARTITIONS';
    case 'processing-failed':
      return 'SLUICE_FIREHOSE_PROCESSING_FAILED';
    default:
      return 'SLUICE_FIREHOSE_UNDELIVERABLE';
  }
}

// Nothing is kept of a request that is refused for these reasons: its body was not read, or it has none.
const {
  SLUICE_METHOD_NOT_ALLOWED: _method,
  SLUICE_PATH_RESERVED: _path,
  SLUICE_KEY_MISSING: _noKey,
  SLUICE_KEY_UNKNOWN: _otherKey,
  SLUICE_KEY_NOT_FOR_EVENTS: _otherUse,
  SLUICE_BODY_EMPTY: _nothing,
  ...bodyReasons
} = RequestError.entries;

/**
 * Every quarantine `reason` of what SDKs sent, with its cause and cure: bodies that cannot be read, events that cannot
 * be accepted, rows that could not be delivered or written. Rows of customers' files have reasons of their own, `rowReasons`
 * in lib/drops/engine. docs/quarantine.md lists both; a test holds them together.
 */
export const quarantineReasons = {
  ...bodyReasons,
  ...EventError.entries,
  ...FirehoseFailure.entries,
  ...RowFailure.entries,
} satisfies Record<string, ErrorEntry>;

/** A stable code that a quarantine row can have. */
export type QuarantineReason = keyof typeof quarantineReasons;

/** Whether quarantine keeps data that is refused under this code. */
export function isQuarantineReason(code: string): code is QuarantineReason {
  return Object.hasOwn(quarantineReasons, code);
}
