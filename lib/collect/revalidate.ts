import type { Config } from '../config/configSchema.ts';
import { SluiceError } from '../errors/SluiceError.ts';
import { KnownGroups } from '../groups/KnownGroups.ts';
import { FirehoseFailure } from '../landing/FirehoseFailure.ts';
import type { QuarantineReason } from '../landing/quarantineReasons.ts';
import type { ForwardedKind } from '../schema/kinds.ts';
import { deliveredTables } from '../tables/deliveredTables.ts';
import { parseErrorKey } from '../tables/errorKey.ts';
import { decodeBody } from '../wire/decodeBody.ts';
import { EventError } from '../wire/EventError.ts';
import { type CollectPlan, collectPlan } from './CollectPlan.ts';
import { collectBatch } from './collectBatch.ts';
import { restoreRow } from './restoreRow.ts';

/** What of a row of quarantine its second trial needs. */
export interface Quarantined {
  readonly quarantineId: string;
  /** Epoch milliseconds. */
  readonly receivedAt: number;
  readonly reason: QuarantineReason;
  /** The key's, for events without a tier. Default null: the product's. */
  readonly keyEnvironment?: string | null;
  readonly sdkType: string | null;
  readonly sdkVersion: string | null;
  /** Of the request; for what Firehose gave up, the key of its error object. */
  readonly path: string;
  /** Null where redaction let nothing of it be kept. */
  readonly raw: Uint8Array | null;
}

/** What a second trial came to. */
export interface Verdict {
  readonly documents: Readonly<Record<ForwardedKind, readonly string[]>>;
  /** What is refused still, by its code now. */
  readonly refused: readonly { readonly code: string; readonly detail: string }[];
  /** Events that the configuration doesn't land. */
  readonly ignored: number;
}

/**
 * Makes the judge of what is in quarantine: it goes the way of a request again, with the configuration as it is now.
 *
 * What only the request knew is lost: of bodies the sender's clock and session where the headers told them. An event's ID comes from its quarantine_id, so that it is the same however often it is redriven.
 *
 * @param known What the table of experiment groups says. Default nothing.
 */
export function revalidator(config: Config, known = KnownGroups.none): (quarantined: Quarantined) => Verdict {
  const ofBodies = collectPlan(config, known);
  // Events were redacted before they were put into quarantine: a hash would be hashed again.
  const ofEvents = collectPlan({ ...config, privacy: { ...config.privacy, redact: {} } }, known);
  const tables = deliveredTables(config);

  return (quarantined) => {
    const { reason, path, raw } = quarantined;
    if (raw === null) return refusal(reason, 'Nothing of it was kept.');
    if (Object.hasOwn(FirehoseFailure.entries, reason)) {
      const kind = parseErrorKey(path)?.kind;
      if (kind === undefined || kind === 'quarantine') return refusal(reason, 'Its path names no stream.');
      const restored = restoreRow(Buffer.from(raw).toString('utf8'), tables[kind]);
      return 'problem' in restored
        ? refusal(reason, restored.problem)
        : { documents: { ...NOTHING, [kind]: [restored.document] }, refused: [], ignored: 0 };
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

const NOTHING: Verdict['documents'] = { exposures: [], events: [] };

function refusal(code: string, detail: string): Verdict {
  return { documents: NOTHING, refused: [{ code, detail }], ignored: 0 };
}

function collect(text: string, quarantined: Quarantined, plan: CollectPlan): Verdict {
  const { documents, refused, counted } = collectBatch(
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
  return { documents, refused, ignored: Object.values(counted).reduce((sum, n) => sum + n, 0) };
}
