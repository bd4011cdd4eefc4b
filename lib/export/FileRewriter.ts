import type { Readable } from 'node:stream';

/** Makes other files of the files of a table. */
export interface FileRewriter {
  /** A part of the names of its files, which tells them from those of another rewriter. */
  readonly form: string;
  /**
   * Makes a file from the bytes of another, in a temporary folder.
   *
   * @throws ExportError `SLUICE_EXPORT_REWRITE_FAILED`
   */
  rewrite(bytes: AsyncIterable<Uint8Array>): Promise<RewrittenFile>;
}

/** A file that was made from a file of a table. It exists until `remove` deletes it. */
interface RewrittenFile {
  /** Bytes. */
  readonly size: number;
  /** How many rows are in it. */
  readonly rows: number;
  /** How many rows are not in it, by reason. */
  readonly leftOut: Readonly<Record<string, number>>;
  /** Its bytes. */
  open(): Readable;
  /** Deletes it. */
  remove(): Promise<void>;
}
