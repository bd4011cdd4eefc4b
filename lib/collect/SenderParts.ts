import { flatten } from '../json/flatten.ts';
import { isEmptyJson } from '../json/isEmptyJson.ts';
import { isJsonObject, type JsonObject } from '../json/JsonObject.ts';
import type { NestedJson } from '../json/NestedJson.ts';
import type { CollectPlan } from './CollectPlan.ts';

/** What the sender puts into its events' documents. */
export interface SenderPart {
  /** What the event itself adds, for its identity: the batch's metadata may change between resends. */
  readonly added: string;
  /** Members of `statsig_metadata` and the session's and SDK's columns. */
  readonly members: string;
}

/** The columns that name a batch's sender. */
export type SenderColumns = {
  readonly session_id: string | null;
  readonly sdk_type: string | null;
  readonly sdk_version: string | null;
};

/**
 * Writes the sender's columns. `statsig_metadata` is the batch's, overlaid by the event's own; what nobody
 * documents goes under its key `event`. Events differ in the page they were logged on, if at all.
 */
export class SenderParts {
  readonly #json: NestedJson;
  readonly #plan: CollectPlan;
  readonly #batchMetadata: JsonObject;
  /** Members of session and SDK. */
  readonly #columns: string;
  /** `,"statsig_metadata":"{…,`: the batch's metadata, open for the event's. */
  readonly #opening: string;
  readonly #plain: SenderPart;

  constructor(json: NestedJson, plan: CollectPlan, batchMetadata: JsonObject | null, columns: SenderColumns) {
    this.#json = json;
    this.#plan = plan;
    const { redaction } = plan;
    const shown =
      redaction === null ? batchMetadata : redaction.member('statsigMetadata', batchMetadata, json);
    const stored = isJsonObject(shown) ? shown : null;
    this.#batchMetadata = stored ?? {};
    // Both tables have the same columns of the sender, in the same order.
    const { sender, senderMetadata } = plan.runs.exposures;
    this.#columns = sender(columns);
    const own = isEmptyJson(stored) ? null : json.write(stored);
    this.#plain = { added: 'null', members: flatten(senderMetadata(own) + this.#columns) };
    const opening = own === null ? '{' : `${own.slice(0, -1)},`;
    this.#opening = flatten(senderMetadata(opening).slice(0, -1));
  }

  /**
   * @param metadata The event's own `statsigMetadata`.
   * @param extras Members of the event that nobody documents.
   */
  get(metadata: unknown, extras: JsonObject | null): SenderPart {
    const { redaction } = this.#plan;
    if (redaction === null || (extras === null && isEmptyJson(metadata))) return this.#part(metadata, extras);
    const stored = redaction.member('statsigMetadata', metadata, this.#json);
    const shown = extras === null ? null : redaction.members(extras, this.#json);
    return {
      added: this.#json.write([metadata, extras]),
      members: this.#part(stored, isEmptyJson(shown) ? null : shown).members,
    };
  }

  #part(metadata: unknown, extras: JsonObject | null): SenderPart {
    if (extras === null) {
      if (isEmptyJson(metadata)) return this.#plain;
      if (isJsonObject(metadata) && this.#onlyAdds(metadata)) return this.#beside(this.#json.write(metadata));
    }
    const undocumented =
      isEmptyJson(metadata) || isJsonObject(metadata) ? extras : { ...extras, statsigMetadata: metadata };
    const all = {
      ...this.#batchMetadata,
      ...(isJsonObject(metadata) ? metadata : null),
      ...(undocumented === null ? null : { event: undocumented }),
    };
    return {
      added: this.#json.write([metadata, extras]),
      members: this.#plan.runs.exposures.senderMetadata(this.#json.write(all)) + this.#columns,
    };
  }

  /** Whether nothing of the batch's metadata is overridden, as is usual: its text can then be used as it is. */
  #onlyAdds(metadata: JsonObject): boolean {
    for (const key in metadata) {
      if (key === 'event' || Object.hasOwn(this.#batchMetadata, key)) return false;
    }
    return true;
  }

  #beside(added: string): SenderPart {
    return { added, members: `${this.#opening}${added.slice(1)}"${this.#columns}` };
  }
}
