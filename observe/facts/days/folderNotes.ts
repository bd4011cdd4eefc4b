import { counted } from '../../../lib/base/text.ts';
import { isoTimestamp } from '../../../lib/base/time.ts';
import type { DatasetDays } from './dropDays.ts';
import type { Need } from './dropNeeds.ts';
import { misnamedDays } from './misnamedDays.ts';

/** Something that is to be known of the folder of a dataset. */
interface FolderNote {
  /** What it needs, as the finding of `sluice status` does; null of what needs nobody. */
  readonly need: Need | null;
  /** What is so, as the end of a sentence that begins with the dataset: `was never listed`. Times are ISO 8601. */
  readonly text: string;
}

/** What is to be known of the folder of a dataset, the most urgent first: whether it is listed, and what it has in place of the days that are looked for. */
export function folderNotes(drops: DatasetDays): readonly FolderNote[] {
  const { lastLook, isLookOld, schedule, firstDue, forgotten = [] } = drops;
  const [firstForgotten] = forgotten;
  const gone =
    firstForgotten === undefined
      ? []
      : [
          {
            need: 'problem',
            text: `has ${counted(forgotten.length, 'day')} in its table that the ledger does not have, the first ${firstForgotten}: objects of the ledger are gone`,
          } as const,
        ];
  if (lastLook === null && gone.length > 0) return gone;
  if (lastLook === null) return [{ need: 'warning', text: `was never listed; its schedule is ${schedule}` }];
  const { failure, stopped, elsewhere } = lastLook;
  const at = isoTimestamp(lastLook.at);
  const notes: FolderNote[] = gone;
  if (failure !== undefined)
    notes.push({
      need: 'problem',
      text: `could not be listed: ${failure.code}: ${failure.message} (${at})`,
    });
  if (isLookOld)
    notes.push({ need: 'warning', text: `was listed last at ${at}; its schedule is ${schedule}` });
  if (stopped && failure === undefined)
    notes.push({ need: 'problem', text: `has no files for any day of its lookback (${at})` });
  if (firstDue !== undefined) {
    const due = isoTimestamp(firstDue.due);
    notes.push({
      need: null,
      text: `has no files yet: its first day, ${firstDue.day}, is expected by ${due}`,
    });
  }
  const ahead = elsewhere?.ahead?.days ?? [];
  if (ahead.length > 0) {
    const days = `${counted(ahead.length, 'day')}, the newest ${ahead.at(-1)}`;
    notes.push({ need: 'warning', text: `has files of ${days}, more than a month ahead` });
  }
  const names = namesInstead(drops);
  if (names.length > 0)
    notes.push({
      need: misnamedDays(drops) === null ? null : 'warning',
      text: `has ${names.join(', ')} in its folder, which is no day: compare its dayFormat or layout`,
    });
  return notes;
}

/** Names in the folder that are no days, while a day of the lookback is missing. Today may still come. */
function namesInstead({ days, lookbackDays, lastLook }: DatasetDays): readonly string[] {
  const isMissed = days.slice(-lookbackDays - 1, -1).some(({ state }) => state === null);
  return isMissed ? (lastLook?.elsewhere?.others ?? []) : [];
}
