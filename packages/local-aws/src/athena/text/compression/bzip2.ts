/** Bytes that are given on at once. */
const PIECE = 256 * 1_024;
/** The codes of symbols that stand for runs, and the most bits of a code. */
const RUN_B = 1;
const MAX_BITS = 20;
const BLOCK_MAGIC = 0x314159265359;
const END_MAGIC = 0x177245385090;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc;
});

/** The bits of a file, the highest of a byte first. */
class Bits {
  readonly #next: () => Uint8Array | undefined;
  #piece: Uint8Array = new Uint8Array(0);
  #at = 0;
  #held = 0;
  #count = 0;

  constructor(next: () => Uint8Array | undefined) {
    this.#next = next;
  }

  /** @param count 24 at most. */
  read(count: number): number {
    while (this.#count < count) {
      const byte = this.#byte();
      if (byte === undefined) throw new Error('The bzip2 data end too early');
      this.#held = ((this.#held << 8) | byte) >>> 0;
      this.#count += 8;
    }
    this.#count -= count;
    const value = (this.#held >>> this.#count) & ((1 << count) - 1);
    this.#held &= (1 << this.#count) - 1;
    return value;
  }

  read48(): number {
    return this.read(24) * 0x1000000 + this.read(24);
  }

  /** Drops the rest of a byte. @returns Whether the file has ended. */
  endOfFile(): boolean {
    this.#count = 0;
    this.#held = 0;
    const byte = this.#byte();
    if (byte === undefined) return true;
    this.#at -= 1;
    return false;
  }

  #byte(): number | undefined {
    while (this.#at >= this.#piece.length) {
      const piece = this.#next();
      if (piece === undefined) return undefined;
      this.#piece = piece;
      this.#at = 0;
    }
    const byte = this.#piece[this.#at];
    this.#at += 1;
    return byte;
  }
}

/** A Huffman code: the greatest code of each length, and the symbols in the order of their codes. */
interface Huffman {
  readonly limits: Int32Array;
  readonly bases: Int32Array;
  readonly symbols: Uint16Array;
}

/**
 * The content of bzip2 data, also of several streams one after another, as parallel compressors write them.
 *
 * @param next The data in pieces, undefined at the end. Memory does not depend on their size.
 * @throws Error for data that are not bzip2, are cut off or do not have their checksums.
 */
export function* bunzip2(next: () => Uint8Array | undefined): Generator<Uint8Array> {
  const bits = new Bits(next);
  if (bits.endOfFile()) return;
  // Streams are many and small after a parallel compressor.
  const longest = new Uint32Array(9 * 100_000);
  do {
    if (bits.read(24) !== 0x425a68) throw new Error('The data are not bzip2');
    const level = bits.read(8) - 0x30;
    if (level < 1 || level > 9) throw new Error('The data are not bzip2');
    const block = longest.subarray(0, level * 100_000);
    let whole = 0;
    for (;;) {
      const magic = bits.read48();
      if (magic === END_MAGIC) break;
      if (magic !== BLOCK_MAGIC) throw new Error('A block of the bzip2 data does not begin as one');
      const expected = checksum(bits);
      const crc = yield* expand(block, readBlock(bits, block));
      if (crc !== expected) throw new Error('A block of the bzip2 data does not have its checksum');
      whole = (((whole << 1) | (whole >>> 31)) ^ crc) >>> 0;
    }
    if (checksum(bits) !== whole) throw new Error('The bzip2 data do not have their checksum');
    // Of streams without content the caller would see nothing otherwise, and could not stop.
    yield new Uint8Array(0);
  } while (!bits.endOfFile());
}

function checksum(bits: Bits): number {
  return bits.read(16) * 0x10000 + bits.read(16);
}

/** Reads a block into the low bytes of `block`. @returns Its length and the place of its first byte. */
function readBlock(bits: Bits, block: Uint32Array): { readonly length: number; readonly origin: number } {
  if (bits.read(1) === 1) throw new Error('Randomized blocks of bzip2 are not known');
  const origin = bits.read(24);
  const used = readUsed(bits);
  const codeCount = bits.read(3);
  const selectors = readSelectors(bits, codeCount);
  const codes = Array.from({ length: codeCount }, () => readCode(bits, used.length + 2));
  const endOfBlock = used.length + 1;
  let length = 0;
  let run = 0;
  let weight = 1;
  const put = (byte: number, count: number) => {
    if (length + count > block.length) throw new Error('A block of the bzip2 data is too long');
    block.fill(byte, length, length + count);
    length += count;
  };
  for (let at = 0; ; at += 1) {
    const code = codes[selectors[Math.floor(at / 50)] ?? codeCount];
    if (code === undefined) throw new Error('A block of the bzip2 data lacks a code');
    const symbol = readSymbol(bits, code);
    if (symbol <= RUN_B) {
      run += weight << symbol;
      weight *= 2;
      if (run > block.length) throw new Error('A block of the bzip2 data is too long');
      continue;
    }
    if (run > 0) put(used[0] ?? 0, run);
    run = 0;
    weight = 1;
    if (symbol === endOfBlock) break;
    // The bytes are in the order of their last use.
    const [byte = 0] = used.splice(symbol - 1, 1);
    used.unshift(byte);
    put(byte, 1);
  }
  if (length > 0 && origin >= length) throw new Error('A block of the bzip2 data begins nowhere');
  return { length, origin };
}

/** The bytes that a block has. */
function readUsed(bits: Bits): number[] {
  const groups = bits.read(16);
  const used: number[] = [];
  for (let group = 0; group < 16; group += 1) {
    if ((groups & (0x8000 >> group)) === 0) continue;
    const members = bits.read(16);
    for (let member = 0; member < 16; member += 1)
      if ((members & (0x8000 >> member)) !== 0) used.push(group * 16 + member);
  }
  if (used.length === 0) throw new Error('A block of the bzip2 data has no bytes');
  return used;
}

/** Which code the symbols have, 50 each. */
function readSelectors(bits: Bits, codeCount: number): Uint8Array {
  const count = bits.read(15);
  if (codeCount < 2 || codeCount > 6 || count === 0)
    throw new Error('A block of the bzip2 data has no codes');
  const order = Array.from({ length: codeCount }, (_, index) => index);
  return Uint8Array.from({ length: count }, () => {
    let place = 0;
    while (bits.read(1) === 1) place += 1;
    const [selector] = order.splice(place, 1);
    if (selector === undefined) throw new Error('A block of the bzip2 data lacks a code');
    order.unshift(selector);
    return selector;
  });
}

function readCode(bits: Bits, symbolCount: number): Huffman {
  let bitCount = bits.read(5);
  const lengths = Array.from({ length: symbolCount }, () => {
    while (bits.read(1) === 1) bitCount += bits.read(1) === 1 ? -1 : 1;
    if (bitCount < 1 || bitCount > MAX_BITS) throw new Error('A code of the bzip2 data is too long');
    return bitCount;
  });
  const limits = new Int32Array(MAX_BITS + 1).fill(-1);
  const bases = new Int32Array(MAX_BITS + 1);
  const symbols: number[] = [];
  let code = 0;
  for (let length = 1; length <= MAX_BITS; length += 1) {
    bases[length] = symbols.length - code;
    for (const [symbol, own] of lengths.entries()) {
      if (own !== length) continue;
      symbols.push(symbol);
      code += 1;
    }
    limits[length] = code - 1;
    code *= 2;
  }
  return { limits, bases, symbols: Uint16Array.from(symbols) };
}

function readSymbol(bits: Bits, { limits, bases, symbols }: Huffman): number {
  let code = 0;
  for (let length = 1; length <= MAX_BITS; length += 1) {
    code = code * 2 + bits.read(1);
    if (code <= (limits[length] ?? -1)) {
      const symbol = symbols[code + (bases[length] ?? 0)];
      if (symbol !== undefined) return symbol;
    }
  }
  throw new Error('The bzip2 data have a code that is none');
}

/** Undoes the transform of Burrows and Wheeler and the runs before it. @returns The block's checksum. */
function* expand(
  block: Uint32Array,
  { length, origin }: { readonly length: number; readonly origin: number },
): Generator<Uint8Array, number> {
  const starts = new Uint32Array(257);
  for (let at = 0; at < length; at += 1) {
    const next = ((block[at] ?? 0) & 0xff) + 1;
    starts[next] = (starts[next] ?? 0) + 1;
  }
  for (let byte = 1; byte <= 256; byte += 1) starts[byte] = (starts[byte] ?? 0) + (starts[byte - 1] ?? 0);
  // The upper three bytes of each are the place of the byte that follows.
  for (let at = 0; at < length; at += 1) {
    const byte = (block[at] ?? 0) & 0xff;
    const place = starts[byte] ?? 0;
    starts[byte] = place + 1;
    block[place] = ((block[place] ?? 0) | (at << 8)) >>> 0;
  }
  let crc = 0xffffffff;
  let piece = new Uint8Array(PIECE);
  let filled = 0;
  let equal = 0;
  let last = -1;
  let place = length === 0 ? 0 : (block[origin] ?? 0) >>> 8;
  for (let at = 0; at < length; at += 1) {
    const entry = block[place] ?? 0;
    const byte = entry & 0xff;
    place = entry >>> 8;
    // After four equal bytes there is the number of further ones.
    let count = 1;
    if (equal === 4) {
      count = byte;
      equal = 0;
    } else {
      equal = byte === last ? equal + 1 : 1;
      last = byte;
    }
    for (let index = 0; index < count; index += 1) {
      piece[filled] = last;
      filled += 1;
      crc = ((crc << 8) ^ (CRC_TABLE[(crc >>> 24) ^ last] ?? 0)) >>> 0;
      if (filled === PIECE) {
        yield piece;
        piece = new Uint8Array(PIECE);
        filled = 0;
      }
    }
    if (equal === 0) last = -1;
  }
  if (filled > 0) yield piece.subarray(0, filled);
  return ~crc >>> 0;
}
