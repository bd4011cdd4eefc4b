import type { CanonicalJsonWriter } from '../base/canonicalJson.ts';
import type { SluiceError } from '../base/errors.ts';
import type { JsonObject } from '../base/json.ts';
import type { CostMeter } from '../base/jsonCost.ts';
import type { KnownGroups } from '../groups/KnownGroups.ts';
import type { Config } from '../schema/config.ts';
import type { ProtocolName } from '../schema/kinds.ts';
import type { MemberWriter } from '../tables/memberWriter.ts';
import type { ResolvedName } from '../wire/experimentNames.ts';
import type { Redaction } from '../wire/Redaction.ts';
import type { Answer } from '../wire/RequestError.ts';
import type { HttpRequest, SdkRequest } from '../wire/sdkRequest.ts';
import type { EventFilter, ItemList } from './eventFilter.ts';

/** The protocol of one kind of sender: its paths, keys, bodies and answers. CONTRIBUTING.md, "Add a protocol". */
export interface Protocol {
  /** The column `protocol` of its rows, and its name in the configuration. */
  readonly name: ProtocolName;
  /** Whether requests of that path are its own. Of several configured protocols, the first that takes a path has it. */
  takes(path: string): boolean;
  /** Parses the headers and the query of a request. */
  readRequest(http: HttpRequest): SdkRequest;
  /** @throws RequestError for a path that its senders use for something else than events. */
  requireEvents(request: SdkRequest): void;
  /** Whether a request is a sender's report of its own error: it is answered and counted, and not stored. */
  isReport(request: SdkRequest): boolean;
  /** The path's name in logs, if the path itself may hold a key; null if the request has no such path. */
  endpointName(path: string): string | null;
  /** The answer when every event is safe. */
  readonly accepted: Answer;
  /** The answer to a request that is refused. */
  refusal(error: SluiceError): Answer;
  /** Whether copies of its requests may be relayed. Targets of relay are Statsig's. */
  readonly isRelayed: boolean;
  /** Makes the reader of its bodies. */
  reader(context: ReaderContext): EventReader;
}

/** Settings, and known experiment groups, that readers of bodies use. */
export interface ReaderContext
  extends Pick<Config, 'unitIds' | 'events' | 'exposures' | 'holdouts' | 'landTelemetry'> {
  readonly known: KnownGroups;
  readonly resolveExperiment: (sent: string) => ResolvedName;
  /** Writes the columns of the evaluated object, in the order of the table. */
  readonly writeEvaluation: MemberWriter;
}

/** One body: items that are not yet validated, and what they share, without private attributes. */
export interface Batch {
  readonly events: readonly unknown[];
  readonly exposures: readonly unknown[];
  /** The batch's own user: of every event that has none. */
  readonly user: JsonObject | null;
  /** The sender's metadata about itself. */
  readonly senderMetadata: JsonObject | null;
  /** The sender's clock when it sent the batch, if the body states it; not validated. */
  readonly clientTime: unknown;
}

/**
 * One event, whatever protocol it came by. An event is what somebody did, an exposure what was evaluated for somebody. A user
 * has `userID`, `customIDs` with IDs of other types of units (`stableID` is the device), and anything else.
 */
export interface LogEvent {
  readonly name: string;
  /** Kind of the evaluated object; null for an event. The reader evaluates it: {@link EventReader.evaluate}. */
  readonly exposure: string | null;
  /** Name under which an event is only counted; null for one that lands. */
  readonly countedAs: string | null;
  readonly user: JsonObject | null;
  readonly value: unknown;
  readonly metadata: unknown;
  readonly time: unknown;
  readonly secondaryExposures: unknown;
  /**
   * The sender's metadata in this event, which overrides the batch's: `sdkType`, `sdkVersion`, `sessionID` and more.
   */
  readonly senderMetadata: unknown;
  /** Whether the columns of session and SDK come from `senderMetadata`. Default they come from the batch. */
  readonly hasOwnSender?: boolean;
  /** An identity that the sender gave it, equal for every resend. Default it is made from the event. */
  readonly id?: string | null;
  /** Whether an event without a time that is sent again on the same day is the same event. Default false. */
  readonly isSameAllDay?: boolean;
  /** Members that the protocol does not document; null when there are none. */
  readonly extras: JsonObject | null;
}

/** The parts of an exposure's row that come from the evaluated object. */
export interface Evaluation {
  /** Members of its columns. */
  readonly own: string;
  /** The metadata, as JSON inside a JSON string. */
  readonly metadata: string;
  /** Whether the allocated experiment's name could not be resolved. */
  readonly unresolved: boolean;
}

/** Reads the bodies of one protocol: made once for a configuration, used for every body. */
export interface EventReader {
  /** Chooses items by their names before they are validated; null when all land. */
  readonly filter: EventFilter | null;
  /**
   * Reads a body's JSON.
   *
   * @param exact Keep numbers that a double cannot hold; slower.
   * @throws RequestError `SLUICE_BODY_NOT_JSON`, `SLUICE_BODY_WRONG_SHAPE`, `SLUICE_BODY_TOO_MANY_EVENTS`; what the meter
   *   throws.
   */
  parse(text: string, exact: boolean, meter: CostMeter): Batch;
  /** @throws EventError. */
  read(item: unknown, list: ItemList, batch: Batch): LogEvent;
  /** The columns of an exposure. @throws EventError `SLUICE_EVENT_BAD_EXPOSURE`. */
  evaluate(exposure: LogEvent, json: CanonicalJsonWriter): Evaluation;
  /** Its metadata after redaction, as {@link Evaluation.metadata}. What became columns is not redacted. */
  storedEvaluation(exposure: LogEvent, redaction: Redaction, json: CanonicalJsonWriter): string;
  /** A user after redaction. Default {@link Redaction.user}. */
  storedUser?(user: JsonObject | null, redaction: Redaction, json: CanonicalJsonWriter): JsonObject | null;
  /** An item as quarantine keeps it. */
  sent(item: unknown): unknown;
  /** The same with redaction. */
  redacted(item: unknown, redaction: Redaction, meter: CostMeter): unknown;
  /** The members that all items of a body share, for {@link body}: with what headers or query stated. */
  common(
    batch: Batch,
    stated: { readonly sessionId: string | null; readonly clientTime: number | null },
  ): JsonObject;
  /**
   * A body of some items. The reader would read them in the same way.
   *
   * @param lists The JSON of the items of each list, separated by commas. @param common As the JSON of an object.
   */
  body(lists: readonly (readonly [ItemList, string])[], common: string): string;
}
