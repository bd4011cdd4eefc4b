import { hash } from 'node:crypto';
import { flatten } from '../json/flatten.ts';
import { quoteNested } from '../json/quoteJson.ts';

/** Hex digits of an event ID: 128 of SHA-256's 256 bits, enough that 10¹⁵ events collide with odds below 10⁻⁸. */
const ID_LENGTH = 32;

/**
 * Gives the events of one batch their IDs. No SDK sends any, so an ID is the hash of who sent it (SDK key and
 * device or session), the event's canonical JSON and, for identical events in one batch, how many came
 * before. A resend therefore gets the same IDs, whatever has changed around its events: SDKs change the
 * batch's metadata, encoding and headers between tries.
 */
export class EventIdentity {
  readonly #scope: string;
  /** The scope with the name of an event behind it. */
  readonly #scopes = new Map<string, string>();
  readonly #seen = new Map<string, number>();
  #repeats = 0;

  /**
   * @param keyHash SHA-256 of the SDK key.
   * @param sender What stays the same when the sender tries again: a device's stable ID, for a page that was
   *   closed sends what it had stored in a later session; on servers, which have none, the session.
   */
  constructor(keyHash: string, sender: string) {
    this.#scope = hash('sha256', JSON.stringify([keyHash, sender])).slice(0, ID_LENGTH);
  }

  /** How many events were equal to one before them in the batch. */
  get repeats(): number {
    return this.#repeats;
  }

  /**
   * ID of the batch's next event.
   *
   * @param name The event's name, or whatever many have in common: its text is prepared once.
   * @param rest Everything else that it consists of, as canonical JSON.
   */
  next(name: string, rest: string): string {
    let scope = this.#scopes.get(name);
    if (scope === undefined) {
      scope = flatten(`${this.#scope}[${quoteNested(name)},`);
      this.#scopes.set(name, scope);
    }
    const id = hash('sha256', scope + rest).slice(0, ID_LENGTH);
    const before = this.#seen.get(id) ?? 0;
    this.#seen.set(id, before + 1);
    if (before === 0) return id;
    this.#repeats += 1;
    return hash('sha256', `${before}:${scope}${rest}`).slice(0, ID_LENGTH);
  }
}
