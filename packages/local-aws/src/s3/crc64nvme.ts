/** Reflected polynomial of CRC-64/NVME, high and low half. https://reveng.sourceforge.io/crc-catalogue/17plus.htm#crc.cat.crc-64-nvme */
const POLYNOMIAL_HIGH = 0x9a6c9329;

const POLYNOMIAL_LOW = 0xac4bc9b5;

/** A running CRC as two unsigned 32-bit halves: BigInt would make every byte an allocation. */
export interface Crc64 {
  high: number;
  low: number;
}

/** The values of a byte: the length of one table. */
const BYTES = 256;

/**
 * Tables of the CRC, high and low half: the member at k * {@link BYTES} + b is what byte b contributes when k more bytes follow it. With
 * them the CRC advances by eight bytes a step.
 */
const HIGH = new Uint32Array(8 * BYTES);

const LOW = new Uint32Array(8 * BYTES);

/** Fills the first table bit by bit, and each further one from the one before. */
function fillTables(): void {
  for (let byte = 0; byte < BYTES; byte++) {
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
  for (let i = BYTES; i < LOW.length; i++) {
    const high = highAt(i - BYTES);
    const low = lowAt(i - BYTES);
    LOW[i] = ((low >>> 8) | (high << 24)) ^ lowAt(low & 0xff);
    HIGH[i] = (high >>> 8) ^ highAt(low & 0xff);
  }
}

fillTables();

/** An index is always inside the tables. The fallback to 0 satisfies the compiler and the JIT. */
function highAt(index: number): number {
  return HIGH[index] ?? 0;
}

function lowAt(index: number): number {
  return LOW[index] ?? 0;
}

/** Updates a CRC with bytes, in place. A new CRC is `{ high: 0, low: 0 }`. */
export function crc64nvme(state: Crc64, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let high = ~state.high;
  let low = ~state.low;
  let i = 0;
  for (const end = bytes.byteLength - 7; i < end; i += 8) {
    const a = view.getUint32(i, true) ^ low;
    const b = view.getUint32(i + 4, true) ^ high;
    const i7 = 7 * BYTES + (a & 0xff);
    const i6 = 6 * BYTES + ((a >>> 8) & 0xff);
    const i5 = 5 * BYTES + ((a >>> 16) & 0xff);
    const i4 = 4 * BYTES + (a >>> 24);
    const i3 = 3 * BYTES + (b & 0xff);
    const i2 = 2 * BYTES + ((b >>> 8) & 0xff);
    const i1 = BYTES + ((b >>> 16) & 0xff);
    const i0 = b >>> 24;
    high =
      highAt(i7) ^ highAt(i6) ^ highAt(i5) ^ highAt(i4) ^ highAt(i3) ^ highAt(i2) ^ highAt(i1) ^ highAt(i0);
    low = lowAt(i7) ^ lowAt(i6) ^ lowAt(i5) ^ lowAt(i4) ^ lowAt(i3) ^ lowAt(i2) ^ lowAt(i1) ^ lowAt(i0);
  }
  for (; i < bytes.byteLength; i++) {
    const index = (low ^ view.getUint8(i)) & 0xff;
    low = ((low >>> 8) | (high << 24)) ^ lowAt(index);
    high = (high >>> 8) ^ highAt(index);
  }
  state.high = ~high >>> 0;
  state.low = ~low >>> 0;
}
