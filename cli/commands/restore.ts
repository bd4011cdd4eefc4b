import type { RestoredDay } from '../../operate/restore.ts';
import { withDeployment } from '../aws/withDeployment.ts';
import {
  type Command,
  daysOption,
  dryRunOption,
  isDryRun,
  rangeOptions,
  targetOptions,
  textOption,
  UsageError,
} from '../terminal/commandLine.ts';
import { writeNote, writeResult } from '../terminal/output.ts';
import { textTable } from '../terminal/tables.ts';

/** The files of a table that were gone and came back, or in a dry run would. */
interface RestoredTable {
  /** Whether nothing was changed. */
  readonly dryRun: boolean;
  /** The table, as it was asked for. */
  readonly table: string;
  /** The days that were asked for, each with its files that came back. */
  readonly days: readonly RestoredDay[];
}

/** `sluice restore`: brings back files of tables that were deleted or replaced. */
export const restore: Command = {
  name: 'restore',
  summary:
    'Bring back files of days of a table that were deleted or replaced, as long as S3 has versions of them.',
  options: {
    table: { type: 'string', help: 'its name, as `sluice tables` lists it' },
    ...rangeOptions,
    ...dryRunOption,
    ...targetOptions,
  },
  examples: [
    'sluice restore --table statsig_forwarded_events --from 2026-11-18 --to 2026-11-20 --stage prod',
  ],
  async run(line) {
    const { MAX_BACKFILL_DAYS } = await import('../../operate/requestedDays.ts');
    const { restoreFiles } = await import('../../operate/restore.ts');
    const table = textOption(line, 'table');
    const days = daysOption(line, MAX_BACKFILL_DAYS);
    if (table === undefined || days === undefined)
      throw new UsageError('SLUICE_USAGE_OPTIONS', '--table, --from: expected both.');
    const dryRun = isDryRun(line);
    const restored = await withDeployment(line, (deployment) =>
      restoreFiles(deployment, { table, days, dryRun }),
    );
    writeResult<RestoredTable>(line, { dryRun, table, days: restored }, () =>
      textTable(
        restored.map(({ day, folder, deleted, replaced }) => ({
          day,
          deleted: deleted.length,
          replaced: replaced.length,
          folder: folder ?? 'no version is known',
        })),
      ),
    );
    writeNote(`${restoredNote(restored, dryRun)}\n`);
    return 0;
  },
};

/** What became of the days, as a sentence. */
export function restoredNote(days: readonly RestoredDay[], dryRun: boolean): string {
  const isNothing = days.every(({ deleted, replaced }) => deleted.length + replaced.length === 0);
  if (isNothing) return 'Nothing of these days is gone that S3 has a version of.';
  if (dryRun) return 'Nothing was brought back: this is a dry run.';
  return 'Brought back. What was replaced has a copy beside what replaced it; nothing was taken away.';
}
