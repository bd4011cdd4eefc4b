import type { OverflowObject } from './overflowObject.ts';

/** Keeps one overflow object. Throws what the store throws when it could not within so many milliseconds. */
export type PutOverflow = (object: OverflowObject, timeoutMs: number) => Promise<void>;
