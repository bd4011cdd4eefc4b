import type { ErrorEntry } from '../../errors/SluiceError.ts';

const MAPPING =
  "Correct the dataset's mapping in sluice.config.ts if it names the wrong column; else correct the rows and drop the file again.";

/** Why a row of a file is refused: every `reason` that ingest gives a quarantine row, with its meaning and cure. */
export const rowReasons = {
  SLUICE_INGEST_ROW_TIME_MISSING: { cause: 'The row has no time.', cure: MAPPING },
  SLUICE_INGEST_ROW_TIME_INVALID: {
    cause: 'The time can’t be read as what the mapping says it is.',
    cure: 'Name the `unit` of the time column (s, ms, us, ns, timestamp or iso) or the `format` of its texts, or correct the rows and drop the file again.',
  },
  SLUICE_INGEST_ROW_TIME_OUT_OF_RANGE: {
    cause: 'The time lies before the year 1 or after 9999.',
    cure: 'Name the `unit` of the time column: milliseconds that are read as seconds lie far in the future.',
  },
  SLUICE_INGEST_ROW_NAME_MISSING: {
    cause: 'The row has no name of an event, metric or experiment, or an empty one.',
    cure: MAPPING,
  },
  SLUICE_INGEST_ROW_GROUP_MISSING: { cause: 'The exposure has no group, or an empty one.', cure: MAPPING },
  SLUICE_INGEST_ROW_UNIT_MISSING: {
    cause: 'The row has no unit ID, or only empty ones, or none with a type.',
    cure: MAPPING,
  },
  SLUICE_INGEST_ROW_VALUE_MISSING: {
    cause: 'The metric has neither a value nor both numerator and denominator.',
    cure: MAPPING,
  },
  SLUICE_INGEST_ROW_VALUE_INVALID: {
    cause: 'A number of the metric is no finite number.',
    cure: MAPPING,
  },
  SLUICE_INGEST_ROW_METADATA_INVALID: {
    cause: 'The column that `metadataJson` names does not hold a JSON object.',
    cure: MAPPING,
  },
  SLUICE_INGEST_ROW_DECIMAL_INVALID: {
    cause: 'A decimal has more digits than the footer of the file says that its column has.',
    cure: 'Write the file again with the precision that the values need, and drop it again.',
  },
  SLUICE_INGEST_ROW_CAST_FAILED: {
    cause: 'A value can’t be turned into what the mapping’s `cast` says.',
    cure: MAPPING,
  },
  SLUICE_INGEST_ROW_TEXT_INVALID: {
    cause: 'A column of bytes holds something else than UTF-8 text.',
    cure: "Set `cast: 'uuid'` if the bytes are UUIDs; else correct the rows and drop the file again.",
  },
} as const satisfies Record<`SLUICE_INGEST_ROW_${string}`, ErrorEntry>;

/** A stable code that a refused row has. */
export type RowReason = keyof typeof rowReasons;

/** Whether a text is the reason of a refused row. */
export function isRowReason(text: string): text is RowReason {
  return Object.hasOwn(rowReasons, text);
}
