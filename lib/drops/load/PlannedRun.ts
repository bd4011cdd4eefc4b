import type { LoadInPieces } from '../../ledger/dayRunSchema.ts';
import { VERSION_KEPT_MS } from '../../ledger/versions.ts';
import { versionNoteKey } from '../../tables/ledgerKeys.ts';
import { versionPrefix } from '../../tables/tableFolders.ts';
import type { DropObject } from '../CustomerBucket.ts';
import type { DropDay } from './Loader.ts';
import type { Piece } from './mapPiece.ts';
import type { DayLoad } from './Progress.ts';
import type { DayPlan } from './pieces.ts';
import type { SkipReason } from './skipReason.ts';

/** The answer of lib/drops/dayTable.ts to a load that has not failed. After `piece`, another task goes on with it. */
export type DropAnswer = SkipReason | 'piece' | 'succeeded' | 'inputs_missing' | 'kept' | 'succeeded_no_data';

/** `outdated`: a file of the day, or of its pieces, was replaced or is gone. `null`: another owner has the day. */
export type RunAnswer = DropAnswer | 'outdated' | null;

/** A load whose day is listed and whose files are cut into pieces. */
export interface PlannedRun {
  /** The day as it was listed. */
  readonly plan: DayPlan;
  /** How far the load is. */
  readonly run: LoadInPieces;
  /** The files of each piece; absent if they are in the bucket, as an earlier invocation cut them. */
  readonly pieces?: readonly (readonly DropObject[])[];
}

/** Some files of a planned day, to be mapped as a piece of it. */
export function pieceOf({ plan, run }: PlannedRun, files: readonly DropObject[]): Piece {
  return { files, loadedAt: run.startedAt, receivedAt: plan.receivedAt };
}

/** The folder of the version that a load makes, with a slash at its end. */
export function versionFolder({ loader, place }: DayLoad, { version }: LoadInPieces): string {
  return versionPrefix(loader.config, place.dataset.table, place.day, version);
}

/** Key of the note that a version is begun. A sweep that finds it due asks the ledger whether it still is. */
export function noteKey({ dataset, day }: DropDay, { startedAt, version }: LoadInPieces): string {
  return versionNoteKey({ due: startedAt + VERSION_KEPT_MS, table: dataset.table, day, version });
}
