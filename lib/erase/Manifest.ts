import * as z from 'zod';
import { parseJson } from '../base/json.ts';
import type { ObjectStore } from '../base/ObjectStore.ts';
import { isUtcDay } from '../base/time.ts';
import { forwardedKinds } from '../schema/kinds.ts';
import { erasureKey } from '../tables/ledgerKeys.ts';
import { EraseError } from './EraseError.ts';
import { erasePlaces } from './erasePlaces.ts';

/** A number of what was found or done. */
const count = z.int().min(0);
/** Epoch milliseconds. */
const instant = z.number();
/** Days of a table. */
const days = z.array(z.string().refine(isUtcDay, 'a day, YYYY-MM-DD'));

/** What was found and done in one place. */
const placeCountsSchema = z.object({
  /** Objects that were looked at. */
  objects: count,
  /** Versions of them that were looked at. */
  versions: count,
  /** Objects that were replaced by one without rows of the units. */
  rewritten: count,
  /** Versions that were deleted, including those that were replaced. */
  deleted: count,
  /** Rows, documents or copies of the units in the objects that readers get. */
  rows: count,
  /**
   * Events of others in copies that were deleted as a whole, and refused items in which a value is not under a unit's
   * key, or that may hold a value.
   */
  others: count,
  /** Rows of others that mention a value of the units in any column. They stay. */
  mentions: count,
  /** Objects that belong to a load under way: a later run looks again. */
  waiting: count,
});

/** Counts of a run in one place. */
export type PlaceCounts = z.output<typeof placeCountsSchema>;

/**
 * Why an object could not be searched: it is larger than a run takes, archived, damaged, AWS denied it, or it has rows that
 * cannot be read.
 */
const leftSchema = z.object({
  /** Key of the object. */
  key: z.string(),
  /** Version of the object. */
  versionId: z.string(),
  /** Why it could not be searched. */
  why: z.enum(['too_large', 'archived', 'unreadable', 'denied', 'unread']),
});

/** An object that could not be searched. */
export type LeftObject = z.output<typeof leftSchema>;

/** One run of an erasure. */
const runSchema = z.object({
  /** When it began, epoch milliseconds. */
  startedAt: instant,
  /**
   * How often the run was begun again after it had stopped. What was erased before it stopped, and not noted, is in no
   * count.
   */
  resumed: count,
  /** What was done in each place, by place. */
  places: z.partialRecord(z.enum(erasePlaces), placeCountsSchema),
  /** Whether anything of the units was found. This is noted before anything is changed. */
  hasFound: z.boolean(),
  /** The objects that could not be searched: at most a hundred are named. */
  left: z.array(leftSchema),
  /** How many objects could not be searched. */
  leftCount: count,
  /**
   * Objects of which a part is no rows and could not be searched, and the day by which lifecycle rules have deleted
   * them. They keep no erasure open. At most a hundred are named.
   */
  expiring: z
    .array(
      z.object({
        /** Key of the object. */
        key: z.string(),
        /** The day by which it is gone, UTC. */
        goneBy: z.string(),
        /** Whether the object is there. Otherwise only earlier versions of it have such bytes, which no command reads. */
        isThere: z.boolean().default(true),
      }),
    )
    .default([]),
  /**
   * Data on its way to the bucket when the run began, in words. It may hold rows of the units: the erasure is not
   * complete.
   */
  onTheWay: z.array(z.string()).default([]),
});

/** One run through the bucket. */
export type EraseRun = z.output<typeof runSchema>;

/** The record of an erasure: `ledger/_erasures/<id>.json`. It names no unit. */
const manifestSchema = z.object({
  /** The form of the record. */
  version: z.literal(1),
  /** The ID of the erasure: erasureId in lib/erase/units/Unit.ts. */
  id: z.string(),
  /** How many units are erased. */
  units: count,
  /** When its first run began, epoch milliseconds. */
  startedAt: instant,
  /** The run under way, and how far it is; absent between two runs. */
  current: runSchema
    .extend({
      /** The process that works on it: the last one that has begun or gone on. */
      owner: z.string(),
      /** The places that are done. */
      done: z.array(z.enum(erasePlaces)),
      /** The last key that is done of the next place; absent before its first page. */
      after: z.string().optional(),
      /** The file of a table that is replaced now, its ETag before, and the bytes of what replaces it. */
      replacing: z.object({ key: z.string(), from: z.string(), bytes: count }).optional(),
      /** Raw days that were changed, and are to be curated again. */
      days: z.record(z.enum(forwardedKinds), days),
      /** Changed days by table: the ledger has the erasure, and they are to be exported again. */
      tables: z.record(z.string(), days).default({}),
    })
    .optional(),
  /** The runs that ended: the last fifty. */
  runs: z.array(runSchema.extend({ endedAt: instant })),
  /** How many earlier runs are forgotten. */
  forgotten: count.default(0),
  /** Keys of refused bodies that are of the units. Their rows may arrive when the bodies are gone. */
  bodies: z.array(z.string()).default([]),
  /**
   * When the last run that found something ended; if none has found anything, when the first run ended. What was sent
   * before may still arrive for a while.
   */
  foundUntil: instant.optional(),
  /** When a later run found nothing any more. Absent before that, and once a run has found something again. */
  completeAt: instant.optional(),
});

/** A validated manifest. */
export type Manifest = z.output<typeof manifestSchema>;

/** Runs that a manifest keeps. */
export const MOST_RUNS = 50;
/** How many objects a run names at most. */
export const MOST_LEFT = 100;

/** The manifests of a deployment. */
export interface ManifestStore {
  /** Reads a manifest; null if there is none. @throws EraseError SLUICE_ERASE_MANIFEST_INVALID. */
  read(id: string): Promise<{ readonly manifest: Manifest; readonly eTag: string } | null>;
  /**
   * Writes a manifest if `expected` is still its ETag (null: if there is none). @returns The new ETag; null if
   * `expected` is not the current one.
   */
  write(manifest: Manifest, expected: string | null): Promise<string | null>;
}

/** Manifests in a bucket. */
export function erasures(store: ObjectStore): ManifestStore {
  return {
    async read(id) {
      const stored = await store.read(erasureKey(id));
      if (stored === null) return null;
      const { success, data } = manifestSchema.safeParse(parseJson(stored.text));
      if (!success) throw new EraseError('SLUICE_ERASE_MANIFEST_INVALID', `${erasureKey(id)}.`);
      return { manifest: data, eTag: stored.eTag };
    },

    async write(manifest, expected) {
      const key = erasureKey(manifest.id);
      const text = JSON.stringify(manifest);
      const eTag = await store.write(key, text, { expected });
      if (eTag !== null) return eTag;
      // If the text is the same, an earlier attempt of the same write succeeded and its answer was lost: each process
      // has an owner of its own.
      const stored = await store.read(key);
      return stored?.text === text ? stored.eTag : null;
    },
  };
}
