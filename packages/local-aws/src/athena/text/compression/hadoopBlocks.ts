/** Decompresses a chunk whose content has at most this many bytes. */
type Decompress = (chunk: Uint8Array, most: number) => Uint8Array;

/** Bytes of a chunk and of its content. Hadoop writes chunks of 256 KB unless told otherwise. */
const MAX_CHUNK = 64 * 1_024 * 1_024;

/**
 * The content of a file as Hadoop's BlockCompressorStream writes it: blocks with the length of their content, in chunks
 * with their own length, both big endian.
 * https://github.com/apache/hadoop/blob/trunk/hadoop-common-project/hadoop-common/src/main/java/org/apache/hadoop/io/compress/BlockCompressorStream.java
 *
 * @param next The data in pieces, undefined at the end.
 * @throws Error for data that are not such blocks, or are cut off.
 */
export function* readHadoopBlocks(
  next: () => Uint8Array | undefined,
  decompress: Decompress,
): Generator<Uint8Array> {
  let held: Buffer = Buffer.alloc(0);
  const take = (count: number): Buffer | undefined => {
    const pieces = [held];
    let length = held.length;
    while (length < count) {
      const piece = next();
      if (piece === undefined) break;
      pieces.push(Buffer.from(piece));
      length += piece.length;
    }
    if (pieces.length > 1) held = Buffer.concat(pieces);
    if (held.length === 0) return undefined;
    if (held.length < count) throw new Error('The compressed data end too early');
    const taken = held.subarray(0, count);
    held = held.subarray(count);
    return taken;
  };
  for (;;) {
    const head = take(4);
    if (head === undefined) return;
    for (let left = head.readUInt32BE(); left > 0; ) {
      const size = take(4)?.readUInt32BE() ?? 0;
      if (size === 0 || size > MAX_CHUNK)
        throw new Error(`The compressed data have a chunk of ${size} bytes`);
      const chunk = take(size);
      if (chunk === undefined) throw new Error('The compressed data end too early');
      const content = decompress(chunk, Math.min(left, MAX_CHUNK));
      if (content.length === 0) throw new Error('The compressed data have an empty chunk');
      left -= content.length;
      yield content;
    }
  }
}

/** Bytes that are written one after another, and copied from what is written. */
class Target {
  readonly bytes: Uint8Array;
  length = 0;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
  }

  append(source: Uint8Array, start: number, count: number): void {
    if (start + count > source.length || this.length + count > this.bytes.length) corrupt();
    this.bytes.set(source.subarray(start, start + count), this.length);
    this.length += count;
  }

  /** Repeats bytes. They may overlap with those that are written. */
  copy(distance: number, count: number): void {
    if (distance === 0 || distance > this.length || this.length + count > this.bytes.length) corrupt();
    for (let index = 0; index < count; index += 1) {
      this.bytes[this.length] = this.bytes[this.length - distance] ?? 0;
      this.length += 1;
    }
  }
}

function corrupt(): never {
  throw new Error('The compressed data are corrupt');
}

/** Decompresses Snappy's raw format. https://github.com/google/snappy/blob/main/format_description.txt */
export function decompressSnappy(chunk: Uint8Array, most: number): Uint8Array {
  let at = 0;
  const little = (count: number) => {
    let value = 0;
    if (at + count > chunk.length) corrupt();
    for (let index = 0; index < count; index += 1) value += (chunk[at + index] ?? 0) * 2 ** (8 * index);
    at += count;
    return value;
  };
  let size = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = little(1);
    size += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
    if (shift === 28) corrupt();
  }
  if (size > most) corrupt();
  const target = new Target(size);
  while (at < chunk.length) {
    const tag = little(1);
    const upper = tag >> 2;
    switch (tag & 3) {
      case 0: {
        const count = 1 + (upper < 60 ? upper : little(upper - 59));
        target.append(chunk, at, count);
        at += count;
        break;
      }
      case 1: {
        const distance = (tag >> 5) * 256 + little(1);
        target.copy(distance, 4 + (upper & 7));
        break;
      }
      case 2:
        target.copy(little(2), 1 + upper);
        break;
      default:
        target.copy(little(4), 1 + upper);
    }
  }
  if (target.length !== size) corrupt();
  return target.bytes;
}

/** Decompresses a block of LZ4. https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md */
export function decompressLz4(chunk: Uint8Array, most: number): Uint8Array {
  // A byte of LZ4 stands for 255 at most.
  const target = new Target(Math.min(most, chunk.length * 255));
  let at = 0;
  const byte = () => {
    const value = chunk[at];
    if (value === undefined) return corrupt();
    at += 1;
    return value;
  };
  const extended = (nibble: number) => {
    let count = nibble;
    if (nibble === 15) {
      let more: number;
      do {
        more = byte();
        count += more;
      } while (more === 255);
    }
    return count;
  };
  for (;;) {
    const token = byte();
    const literals = extended(token >> 4);
    target.append(chunk, at, literals);
    at += literals;
    // The last sequence has literals only.
    if (at === chunk.length) return target.bytes.subarray(0, target.length);
    const low = byte();
    const distance = low + byte() * 256;
    target.copy(distance, 4 + extended(token & 15));
  }
}
