import { hash } from 'node:crypto';
import * as z from 'zod';
import { parseJson } from '../../base/json.ts';
import { isoTimestamp } from '../../base/time.ts';
import { writeNoteKey } from '../../tables/ledgerKeys.ts';
import type { WriteStore } from './WriteStore.ts';

/** Why an object of the landing is still there after an attempt. */
export interface WriteNote {
  /** The object's. */
  readonly key: string;
  /** The last error: a code of `WriteError`, `LandingError` or `EngineError`. */
  readonly code: string;
  readonly detail: string;
  /** Epoch milliseconds of that attempt. */
  readonly at: number;
}

const noteSchema = z.object({
  key: z.string(),
  code: z.string(),
  detail: z.string(),
  at: z.iso.datetime(),
});

/** Reads the text of a note; null for any other. */
export function readWriteNote(text: string): WriteNote | null {
  const { data } = noteSchema.safeParse(parseJson(text));
  return data === undefined ? null : { ...data, at: Date.parse(data.at) };
}

/** Notes why an object is still there, over an earlier note. @throws WriteError. */
export async function noteAttempt(store: WriteStore, note: WriteNote): Promise<void> {
  await store.write(noteKeyOf(note.key), JSON.stringify({ ...note, at: isoTimestamp(note.at) }));
}

/** Removes the note on an object, if there is one. @throws WriteError. */
export function removeNote(store: WriteStore, key: string): Promise<void> {
  return store.discard(noteKeyOf(key));
}

/** Key of the note on an object of the landing. */
export function noteKeyOf(key: string): string {
  return writeNoteKey(hash('sha256', key));
}
