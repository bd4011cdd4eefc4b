/** Reflected polynomial of CRC-64/NVME, high and low half. https://reveng.sourceforge.io/crc-catalogue/17plus.htm#crc.cat.crc-64-nvme */
const POLYNOMIAL_HIGH = 0x9a6c9329;
/** The low half of the polynomial. */
const POLYNOMIAL_LOW = 0xac4bc9b5;

/** How many values a byte has: the length of one table. */
const BYTE_VALUES = 256;

/**
 * Eight tables of the CRC in one array, the high and the low half of their values: at k * {@link BYTE_VALUES} + b is what byte b
 * contributes when k more bytes follow it. With them the CRC advances by eight bytes a step ("slicing-by-8").
 */
const HIGH = new Uint32Array(8 * BYTE_VALUES);
/** The low half of the tables' values. */
const LOW = new Uint32Array(8 * BYTE_VALUES);

/** Fills the first table bit by bit, and each further one from the one before it. */
function fillTables(): void {
  for (let byte = 0; byte < BYTE_VALUES; byte++) {
    let high = 0;
    let low = byte;
    for (let bit = 0; bit < 8; bit++) {
      const carry = low & 1;
      low = (low >>> 1) | (high << 31);
      high >>>= 1;
      if (carry === 1) {
        low ^= POLYNOMIAL_LOW;
        high ^= POLYNOMIAL_HIGH;
      }
    }
    HIGH[byte] = high;
    LOW[byte] = low;
  }
  for (let i = BYTE_VALUES; i < LOW.length; i++) {
    const high = highAt(i - BYTE_VALUES);
    const low = lowAt(i - BYTE_VALUES);
    LOW[i] = ((low >>> 8) | (high << 24)) ^ lowAt(low & 0xff);
    HIGH[i] = (high >>> 8) ^ highAt(low & 0xff);
  }
}

fillTables();

// An index is always inside the tables: the compiler does not know it, and the JIT is faster with the 0.

/** The high half of a value of the tables. */
function highAt(index: number): number {
  return HIGH[index] ?? 0;
}

/** The low half of a value of the tables. */
function lowAt(index: number): number {
  return LOW[index] ?? 0;
}

/** A running CRC-64/NVME. */
export class Crc64Nvme {
  // Two unsigned halves of 32 bits: BigInt would make every byte an allocation.
  #high = 0;
  #low = 0;

  /** Adds bytes. */
  update(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let high = ~this.#high;
    let low = ~this.#low;
    let at = 0;
    for (const end = bytes.byteLength - 7; at < end; at += 8) {
      // The first four bytes, with the low half of the CRC in them, and the next four with its high half.
      const first = view.getUint32(at, true) ^ low;
      const next = view.getUint32(at + 4, true) ^ high;
      const i7 = 7 * BYTE_VALUES + (first & 0xff);
      const i6 = 6 * BYTE_VALUES + ((first >>> 8) & 0xff);
      const i5 = 5 * BYTE_VALUES + ((first >>> 16) & 0xff);
      const i4 = 4 * BYTE_VALUES + (first >>> 24);
      const i3 = 3 * BYTE_VALUES + (next & 0xff);
      const i2 = 2 * BYTE_VALUES + ((next >>> 8) & 0xff);
      const i1 = BYTE_VALUES + ((next >>> 16) & 0xff);
      const i0 = next >>> 24;
      high =
        highAt(i7) ^ highAt(i6) ^ highAt(i5) ^ highAt(i4) ^ highAt(i3) ^ highAt(i2) ^ highAt(i1) ^ highAt(i0);
      low = lowAt(i7) ^ lowAt(i6) ^ lowAt(i5) ^ lowAt(i4) ^ lowAt(i3) ^ lowAt(i2) ^ lowAt(i1) ^ lowAt(i0);
    }
    // The last bytes, fewer than eight.
    for (; at < bytes.byteLength; at++) {
      const index = (low ^ view.getUint8(at)) & 0xff;
      low = ((low >>> 8) | (high << 24)) ^ lowAt(index);
      high = (high >>> 8) ^ highAt(index);
    }
    this.#high = ~high >>> 0;
    this.#low = ~low >>> 0;
  }

  /** The CRC, big-endian. */
  digest(): Buffer {
    const digest = Buffer.alloc(8);
    digest.writeUInt32BE(this.#high, 0);
    digest.writeUInt32BE(this.#low, 4);
    return digest;
  }
}
