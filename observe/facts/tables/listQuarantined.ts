import { type QueryRow, quoteText } from '../../../lib/base/sql.ts';
import { isoTimestamp, utcDay } from '../../../lib/base/time.ts';
import { qualifiedName } from '../../../lib/views/View.ts';
import { askAthena, type Deployment } from '../../deployment.ts';
import { unreadNotes } from './partitionGaps.ts';
import { readTime, timestampText } from './tracedRows.ts';

/** Characters of `raw`. */
const RAW_CHARACTERS = 8_000;

/** A row of quarantine. */
export type QuarantinedRow = ReturnType<typeof quarantinedRow>;

/** Rows, the newest first; rows of one file in the order of the file. */
export type QuarantinedPage = Awaited<ReturnType<typeof listQuarantined>>;

/** Which rows. */
export interface QuarantineFilter {
  /** Time of receipt, epoch milliseconds: from, inclusive, and to. */
  readonly from: number;
  readonly to: number;
  /** Default: all reasons. */
  readonly reason?: string | undefined;
  /** Only refused rows of this day of a dataset: the name of the file that a load wrote them to ends so. */
  readonly fileStem?: string;
}

/**
 * Lists rows of quarantine. Rows that Firehose delivered twice are shown once; resends are rows of their own.
 *
 * @throws ObserveError; what Athena's client throws.
 */
export async function listQuarantined(deployment: Deployment, filter: QuarantineFilter, limit: number) {
  const days = { from: utcDay(filter.from), to: utcDay(filter.to) };
  const notes = await unreadNotes(deployment, ['quarantine'], days);
  const { rows, scannedBytes } = await askAthena(deployment, listSql(deployment, filter, limit + 1));
  const listed: QuarantinedRow[] = [];
  for (const row of rows.slice(0, limit).map(quarantinedRow)) {
    const before = listed.at(-1);
    if (before?.quarantineId !== row.quarantineId || before.receivedAt !== row.receivedAt) listed.push(row);
  }
  return {
    rows: listed,
    /** Whether there are more rows than these. */
    hasMore: rows.length > limit,
    /** Limits of the answer. */
    notes,
    /** Bytes that Athena read. */
    scannedBytes,
  };
}

function quarantinedRow(row: QueryRow) {
  return {
    /** Equal for every resend. */
    quarantineId: row['quarantine_id'] ?? '',
    /** ISO 8601. */
    receivedAt: isoTimestamp(readTime(row['received_at'])),
    reason: row['reason'] ?? '',
    detail: row['detail'] ?? null,
    keyLabel: row['key_label'] ?? null,
    sdkType: row['sdk_type'] ?? null,
    sdkVersion: row['sdk_version'] ?? null,
    path: row['path'] ?? null,
    /** The beginning of the event or body; null when it is an object of its own, or nothing of it was kept. */
    raw: row['raw'] ?? null,
    /** Whether `raw` is only the beginning. */
    isCut: row['is_cut'] === 'true',
    /** `text`, or `base64` of a body that is not UTF-8. */
    rawEncoding: row['raw_encoding'] ?? null,
    /** `s3://…` of an event or body that is too large for a row. */
    rawLocation: row['raw_location'] ?? null,
  };
}

/** The number of a customer's row in its file; 0 for what SDKs sent. */
const FILE_ROW = `coalesce(TRY_CAST(regexp_extract("detail", '^row (\\d+),', 1) AS bigint), 0)`;

function listSql(
  { config }: Pick<Deployment, 'config'>,
  { from, to, reason, fileStem }: QuarantineFilter,
  most: number,
): string {
  const conditions = [
    `"ds" BETWEEN DATE '${utcDay(from)}' AND DATE '${utcDay(to)}'`,
    `"received_at" BETWEEN ${timestampText(from)} AND ${timestampText(to)}`,
    ...(reason === undefined ? [] : [`"reason" = ${quoteText(reason)}`]),
  ];
  if (fileStem !== undefined) {
    const pattern = quoteText(`%/${escapeLike(fileStem)}%`);
    conditions.push(`"$path" LIKE ${pattern} ESCAPE '\\'`);
  }
  return `SELECT
  "quarantine_id",
  CAST("received_at" AS varchar) AS "received_at",
  "reason",
  "detail",
  "key_label",
  "sdk_type",
  "sdk_version",
  "path",
  substr("raw", 1, ${RAW_CHARACTERS}) AS "raw",
  length("raw") > ${RAW_CHARACTERS} AS "is_cut",
  "raw_encoding",
  "raw_location"
FROM ${qualifiedName(config, config.tables.quarantine)} AS "refused"
WHERE ${conditions.join('\n  AND ')}
ORDER BY "refused"."received_at" DESC, "path", ${FILE_ROW}, "quarantine_id"
LIMIT ${most}`;
}

function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}
