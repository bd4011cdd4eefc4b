import { qualifiedName } from '../../../lib/base/sql.ts';
import { sum } from '../../../lib/base/sum.ts';
import { HOUR_MS, isoTimestamp, utcDay } from '../../../lib/base/time.ts';
import { isQuarantineReason } from '../../../lib/landing/quarantineReasons.ts';
import { targetCommands } from '../../commands.ts';
import { askAthena, type Deployment } from '../../deployment.ts';
import { type ExplainedCode, explainStoredCode } from '../../explainCode.ts';
import { deploymentOptions } from '../../target.ts';
import { unreadNotes } from './partitionGaps.ts';
import { type QuarantineSender, senderColumns, senderOf, topSendersSql } from './quarantineSenders.ts';
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
  /** Who sent most of them, the most first. */
  readonly senders: readonly QuarantineSender[];
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
 * @throws ObserveError; what the clients of Athena, S3 and Glue throw.
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
  const target = deploymentOptions(deployment);
  const reasons = Array.from(
    Map.groupBy(rows, (row) => row['reason'] ?? ''),
    ([reason, senders]) => {
      const [row = {}] = senders;
      const explained = explainStoredCode(reason);
      return {
        ...explained,
        cure: targetCommands(explained.cure, target),
        isRedrivable: isQuarantineReason(reason),
        rows: Number(row['all_row_count']),
        items: Number(row['all_items']),
        firstAt: isoTimestamp(readTime(row['all_first'])),
        lastAt: isoTimestamp(readTime(row['all_last'])),
        senders: senders.map(senderOf),
      };
    },
  ).sort((a, b) => b.rows - a.rows || a.code.localeCompare(b.code));
  return {
    from: isoTimestamp(from),
    to: isoTimestamp(deployment.now),
    rows: sum(reasons.map((reason) => reason.rows)),
    reasons,
    notes,
    scannedBytes,
  };
}

/** The query of {@link countQuarantine}. @param from Epoch milliseconds. */
function countSql({ config, now }: Pick<Deployment, 'config' | 'now'>, from: number): string {
  const grouped = `SELECT "reason", ${senderColumns.join(', ')},
      count(*) AS "row_count",
      count(DISTINCT "quarantine_id") AS "items",
      min("received_at") AS "first_at",
      max("received_at") AS "last_at"
    FROM ${qualifiedName(config, config.tables.quarantine)}
    WHERE "ds" BETWEEN DATE '${utcDay(from)}' AND DATE '${utcDay(now)}'
      AND "received_at" >= ${timestampText(from)}
    GROUP BY 1, 2, 3, 4`;
  return topSendersSql(grouped, ['reason'], ['items']);
}
