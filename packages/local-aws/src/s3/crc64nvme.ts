/** The high half of the reflected polynomial of CRC-64/NVME: https://reveng.sourceforge.io/crc-catalogue/17plus.htm#crc.cat.crc-64-nvme */
const POLYNOMIAL_HIGH = 0x9a6c9329;
/** The low half of this polynomial. */
const POLYNOMIAL_LOW = 0xac4bc9b5;

/** How many values a byte has. */
const BYTE_VALUES = 256;

/** What each value of a byte contributes to the CRC: the high halves. */
const HIGH = new Uint32Array(BYTE_VALUES);
/** The low halves. */
const LOW = new Uint32Array(BYTE_VALUES);

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

/** A running CRC-64/NVME. */
export class Crc64Nvme {
  // Two unsigned halves of 32 bits: BigInt would make every byte an allocation.
  #high = 0;
  #low = 0;

  /** Adds bytes. */
  update(bytes: Uint8Array): void {
    let high = ~this.#high;
    let low = ~this.#low;
    for (const byte of bytes) {
      const index = (low ^ byte) & 0xff;
      // An index is always inside the tables: the compiler does not know it, and the JIT is faster with the 0.
      low = ((low >>> 8) | (high << 24)) ^ (LOW[index] ?? 0);
      high = (high >>> 8) ^ (HIGH[index] ?? 0);
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
