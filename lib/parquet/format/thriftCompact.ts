/**
 * Types of values in Thrift's compact protocol:
 * https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */
export const THRIFT = {
  true: 1,
  false: 2,
  byte: 3,
  i16: 4,
  i32: 5,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  set: 10,
  map: 11,
  struct: 12,
  uuid: 13,
} as const;

/** A field of a struct: its type and its encoded value. Booleans have no bytes, as their type is the value. */
export interface ThriftField {
  /** One of {@link THRIFT}. */
  readonly type: number;
  /** The encoded value, without the header of the field. */
  readonly bytes: Buffer;
}

/** The fields of a struct by their IDs, in the order of writing. */
export type ThriftStruct = Map<number, ThriftField>;

/**
 * The lists that readers of a struct know, by the IDs of their fields: the type of the items, or the lists in a struct. Such
 * readers take the items for what they expect, whatever the list says, and would go on elsewhere than a judge of the bytes.
 */
export interface KnownLists {
  readonly [id: number]: number | KnownLists;
}

/** The most nested structs, lists and maps. Real footers have less than half. */
const MAX_LEVELS = 64;

/** IDs of fields have 16 bits. */
const MAX_ID = 32_767;

/** No bytes. */
const NONE = Buffer.alloc(0);

/**
 * Reads Thrift's compact protocol. Every length is checked against the remaining bytes: a wrong length causes a RangeError
 * and allocates no memory.
 */
export class ThriftReader {
  readonly bytes: Buffer;
  /** Offset of the next value. */
  at: number;

  constructor(bytes: Buffer, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  /** Reads a struct up to its end. @throws RangeError if the bytes are not a struct. */
  struct(): ThriftStruct {
    const fields: ThriftStruct = new Map();
    this.fields((id, type) => {
      fields.set(id, { type, bytes: this.#value(type, 1) });
    });
    return fields;
  }

  /**
   * Reads a struct field by field. Thrift's own readers cut IDs to 16 bits, and merge fields that are there twice: what they
   * read is not what a judge of the struct saw, so both are refused.
   *
   * @param visit Reads the value of a field, from `at` on, or {@link skip}s it.
   */
  fields(visit: (id: number, type: number) => void): void {
    let last = 0;
    let highest = 0;
    let seen = 0;
    for (;;) {
      const head = this.#byte();
      const type = head & 0x0f;
      if (type === 0) return;
      last = head >> 4 === 0 ? this.int() : last + (head >> 4);
      if (last < 1 || last > MAX_ID) throw new RangeError('A field has no possible ID.');
      const bit = last < 31 ? 1 << last : 0;
      if (last <= highest && (bit === 0 || (seen & bit) !== 0))
        throw new RangeError('A field is there twice.');
      highest = Math.max(highest, last);
      seen |= bit;
      visit(last, type);
    }
  }

  /** Reads the items of a list one by one. @param visit Reads one from `at` on. */
  items(visit: (type: number) => void): void {
    const head = this.#byte();
    const size = head >> 4 === 15 ? this.#varint() : head >> 4;
    if (size > this.bytes.length - this.at) throw new RangeError('A list is longer than the bytes.');
    for (let i = 0; i < size; i += 1) visit(head & 0x0f);
  }

  /** Reads an integer that fits a double. */
  int(): number {
    const raw = this.#varint();
    return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
  }

  /** Reads bytes or a text. */
  binary(): Buffer {
    return this.#take(this.#varint());
  }

  /** Skips a value. @param known The type of its items if it is a list, or the lists in it if it is a struct. */
  skip(type: number, level = 0, known: number | KnownLists = {}): void {
    if (level > MAX_LEVELS) throw new RangeError('Values are nested too deeply.');
    switch (type) {
      case THRIFT.true:
      case THRIFT.false:
        return;
      case THRIFT.byte:
        this.#pass(1);
        return;
      case THRIFT.i16:
      case THRIFT.i32:
      case THRIFT.i64:
        this.#varint();
        return;
      case THRIFT.double:
        this.#pass(8);
        return;
      case THRIFT.uuid:
        this.#pass(16);
        return;
      case THRIFT.binary:
        this.#pass(this.#varint());
        return;
      case THRIFT.list:
      case THRIFT.set:
        this.items((item) => {
          if (type === THRIFT.list && typeof known === 'number' && item !== known)
            throw new RangeError('A list has items of another type.');
          this.#skipItem(item, level + 1);
        });
        return;
      case THRIFT.map:
        this.#skipMap(level + 1);
        return;
      case THRIFT.struct:
        this.fields((id, field) =>
          this.skip(field, level + 1, typeof known === 'number' ? undefined : known[id]),
        );
        return;
      default:
        throw new RangeError(`${type} is not a type of Thrift.`);
    }
  }

  /** Booleans in lists and maps are bytes. */
  #skipItem(type: number, level: number): void {
    if (type === THRIFT.true || type === THRIFT.false) this.#pass(1);
    else this.skip(type, level);
  }

  /** Passes a map with all of its keys and values. */
  #skipMap(level: number): void {
    const size = this.#varint();
    if (size > this.bytes.length - this.at) throw new RangeError('A map is longer than the bytes.');
    if (size === 0) return;
    const types = this.#byte();
    for (let i = 0; i < size; i += 1) {
      this.#skipItem(types >> 4, level);
      this.#skipItem(types & 0x0f, level);
    }
  }

  /** The bytes of a value; none for a boolean, whose type is its value. */
  #value(type: number, level: number): Buffer {
    const start = this.at;
    this.skip(type, level);
    return this.at === start ? NONE : this.bytes.subarray(start, this.at);
  }

  /** Reads a byte. @throws RangeError at the end of the bytes. */
  #byte(): number {
    const byte = this.bytes[this.at];
    if (byte === undefined) throw new RangeError('The bytes end within a value.');
    this.at += 1;
    return byte;
  }

  /** Reads some bytes. @throws RangeError if there are fewer. */
  #take(length: number): Buffer {
    const start = this.at;
    this.#pass(length);
    return this.bytes.subarray(start, this.at);
  }

  /** Passes some bytes. @throws RangeError if there are fewer. */
  #pass(length: number): void {
    const end = this.at + length;
    if (end > this.bytes.length) throw new RangeError('The bytes end within a value.');
    this.at = end;
  }

  /** Reads a number of seven bits a byte, the lowest first. @throws RangeError for more than 64 bits. */
  #varint(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 63; scale *= 128) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw new RangeError('A number has more than 64 bits.');
  }
}

/** The encoded items of a list, in their order. @param bytes The encoded list. */
export function listItems(bytes: Buffer): readonly Buffer[] {
  const reader = new ThriftReader(bytes);
  const items: Buffer[] = [];
  reader.items((type) => {
    const start = reader.at;
    reader.skip(type);
    items.push(bytes.subarray(start, reader.at));
  });
  return items;
}
