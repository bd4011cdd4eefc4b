/**
 * Objects that are open at the same time. S3 answers for a small object after 100 to 200 ms:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html. The client has 50 connections:
 * https://docs.aws.amazon.com/sdk-for-javascript/v3/developer-guide/node-configuring-maxsockets.html
 */
const AHEAD = 40;
/** Bytes that are held of these objects at the same time. */
const AHEAD_BYTES = 33_554_432;

/** The place of an object among those that are open: which of them may hold bytes is decided in their order. */
export interface Place {
  /**
   * Asks for room for bytes, in place of what it has.
   *
   * @returns Null if there is room; else a promise that resolves once there is. The first object always has room,
   * whatever the others hold.
   */
  ask(bytes: number): Promise<void> | null;
}

/** A place in {@link Places}. */
interface OwnPlace extends Place {
  /** Bytes that the object has asked for; undefined before it asks. */
  asked: number | undefined;
  /** Ends the wait of {@link Place.ask}; null if it does not wait. */
  grant: (() => void) | null;
}

/** Places of open objects, in their order. */
class Places {
  readonly #places: OwnPlace[] = [];
  /** Bytes that objects have room for. */
  #held = 0;
  /** What the last object asked for. The next one is expected to ask for as much. */
  #usual = 0;

  /** Whether one more object may be opened. */
  get isFree(): boolean {
    if (this.#places.length === 0) return true;
    if (this.#places.length >= AHEAD || this.#places.some(({ grant }) => grant !== null)) return false;
    const unknown = this.#places.filter(({ asked }) => asked === undefined).length + 1;
    return this.#held + unknown * this.#usual <= AHEAD_BYTES;
  }

  /** Takes the last place. */
  enter(): Place {
    const place: OwnPlace = {
      asked: undefined,
      grant: null,
      ask: (bytes) => {
        if (place.grant === null) this.#held -= place.asked ?? 0;
        place.asked = bytes;
        if (bytes > 0) this.#usual = bytes;
        const { promise, resolve } = Promise.withResolvers<void>();
        place.grant = resolve;
        this.#grant();
        return place.grant === null ? null : promise;
      },
    };
    this.#places.push(place);
    return place;
  }

  /** Frees the first place: its object is taken. */
  leave(): void {
    const left = this.#places.shift();
    if (left?.grant === null) this.#held -= left.asked ?? 0;
    this.#grant();
  }

  /** Lets objects hold bytes, in their order, as long as there is room. */
  #grant(): void {
    for (const [i, place] of this.#places.entries()) {
      const { asked = 0, grant } = place;
      if (grant === null) continue;
      if (i > 0 && this.#held + asked > AHEAD_BYTES) return;
      this.#held += asked;
      place.grant = null;
      grant();
    }
  }
}

/**
 * Objects in order, while the next ones are opened: as many as are small, and of large ones as many as there is memory for.
 *
 * @param open Opens an object. It asks for room before it holds any bytes, and never rejects.
 */
export async function* openAhead<Opened>(
  keys: readonly string[],
  open: (key: string, place: Place) => Promise<Opened>,
): AsyncGenerator<Opened> {
  const places = new Places();
  const opening: Promise<Opened>[] = [];
  for (let next = 0; next < keys.length || opening.length > 0; ) {
    for (let key = keys[next]; key !== undefined && places.isFree; key = keys[next]) {
      opening.push(open(key, places.enter()));
      next += 1;
    }
    const [first] = opening;
    if (first === undefined) return;
    const opened = await first;
    opening.shift();
    places.leave();
    yield opened;
  }
}
