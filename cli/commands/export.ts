import { daysBetween } from '../../lib/drops/plan/decideDay.ts';
import { MOST_DAYS } from '../../lib/export/limits.ts';
import { type UtcDay, utcDay } from '../../lib/time/utcDay.ts';
import { placeOptions } from '../aws/placeOptions.ts';
import {
  type Command,
  type CommandLine,
  countOption,
  dayOption,
  demandOptions,
  didYouMean,
  UsageError,
} from '../commandLine.ts';
import { writeJson, writeNote, writeOut } from '../output.ts';

/** Most days of a status: a year and a day. */
const MAX_STATUS_DAYS = 366;

/** `sluice export`: what was exported to customers' buckets, and exporting now. */
export const exporting: Command = {
  name: 'export',
  summary: "Show what was exported to customers' buckets, and export days now.",
  usage: 'sluice export status | run [options]',
  options: {
    export: { type: 'string', help: 'one export (default all)' },
    days: { type: 'string', help: 'status: days, yesterday the last (default 14)' },
    from: {
      type: 'string',
      help: 'run: first day, YYYY-MM-DD, exported whatever the ledger says (default: what changed in the lookback)',
    },
    to: { type: 'string', help: 'run: last day (default the first)' },
    ...placeOptions,
    json: { type: 'boolean', help: 'print one object, or of status an array' },
  },
  examples: [
    'sluice export status --days 30 --stage prod',
    'sluice export run --export events',
    'sluice export run --export events --from 2026-10-01 --to 2026-10-31',
  ],
  run(line) {
    const [action, ...more] = line.positionals;
    if (more.length > 0 || (action !== 'status' && action !== 'run'))
      throw new UsageError(
        'SLUICE_USAGE_ARGUMENTS',
        `Expected status or run.${didYouMean(action ?? '', ['status', 'run'])}`,
      );
    demandOptions(line, action, OPTIONS);
    return action === 'status' ? status(line) : runNow(line);
  },
};

/** What each takes besides `--export` and where to look. */
const OPTIONS = { status: ['days'], run: ['from', 'to'] };

async function status(line: CommandLine): Promise<number> {
  const days = countOption(line, 'days', { usual: 14, most: MAX_STATUS_DAYS });
  const [{ openExport }, { exportStatusText, readExportStatus }] = await Promise.all([
    import('./exportStatus.ts'),
    import('./exportStatus.ts'),
  ]);
  const statuses = await openExport(line, (open) => readExportStatus(open, days));
  if (line.values['json'] === true) writeJson(statuses);
  else writeOut(exportStatusText(statuses));
  return statuses.some((one) => one.days.some(({ entry }) => entry?.state === 'failed')) ? 3 : 0;
}

async function runNow(line: CommandLine): Promise<number> {
  const days = wantedDays(line);
  const [{ openExport }, { askPart }] = await Promise.all([
    import('./exportStatus.ts'),
    import('../aws/openDeployment.ts'),
  ]);
  const asked = await openExport(line, async (open) => {
    const [today, last] = [utcDay(open.now), days?.at(-1)];
    if (last !== undefined && last >= today)
      throw new UsageError(
        'SLUICE_USAGE_OPTIONS',
        `--from, --to: came ${last}, expected a day before today, ${today}: no other is exported.`,
      );
    const exports = open.exports.map(({ name }) => name);
    const request = {
      sluice: 'export' as const,
      exports,
      ...(days === undefined ? {} : { days: [...days] }),
    };
    await askPart(open, 'export', [request]);
    return { exports, ...(days === undefined ? {} : { days }) };
  });
  if (line.values['json'] === true) writeJson({ asked });
  writeNote(`Asked for ${asked.exports.join(', ')}: \`sluice export status\` shows it.\n`);
  return 0;
}

function wantedDays(line: CommandLine): readonly UtcDay[] | undefined {
  const from = dayOption(line, 'from');
  const to = dayOption(line, 'to') ?? from;
  if (from === undefined || to === undefined) {
    if (to === undefined) return undefined;
    throw new UsageError('SLUICE_USAGE_OPTIONS', '--to without --from.');
  }
  if (from > to) throw new UsageError('SLUICE_USAGE_OPTIONS', `--from ${from} is after --to ${to}.`);
  const days = daysBetween(from, to);
  if (days.length > MOST_DAYS)
    throw new UsageError('SLUICE_USAGE_OPTIONS', `--from, --to: at most ${MOST_DAYS} days at once.`);
  return days;
}
