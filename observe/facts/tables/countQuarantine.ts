import { HOUR_MS, isoTimestamp, utcDay } from '../../../lib/base/time.ts';
import { isQuarantineReason } from '../../../lib/landing/quarantineReasons.ts';
import { qualifiedName } from '../../../lib/views/View.ts';
import { askAthena, type Deployment } from '../../deployment.ts';
import { type ExplainedCode, explainCode } from '../../explainCode.ts';
import { unreadNotes } from './partitionGaps.ts';
import { readTime, timestampText } from './tracedRows.ts';

/** A reason of quarantine, and how often it was given. */
export interface CountedReason extends ExplainedCode {
  /** Whether `sluice redrive` can validate such rows again. */
  readonly isRedrivable: boolean;
  /** Stored rows. Resends are rows of their own. */
  readonly rows: number;
  /** Different items: resends count once. */
  readonly items: number;
  /** First time of receipt, ISO 8601. */
  readonly firstAt: string;
  /** Last time of receipt, ISO 8601. */
  readonly lastAt: string;
}

/** Quarantine by reason and time. */
export interface QuarantineCounts {
  /** Start of the time that is covered, ISO 8601. */
  readonly from: string;
  /** End of the time that is covered, ISO 8601. */
  readonly to: string;
  /** Stored rows of all reasons. */
  readonly rows: number;
  /** The most frequent reason first. */
  readonly reasons: readonly CountedReason[];
  /** What the answer leaves out, a sentence each. */
  readonly notes: readonly string[];
  /** Bytes that Athena read. */
  readonly scannedBytes: number;
}

/**
 * Counts the rows of quarantine that were received in the last hours, by reason, with one query.
 *
 * @param hours 2,160 at most.
 * @throws ObserveError; what Athena's client throws.
 */
export async function countQuarantine(
  deployment: Deployment,
  { hours }: { readonly hours: number },
): Promise<QuarantineCounts> {
  const from = deployment.now - hours * HOUR_MS;
  const days = { from: utcDay(from), to: utcDay(deployment.now) };
  // This comes before the query, so that a day that is registered meanwhile is named, and not missed.
  const notes = await unreadNotes(deployment, ['quarantine'], days);
  const { rows, scannedBytes } = await askAthena(deployment, countSql(deployment, from));
  const reasons = rows
    .map((row) => {
      const reason = row['reason'] ?? '';
      return {
        ...explainCode(reason),
        isRedrivable: isQuarantineReason(reason),
        rows: Number(row['stored']),
        items: Number(row['items']),
        firstAt: isoTimestamp(readTime(row['first_at'])),
        lastAt: isoTimestamp(readTime(row['last_at'])),
      };
    })
    .sort((a, b) => b.rows - a.rows || a.code.localeCompare(b.code));
  return {
    from: isoTimestamp(from),
    to: isoTimestamp(deployment.now),
    rows: reasons.reduce((sum, reason) => sum + reason.rows, 0),
    reasons,
    notes,
    scannedBytes,
  };
}

function countSql({ config, now }: Pick<Deployment, 'config' | 'now'>, from: number): string {
  return `SELECT
  "reason",
  count(*) AS "stored",
  count(DISTINCT "quarantine_id") AS "items",
  CAST(min("received_at") AS varchar) AS "first_at",
  CAST(max("received_at") AS varchar) AS "last_at"
FROM ${qualifiedName(config, config.tables.quarantine)}
WHERE "ds" BETWEEN DATE '${utcDay(from)}' AND DATE '${utcDay(now)}'
  AND "received_at" >= ${timestampText(from)}
GROUP BY "reason"`;
}
