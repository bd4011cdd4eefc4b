import * as z from 'zod';

/** What a day consists of, for whoever reads it: `_manifest.json` beside its files, written when all of them are there. */
export const manifestSchema = z.object({
  version: z.literal(1),
  table: z.string(),
  day: z.string(),
  /** Names this state of the day. */
  fingerprint: z.string(),
  /** ISO 8601. */
  exportedAt: z.string(),
  /** Sum of the files'. */
  bytes: z.number(),
  /** All files of the day, in the folder of the manifest. Any other file is an older state's, about to be deleted. */
  files: z.array(z.object({ name: z.string(), bytes: z.number() })),
});

/** A manifest that was read and validated. */
export type Manifest = z.output<typeof manifestSchema>;
