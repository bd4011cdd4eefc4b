import { type EraseStore, erasePlaces } from './erasePlaces.ts';
import type { EraseRun, PlaceCounts } from './Manifest.ts';

/** No counts. */
export function noCounts(): PlaceCounts {
  return {
    objects: 0,
    versions: 0,
    rewritten: 0,
    deleted: 0,
    rows: 0,
    others: 0,
    mentions: 0,
    waiting: 0,
  };
}

/** Adds the counts of two places, member by member. */
export function addCounts(first: PlaceCounts, second: PlaceCounts): PlaceCounts {
  return {
    objects: first.objects + second.objects,
    versions: first.versions + second.versions,
    rewritten: first.rewritten + second.rewritten,
    deleted: first.deleted + second.deleted,
    rows: first.rows + second.rows,
    others: first.others + second.others,
    mentions: first.mentions + second.mentions,
    waiting: first.waiting + second.waiting,
  };
}

/**
 * Sums of all runs. Counts of objects that were examined and left come from the last run: they are the same objects.
 */
export function sumRuns(runs: readonly EraseRun[]): Partial<Record<EraseStore, PlaceCounts>> {
  const last = runs.at(-1)?.places ?? {};
  const entries = erasePlaces.flatMap((place) => {
    const all = runs.flatMap((run) => run.places[place] ?? []);
    if (all.length === 0) return [];
    const { objects, versions, mentions, waiting } = last[place] ?? noCounts();
    return [[place, { ...all.reduce(addCounts), objects, versions, mentions, waiting }] as const];
  });
  return Object.fromEntries(entries);
}
