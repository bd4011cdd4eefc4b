import type { Readable } from 'node:stream';
import type { ObjectHead, ObjectStore } from '../../base/ObjectStore.ts';
import { type LandedVersion, type LandingNote, type ListedNotes, readNotes } from '../LandingNote.ts';
import { Skipped } from '../lines/Skipped.ts';
import { EventCounter } from './finishedEvents.ts';
import type { Place } from './openAhead.ts';
import { WriteError } from './WriteError.ts';

/**
 * Bytes of an object that are fetched at once. It may have any number: the further Firehose is behind, the more it
 * joins.
 */
const PIECE_BYTES = 4_194_304;

/** An object of the landing that is open. */
export interface OpenedObject {
  /** The object as it was opened: its key and its ETag. */
  readonly version: LandedVersion;
  /** Metadata of the object: empty if it has none, undefined if the store does not say. */
  readonly metadata: ObjectHead['metadata'] | undefined;
  /** Keys of the notes on it. */
  readonly notes: string[];
  /** Whether an earlier call has written all of it. */
  readonly isWritten: boolean;
  /** The first byte whose rows are not in tables yet. What is skipped from there on is kept together. */
  from: number;
  /** The bytes from there on, in pieces. */
  readonly pieces: AsyncGenerator<{ readonly chunks: readonly Buffer[]; readonly isLast: boolean }>;
  /** What can't be read from `from` on. */
  skipped: Skipped;
  /** Counts the events of its rows. */
  readonly counter: EventCounter;
  /** Bytes of `skipped` that this run has put into `damaged/`. */
  putBytes: number;
  /** ETag of the object that has them; null before this run has put it. */
  putETag: string | null;
  /** Whether this run has put anything of the object into `damaged/`. */
  isDamaged: boolean;
}

/** How an object is opened. */
interface OpenRequest {
  /** The bucket. */
  readonly store: Pick<ObjectStore, 'open' | 'read'>;
  /** All notes that there are; null if that is not known. */
  readonly notes: ListedNotes | null;
  /** The place of the object among those that are open. */
  readonly place: Place;
  /** Ends all calls; undefined: nothing does. */
  readonly signal: AbortSignal | undefined;
  /** Default {@link PIECE_BYTES}. */
  readonly pieceBytes?: number | undefined;
}

/**
 * Opens an object, and fetches its first piece.
 *
 * @returns Null if the object is gone.
 * @throws What the store's client throws. No stream is left open.
 */
export async function openObject(key: string, request: OpenRequest): Promise<OpenedObject | null> {
  const { store, notes, place, signal, pieceBytes = PIECE_BYTES } = request;
  const object = await store.open(key, { signal });
  if (object === null) return null;
  // Without a size no read is known to be whole: with NaN each of them fails.
  const { body, eTag, versionId, modifiedAt, metadata, bytes: size = Number.NaN } = object;
  const version = { key, eTag, versionId, modifiedAt };
  const fetchFrom = async (start: number): Promise<readonly Buffer[]> => {
    const end = Math.min(start + pieceBytes, size);
    if (start === end) return [];
    return readBytes(await openPart(store, version, start, end - 1, signal), end - start);
  };
  const fetchFirst = async (start: number): Promise<readonly Buffer[]> => {
    const bytes = Math.min(pieceBytes, size - start);
    const room = place.ask(bytes || 0);
    if (room === null && !body.destroyed) return readBytes(body, bytes);
    // A stream that waits keeps its connection until S3 closes it, and nobody hears of its error.
    body.destroy();
    await room;
    return fetchFrom(start);
  };
  if (notes !== null && notes.of(version).length > 0) body.destroy();
  // Without a listing most objects have no notes either, and are read meanwhile.
  const whole = body.destroyed ? null : fetchFirst(0);
  whole?.catch(() => undefined);
  const { note, keys } = await readNotes(store, version, notes).catch((error: unknown) => {
    body.destroy();
    throw error;
  });
  if (note !== null) body.destroy();
  const from = firstUnread(note, size);
  // The note may be about bytes that were skipped at the end of the object.
  const isWritten = note !== null && from === size;
  const first = note === null ? (whole ?? fetchFirst(0)) : fetchFirst(from);
  let next = isWritten ? undefined : Promise.resolve(await first);
  /** Each piece is fetched while the one before it is read. */
  async function* pieces(): OpenedObject['pieces'] {
    for (let at = from; next !== undefined; ) {
      const chunks = await next;
      at = Math.min(at + pieceBytes, size);
      next = at === size ? undefined : fetchFrom(at);
      // Its error is thrown where it is awaited.
      next?.catch(() => undefined);
      yield { chunks, isLast: at === size };
    }
  }
  return {
    version,
    metadata,
    notes: keys,
    isWritten,
    from,
    pieces: pieces(),
    skipped: new Skipped(),
    counter: new EventCounter(note?.events),
    putBytes: 0,
    putETag: null,
    isDamaged: false,
  };
}

/** The first byte of an object that is not written yet: its size if a note says that it is written. */
function firstUnread(note: LandingNote | null, size: number): number {
  if (note === null) return 0;
  return 'written' in note ? size : note.from;
}

/** A part of an object, up to its last byte. @throws WriteError if the object is gone, or is another one. */
async function openPart(
  store: Pick<ObjectStore, 'open'>,
  { key, eTag }: LandedVersion,
  first: number,
  last: number,
  signal: AbortSignal | undefined,
): Promise<Readable> {
  const part = await store.open(key, { range: { first, last }, ifMatch: eTag, signal });
  if (part === null) throw new WriteError('SLUICE_WRITE_BUCKET_FAILED', 'It has changed.');
  return part.body;
}

/** The first bytes of a stream. @throws RangeError If the stream has fewer: one that breaks has no end. */
async function readBytes(body: Readable, count: number): Promise<readonly Buffer[]> {
  const chunks: Buffer[] = [];
  let read = 0;
  for await (const chunk of body) {
    chunks.push(chunk.subarray(0, count - read));
    read += chunk.length;
    // A stream that is read to its end keeps its connection.
    if (read > count) break;
  }
  if (!(read >= count)) throw new RangeError(`${read} bytes of ${count}.`);
  return chunks;
}
