import { mapLimit } from '../base/concurrency.ts';
import { errorText, type SluiceError } from '../base/errors.ts';
import { sum } from '../base/sum.ts';
import { type Clock, isoDay, isoHour } from '../base/time.ts';
import type { PutQuarantineLarge, QuarantineWriter } from '../landing/quarantineWriter.ts';
import { encodeLines, type LandedRow } from '../landing/store/encodeLines.ts';
import {
  type LandContext,
  type Landing,
  land,
  type NotStreamed,
  type PutRecordObject,
} from '../landing/store/land.ts';
import { BILLED_STEP_BYTES } from '../schema/deliveryLimits.ts';
import { type TableKind, tableKinds } from '../schema/kinds.ts';
import type { DecodedBody } from '../wire/decodeBody.ts';
import type { AuthenticatedKey } from '../wire/keys/KeyGate.ts';
import type { HttpRequest } from '../wire/sdkRequest.ts';
import { CollectError } from './CollectError.ts';
import { isHeldUp } from './isAlwaysLogged.ts';
import type { Received } from './receive.ts';
import type { RequestRows } from './rows.ts';

/** Dependencies of storing. */
export interface StorePorts {
  /** The stream of the landing; null if everything becomes objects. */
  readonly stream: LandContext['stream'];
  /** Writes a record as an object of the landing. */
  readonly putObject: PutRecordObject;
  /** Keeps copies of requests for another target. Default none: nothing is relayed. */
  readonly relay?: RelayKeeper | undefined;
  /** Makes rows of quarantine of what was refused. */
  readonly writeQuarantine: QuarantineWriter;
  /** Writes a refused body that is too large for a row as an object of its own. */
  readonly putQuarantineLarge: PutQuarantineLarge;
  /** The time that is compared with the deadline. */
  readonly clock: Clock;
  /** Ends a wait at the deadline. */
  readonly alarm: LandContext['alarm'];
}

/** A request that is authenticated, as relay gets it. */
export interface RelayedRequest {
  /** The request as the gateway passes it on. */
  readonly http: HttpRequest;
  /** The body's bytes as they were sent. */
  readonly body: Uint8Array;
  /** The body as a batch of events; null if it is not a batch: quarantine keeps such a body whole. */
  readonly decoded: DecodedBody | null;
}

/**
 * What became of a request's copy. `queue`, `bucket`: it is kept there. `withheld`: it has to be redacted and cannot be
 * read, or it is refused as a whole. Otherwise neither queue nor bucket took it.
 */
export type RelayOutcome =
  | { readonly outcome: 'queue' | 'bucket' | 'withheld' }
  | {
      readonly outcome: 'not_kept';
      /** The name of the last error, with AWS's sentence of a denial. */
      readonly error: string;
    };

/** Keeps copies of requests that are to be relayed (lib/relay). */
export interface RelayKeeper {
  /** Whether a request whose copy is not kept is answered 503. */
  readonly required: boolean;
  /**
   * Keeps the copy of a request. It never throws.
   *
   * @param deadline Epoch milliseconds by which it resolves.
   */
  keep(request: RelayedRequest, deadline: number): Promise<RelayOutcome>;
}

/** Outcome of a request's rows of one table. */
export interface TableOutcome {
  /** The kind of the table. */
  readonly table: TableKind;
  /** Events whose row is where it belongs, even if one row of quarantine represents many. */
  readonly landed: number;
  /** Events whose row is in an object of the request's own, because the stream did not take it. */
  readonly overflowed: number;
  /** Events that may have landed besides `landed` and `overflowed`, because nobody knows the outcome. */
  readonly unsure: number;
}

/** Outcome of the rows of a request. */
interface Delivered {
  /** What became of the rows of each table. */
  readonly tables: readonly TableOutcome[];
  /** Calls of the stream. */
  readonly calls: number;
  /** Bytes of the record that AWS bills, if the stream has it. */
  readonly billedBytes: number;
  /** Why the stream does not have the record; null if it has, or if there is no record. */
  readonly notStreamed: NotStreamed | null;
  /** Why the record did not become an object either: the name of the error, with AWS's sentence of a denial. Null if all rows are safe. */
  readonly objectError: string | null;
  /** Events or bodies that were refused, by code. */
  readonly refused: Readonly<Record<string, number>>;
}

/** Outcome of a request. */
export interface Stored {
  /** Null if a refused event or body could not be kept: then nothing is delivered. */
  readonly delivered: Delivered | null;
  /** Null if nothing is relayed. */
  readonly relay: RelayOutcome | null;
  /** Why the sender has to send the request again; null when everything of it is safe. */
  readonly failure: SluiceError | null;
}

/**
 * Stores the rows of a request, and keeps its copy for relay meanwhile. Neither waits for the other, and both have ended
 * before the answer: Lambda would freeze what still runs.
 */
export async function store(
  received: Received,
  { key, ...relayed }: Omit<RelayedRequest, 'http'> & { readonly key: AuthenticatedKey },
  rows: RequestRows,
  ports: StorePorts,
): Promise<Stored> {
  const { relay } = ports;
  const [delivery, copy] = await Promise.allSettled([
    deliverRows(received, key, rows, ports),
    relay?.keep({ http: received.http, ...relayed }, received.deadline.at),
  ]);
  const kept: RelayOutcome | null =
    copy.status === 'fulfilled'
      ? (copy.value ?? null)
      : { outcome: 'not_kept', error: errorText(copy.reason) };
  if (delivery.status === 'rejected') {
    const { reason } = delivery;
    if (!(reason instanceof CollectError)) throw reason;
    return { delivered: null, relay: kept, failure: reason };
  }
  const delivered = delivery.value;
  const stored = { delivered, relay: kept };
  // Rows that neither Firehose nor the bucket accepted are lost unless the SDK sends the batch again.
  if (delivered.objectError !== null)
    return { ...stored, failure: new CollectError('SLUICE_COLLECT_NOT_DELIVERED') };
  if (relay?.required === true && kept?.outcome === 'not_kept')
    return { ...stored, failure: new CollectError('SLUICE_COLLECT_NOT_RELAYED', `${kept.error}.`) };
  return { ...stored, failure: null };
}

/**
 * Lands the rows of a request, the refused ones as rows of quarantine.
 *
 * @throws CollectError `SLUICE_COLLECT_NO_QUARANTINE`.
 */
async function deliverRows(
  received: Received,
  key: AuthenticatedKey,
  { rows, refused, refusedCounts, ...sender }: RequestRows,
  ports: StorePorts,
): Promise<Delivered> {
  const { deadline, request } = received;
  const quarantine = await quarantineRows(received, key, { refused, ...sender }, ports);
  const hour = isoHour(received.receivedAt);
  const record = encodeLines({ ...rows, quarantine }, hour);
  const { requestId } = request;
  const landing = record === null ? null : await land(record, { ...ports, requestId, deadline: deadline.at });
  const events = eventsOf({ rows, refusedCounts });
  return { ...outcomeOf(record?.length ?? 0, landing, events), refused: refusedCounts };
}

/** The outcome of rows when nobody knows what became of them. */
export function undelivered(rows: RequestRows | undefined): readonly TableOutcome[] {
  const events = rows && eventsOf(rows);
  return tableKinds.map((table) => ({ table, landed: 0, overflowed: 0, unsure: events?.[table] ?? 0 }));
}

/** The events of rows, by table. If many events were refused, they share one row, which counts as all of them. */
function eventsOf({
  rows,
  refusedCounts,
}: Pick<RequestRows, 'rows' | 'refusedCounts'>): Readonly<Record<TableKind, number>> {
  const refused = sum(Object.values(refusedCounts));
  return { exposures: rows.exposures.length, events: rows.events.length, quarantine: refused };
}

/**
 * The quarantine rows of refused items. Items that are too large for a row are written to S3 first, so that every row
 * points to an existing object.
 *
 * @throws CollectError `SLUICE_COLLECT_NO_QUARANTINE` when such an item could not be written.
 */
async function quarantineRows(
  { request, receivedAt, deadline }: Received,
  key: AuthenticatedKey,
  { refused, ...sender }: Pick<RequestRows, 'refused' | 'senderId' | 'sdkType' | 'sdkVersion'>,
  { writeQuarantine, putQuarantineLarge, clock }: StorePorts,
): Promise<readonly LandedRow[]> {
  if (refused.length === 0) return [];
  const { senderId, sdkType, sdkVersion } = sender;
  const { documents, large } = writeQuarantine(refused, {
    receivedAt,
    keyLabel: key.label,
    keyEnvironment: key.environment,
    keyHash: key.sha256,
    senderId,
    sdkType,
    sdkVersion,
    path: request.path,
  });
  const timeoutMs = Math.max(1, deadline.at - clock.now());
  try {
    // Also those beside one that fails have ended when this rejects.
    await mapLimit(large, large.length, (item) => putQuarantineLarge(item, timeoutMs));
  } catch (error) {
    throw new CollectError('SLUICE_COLLECT_NO_QUARANTINE', '', { cause: error });
  }
  const day = isoDay(receivedAt);
  return documents.map((json) => ({ day, json }));
}

/**
 * Sums up what became of a record.
 *
 * @param bytes Of the record.
 * @param landing Null if there was nothing to land.
 * @param events Of each table.
 */
function outcomeOf(
  bytes: number,
  landing: Landing | null,
  events: Readonly<Record<TableKind, number>>,
): Omit<Delivered, 'refused'> {
  const isInStream = landing?.place === 'stream';
  const isObject = landing?.place === 'object';
  const isLanded = isInStream || (isObject && !isHeldUp(landing.notStreamed.reason));
  const copies = landing === null ? 0 : unsureCopies(landing);
  return {
    tables: tableKinds.map((table) => ({
      table,
      landed: isLanded ? events[table] : 0,
      overflowed: isObject && !isLanded ? events[table] : 0,
      unsure: copies * events[table],
    })),
    calls: landing?.calls ?? 0,
    billedBytes: isInStream ? Math.ceil(bytes / BILLED_STEP_BYTES) * BILLED_STEP_BYTES : 0,
    notStreamed: landing !== null && landing.place !== 'stream' ? landing.notStreamed : null,
    objectError: landing?.place === 'nowhere' ? landing.error : null,
  };
}

/**
 * How often a record may have landed besides. A call that nobody acknowledged may have put the record, unless Firehose
 * has refused it. After `ServiceUnavailable` nobody knows:
 * https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecord.html says that putting a record again after it
 * can make duplicates.
 */
function unsureCopies(landing: Landing): number {
  if (landing.place === 'stream') return landing.calls - 1;
  // The code of a denial goes on with AWS's sentence, after a colon.
  const isRefused = /^(?!ServiceUnavailable)\w*Exception(?=:|$)/.test(landing.notStreamed.code);
  const refused = isRefused ? Math.min(1, landing.calls) : 0;
  return landing.calls - refused + (landing.place === 'nowhere' ? 1 : 0);
}
