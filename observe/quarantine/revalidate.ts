import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { SluiceError } from '../../lib/base/errors.ts';
import { isJsonObject } from '../../lib/base/json.ts';
import { sum } from '../../lib/base/sum.ts';
import { isUtcDay, parseInstant, type UtcDay } from '../../lib/base/time.ts';
import { type CollectPlan, collectPlan } from '../../lib/collect/rows/plan.ts';
import { collectBatch } from '../../lib/collect/rows.ts';
import { groupsObject, readKnownGroups } from '../../lib/groups/groupsTable.ts';
import { KnownGroups } from '../../lib/groups/KnownGroups.ts';
import { isRowFailure, type QuarantineReason } from '../../lib/landing/quarantineReasons.ts';
import type { LandedRow } from '../../lib/landing/store/encodeLines.ts';
import type { Config } from '../../lib/schema/config.ts';
import type { ForwardedKind } from '../../lib/schema/kinds.ts';
import { deliveredTables } from '../../lib/tables/deliveredTables.ts';
import { parseRowPath } from '../../lib/tables/objectKeys.ts';
import type { ColumnType, Table } from '../../lib/tables/Table.ts';
import { groupsKey } from '../../lib/tables/tableFolders.ts';
import { decodeBody } from '../../lib/wire/decodeBody.ts';
import { EventError } from '../../lib/wire/EventError.ts';
import type { Deployment } from '../deployment.ts';

/** The part of a quarantine row that revalidation needs. */
export interface QuarantinedItem {
  /** Its `quarantine_id`. */
  readonly quarantineId: string;
  /** When it was received, epoch milliseconds. */
  readonly receivedAt: number;
  /** Code of the reason for which it was refused. */
  readonly reason: QuarantineReason;
  /** The key's environment, for events without a tier. Default null: production. */
  readonly keyEnvironment?: string | null;
  /** Name of the SDK; null if the request did not state it. */
  readonly sdkType: string | null;
  /** Version of the SDK; null if the request did not state it. */
  readonly sdkVersion: string | null;
  /** The request's path; for a row that its table did not take, what `parseRowPath` reads. */
  readonly path: string;
  /** Null if redaction kept nothing of it, or if it {@link isGone}. */
  readonly raw: Uint8Array | null;
  /** Whether the object that had its body is gone: it expired, or was erased. Default false. */
  readonly isGone?: boolean;
}

/** The result of a revalidation. */
export interface Revalidation {
  /** Rows that are valid now, by the table that they are for. */
  readonly rows: Readonly<Record<ForwardedKind, readonly LandedRow[]>>;
  /** Parts that are still refused, with their current codes. */
  readonly refused: readonly { readonly code: string; readonly detail: string }[];
  /** Events that the configuration does not land. */
  readonly ignored: number;
}

/**
 * Makes the function that collects items of quarantine again, with the current configuration.
 *
 * Values that only the request's headers stated are lost: the clock and session of a refused body's sender. An event's ID
 * is made from its quarantine_id, so it is the same however often it is redriven.
 *
 * @param known The content of the table of experiment groups. Default empty.
 */
export function revalidator(
  config: Config,
  known = KnownGroups.none,
): (quarantined: QuarantinedItem) => Revalidation {
  const ofBodies = collectPlan(config, known);
  // Events were redacted before they went to quarantine. Redacting again would hash the hashes.
  const ofEvents = collectPlan({ ...config, privacy: { ...config.privacy, redact: {} } }, known);
  const tables = deliveredTables(config);

  return (quarantined) => {
    const { reason, path, raw } = quarantined;
    if (raw === null) return refusal(reason, 'Nothing of it was kept.');
    if (isRowFailure(reason)) {
      const { kind, day } = parseRowPath(path) ?? {};
      if (kind === undefined || kind === 'quarantine' || day === undefined)
        return refusal(reason, 'Its path names no table.');
      const restored = restoreRow(Buffer.from(raw).toString('utf8'), tables[kind], day);
      return 'problem' in restored
        ? refusal(reason, restored.problem)
        : { rows: { ...NO_ROWS, [kind]: [restored] }, refused: [], ignored: 0 };
    }
    try {
      return Object.hasOwn(EventError.entries, reason)
        ? collect(Buffer.from(raw).toString('utf8'), quarantined, ofEvents)
        : collect(
            decodeBody(raw, { contentEncoding: '', statsigEncoded: false }).text,
            quarantined,
            ofBodies,
          );
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      return refusal(error.code, error.detail);
    }
  };
}

/** No rows of either table. */
const NO_ROWS: Revalidation['rows'] = { exposures: [], events: [] };

/** What is refused again as a whole. */
function refusal(code: string, detail: string): Revalidation {
  return { rows: NO_ROWS, refused: [{ code, detail }], ignored: 0 };
}

/** Collects a body again. @param plan With redaction, unless the body was redacted before. */
function collect(text: string, quarantined: QuarantinedItem, plan: CollectPlan): Revalidation {
  const { rows, refused, counted } = collectBatch(
    text,
    {
      keyHash: quarantined.quarantineId,
      environment: quarantined.keyEnvironment ?? null,
      clientTimes: [],
      sessionId: null,
      sdkType: quarantined.sdkType,
      sdkVersion: quarantined.sdkVersion,
      receivedAt: quarantined.receivedAt,
    },
    plan,
  );
  return { rows, refused, ignored: sum(Object.values(counted)) };
}

/** A row that can be written again, or the reason why it would fail again. */
type RestoredRow = LandedRow | { readonly problem: string };

/** How the writer takes times: lib/landing/write/lineStatements.ts. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Values that the writer accepts for a column without changing them. Null and absent are the same to it. */
const FITS: Readonly<Record<ColumnType, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  timestamp: (value) => typeof value === 'string' && TIME.test(value) && parseInstant(value) !== null,
  date: (value) => typeof value === 'string' && isUtcDay(value),
  double: (value) => typeof value === 'number',
  bigint: (value) => Number.isSafeInteger(value),
};

/**
 * Checks a row that its table did not take against the current table. A member without a column is also a problem: the writer
 * would leave it out.
 */
export function restoreRow(raw: string, table: Table, day: UtcDay): RestoredRow {
  let row: unknown;
  try {
    row = JSON.parse(raw);
  } catch {
    return { problem: 'It is not JSON.' };
  }
  if (!isJsonObject(row)) return { problem: 'It is not a JSON object.' };
  const [id] = table.columns;
  if (id === undefined || typeof row[id.name] !== 'string') return { problem: `It has no ${id?.name}.` };
  const columns = new Map(table.columns.map(({ name, type }) => [name, type]));
  for (const [name, value] of Object.entries(row)) {
    const type = columns.get(name);
    if (type === undefined) return { problem: `The table has no column ${JSON.stringify(name)}.` };
    if (value !== null && !FITS[type](value)) return { problem: `${name} is not a ${type}.` };
  }
  // Line breaks separate rows. Those of the collector have none, because JSON escapes them in texts.
  const json = raw.includes('\n') ? JSON.stringify(row) : raw;
  return { day, json };
}

/** Makes the function that validates items with the configuration and groups of now. */
export async function currentRevalidator({
  s3,
  config,
}: Pick<Deployment, 's3' | 'config'>): Promise<(quarantined: QuarantinedItem) => Revalidation> {
  return revalidator(
    config,
    await readKnownGroups(groupsObject(s3ObjectStore(s3, config.bucket), groupsKey(config))),
  );
}
