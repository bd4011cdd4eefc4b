import type { DropObject } from '../CustomerBucket.ts';
import { MAX_PIECE_FILES } from '../limits.ts';

/**
 * Cuts the files of a day into pieces, in the order of their keys. A file that is larger than a piece is one of its
 * own. A day without files is one piece.
 *
 * @param mostBytes Of the files of a piece.
 */
export function cutPieces(
  files: readonly DropObject[],
  mostBytes: number,
): readonly (readonly DropObject[])[] {
  const pieces: DropObject[][] = [];
  let piece: DropObject[] = [];
  let bytes = 0;
  for (const file of files) {
    const isFull = bytes + file.size > mostBytes || piece.length >= MAX_PIECE_FILES;
    if (piece.length > 0 && isFull) {
      pieces.push(piece);
      piece = [];
      bytes = 0;
    }
    piece.push(file);
    bytes += file.size;
  }
  return [...pieces, piece];
}
