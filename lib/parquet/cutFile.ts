import { type FileHandle, open } from 'node:fs/promises';
import { intOf, ParquetFooter, readAt, readEnds, structOf } from './parquetFooter.ts';
import type { ColumnChunk, RowGroup } from './rowGroups.ts';
import {
  listField,
  longField,
  readList,
  structField,
  THRIFT,
  ThriftReader,
  type ThriftStruct,
  writeStruct,
} from './thriftCompact.ts';

/** A file that was written. */
export interface WrittenFile {
  /** Absolute path. */
  readonly path: string;
  readonly bytes: number;
  /** As its footer says. */
  readonly rows: number;
}

// IDs of fields, from https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
const FILE = { rows: 3, rowGroups: 4 } as const;
const GROUP = { columns: 1, rows: 3, offset: 5, ordinal: 7 } as const;
const CHUNK = { offset: 2, metadata: 3, indexes: [4, 5, 6, 7] } as const;
const COLUMN = { offsets: [9, 10, 11], bloomOffset: 14, bloomLength: 15 } as const;

/** `PAR1`, at both ends of a file. */
const MAGIC = Buffer.from('PAR1');
/** Bytes that are copied at once. */
const COPY_BYTES = 4 * 1_024 * 1_024;

/**
 * Cuts a Parquet file into several of about the same size, between row groups. Rows stay in their order, and no page is
 * decoded. DuckDB's own `FILE_SIZE_BYTES` does not keep the order of rows if it has several threads.
 *
 * The file itself becomes the first of them. The others are taken from its end one by one, so that the disk never holds more
 * than one of them twice. If the process is killed meanwhile, no file is complete.
 *
 * @param most The most bytes of the row groups of one file. A larger row group becomes a file of its own.
 * @param pathOf The path of each other file, by its number from 1.
 * @returns The files in the order of their rows, with the rows that their footers state.
 * @throws RangeError if the file is not as DuckDB writes it, with row groups one after the other.
 */
export async function cutFile(
  path: string,
  most: number,
  pathOf: (number: number) => string,
): Promise<WrittenFile[]> {
  const ends = readEnds(path);
  const footer = new ParquetFooter(ends);
  const parts = planParts(footer, most);
  if (parts.length < 2) return [{ path, bytes: ends.size, rows: footer.rows }];
  const whole = await open(path, 'r+');
  try {
    const fields = footer.readFields();
    const groups = readGroups(fields);
    const blooms = await readBlooms(whole, groups);
    for (const [i, part] of [...parts.entries()].reverse()) {
      if (i === 0) {
        await whole.truncate(part.end);
        await writeEnd(whole, part.end, fields, moveGroups(groups, blooms, part, 0, part.end));
        continue;
      }
      const other = await open(pathOf(i), 'wx');
      try {
        await other.write(MAGIC, 0, MAGIC.length, 0);
        await copyBytes(whole, part, other);
        const end = MAGIC.length + part.end - part.start;
        await writeEnd(other, end, fields, moveGroups(groups, blooms, part, end - part.end, end));
      } finally {
        await other.close();
      }
      await whole.truncate(part.start);
    }
  } finally {
    await whole.close();
  }
  return parts.map((_, i) => {
    const written = readEnds(i === 0 ? path : pathOf(i));
    return {
      path: i === 0 ? path : pathOf(i),
      bytes: written.size,
      rows: new ParquetFooter(written).rows,
    };
  });
}

/** Row groups that become one file. */
interface Part {
  /** The first of them, and the one after the last. */
  readonly first: number;
  readonly last: number;
  /** Their bytes in the whole file. */
  readonly start: number;
  readonly end: number;
}

function planParts({ rowGroups }: ParquetFooter, most: number): Part[] {
  const ranges = rowGroups.map(rangeOf);
  const sizes = ranges.map(({ start, end }) => end - start);
  const all = sizes.reduce((sum, size) => sum + size, 0);
  const largest = sizes.reduce((size, other) => Math.max(size, other), 0);
  // Files are filled evenly, not up to the limit, as the last one would be small.
  const enough = Math.min(most, all / Math.ceil(all / most) + largest);
  const parts: Part[] = [];
  for (const [i, { start, end }] of ranges.entries()) {
    const part = parts.at(-1);
    if (part !== undefined && start < part.end) throw new RangeError('Row groups overlap.');
    if (part !== undefined && end - part.start <= enough) parts.splice(-1, 1, { ...part, last: i + 1, end });
    else parts.push({ first: i, last: i + 1, start, end });
  }
  return parts;
}

function rangeOf({ chunks }: RowGroup): { readonly start: number; readonly end: number } {
  return {
    start: Math.min(...chunks.map(({ start }) => start)),
    end: Math.max(...chunks.map(({ start, bytes }: ColumnChunk) => start + bytes)),
  };
}

function readGroups(fields: ThriftStruct): readonly Buffer[] {
  const groups = fields.get(FILE.rowGroups);
  return groups === undefined ? [] : readList(groups).items;
}

/** Bloom filters by their offsets. They follow the row groups, and are small. */
async function readBlooms(file: FileHandle, groups: readonly Buffer[]): Promise<ReadonlyMap<number, Buffer>> {
  const blooms = new Map<number, Buffer>();
  for (const group of groups) {
    for (const { metadata } of chunksOf(parse(group))) {
      const offset = intOf(metadata, COLUMN.bloomOffset);
      const length = intOf(metadata, COLUMN.bloomLength);
      if (offset !== undefined && length !== undefined)
        blooms.set(offset, await readAt(file, offset, length));
    }
  }
  return blooms;
}

function parse(bytes: Buffer): ThriftStruct {
  return new ThriftReader(bytes).struct();
}

function chunksOf(group: ThriftStruct): { readonly chunk: ThriftStruct; readonly metadata: ThriftStruct }[] {
  const columns = group.get(GROUP.columns);
  return (columns === undefined ? [] : readList(columns).items).map((item) => {
    const chunk = parse(item);
    return { chunk, metadata: structOf(chunk, CHUNK.metadata) ?? new Map() };
  });
}

/** The part of a file after its pages. */
interface End {
  readonly rows: number;
  readonly groups: readonly Buffer[];
  readonly blooms: readonly Buffer[];
}

/**
 * Row groups as they are in a file of their own, with their bloom filters after them.
 *
 * @param by Bytes by which their pages move.
 * @param end Where the bloom filters begin.
 */
function moveGroups(
  groups: readonly Buffer[],
  blooms: ReadonlyMap<number, Buffer>,
  { first, last }: Part,
  by: number,
  end: number,
): End {
  const kept: Buffer[] = [];
  let next = end;
  let rows = 0;
  const moved = groups.slice(first, last).map((bytes) => {
    const group = parse(bytes);
    rows += intOf(group, GROUP.rows) ?? 0;
    const columns = chunksOf(group).map(({ chunk, metadata }) => {
      shift(metadata, COLUMN.offsets, by);
      const bloom = blooms.get(intOf(metadata, COLUMN.bloomOffset) ?? -1);
      if (bloom === undefined) metadata.delete(COLUMN.bloomOffset);
      else {
        metadata.set(COLUMN.bloomOffset, longField(next));
        kept.push(bloom);
        next += bloom.length;
      }
      shift(chunk, [CHUNK.offset], by);
      // DuckDB writes no page indexes, which would be elsewhere.
      for (const id of CHUNK.indexes) chunk.delete(id);
      return writeStruct(chunk.set(CHUNK.metadata, structField(metadata)));
    });
    shift(group, [GROUP.offset], by);
    group.delete(GROUP.ordinal);
    return writeStruct(group.set(GROUP.columns, listField({ type: THRIFT.struct, items: columns })));
  });
  return { rows, groups: moved, blooms: kept };
}

/** Moves offsets. Some are 0, which stands for none. */
function shift(fields: ThriftStruct, ids: readonly number[], by: number): void {
  for (const id of ids) {
    const offset = intOf(fields, id) ?? 0;
    if (offset > 0) fields.set(id, longField(offset + by));
  }
}

/** Writes bloom filters, the footer and the end. */
async function writeEnd(
  file: FileHandle,
  position: number,
  fields: ThriftStruct,
  { rows, groups, blooms }: End,
): Promise<void> {
  const footer = writeStruct(
    new Map(fields)
      .set(FILE.rows, longField(rows))
      .set(FILE.rowGroups, listField({ type: THRIFT.struct, items: groups })),
  );
  const length = Buffer.alloc(4);
  length.writeUInt32LE(footer.length);
  const bytes = Buffer.concat([...blooms, footer, length, MAGIC]);
  await file.write(bytes, 0, bytes.length, position);
}

/** Copies the bytes of a part after the magic of its own file. */
async function copyBytes(from: FileHandle, { start, end }: Part, to: FileHandle): Promise<void> {
  for (let at = start; at < end; at += COPY_BYTES) {
    const bytes = await readAt(from, at, Math.min(COPY_BYTES, end - at));
    await to.write(bytes, 0, bytes.length, MAGIC.length + at - start);
  }
}
