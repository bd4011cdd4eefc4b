import { defineErrorFamily } from '../../lib/base/errors.ts';
import { quoteText } from '../../lib/base/sql.ts';
import type { UtcDay } from '../../lib/base/time.ts';
import { isQuarantineReason } from '../../lib/landing/quarantineReasons.ts';
import type { ForwardedKind } from '../../lib/schema/kinds.ts';
import { qualifiedName } from '../../lib/views/View.ts';
import type { Deployment } from '../deployment.ts';
import { askAthena } from '../deployment.ts';
import { type ExplainedCode, explainCode } from '../explainCode.ts';
import { partOf, type RefusedPart, unreadDays } from '../facts/tables/countQuarantine.ts';
import { type QuarantinedRow, quarantinedColumns, quarantinedRow } from '../facts/tables/listQuarantined.ts';
import { downloadObject } from './readQuarantine.ts';
import { currentRevalidator, type QuarantinedItem } from './revalidate.ts';

/** Errors of questions about quarantine, and of redriving its rows. */
export const QuarantineError = defineErrorFamily('user', {
  SLUICE_QUARANTINE_ROW_UNKNOWN: {
    cause: 'Quarantine has no row with this ID on this day.',
    cure: 'Compare `quarantine_id` and `ds` with `sluice quarantine --reason …`.',
  },
  SLUICE_QUARANTINE_ROW_OF_FILE: {
    cause: "A row of a customer's file cannot be redriven.",
    cure: 'Correct the mapping and load the day again with `sluice ingest backfill`, or drop the file again.',
  },
  SLUICE_REDRIVE_INCOMPLETE: {
    cause: 'Not all rows could be put into the landing.',
    cure: 'Run it again. Rows that `--reason` has delivered are not delivered again.',
  },
});

/** Characters of `raw` that an examined row has: a row of quarantine has fewer, only an object of its own can have more. */
const RAW_CHARACTERS = 2_000_000;

/** A row of quarantine by its ID and partition. */
export interface QuarantineKey {
  readonly id: string;
  /** The UTC day of its receipt. */
  readonly day: UtcDay;
}

/** The expected result of redriving a row. */
export interface RedriveOutcome {
  /**
   * `delivered`: all of it would be. `partly`: some events, others are still refused. `refused`: nothing would be.
   * `ignored`: the configuration lands nothing of it. `not_redrivable`: it is a row of a customer's file.
   */
  readonly outcome: 'delivered' | 'partly' | 'refused' | 'ignored' | 'not_redrivable';
  /** Rows that would be delivered, by kind. */
  readonly delivered: Readonly<Record<ForwardedKind, number>>;
  /** Events that are still refused, by current code, the most frequent first, with the first detail. */
  readonly refused: readonly (ExplainedCode & { readonly detail: string; readonly count: number })[];
  /** Events that the configuration does not land. */
  readonly ignored: number;
}

/** A row of quarantine, and what would happen if it were redriven. */
export interface ExaminedRow {
  /** With its whole `raw`, also of an object of its own, up to 2,000,000 characters. */
  readonly row: QuarantinedRow;
  /** Its reason. */
  readonly reason: ExplainedCode;
  readonly part: RefusedPart;
  /** Rows with its ID on this day: resends, and double deliveries. */
  readonly copies: number;
  readonly redrive: RedriveOutcome;
  /** Bytes that Athena read. */
  readonly scannedBytes: number;
}

/**
 * Reads a row of quarantine whole, and validates it again with the configuration of now, without delivering anything.
 *
 * @throws QuarantineError SLUICE_QUARANTINE_ROW_UNKNOWN; ObserveError; what clients of AWS throw.
 */
export async function examineQuarantined(deployment: Deployment, key: QuarantineKey): Promise<ExaminedRow> {
  const { row, raw, copies, scannedBytes } = await readRow(deployment, key);
  const item = itemOf(row, raw);
  const redrive = item === undefined ? NOT_REDRIVABLE : await tryRedrive(deployment, item);
  const text = raw === null ? null : textOf(raw, row.rawLocation === null ? row.rawEncoding : null);
  return {
    row: {
      ...row,
      raw: text?.text.slice(0, RAW_CHARACTERS) ?? null,
      rawLength: text?.text.length ?? null,
      isCut: (text?.text.length ?? 0) > RAW_CHARACTERS,
      rawEncoding: text?.encoding ?? null,
    },
    reason: explainCode(row.reason),
    part: partOf(row.reason),
    copies,
    redrive,
    scannedBytes,
  };
}

/**
 * One row as it can be redriven.
 *
 * @throws QuarantineError SLUICE_QUARANTINE_ROW_UNKNOWN, SLUICE_QUARANTINE_ROW_OF_FILE; ObserveError; what clients of AWS throw.
 */
export async function readRedrivable(deployment: Deployment, key: QuarantineKey): Promise<QuarantinedItem> {
  const { row, raw } = await readRow(deployment, key);
  const item = itemOf(row, raw);
  if (item === undefined) throw new QuarantineError('SLUICE_QUARANTINE_ROW_OF_FILE', `${row.reason}.`);
  return item;
}

/** Reads the first row with an ID, whole, as `sluice redrive` takes it. */
async function readRow(deployment: Deployment, { id, day }: QuarantineKey) {
  const { config, s3 } = deployment;
  const { rows, scannedBytes } = await askAthena(
    deployment,
    `SELECT
  ${quarantinedColumns(RAW_CHARACTERS)},
  count(*) OVER () AS "copies"
FROM ${qualifiedName(config, config.tables.quarantine)} AS "refused"
WHERE "ds" = DATE '${day}' AND "quarantine_id" = ${quoteText(id)}
ORDER BY "refused"."received_at"
LIMIT 1`,
  );
  const [found] = rows;
  if (found === undefined) {
    const at = Date.parse(`${day}T00:00:00Z`);
    const notes = await unreadDays(deployment, { from: at, to: at });
    throw new QuarantineError('SLUICE_QUARANTINE_ROW_UNKNOWN', [`${id}, ${day}.`, ...notes].join(' '));
  }
  const row = quarantinedRow(found, RAW_CHARACTERS);
  const { rawLocation } = row;
  const raw =
    rawLocation === null
      ? row.raw === null
        ? null
        : Buffer.from(row.raw, row.rawEncoding === 'base64' ? 'base64' : 'utf8')
      : Buffer.from(
          await downloadObject(s3, config.bucket, rawLocation.replace(`s3://${config.bucket}/`, '')),
        );
  return { row, raw, copies: Number(found['copies']), scannedBytes };
}

/** Undefined for a row of a customer's file. */
function itemOf(row: QuarantinedRow, raw: Uint8Array | null): QuarantinedItem | undefined {
  const { reason, quarantineId, keyEnvironment, sdkType, sdkVersion, path } = row;
  if (!isQuarantineReason(reason)) return undefined;
  const receivedAt = Date.parse(row.receivedAt);
  return {
    ...{ quarantineId, receivedAt, reason, keyEnvironment, sdkType, sdkVersion, raw },
    path: path ?? '',
  };
}

function textOf(
  raw: Uint8Array,
  encoding: string | null,
): { readonly text: string; readonly encoding: string } {
  if (encoding !== 'base64') {
    try {
      return { text: new TextDecoder('utf-8', { fatal: true }).decode(raw), encoding: 'text' };
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  }
  return { text: Buffer.from(raw).toString('base64'), encoding: 'base64' };
}

const NOT_REDRIVABLE: RedriveOutcome = {
  outcome: 'not_redrivable',
  delivered: { exposures: 0, events: 0 },
  refused: [],
  ignored: 0,
};

async function tryRedrive(deployment: Deployment, item: QuarantinedItem): Promise<RedriveOutcome> {
  const revalidate = await currentRevalidator(deployment);
  const { rows, refused, ignored } = revalidate(item);
  const total = rows.exposures.length + rows.events.length;
  return {
    outcome:
      total > 0
        ? refused.length === 0
          ? 'delivered'
          : 'partly'
        : refused.length > 0
          ? 'refused'
          : 'ignored',
    delivered: { exposures: rows.exposures.length, events: rows.events.length },
    refused: refusedByCode(refused),
    ignored,
  };
}

function refusedByCode(
  refused: readonly { readonly code: string; readonly detail: string }[],
): RedriveOutcome['refused'] {
  const byCode = new Map<string, { readonly detail: string; count: number }>();
  for (const { code, detail } of refused) {
    const known = byCode.get(code);
    if (known === undefined) byCode.set(code, { detail, count: 1 });
    else known.count += 1;
  }
  return [...byCode]
    .map(([code, { detail, count }]) => ({ ...explainCode(code), detail, count }))
    .sort((a, b) => b.count - a.count);
}
