import { Counts } from '../base/Counts.ts';
import type { SluiceError } from '../base/errors.ts';
import type { Clock } from '../base/time.ts';
import type { StreamDelivery } from '../landing/delivery/deliver.ts';
import type { RefusedItem } from '../landing/quarantineWriter.ts';
import type { TableKind } from '../schema/kinds.ts';
import { type Answer, refusalAnswer } from '../wire/RequestError.ts';
import { sdkLabel } from '../wire/sdkRequest.ts';
import type { CollectedBatch } from './collectBatch.ts';
import { type RelayOutcome, requestMetrics, type StreamOutcome } from './collectMetrics.ts';

/** The outcome of one request, for its log line and its metrics. */
export class RequestReport {
  /** When the collector received it, epoch milliseconds. */
  readonly receivedAt: number;
  readonly #clock: Clock;
  readonly #stage: string;
  readonly #requestId: string | null;
  readonly #fields: Record<string, unknown> = {};
  #refusedAs: string | null = null;
  #collected: CollectedBatch | null = null;
  #streams: readonly StreamOutcome[] = [];
  #refused: Readonly<Record<string, number>> = {};
  #ignored: Readonly<Record<string, number>> = {};
  #relay: RelayOutcome | null = null;

  /** @param options `stage`: dimension of every metric; `requestId`: the gateway's, null when it is not known. */
  constructor(
    { clock, stage }: { readonly clock: Clock; readonly stage: string },
    { receivedAt, requestId }: { readonly receivedAt: number; readonly requestId: string | null },
  ) {
    this.#clock = clock;
    this.#stage = stage;
    this.#requestId = requestId;
    this.receivedAt = receivedAt;
    if (requestId !== null) this.add({ request_id: requestId });
  }

  /** Adds fields to the log line. */
  add(fields: Readonly<Record<string, unknown>>): void {
    Object.assign(this.#fields, fields);
  }

  /** Counts valid events that are not stored. */
  ignore(counts: Readonly<Record<string, number>>): void {
    this.#ignored = counts;
    if (!isEmpty(counts)) this.add({ counted: counts });
  }

  /** Counts the events of a batch. */
  collected(collected: CollectedBatch): void {
    const { sdkType, sdkVersion, events, counted, noted, duplicates, clockSkewMs } = collected;
    this.#collected = collected;
    this.add({ sdk: sdkLabel(sdkType, sdkVersion), events });
    if (clockSkewMs !== null) this.add({ clock_skew_ms: clockSkewMs });
    if (duplicates > 0) this.add({ duplicates });
    this.ignore(counted);
    if (!isEmpty(noted)) this.add({ noted });
  }

  /**
   * Counts what was delivered to each stream.
   *
   * @param refused The refused items, which were sent to quarantine.
   * @param refusedCounts By code. Default: `refused`, each once.
   */
  delivered(
    deliveries: readonly StreamDelivery[],
    refused: readonly RefusedItem[],
    refusedCounts: Readonly<Record<string, number>> = new Counts(refused.map(({ code }) => code)).toObject(),
  ): void {
    const sum = (count: 'records' | 'calls' | 'billedBytes') =>
      deliveries.reduce((total, delivery) => total + delivery[count], 0);
    this.#refused = refusedCounts;
    if (refused.length > 0) this.add({ refused: refusedCounts });
    // If many events were refused, they share one row, which counts as all of them.
    const refusedEach = refused.length === 0 ? 0 : total(refusedCounts) / refused.length;
    this.#streams = deliveries.map((delivery) =>
      streamOutcome(delivery, delivery.kind === 'quarantine' ? refusedEach : 1),
    );
    const landed = (kind: TableKind) => this.#streams.find(({ table }) => table === kind)?.landed ?? 0;
    this.add({
      exposures_landed: landed('exposures'),
      events_landed: landed('events'),
      quarantined: landed('quarantine'),
      records: sum('records'),
      calls: sum('calls'),
      billed_bytes: sum('billedBytes'),
    });
    const returned = deliveries.flatMap((delivery) => delivery.returned);
    if (returned.length === 0) return;
    this.add({
      returned: new Counts(
        returned.map(({ reason, code }) => (code === undefined ? reason : `${reason}: ${code}`)),
      ).toObject(),
      overflowed: this.#streams.reduce((sum, { overflowed }) => sum + overflowed, 0),
    });
    const lost = deliveries.find(({ isSafe }) => !isSafe);
    if (lost !== undefined) this.add({ overflow_error: lost.overflowError });
  }

  /** Notes what became of the copy for relay. */
  relayed(outcome: RelayOutcome): void {
    this.#relay = outcome;
    this.add({ relay: outcome.outcome, ...('error' in outcome ? { relay_error: outcome.error } : null) });
  }

  /** The answer to a request that is refused for that error. */
  refuse(error: SluiceError): Answer {
    this.#refusedAs = error.code;
    this.add({ code: error.code });
    return refusalAnswer(error);
  }

  /** Whether everything was accepted and landed at once, so that nothing needs attention. */
  wentWell(status: number): boolean {
    return (
      status < 400 &&
      isEmpty(this.#refused) &&
      this.#streams.every(({ overflowed }) => overflowed === 0) &&
      this.#relay?.outcome !== 'not_kept'
    );
  }

  /** The log line. */
  logFields(status: number): Record<string, unknown> {
    const level = status >= 500 ? 'error' : status >= 400 ? 'warn' : 'info';
    const ms = this.#clock.now() - this.receivedAt;
    return { level, event: 'collect', status, ...this.#fields, ms };
  }

  /** The metrics, as EMF lines. */
  metrics(status: number): Readonly<Record<string, unknown>>[] {
    const now = this.#clock.now();
    return requestMetrics({
      stage: this.#stage,
      receivedAt: this.receivedAt,
      requestId: this.#requestId,
      latencyMs: now - this.receivedAt,
      received: this.#collected?.events ?? total(this.#refused) + total(this.#ignored),
      refusedAs: status < 400 ? null : this.#refusedAs,
      streams: this.#streams,
      ignored: this.#ignored,
      relay: this.#relay?.outcome ?? null,
    });
  }
}

/** @param each Events that a row represents. */
function streamOutcome(delivery: StreamDelivery, each: number): StreamOutcome {
  const { kind: table, acknowledged, overflowed, retried } = delivery;
  return { table, landed: acknowledged * each, overflowed: overflowed * each, retried };
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function isEmpty(counts: Readonly<Record<string, number>>): boolean {
  return Object.keys(counts).length === 0;
}
