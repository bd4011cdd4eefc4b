import { ExportError } from '../export/ExportError.ts';

/**
 * A stream in pieces of one size, the last one shorter. Nothing of the last piece is given out before the stream has
 * ended with as many bytes as were announced.
 *
 * @throws ExportError `SLUICE_EXPORT_SOURCE_UNAVAILABLE` for more or fewer.
 */
export async function* partsOf(
  bytes: AsyncIterable<Uint8Array>,
  partBytes: number,
  size: number,
): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let seen = 0;
  for await (const piece of bytes) {
    seen += piece.byteLength;
    if (seen > size) break;
    for (let from = 0; from < piece.byteLength; ) {
      const taken = piece.subarray(from, from + partBytes - heldBytes);
      held.push(taken);
      heldBytes += taken.byteLength;
      from += taken.byteLength;
      if (heldBytes < partBytes || (seen === size && from === piece.byteLength)) continue;
      yield Buffer.concat(held);
      held = [];
      heldBytes = 0;
    }
  }
  if (seen !== size)
    throw new ExportError('SLUICE_EXPORT_SOURCE_UNAVAILABLE', `${seen} bytes came of ${size}.`);
  yield Buffer.concat(held);
}
