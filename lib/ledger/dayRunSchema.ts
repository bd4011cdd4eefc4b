import * as z from 'zod';

/** A number of rows or files. */
const count = z.int().min(0);
/** Epoch milliseconds. */
const instant = z.number();

/**
 * A version of a day that is made in parts, one after the other, by whoever has the day's lease: a load in pieces, a
 * curation in slices. A part that was recorded is not made again.
 */
export const dayRunSchema = z.object({
  /** The version that is being made. */
  version: z.string().min(1),
  /** Fingerprint of the files that it is made of. */
  fingerprint: z.string().min(1),
  /** Digest of the configuration and the release that it is made by. With another one the day is planned anew. */
  shape: z.string().min(1),
});

/** A piece that a task names: the version, and how many pieces were done when the task was sent. */
export const pieceRefSchema = z.strictObject({ version: z.string().min(1), done: count });

/** A load in pieces, as the day's entry has it. Its files and results are objects of their own: lib/drops/load/pieces.ts. */
export const loadRunSchema = dayRunSchema.extend({
  /** The reason of its task, and the fingerprint that the task names. */
  reason: z.string().min(1),
  /** Fingerprint of the files, as the task has it. */
  taskFingerprint: z.string(),
  /** How often the day was planned, this time included, as its files had changed. */
  plans: z.int().min(1),
  /** When it began, epoch milliseconds. */
  startedAt: instant,
  /** Number of pieces. */
  pieces: z.int().min(1),
  /** Pieces that are done. */
  done: count,
  /** Rows of these pieces. */
  rows: z.object({
    /** Rows that were read. */
    in: count,
    /** Rows that were written. */
    out: count,
    /** Rows that went to quarantine. */
    refused: count,
  }),
  /** The piece that the task which goes on with it names; absent while that is a task of the plan or of a person. */
  taskPiece: pieceRefSchema.optional(),
});

/** See {@link pieceRefSchema}. */
export type PieceRef = z.output<typeof pieceRefSchema>;
/** A load in pieces, in the ledger. */
export type LoadInPieces = z.output<typeof loadRunSchema>;
