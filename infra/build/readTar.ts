/** One file of an archive. */
export interface TarFile {
  readonly path: string;
  readonly content: Uint8Array;
}

const BLOCK = 512;
/** Types of entries that are plain files: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html (ustar) */
const PLAIN: ReadonlySet<string> = new Set(['0', '\0', '']);

/**
 * The plain files of a tar archive, as npm packs them: names of at most 100 characters, which all of DuckDB's have.
 *
 * @throws RangeError when it is cut off.
 */
export function* readTar(archive: Uint8Array): Generator<TarFile> {
  const text = (from: number, length: number) =>
    Buffer.from(archive.subarray(from, from + length))
      .toString('latin1')
      .replace(/\0.*$/s, '');
  for (let at = 0; at + BLOCK <= archive.byteLength; ) {
    const path = text(at, 100);
    if (path === '') return;
    const size = Number.parseInt(text(at + 124, 12).trim() || '0', 8);
    const end = at + BLOCK + size;
    if (!Number.isSafeInteger(size) || end > archive.byteLength) {
      throw new RangeError(`${path}: the archive ends before it does.`);
    }
    if (PLAIN.has(text(at + 156, 1))) yield { path, content: archive.subarray(at + BLOCK, end) };
    at = at + BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
}
