import { utcDay } from '../../lib/base/time.ts';
import { MOST_DAYS } from '../../lib/export/limits.ts';
import {
  type Action,
  type Command,
  type CommandLine,
  countOption,
  daysOption,
  placeOptions,
  runAction,
  UsageError,
} from '../terminal/commandLine.ts';
import { writeJson, writeNote, writeResult } from '../terminal/output.ts';

/** Maximum days of a status: a year and a day. */
const MAX_STATUS_DAYS = 366;

/** `sluice export`: the status of exports to customers' buckets, and exports on demand. */
export const exporting: Command = {
  name: 'export',
  summary: "Show the exports to customers' buckets, and export days now.",
  usage: 'sluice export status | run [options]',
  options: {
    export: { type: 'string', help: 'one export (default: all)' },
    days: { type: 'string', help: 'status: number of days up to yesterday (default 14)' },
    from: {
      type: 'string',
      help: 'run: first day, YYYY-MM-DD; exports it even if it has not changed (default: changed days of the lookback)',
    },
    to: { type: 'string', help: 'run: last day (default: the first)' },
    ...placeOptions,
    json: { type: 'boolean', help: 'print one object; status: an array' },
  },
  examples: [
    'sluice export status --days 30 --stage prod',
    'sluice export run --export events',
    'sluice export run --export events --from 2026-10-01 --to 2026-10-31',
  ],
  run: (line) => runAction(line, ACTIONS),
};

const ACTIONS: Readonly<Record<string, Action>> = {
  status: { options: ['days'], run: status },
  run: { options: ['from', 'to'], run: runNow },
};

async function status(line: CommandLine): Promise<number> {
  const days = countOption(line, 'days', { usual: 14, most: MAX_STATUS_DAYS });
  const { exportStatusText, openExport, readExportStatus } = await import('./exportStatus.ts');
  const statuses = await openExport(line, (open) => readExportStatus(open, days));
  writeResult(line, statuses, () => exportStatusText(statuses));
  return statuses.some((one) => one.days.some(({ entry }) => entry?.state === 'failed')) ? 3 : 0;
}

async function runNow(line: CommandLine): Promise<number> {
  const days = daysOption(line, MOST_DAYS);
  const [{ openExport }, { enqueueRequests }] = await Promise.all([
    import('./exportStatus.ts'),
    import('../aws/openDeployment.ts'),
  ]);
  const asked = await openExport(line, async (open) => {
    const [today, last] = [utcDay(open.now), days?.at(-1)];
    if (last !== undefined && last >= today)
      throw new UsageError(
        'SLUICE_USAGE_OPTIONS',
        `--from, --to: got ${last}, expected a day before today, ${today}.`,
      );
    const exports = open.exports.map(({ name }) => name);
    const request = {
      sluice: 'export' as const,
      exports,
      ...(days === undefined ? {} : { days: [...days] }),
    };
    await enqueueRequests(open, 'export', [request]);
    return { exports, ...(days === undefined ? {} : { days }) };
  });
  if (line.values['json'] === true) writeJson({ asked });
  writeNote(`Requested ${asked.exports.join(', ')}. \`sluice export status\` shows the result.\n`);
  return 0;
}
