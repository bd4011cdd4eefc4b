import type { QuarantineSelection } from '../../observe/quarantine/readQuarantine.ts';
import type { RedriveReport } from '../../operate/quarantine/redriveQuarantine.ts';
import {
  assertNoArguments,
  assertOrder,
  type Command,
  type CommandLine,
  dayOption,
  didYouMean,
  targetOptions,
  textOption,
  UsageError,
  unlessDryRun,
} from '../terminal/commandLine.ts';
import { commandError, errorText } from '../terminal/errors.ts';
import { textTable, writeJson, writeNote, writeOut } from '../terminal/output.ts';
import { openProgress } from '../terminal/progress.ts';

/** `sluice redrive`: validates quarantined events again and lands those that pass, or sends dead letters of the writer again. */
export const redrive: Command = {
  name: 'redrive',
  summary: 'Deliver quarantined events that are valid now, or send dead letters of the landing again.',
  usage:
    'sluice redrive --reason CODE [--from DAY] [--to DAY] | --item ID --day DAY | --landing [--dry-run] [--local] [--stage NAME] [options]',
  options: {
    reason: { type: 'string', help: 'the reason, e.g. SLUICE_ROW_UNFIT (docs/quarantine.md)' },
    from: { type: 'string', help: 'first day on which they were received, YYYY-MM-DD (default: all)' },
    to: { type: 'string', help: 'last day on which they were received (default: all)' },
    item: { type: 'string', help: 'one row instead of a reason, by its quarantine_id' },
    day: { type: 'string', help: 'item: UTC day on which it was received, YYYY-MM-DD' },
    again: { type: 'boolean', help: 'reason: also what was redriven before: its rows land once more' },
    landing: {
      type: 'boolean',
      help: 'send the dead letters of the writer again, so that objects of the landing are written',
    },
    'dry-run': { type: 'boolean', help: 'only print what would be done' },
    ...targetOptions,
    json: { type: 'boolean', help: 'print one object' },
  },
  examples: [
    'sluice redrive --reason SLUICE_EVENT_KIND_NOT_ALLOWED --from 2026-11-18 --dry-run',
    'sluice redrive --reason SLUICE_ROW_UNFIT --stage prod',
    'sluice redrive --landing --stage prod',
    'sluice redrive --item 0c44e0ebdbbed7723f319e2df40ef79f --day 2026-11-20 --dry-run',
  ],
  changes: unlessDryRun,
  async run(line) {
    assertNoArguments(line.positionals);
    if (line.values['landing'] === true) return redriveDeadLetters(line);
    const wanted = textOption(line, 'item') === undefined ? await reasonOf(line) : itemOf(line);
    const dryRun = line.values['dry-run'] === true;
    const { QuarantineError } = await import('../../observe/quarantine/readQuarantine.ts');
    const progress = openProgress(line);
    progress.show(dryRun ? 'Reading the quarantine table' : 'Redriving');
    const report = await run(line, wanted, dryRun).finally(() => progress.end());
    const failed = Object.keys(report.failed);
    const incomplete =
      failed.length === 0 ? undefined : new QuarantineError('SLUICE_REDRIVE_INCOMPLETE', failed.join(', '));
    if (line.values['json'] === true) {
      const error = incomplete === undefined ? {} : { error: commandError(incomplete) };
      const named = 'reason' in wanted ? { reason: wanted.reason } : { item: wanted.id };
      writeJson({ ...named, dryRun, ...report, ...error });
    } else {
      writeOut(textTable(rows(report, dryRun)));
    }
    if (incomplete !== undefined) {
      writeNote(errorText(incomplete), 'error');
      return 1;
    }
    return Object.keys(report.refused).length > 0 ? 3 : 0;
  },
};

/** @throws UsageError */
async function redriveDeadLetters(line: CommandLine): Promise<number> {
  const other = ['reason', 'from', 'to', 'item', 'day', 'again'].find(
    (name) => line.values[name] !== undefined,
  );
  if (other !== undefined)
    throw new UsageError('SLUICE_USAGE_OPTIONS', `--landing and --${other}: expected only one of them.`);
  const dryRun = line.values['dry-run'] === true;
  const [{ withDeployment }, { redriveLanding }] = await Promise.all([
    import('../aws/withDeployment.ts'),
    import('../../operate/redriveLanding.ts'),
  ]);
  const messages = await withDeployment(line, (deployment) => redriveLanding(deployment, dryRun));
  if (line.values['json'] === true) writeJson({ dryRun, messages });
  else writeOut(textTable([{ what: dryRun ? 'dead letters' : 'dead letters sent again', n: messages }]));
  return 0;
}

/** @throws UsageError */
async function reasonOf(line: CommandLine): Promise<QuarantineSelection> {
  if (textOption(line, 'day') !== undefined)
    throw new UsageError('SLUICE_USAGE_OPTIONS', '--day without --item.');
  const from = dayOption(line, 'from') ?? '0001-01-01';
  const to = dayOption(line, 'to') ?? '9999-12-31';
  assertOrder(from, to);
  const { isQuarantineReason, quarantineReasons } = await import('../../lib/landing/quarantineReasons.ts');
  const reason = textOption(line, 'reason') ?? '';
  if (reason === '')
    throw new UsageError(
      'SLUICE_USAGE_OPTIONS',
      '--reason: expected the code of a reason, as in the column `reason` of the quarantine table. docs/quarantine.md lists them.',
    );
  if (!isQuarantineReason(reason)) {
    const known = Object.keys(quarantineReasons);
    throw new UsageError(
      'SLUICE_USAGE_OPTIONS',
      `--reason: ${JSON.stringify(reason)} is not a reason.${didYouMean(reason, known) || ' docs/quarantine.md lists them.'}`,
    );
  }
  return { reason, from, to };
}

/** @throws UsageError */
function itemOf(line: CommandLine): QuarantineSelection {
  const [id = '', day] = [textOption(line, 'item'), dayOption(line, 'day')];
  const others = ['reason', 'from', 'to', 'again'].filter((name) => line.values[name] !== undefined);
  if (others.length > 0)
    throw new UsageError('SLUICE_USAGE_OPTIONS', `--item and --${others[0]}: expected only one of them.`);
  if (id === '' || day === undefined)
    throw new UsageError(
      'SLUICE_USAGE_OPTIONS',
      '--item: expected a quarantine_id, and the day of its row as --day. `sluice quarantine --reason …` lists both.',
    );
  return { id, from: day, to: day };
}

async function run(line: CommandLine, wanted: QuarantineSelection, dryRun: boolean): Promise<RedriveReport> {
  const [{ withDeployment }, operate] = await Promise.all([
    import('../aws/withDeployment.ts'),
    import('../../operate/quarantine/redriveQuarantine.ts'),
  ]);
  const again = line.values['again'] === true ? true : undefined;
  return withDeployment(line, (deployment) => operate.redrive(deployment, wanted, dryRun, again));
}

function rows({ found, delivered, refused, ignored, failed }: RedriveReport, dryRun: boolean) {
  const landed = dryRun ? 'that would be delivered' : 'delivered';
  const lines: [string, number][] = [
    ['found in quarantine', found],
    [`exposures ${landed}`, delivered.exposures],
    [`events ${landed}`, delivered.events],
    ...Object.entries(refused).map(([code, n]): [string, number] => [`still refused: ${code}`, n]),
    ...(ignored > 0 ? [['ignored by configuration', ignored] satisfies [string, number]] : []),
    ...Object.entries(failed).map(([code, n]): [string, number] => [`not accepted: ${code}`, n]),
  ];
  return lines.map(([what, n]) => ({ what, n }));
}
