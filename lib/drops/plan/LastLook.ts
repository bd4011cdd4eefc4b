import * as z from 'zod';

/** What the last run saw of a dataset: `ledger/<source>/<dataset>/last-look.json`. It decides nothing. */
export const lastLookSchema = z.strictObject({
  /** Epoch milliseconds. */
  at: z.number(),
  /** Newest day looked at that has files; null when none has. */
  newestDay: z.string().nullable(),
  /** No day of the lookback has files. */
  stopped: z.boolean(),
  /** Why the folder could not be listed. */
  failure: z.strictObject({ code: z.string(), message: z.string() }).optional(),
});

/** What a look saw, validated. */
export type LastLook = z.output<typeof lastLookSchema>;

/** Where last looks are kept. Methods throw IngestError. */
export interface LastLooks {
  /** Null before the first. */
  read(source: string, dataset: string): Promise<LastLook | null>;
  write(source: string, dataset: string, look: LastLook): Promise<void>;
}
