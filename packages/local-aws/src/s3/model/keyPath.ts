import { createHash } from 'node:crypto';

/** Longest file name on every file system in use, in bytes. */
const SEGMENT_BYTES = 255;

/**
 * Characters that no natural path holds: control characters, what Windows forbids, and what DuckDB takes for a
 * pattern when it is given the path of a file.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const UNSAFE = /[\u0000-\u001f\u007f\\:*?"<>|[\]{}]/;

/**
 * Whether a key can lie in the bucket's folder at the path that it spells. Not if a segment is empty, `.` or
 * `..`, ends in a dot or a space (Windows drops those), or is too long for a file name.
 */
export function isNaturalPath(key: string): boolean {
  if (UNSAFE.test(key)) return false;
  return key
    .split('/')
    .every(
      (segment) => segment !== '' && !/[. ]$/.test(segment) && Buffer.byteLength(segment) <= SEGMENT_BYTES,
    );
}

/** File name of a key that can't: flat, of one length, the same for a key always. */
export function encodedName(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}
