/** Reflected Castagnoli polynomial. https://www.rfc-editor.org/rfc/rfc3720#appendix-B.4 */
const POLYNOMIAL = 0x82f63b78;

/** At k * 256 + b: what byte b contributes when k more bytes follow it. So eight bytes go in one step. */
const TABLE = makeTable();

function makeTable(): Uint32Array {
  const table = new Uint32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    table[byte] = crc;
  }
  for (let i = 256; i < table.length; i++) {
    const crc = table[i - 256] ?? 0;
    table[i] = (crc >>> 8) ^ (table[crc & 0xff] ?? 0);
  }
  return table;
}

/** An index is always inside the table; saying 0 for outside keeps the compiler and the JIT content. */
function at(index: number): number {
  return TABLE[index] ?? 0;
}

/** CRC-32C of `bytes`, continuing from the CRC of what came before (0 at first); unsigned 32 bits. */
export function crc32c(bytes: Uint8Array, previous = 0): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let crc = ~previous;
  let i = 0;
  for (const end = bytes.byteLength - 7; i < end; i += 8) {
    const low = view.getUint32(i, true) ^ crc;
    const high = view.getUint32(i + 4, true);
    crc =
      at(1792 + (low & 0xff)) ^
      at(1536 + ((low >>> 8) & 0xff)) ^
      at(1280 + ((low >>> 16) & 0xff)) ^
      at(1024 + (low >>> 24)) ^
      at(768 + (high & 0xff)) ^
      at(512 + ((high >>> 8) & 0xff)) ^
      at(256 + ((high >>> 16) & 0xff)) ^
      at(high >>> 24);
  }
  for (; i < bytes.byteLength; i++) crc = (crc >>> 8) ^ at((crc ^ view.getUint8(i)) & 0xff);
  return ~crc >>> 0;
}
