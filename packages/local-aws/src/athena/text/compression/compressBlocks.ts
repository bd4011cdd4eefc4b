import { Transform } from 'node:stream';

/** The compressions that Hadoop writes in blocks. */
export type BlockCompression = 'snappy' | 'lz4';

/** Bytes of a block: the distance of a copy fits into two bytes. */
const BLOCK = 64 * 1_024;
const HASH_BITS = 14;
/** What LZ4 demands of the end of a block: literals, and how far before it the last copy begins. */
const LAST_LITERALS = 5;
const LAST_COPY = 12;

/** A copy of earlier bytes, after literals. */
interface Sequence {
  readonly start: number;
  readonly end: number;
  readonly distance: number;
  /** 0 for the last sequence, which has literals only. */
  readonly length: number;
}

/**
 * Compresses as Hadoop's SnappyCodec and Lz4Codec do: blocks with the length of their content and of the one chunk in
 * them, both big endian.
 */
export function compressBlocks(compression: BlockCompression): Transform {
  const compress = compression === 'snappy' ? compressSnappy : compressLz4;
  let held: Buffer = Buffer.alloc(0);
  const frame = (block: Buffer) => {
    const chunk = compress(block);
    const head = Buffer.alloc(8);
    head.writeUInt32BE(block.length, 0);
    head.writeUInt32BE(chunk.length, 4);
    return Buffer.concat([head, chunk]);
  };
  return new Transform({
    transform(piece: Buffer, _, done) {
      held = Buffer.concat([held, piece]);
      for (; held.length >= BLOCK; held = held.subarray(BLOCK)) this.push(frame(held.subarray(0, BLOCK)));
      done();
    },
    flush(done) {
      if (held.length > 0) this.push(frame(held));
      done();
    },
  });
}

/** The sequences of a block: the latest place with the same four bytes is copied. */
function* sequences(block: Buffer): Generator<Sequence> {
  const places = new Int32Array(1 << HASH_BITS).fill(-1);
  let start = 0;
  for (let at = 0; at + LAST_COPY <= block.length; ) {
    const four = block.readUInt32LE(at);
    const hash = Math.imul(four, 2_654_435_761) >>> (32 - HASH_BITS);
    const place = places[hash] ?? -1;
    places[hash] = at;
    if (place < 0 || block.readUInt32LE(place) !== four) {
      at += 1;
      continue;
    }
    let length = 4;
    while (at + length < block.length - LAST_LITERALS && block[place + length] === block[at + length])
      length += 1;
    yield { start, end: at, distance: at - place, length };
    at += length;
    start = at;
  }
  yield { start, end: block.length, distance: 0, length: 0 };
}

function compressSnappy(block: Buffer): Buffer {
  const parts: Uint8Array[] = [];
  const size: number[] = [];
  for (let left = block.length; ; left >>>= 7) {
    size.push(left < 0x80 ? left : (left & 0x7f) | 0x80);
    if (left < 0x80) break;
  }
  parts.push(Uint8Array.from(size));
  for (const { start, end, distance, length } of sequences(block)) {
    const last = end - start - 1;
    if (last >= 0) {
      const tag = last < 60 ? [last << 2] : last < 256 ? [60 << 2, last] : [61 << 2, last & 0xff, last >> 8];
      parts.push(Uint8Array.from(tag), block.subarray(start, end));
    }
    for (let left = length; left > 0; left -= 64)
      parts.push(Uint8Array.of(((Math.min(left, 64) - 1) << 2) | 2, distance & 0xff, distance >> 8));
  }
  return Buffer.concat(parts);
}

function compressLz4(block: Buffer): Buffer {
  const parts: Uint8Array[] = [];
  for (const { start, end, distance, length } of sequences(block)) {
    const literals = end - start;
    const copied = Math.max(0, length - 4);
    const token = (Math.min(literals, 15) << 4) | Math.min(copied, 15);
    parts.push(Uint8Array.from([token, ...extension(literals)]), block.subarray(start, end));
    if (length > 0) parts.push(Uint8Array.from([distance & 0xff, distance >> 8, ...extension(copied)]));
  }
  return Buffer.concat(parts);
}

/** What a number has beyond the 15 of its half of a token. */
function extension(count: number): number[] {
  if (count < 15) return [];
  const rest = count - 15;
  return [...Array.from({ length: Math.floor(rest / 255) }, () => 255), rest % 255];
}
