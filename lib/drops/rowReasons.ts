import type { ErrorEntry } from '../base/errors.ts';

/** The cure for rows that the mapping can't read. */
const MAPPING =
  "If the dataset's mapping names the wrong column, correct it and deploy. If not, have the rows corrected and the file dropped again.";

/** Why a row of a file is refused: every `reason` that ingest gives a quarantine row, with its meaning and cure. */
export const rowReasons = {
  SLUICE_INGEST_ROW_TIME_MISSING: { cause: 'The row has no time.', cure: MAPPING },
  SLUICE_INGEST_ROW_TIME_TEXT: {
    cause: "The time is a text such as 2026-11-20T10:15:30Z, where the mapping's `unit` reads numbers.",
    cure: "Set `unit: 'iso'` of the time column, or have it written as a number again and drop the file again.",
  },
  SLUICE_INGEST_ROW_TIME_NUMBER: {
    cause: 'The time is a number since 1970, where the mapping reads texts such as 2026-11-20T10:15:30Z.',
    cure: 'Set the `unit` of the time column to that of its numbers (s, ms, us or ns), or have it written as a text again and drop the file again.',
  },
  SLUICE_INGEST_ROW_TIME_MILLISECONDS: {
    cause: 'The time counts milliseconds since 1970, where the mapping reads seconds.',
    cure: "Set `unit: 'ms'` of the time column, or have seconds written again and drop the file again.",
  },
  SLUICE_INGEST_ROW_TIME_MICROSECONDS: {
    cause: 'The time counts microseconds since 1970, where the mapping reads seconds or milliseconds.',
    cure: "Set `unit: 'us'` of the time column, or have its former unit written again and drop the file again.",
  },
  SLUICE_INGEST_ROW_TIME_NANOSECONDS: {
    cause: 'The time counts nanoseconds since 1970, where the mapping reads a larger unit.',
    cure: "Set `unit: 'ns'` of the time column, or have its former unit written again and drop the file again.",
  },
  SLUICE_INGEST_ROW_TIME_INVALID: {
    cause: 'The time can’t be read in the format that the mapping specifies.',
    cure: 'Set the `unit` of the time column (s, ms, us, ns, timestamp or iso) or the `format` of its texts, or correct the rows and drop the file again.',
  },
  SLUICE_INGEST_ROW_TIME_OUT_OF_RANGE: {
    cause: 'The time is before the year 1 or after the year 9999.',
    cure: 'Correct the rows and drop the file again. Declare a column with times such as 9999-12-31, which leave these years only through the timezone, as `date` or `string`.',
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
  SLUICE_INGEST_ROW_ID_INEXACT: {
    cause: 'An ID or a name is a float beyond 2^53, or 2^24 of 32 bits: it has lost digits.',
    cure: 'Write the column as whole numbers or text. pandas makes floats of whole numbers where one is missing: use the type `Int64`.',
  },
  SLUICE_INGEST_ROW_VALUE_MISSING: {
    cause: 'The metric has neither a value nor both numerator and denominator.',
    cure: MAPPING,
  },
  SLUICE_INGEST_ROW_VALUE_INVALID: {
    cause:
      'A number is not finite, as after a division by 0 or where pandas has no value, or it is a text that is no number, such as `12,5`.',
    cure: 'Have the column hold finite numbers with a decimal point, and no value where there is none, and the file dropped again. If the mapping names the wrong column, correct it and deploy.',
  },
  SLUICE_INGEST_ROW_METADATA_INVALID: {
    cause: 'The column that `metadataJson` names does not hold a JSON object.',
    cure: MAPPING,
  },
  SLUICE_INGEST_ROW_DECIMAL_INVALID: {
    cause: 'A decimal has more digits than the footer of the file declares for its column.',
    cure: 'Write the file again with the precision that the values need, and drop it again.',
  },
  SLUICE_INGEST_ROW_CAST_FAILED: {
    cause: 'A value can’t be converted to the type of the mapping’s `cast` or `type`.',
    cure: MAPPING,
  },
  SLUICE_INGEST_ROW_REQUIRED_MISSING: {
    cause: 'A column that the mapping declares as `required` has no value.',
    cure: 'If rows may lack the value, leave out `required` and deploy. If not, have the rows corrected and the file dropped again.',
  },
  SLUICE_INGEST_ROW_TEXT_INVALID: {
    cause: 'A column of bytes does not hold UTF-8 text.',
    cure: "If the bytes are UUIDs, set `cast: 'uuid'` and deploy. If not, have the rows corrected and the file dropped again.",
  },
} as const satisfies Record<`SLUICE_INGEST_ROW_${string}`, ErrorEntry>;

/** A stable code that a refused row has. */
export type RowReason = keyof typeof rowReasons;

/** Whether a text is the reason of a refused row. */
export function isRowReason(text: string): text is RowReason {
  return Object.hasOwn(rowReasons, text);
}
