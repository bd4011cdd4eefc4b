import { isUtf8 } from 'node:buffer';

const [SPACE, QUOTE, PERCENT, APOSTROPHE, PLUS, SLASH] = [0x20, 0x22, 0x25, 0x27, 0x2b, 0x2f];
const [TWO, FIVE, BACKSLASH, LETTER_U, LETTER_X] = [0x32, 0x35, 0x5c, 0x75, 0x78];
/** Characters before which a backslash is always an escape: it is dropped in values, too. */
const ESCAPED: ReadonlySet<number> = new Set([QUOTE, APOSTROPHE, SLASH]);

/**
 * A text without the escapes of senders: those of JSON and JavaScript (`\u00fc`, `\xfc`, `\"`, `\/`), however often they were
 * escaped again, then or before percent-encoding and forms (`%C3%BC`, `%25C3%25BC`, `%u00FC`, `+`), and the doubled quotes of
 * CSV. Two spellings of a value become the same text. Linear, as senders choose the text.
 *
 * Other values may become the same one too: a plus is a space, and several backslashes are one.
 *
 * @returns The same bytes if nothing in them is escaped.
 */
export function decodedBytes(bytes: Buffer): Buffer {
  const isPlain = [BACKSLASH, PERCENT, PLUS].every((byte) => !bytes.includes(byte));
  return isPlain && !bytes.includes('""') ? bytes : withoutEscapes(withoutPercents(bytes));
}

/** Decodes a text as {@link decodedBytes} does; null if nothing in it is escaped. */
export function decodedText(text: string): string | null {
  if (!/[\\%+]|""/.test(text)) return null;
  const read = withoutAnyEscape(text);
  return read === text ? null : read;
}

function withoutAnyEscape(text: string): string {
  const decoded = decodedBytes(Buffer.from(text, 'utf8'));
  return (isUtf8(decoded) ? decoded : withLatin1(decoded)).toString('utf8');
}

/** A value as it may be in a {@link decodedBytes decoded} text, which drops a backslash before the quote that ends a value. */
export function decodedValues(value: string): readonly string[] {
  const decoded = withoutAnyEscape(value);
  if (!decoded.endsWith('\\')) return [decoded];
  return ['\\', '"', "'"].map((end) => decoded.slice(0, -1) + end);
}

/** `\xfc` and `%FC` are bytes of UTF-8 or characters of Latin-1: those that are no UTF-8 are written in it. */
function withLatin1(bytes: Buffer): Buffer {
  const out = new Output(2 * bytes.length);
  for (let i = 0; i < bytes.length; ) {
    const byte = bytes[i] ?? 0;
    const length =
      byte < 0x80 ? 1 : byte < 0xc2 ? 0 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : byte < 0xf5 ? 4 : 0;
    let end = i + 1;
    while (end < i + length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end += 1;
    if (end - i === length) {
      for (; i < end; i += 1) out.add(bytes[i] ?? 0);
    } else {
      out.addUnit(byte);
      i += 1;
    }
  }
  return out.end();
}

function withoutPercents(bytes: Buffer): Buffer {
  const out = new Output(bytes.length);
  for (let i = 0; i < bytes.length; ) {
    const byte = bytes[i] ?? 0;
    i += 1;
    if (byte !== PERCENT) {
      out.add(byte);
      continue;
    }
    // %25C3: a percent sign that was encoded again.
    while (bytes[i] === TWO && bytes[i + 1] === FIVE && isEncodedAt(bytes, i + 2)) i += 2;
    if (!isEncodedAt(bytes, i)) out.add(byte);
    else if (bytes[i] === LETTER_U) {
      out.addUnit(hexAt(bytes, i + 1, 4));
      i += 5;
    } else {
      out.add(hexAt(bytes, i, 2));
      i += 2;
    }
  }
  return out.end();
}

function isEncodedAt(bytes: Buffer, at: number): boolean {
  return hexAt(bytes, at, 2) >= 0 || (bytes[at] === LETTER_U && hexAt(bytes, at + 1, 4) >= 0);
}

function withoutEscapes(bytes: Buffer): Buffer {
  const out = new Output(bytes.length);
  const add = (byte: number) => {
    if (byte !== QUOTE || out.last !== QUOTE) out.add(byte === PLUS ? SPACE : byte);
  };
  for (let i = 0; i < bytes.length; ) {
    const byte = bytes[i] ?? 0;
    if (byte !== BACKSLASH) {
      add(byte);
      i += 1;
      continue;
    }
    const start = i;
    while (bytes[i] === BACKSLASH) i += 1;
    const next = bytes[i] ?? SPACE;
    const digits = next === LETTER_U ? 4 : next === LETTER_X ? 2 : 0;
    const unit = digits === 0 ? -1 : hexAt(bytes, i + 1, digits);
    // Each time that it is escaped again, an escape has twice as many backslashes. With any other number of them, some are text.
    const isEscape = unit >= 0 && Number.isInteger(Math.log2(i - start));
    if (!isEscape && !ESCAPED.has(unit < 0 ? next : unit)) out.add(BACKSLASH);
    if (unit < 0) continue;
    if (unit < 0x80) add(unit);
    else if (next === LETTER_U) out.addUnit(unit);
    else out.add(unit);
    i += 1 + digits;
  }
  return out.end();
}

/** The number of some hexadecimal digits; -1 if there is something else. */
function hexAt(bytes: Buffer, at: number, digits: number): number {
  let number = 0;
  for (let i = at; i < at + digits; i += 1) {
    const byte = bytes[i] ?? 0;
    if (byte >= 0x30 && byte <= 0x39) number = number * 16 + byte - 0x30;
    else if ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66) number = number * 16 + (byte | 0x20) - 0x57;
    else return -1;
  }
  return number;
}

/** Bytes in the making. */
class Output {
  readonly #bytes: Buffer;
  #length = 0;
  /** Where the last half of a pair of surrogates ends, which waits for the other one. */
  #halfEnd = -1;
  #half = 0;

  constructor(most: number) {
    this.#bytes = Buffer.allocUnsafe(most);
  }

  get last(): number | undefined {
    return this.#length === 0 ? undefined : this.#bytes[this.#length - 1];
  }

  add(byte: number): void {
    this.#bytes[this.#length] = byte;
    this.#length += 1;
  }

  /** A UTF-16 unit: two halves of a pair become one character. */
  addUnit(unit: number): void {
    const isSecond = (unit & 0xfc00) === 0xdc00 && this.#halfEnd === this.#length;
    if (isSecond) this.#length -= HALF_BYTES;
    const point = isSecond ? 0x10000 + ((this.#half & 0x3ff) << 10) + (unit & 0x3ff) : unit;
    // Half a pair is written as the character for what cannot be read, which has as many bytes.
    this.#length += this.#bytes.write(String.fromCodePoint(point), this.#length, 'utf8');
    if ((unit & 0xfc00) !== 0xd800) return;
    this.#half = unit;
    this.#halfEnd = this.#length;
  }

  end(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }
}

const HALF_BYTES = 3;
