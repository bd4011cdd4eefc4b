import type { CanonicalJsonWriter } from '../../base/canonicalJson.ts';
import { isJsonObject, type JsonObject } from '../../base/json.ts';
import type { ForwardedKind } from '../../schema/kinds.ts';
import { idText } from '../../tables/memberWriter.ts';
import type { Redaction } from '../../wire/Redaction.ts';

/** The sender of a batch, as known without its body. */
export interface Sender {
  /** Lower-case hex SHA-256 of the SDK key. */
  readonly keyHash: string;
  /** The key's `environment`, for events without a tier. Default `production`. */
  readonly environment?: string | null;
  /** Kinds of events that the key may send. Default both. */
  readonly kinds?: readonly ForwardedKind[];
  /** The sender's clock when it sent the batch: header `STATSIG-CLIENT-TIME`, then query `t`; null where absent. */
  readonly clientTimes: readonly (string | null)[];
  /** From headers or query. Values in the body take precedence. */
  readonly sessionId: string | null;
  /** The session that a server states in a header of its own. Default null. */
  readonly serverSession?: string | null;
  /** The kind of SDK, e.g. `js-client`; null if it is not stated. */
  readonly sdkType: string | null;
  /** The version of the SDK; null if it is not stated. */
  readonly sdkVersion: string | null;
  /** When the collector received it, epoch milliseconds. */
  readonly receivedAt: number;
  /** The gateway's ID of the request: identifies its events without a time. Default their time of receipt does. */
  readonly requestId?: string | null;
}

/** A batch's sender as in its rows. */
export interface BatchSender {
  /**
   * The server's session, '' of a client; with redaction the hash of either. It is part of every ID. A server keeps it as
   * long as its process lives.
   */
  readonly serverId: string;
  /** The device's stable ID, else the session: part of the IDs of events whose user has none of their own. */
  readonly senderId: string;
  /** The stable ID as it is stored, after redaction; null without one. */
  readonly stableId: string | null;
  /** The session as it is stored, after redaction; null without one. */
  readonly sessionId: string | null;
  /** The kind of SDK as it is stored, after redaction; null if it is not stated. */
  readonly sdkType: string | null;
  /** The version of the SDK as it is stored, after redaction; null if it is not stated. */
  readonly sdkVersion: string | null;
}

/** The sender of a batch. Values in the body take precedence over headers and query. */
export function batchSender(
  metadata: JsonObject | null,
  stated: Pick<Sender, 'sessionId' | 'serverSession' | 'sdkType' | 'sdkVersion'>,
  redaction: Redaction | null,
  json: CanonicalJsonWriter,
): BatchSender {
  const stableId = idText(metadata?.['stableID']);
  const sessionId = idText(metadata?.['sessionID']) ?? stated.sessionId;
  // Values from headers and query are redacted under their names in the body, too.
  const stored = (name: string, value: string | null) => {
    if (redaction === null) return value;
    const kept = redaction.member('statsigMetadata', { [name]: value }, json);
    return isJsonObject(kept) ? idText(kept[name]) : null;
  };
  const identity = (text: string) => (redaction === null ? text : redaction.hash(text));
  return {
    // A client that sends the header of servers has a stable ID, and can send in a later session again.
    serverId: identity(stableId === null ? (stated.serverSession ?? '') : ''),
    senderId: identity(stableId ?? sessionId ?? ''),
    stableId: stored('stableID', stableId),
    sessionId: stored('sessionID', sessionId),
    sdkType: stored('sdkType', idText(metadata?.['sdkType']) ?? stated.sdkType),
    sdkVersion: stored('sdkVersion', idText(metadata?.['sdkVersion']) ?? stated.sdkVersion),
  };
}
