import { MOST_DAYS } from '../../lib/export/limits.ts';
import type { DropsCalendar } from '../../observe/facts/days/dropsPage.ts';
import type { ExportStatus } from '../../observe/facts/days/exportDays.ts';
import type { ExportDaysRequest } from '../../operate/export/requests.ts';
import { withDeployment } from '../aws/withDeployment.ts';
import {
  type Action,
  type CommandLine,
  calendarDays,
  calendarOption,
  commandWithActions,
  daysOption,
  dryRunOption,
  PROBLEMS_FOUND,
  pageOption,
  rangeOptions,
  targetOptions,
  textOption,
  UsageError,
} from '../terminal/commandLine.ts';
import { writeResult } from '../terminal/output.ts';
import { textTable } from '../terminal/tables.ts';
import { requestedText, requestWork } from './requestWork.ts';

/** The actions, by their names. */
const ACTIONS: Readonly<Record<string, Action>> = {
  status: { summary: 'Show which days were exported.', options: ['days', 'after'], run: status },
  run: {
    summary: 'Export changed days of the lookback now, or with --from days, changed or not.',
    options: ['from', 'to', 'drop', 'dry-run'],
    run: runNow,
  },
};

/** `sluice export`: the status of exports to customers' buckets, and exports on demand. */
export const exporting = commandWithActions({
  name: 'export',
  summary: "Show the exports to customers' buckets, and export days now.",
  options: {
    export: { type: 'string', help: 'one export (default: all)' },
    ...calendarOption,
    ...pageOption,
    ...rangeOptions,
    drop: {
      type: 'boolean',
      help: "with --from, delete copies of files that are gone from the customer's bucket, too",
    },
    ...dryRunOption,
    ...targetOptions,
  },
  examples: ['sluice export run --export events --from 2026-10-01 --to 2026-10-31'],
  actions: ACTIONS,
});

/** Prints which days were exported. @returns The exit code: {@link PROBLEMS_FOUND} if an export needs somebody. */
async function status(line: CommandLine): Promise<number> {
  const days = calendarDays(line);
  const after = textOption(line, 'after');
  const [{ readDropsPage }, { namedExports }, { pageText }] = await Promise.all([
    import('../../observe/facts/days/dropsPage.ts'),
    import('../../observe/ingest/datasets.ts'),
    import('../ingest/calendarText.ts'),
  ]);
  const {
    calendar,
    exports: statuses,
    hasProblem,
  } = await withDeployment(line, (deployment) => {
    const exports = namedExports(deployment.config, textOption(line, 'export'));
    return readDropsPage(deployment, { datasets: [], exports }, { days, after });
  });
  const old = await oldDaysText(line, statuses);
  writeResult<DropsCalendar>(
    line,
    calendar,
    () => `${exportStatusText(statuses)}${old}${pageText(line, 'export', calendar)}`,
  );
  return hasProblem ? PROBLEMS_FOUND : 0;
}

/** What exports open days again that are before the lookback: no run looks at them any more. One line for each range of days. */
async function oldDaysText(line: CommandLine, statuses: readonly ExportStatus[]): Promise<string> {
  const [{ isFailing }, { targetedCommand }, { dayRanges }] = await Promise.all([
    import('../../lib/ledger/LedgerEntry.ts'),
    import('../aws/target.ts'),
    import('../../lib/views/curatedDays.ts'),
  ]);
  return statuses
    .flatMap(({ export: name, firstDay, days }) => {
      const open = days.filter(
        ({ day, entry }) => day < firstDay && (isFailing(entry) || keptFiles(entry) > 0),
      );
      return dayRanges(open.map(({ day }) => day)).map(({ from, to }) => {
        const again = targetedCommand(line, ['export', 'run', '--export', name, '--from', from, '--to', to]);
        return `${name}, ${from} to ${to}, outside of the lookback: \`${again}\` exports again.\n`;
      });
    })
    .join('');
}

/** The number of copies whose files are gone from their table. */
function keptFiles(entry: ExportStatus['days'][number]['entry']): number {
  return entry?.files.filter(({ fate }) => fate === 'kept').length ?? 0;
}

/** One line for each day with an entry in the ledger. */
function exportStatusText(statuses: readonly ExportStatus[]): string {
  const rows = statuses.flatMap(({ export: name, days }) =>
    days.flatMap(({ day, entry }) => {
      if (entry === null) return [];
      const { state, files, bytes, updatedAt, failure } = entry;
      const kept = keptFiles(entry);
      const why = [
        ...(failure === undefined ? [] : [`${failure.code}: ${failure.message}`]),
        ...(kept === 0 ? [] : [`${kept} kept`]),
      ].join(' ');
      const at = new Date(updatedAt).toISOString();
      return [{ export: name, day, state, files: files.length, bytes, at, why }];
    }),
  );
  return rows.length === 0 ? 'Nothing was exported on these days.\n' : textTable(rows);
}

/** Requests that days are exported. @returns The exit code 0. @throws UsageError for `--drop` without days. */
async function runNow(line: CommandLine): Promise<number> {
  const days = daysOption(line, MOST_DAYS);
  const { requestExport } = await import('../../operate/export/requests.ts');
  const drop = line.values['drop'] === true;
  if (drop && days === undefined)
    throw new UsageError('SLUICE_USAGE_OPTIONS', '--drop needs the days: --from, --to.');
  const wanted = { export: textOption(line, 'export'), from: days?.[0], to: days?.at(-1), drop };
  return requestWork<ExportDaysRequest>(line, {
    ask: (deployment, dryRun) => requestExport(deployment, { ...wanted, dryRun }),
    text: ({ asked }) => requestedText(asked.map((request) => ({ name: request.export, ...request }))),
    done: ({ asked }) => `Requested ${asked.map((request) => request.export).join(', ')}.`,
    follow: ['export', 'status'],
    first: days?.[0],
  });
}
