import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { UtcDay } from '../../base/time.ts';
import { type TableKind, tableKinds } from '../../schema/kinds.ts';
import type { LandedLine, LandedPart } from '../lines/LandedObject.ts';

/** Bytes of lines that are written to disk at once. */
const WRITTEN_BYTES = 1_048_576;
/** Bytes of a line that DuckDB reads without larger buffers than its own. */
export const SMALL_LINE = 1_048_576;

/** The lines of one kind in a round: a file of them, and what is known of it. */
export interface RoundLines {
  readonly kind: TableKind;
  readonly path: string;
  /** Rows by day. */
  readonly days: ReadonlyMap<UtcDay, number>;
  readonly rows: number;
  readonly bytes: number;
  /** Bytes of its longest line, or more. */
  readonly longest: number;
  /** The object that a line is of, by where the line begins in the file. */
  keyAt(offset: number): string;
}

/** Lines of objects, split by kind into files of a folder, to be written to tables at once. */
export class Round {
  /** Keys of its objects, which may have no lines in it. */
  readonly keys = new Set<string>();
  /** The sum of {@link sizeInRound}. */
  size = 0;
  readonly #files: ReadonlyMap<TableKind, KindFile>;

  /** @param directory An empty folder of its own. */
  constructor(directory: string) {
    this.#files = new Map(
      tableKinds.map((kind) => [kind, new KindFile(kind, join(directory, `${kind}.ndjson`))]),
    );
  }

  /** Adds lines of an object. */
  async add(
    key: string,
    { bytes, text, lines }: Pick<LandedPart, 'bytes' | 'text' | 'lines'>,
  ): Promise<void> {
    this.keys.add(key);
    this.size += sizeInRound({ bytes, text });
    // Lines of a kind follow each other: most members are one piece a kind.
    for (let first = 0; first < lines.length; ) {
      const { kind = 'events' } = lines[first] ?? {};
      let next = first + 1;
      while (lines[next]?.kind === kind && lines[next]?.from === lines[next - 1]?.to) next += 1;
      await this.#files.get(kind)?.add(key, text, lines.slice(first, next));
      first = next;
    }
  }

  /** Ends the files. @returns Those that have lines, quarantine last. */
  async close(): Promise<RoundLines[]> {
    for (const file of this.#files.values()) await file.close();
    return [...this.#files.values()].filter(({ rows }) => rows > 0);
  }
}

/**
 * How much of a round a member takes: the bytes of its text. Of rows that hardly compress the files are about as large as the members,
 * and in memory while they are put, so these count twice.
 */
export function sizeInRound({ bytes, text }: Pick<LandedPart, 'bytes' | 'text'>): number {
  return Math.max(text.length, 2 * bytes.length);
}

class KindFile implements RoundLines {
  readonly kind: TableKind;
  readonly path: string;
  readonly days = new Map<UtcDay, number>();
  rows = 0;
  bytes = 0;
  longest = SMALL_LINE;
  readonly #objects: { readonly from: number; readonly key: string }[] = [];
  #handle: FileHandle | undefined;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;

  constructor(kind: TableKind, path: string) {
    this.kind = kind;
    this.path = path;
  }

  async add(key: string, text: Buffer, lines: readonly LandedLine[]): Promise<void> {
    const [first, last] = [lines[0], lines.at(-1)];
    if (first === undefined || last === undefined) return;
    if (this.#objects.at(-1)?.key !== key) this.#objects.push({ from: this.bytes, key });
    for (const { day, from, to } of lines) {
      this.days.set(day, (this.days.get(day) ?? 0) + 1);
      if (to - from > this.longest) this.longest = to - from;
    }
    const piece = text.subarray(first.from, last.to);
    this.rows += lines.length;
    this.bytes += piece.length;
    this.#waiting.push(piece);
    this.#waitingBytes += piece.length;
    if (this.#waitingBytes >= WRITTEN_BYTES) await this.#flush();
  }

  async close(): Promise<void> {
    await this.#flush();
    await this.#handle?.close();
    this.#handle = undefined;
  }

  keyAt(offset: number): string {
    return this.#objects.findLast(({ from }) => from <= offset)?.key ?? '';
  }

  async #flush(): Promise<void> {
    if (this.#waitingBytes === 0) return;
    const pieces = this.#waiting;
    [this.#waiting, this.#waitingBytes] = [[], 0];
    this.#handle ??= await open(this.path, 'w');
    await this.#handle.writev(pieces);
  }
}
