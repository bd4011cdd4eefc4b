import { type QueryRow, qualifiedName, quoteText } from '../../../lib/base/sql.ts';
import { isoTimestamp, utcDay } from '../../../lib/base/time.ts';
import { askAthena, type Deployment } from '../../deployment.ts';
import { unreadNotes } from './partitionGaps.ts';
import { readTime, timestampText } from './tracedRows.ts';

/** The most characters of `raw`. */
const RAW_CHARACTERS = 8_000;

/** A row of quarantine. */
export interface QuarantinedRow {
  /** ID of the refused event, body or row; equal for every resend. */
  readonly quarantineId: string;
  /** Time at which the row was received, ISO 8601. */
  readonly receivedAt: string;
  /** Code of the reason. */
  readonly reason: string;
  /** What was wrong of it, in words; null if the code says it all. */
  readonly detail: string | null;
  /** Label of the SDK key; null of what no SDK sent. */
  readonly keyLabel: string | null;
  /** Name of the SDK; null if the request does not state it. */
  readonly sdkType: string | null;
  /** Version of the SDK; null if the request does not state it. */
  readonly sdkVersion: string | null;
  /** Path of the request, or key of the customer's file; null if neither is known. */
  readonly path: string | null;
  /** The beginning of the event or body, 8,000 characters at most; null when it is an object of its own, or nothing of it was kept. */
  readonly raw: string | null;
  /** Whether `raw` is only the beginning. */
  readonly isCut: boolean;
  /** `text`, or `base64` of a body that is not UTF-8; null without `raw`. */
  readonly rawEncoding: string | null;
  /** `s3://…` of an event or body that is too large for a row; else null. */
  readonly rawLocation: string | null;
}

/** Rows of quarantine. */
export interface QuarantinedPage {
  /** The rows, the newest first; rows of one file are in the order of the file. */
  readonly rows: readonly QuarantinedRow[];
  /** Whether the query found more rows than the limit; one that Firehose delivered twice counts twice. */
  readonly hasMore: boolean;
  /** What the answer leaves out, a sentence each. */
  readonly notes: readonly string[];
  /** Bytes that Athena read. */
  readonly scannedBytes: number;
}

/** Which rows of quarantine are listed. */
export interface QuarantineFilter {
  /** The first time of receipt, epoch milliseconds. */
  readonly from: number;
  /** The last time of receipt, epoch milliseconds, included. */
  readonly to: number;
  /** Default: all reasons. */
  readonly reason?: string | undefined;
  /** How the name of a file begins that a load wrote with the refused rows of a day: only its rows. Default: rows of all files. */
  readonly fileStem?: string;
}

/**
 * Lists rows of quarantine, the newest first. Rows that Firehose delivered twice are shown once; resends are rows of their own.
 *
 * @param limit The most rows.
 * @throws ObserveError; what the clients of Athena, S3 and Glue throw.
 */
export async function listQuarantined(
  deployment: Deployment,
  filter: QuarantineFilter,
  limit: number,
): Promise<QuarantinedPage> {
  const days = { from: utcDay(filter.from), to: utcDay(filter.to) };
  const notes = await unreadNotes(deployment, ['quarantine'], days);
  const { rows, scannedBytes } = await askAthena(deployment, listSql(deployment, filter, limit + 1));
  const listed: QuarantinedRow[] = [];
  for (const row of rows.slice(0, limit).map(quarantinedRow)) {
    const before = listed.at(-1);
    if (before?.quarantineId !== row.quarantineId || before.receivedAt !== row.receivedAt) listed.push(row);
  }
  return { rows: listed, hasMore: rows.length > limit, notes, scannedBytes };
}

/** A row of the query of {@link listSql}. */
function quarantinedRow(row: QueryRow): QuarantinedRow {
  return {
    quarantineId: row['quarantine_id'] ?? '',
    receivedAt: isoTimestamp(readTime(row['received_at'])),
    reason: row['reason'] ?? '',
    detail: row['detail'] ?? null,
    keyLabel: row['key_label'] ?? null,
    sdkType: row['sdk_type'] ?? null,
    sdkVersion: row['sdk_version'] ?? null,
    path: row['path'] ?? null,
    raw: row['raw'] ?? null,
    isCut: row['is_cut'] === 'true',
    rawEncoding: row['raw_encoding'] ?? null,
    rawLocation: row['raw_location'] ?? null,
  };
}

/** The number of a customer's row in its file; 0 for what SDKs sent. */
const FILE_ROW = `coalesce(TRY_CAST(regexp_extract("detail", '^row (\\d+),', 1) AS bigint), 0)`;

/** The query of {@link listQuarantined}. @param most Rows at most. */
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

/** A text as a part of a pattern of LIKE, with a backslash as its escape. */
function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}
