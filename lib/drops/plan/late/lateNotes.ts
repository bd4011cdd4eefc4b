import * as z from 'zod';
import type { ObjectStore } from '../../../base/ObjectStore.ts';
import { type DatasetNotes, datasetNotes } from '../../../ledger/ledgerStore.ts';
import { lateNoteKey } from '../../../tables/ledgerKeys.ts';
import { daySchema } from '../messageBodies.ts';

/**
 * The result of the last check for late drops: `ledger/<source>/<dataset>/expected.json`. Members of later versions are left
 * out.
 */
const lateNoteSchema = z.object({
  /** When days were looked at last, epoch milliseconds. A look that reached no day in time leaves it as it was. */
  at: z.number(),
  /** When a look began that reached no day in time, epoch milliseconds; absent after any other look. */
  triedAt: z.number().optional(),
  /**
   * Due days that no load has read, late or not: the next look is at them, in this order, and at what is due since.
   * Days that the last look did not reach before its deadline are the first.
   */
  open: z.array(daySchema).optional(),
  /** The day from which drops are expected: the first that came, or the day of the first look while none has. */
  first: z.object({ day: daySchema, hasCome: z.boolean() }).optional(),
  /** Days whose drop was due and had not arrived, oldest first. */
  late: z.array(
    z.object({
      /** The day, UTC. */
      day: daySchema,
      /** When it was due, epoch milliseconds. */
      due: z.number(),
      /** What it has already, such as `2 files and no commit`, and since when, epoch milliseconds. */
      has: z
        .object({
          /** What it has, in words. */
          words: z.string(),
          /** Since when, epoch milliseconds. */
          since: z.number(),
        })
        .optional(),
      /** `1 file, 0 rows`, if it came without rows and its weekday usually has some. */
      empty: z.string().optional(),
    }),
  ),
  /** Due days whose drop has come and that no load has read, oldest first; absent without any. */
  came: z
    .array(
      z.object({
        /** The day, UTC. */
        day: daySchema,
        /** When it was due, epoch milliseconds. */
        due: z.number(),
        /** What has come, such as `2 files`. */
        words: z.string(),
        /** When the last of it came, epoch milliseconds. */
        since: z.number(),
      }),
    )
    .optional(),
});

/** The day from which drops are expected, and whether it has come. */
export type FirstExpected = NonNullable<LateNote['first']>;

/** A validated result of a check for late drops. */
export type LateNote = z.output<typeof lateNoteSchema>;
/** A day whose drop has not arrived, and when it was due, epoch milliseconds. */
export type LateDay = LateNote['late'][number];

/** A day whose drop has come, and that no load has read. */
export type CameDay = NonNullable<LateNote['came']>[number];

/** Notes on late drops. */
export type LateNotes = DatasetNotes<LateNote>;

/** Notes on late drops in a bucket. */
export function lateNotes(store: ObjectStore): LateNotes {
  return datasetNotes(store, lateNoteKey, lateNoteSchema);
}
