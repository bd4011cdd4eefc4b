import { defineErrorFamily, type ErrorEntry } from '../base/errors.ts';
import { EventError } from '../wire/EventError.ts';
import { RequestError } from '../wire/RequestError.ts';

/**
 * Why Firehose could not deliver a record that it had acknowledged: the reasons under which such records are in
 * quarantine. They come back by hand only, with `sluice redrive --reason`.
 */
export const FirehoseFailure = defineErrorFamily('system', {
  SLUICE_FIREHOSE_MALFORMED_JSON: {
    cause: 'Firehose could not read the row as JSON when it converted it.',
    cure: 'Look at the raw row; when the table or we are mended, bring it back with sluice redrive.',
  },
  SLUICE_FIREHOSE_SCHEMA_MISMATCH: {
    cause: "The row did not fit the Glue table's columns when Firehose converted it.",
    cure: 'Compare the detail with the table; when it is mended, bring the row back with sluice redrive.',
  },
  SLUICE_FIREHOSE_CONVERSION_FAILED: {
    cause: 'Firehose could not convert the row for another reason, a table that was missing for example.',
    cure: 'Mend what the detail says, then bring the row back with sluice redrive.',
  },
  SLUICE_FIREHOSE_PARTITION_UNKNOWN: {
    cause: 'Firehose could not tell the day of the row.',
    cure: 'Look at the raw row: it should have a ds. Bring it back with sluice redrive.',
  },
  SLUICE_FIREHOSE_TOO_MANY_PARTITIONS: {
    cause: 'The row belonged to more days at once than the stream may have open.',
    cure: 'Bring it back with sluice redrive; if it happens again, narrow timeWindow or ask AWS for a higher quota.',
  },
  SLUICE_FIREHOSE_PROCESSING_FAILED: {
    cause: 'Firehose could not process the row before converting it.',
    cure: 'Mend what the detail says, then bring the row back with sluice redrive.',
  },
  SLUICE_FIREHOSE_UNDELIVERABLE: {
    cause: 'Firehose gave the row up for a reason that has no code of its own here.',
    cure: 'Mend what the detail says, then bring the row back with sluice redrive.',
  },
  SLUICE_FIREHOSE_LINE_UNREADABLE: {
    cause: 'A line of what Firehose wrote to its error prefix is none of the shape that AWS documents.',
    cure: 'Look at the raw line. It cannot be brought back by itself.',
  },
});

/** One of its codes. */
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

// Of a request that is refused for these, nothing is kept: its body was not read, or there is none.
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
 * Every `reason` of what was sent to us and is in quarantine, with its meaning and cure: bodies that can't be read, events
 * that can't be taken, rows that Firehose could not deliver. Rows of customers' files have reasons of their own, `rowReasons`
 * in lib/drops/engine. docs/quarantine.md lists both; a test holds them together.
 */
export const quarantineReasons = {
  ...bodyReasons,
  ...EventError.entries,
  ...FirehoseFailure.entries,
} satisfies Record<string, ErrorEntry>;

/** A stable code that quarantine rows may have. */
export type QuarantineReason = keyof typeof quarantineReasons;

/** Whether what was refused under a code is kept. */
export function isQuarantineReason(code: string): code is QuarantineReason {
  return Object.hasOwn(quarantineReasons, code);
}
