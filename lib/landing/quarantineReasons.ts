import { defineErrorFamily, type ErrorEntry } from '../base/errors.ts';
import { sum } from '../base/sum.ts';
import { EventError } from '../wire/EventError.ts';
import { RequestError } from '../wire/RequestError.ts';

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

/** The codes of rows that could not be written. */
export const rowFailures: readonly string[] = Object.keys(RowFailure.entries);

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
 * be accepted, rows that could not be written. Rows of customers' files have reasons of their own, `rowReasons`
 * in lib/drops. docs/reference/errors.md lists both.
 */
export const quarantineReasons = {
  ...bodyReasons,
  ...EventError.entries,
  ...RowFailure.entries,
} satisfies Record<string, ErrorEntry>;

/** A stable code that a quarantine row can have. */
export type QuarantineReason = keyof typeof quarantineReasons;

/** Whether quarantine keeps data that is refused under this code. */
export function isQuarantineReason(code: string): code is QuarantineReason {
  return Object.hasOwn(quarantineReasons, code);
}

/**
 * How many refused events of SDKs a row of quarantine stands for: none for a row that its table did not take, which
 * counts as an event of that table, nor for a row of a customer's file.
 */
export function eventsOfRefusal({ reason, detail }: Readonly<Record<string, unknown>>): number {
  const code = String(reason);
  if (isRowFailure(code) || code.startsWith('SLUICE_INGEST_')) return 0;
  return manyRefused(String(detail ?? '')) ?? 1;
}

/** The number of events in a quarantine row that holds several, by its detail; undefined for any other row. */
export function manyRefused(detail: string): number | undefined {
  const counts = [...detail.matchAll(/\bSLUICE_[A-Z_]+: (\d+)/g)].map(([, count]) => Number(count));
  return counts.length === 0 ? undefined : sum(counts);
}

/**
 * Reasons that a corrected table, a corrected key or another moment removes. What is kept for any other reason is
 * refused again by the same release.
 */
const CURED_BY_REDRIVE: readonly string[] = [
  'SLUICE_ROW_REFUSED',
  'SLUICE_ROW_UNFIT',
  'SLUICE_EVENT_KIND_NOT_ALLOWED',
  'SLUICE_EVENT_MANY_REFUSED',
  'SLUICE_BODY_TOO_COSTLY' satisfies QuarantineReason,
];

/** Whether a redrive delivers rows of a reason once it is corrected. */
export function isCuredByRedrive(code: string): boolean {
  return CURED_BY_REDRIVE.includes(code);
}
