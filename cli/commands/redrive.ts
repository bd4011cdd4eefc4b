import type { ErrorObject } from '../../lib/base/errors.ts';
import { didYouMean } from '../../lib/base/text.ts';
import type { QuarantineSelection } from '../../observe/quarantine/readQuarantine.ts';
import type { RedriveReport } from '../../operate/quarantine/redriveQuarantine.ts';
import type { DiscardedObject, MovedObjects } from '../../operate/redriveDamaged.ts';
import type { RedrivenLanding } from '../../operate/redriveLanding.ts';
import { withDeployment } from '../aws/withDeployment.ts';
import { redriveText } from '../observe/quarantineText.ts';
import {
  assertOrder,
  type Command,
  type CommandLine,
  dayOption,
  dryRunOption,
  isDryRun,
  PROBLEMS_FOUND,
  targetOptions,
  textOption,
  UsageError,
} from '../terminal/commandLine.ts';
import { commandError, errorText } from '../terminal/errors.ts';
import { writeNote, writeResult } from '../terminal/output.ts';
import { openProgress } from '../terminal/progress.ts';
import { textTable } from '../terminal/tables.ts';

/** `sluice redrive`: validates quarantined events again and lands those that pass, or has the writer read again what it could not write. */
export const redrive: Command = {
  name: 'redrive',
  summary:
    'Deliver quarantined events that are valid now, or try again what the writer could not write or read.',
  options: {
    reason: { type: 'string', help: 'the reason, e.g. SLUICE_ROW_UNFIT (docs/quarantine.md)' },
    from: { type: 'string', help: 'first day on which they were received, YYYY-MM-DD (default: all)' },
    to: { type: 'string', help: 'last day on which they were received (default: all)' },
    landing: {
      type: 'boolean',
      help: 'have the writer try objects of the landing now: send its dead letters again, and a message of each object',
    },
    damaged: {
      type: 'boolean',
      help: 'have the writer read damaged/ again, after an upgrade or when the cause is corrected',
    },
    discard: { type: 'string', help: 'show what an object of damaged/ holds, and delete it' },
    ...dryRunOption,
    ...targetOptions,
  },
  examples: [
    'sluice redrive --reason SLUICE_EVENT_KIND_NOT_ALLOWED --from 2026-11-18 --dry-run',
    'sluice redrive --landing --stage prod',
    'sluice redrive --discard damaged/2026/11/20/10/KEY --dry-run --stage prod',
  ],
  async run(line) {
    const dryRun = isDryRun(line);
    assertOneWay(line);
    if (line.values['landing'] === true) return redriveDeadLetters(line, dryRun);
    if (line.values['damaged'] === true) return redriveDamagedObjects(line, dryRun);
    const discarded = textOption(line, 'discard');
    if (discarded !== undefined) return discard(line, discarded, dryRun);
    const wanted = await reasonOf(line);
    const operate = await import('../../operate/quarantine/redriveQuarantine.ts');
    const progress = openProgress(line);
    progress.show(dryRun ? 'Reading the quarantine table' : 'Redriving');
    const report = await withDeployment(line, (deployment) =>
      operate.redrive(deployment, wanted, dryRun),
    ).finally(() => progress.end());
    const failed = Object.keys(report.failed);
    const incomplete =
      failed.length === 0
        ? undefined
        : new operate.RedriveError('SLUICE_REDRIVE_INCOMPLETE', failed.join(', '));
    const error = incomplete === undefined ? {} : { error: commandError(incomplete) };
    writeResult<RedrivenRows>(line, { reason: wanted.reason, dryRun, ...report, ...error }, () =>
      redriveText(report, dryRun),
    );
    if (incomplete !== undefined) writeNote(errorText(incomplete), 'error');
    return redriveExit(report);
  },
};

/** The exit code of a redrive: 1 if rows could not be put into the landing, {@link PROBLEMS_FOUND} if some are still refused. */
export function redriveExit({ failed, refused }: Pick<RedriveReport, 'failed' | 'refused'>): number {
  if (Object.keys(failed).length > 0) return 1;
  return Object.keys(refused).length > 0 ? PROBLEMS_FOUND : 0;
}

/** Requires that the options name at most one way to choose what is delivered. @throws UsageError */
function assertOneWay(line: CommandLine): void {
  const ways = ['landing', 'damaged', 'discard', 'reason'].filter((name) => line.values[name] !== undefined);
  const days = ways[0] === 'reason' ? [] : ['from', 'to'].filter((name) => line.values[name] !== undefined);
  const named = [...ways, ...days];
  if (ways.length > 0 && named.length > 1)
    throw new UsageError(
      'SLUICE_USAGE_OPTIONS',
      `--${named[0]} and --${named[1]}: expected only one of them.`,
    );
}

/** Whether something was only counted. */
interface DryRun {
  /** Whether nothing was changed. */
  readonly dryRun: boolean;
}

/** Rows of quarantine that were validated again. */
interface RedrivenRows extends DryRun, RedriveReport {
  /** The reason for which the rows were refused. */
  readonly reason: string;
  /** Why not all rows could be put into the landing; absent if they could. */
  readonly error?: ErrorObject;
}

/** Objects of `damaged/` that the writer reads again. */
interface RedrivenDamaged extends DryRun, MovedObjects {}

/** An object of `damaged/` that was deleted. */
interface DiscardedDamaged extends DryRun, DiscardedObject {}

/** Objects of `landing/` that the writer tries again. */
interface RedrivenObjects extends DryRun, RedrivenLanding {}

/** `--damaged`: has the writer read `damaged/` again. @returns The exit code 0. */
async function redriveDamagedObjects(line: CommandLine, dryRun: boolean): Promise<number> {
  const { redriveDamaged } = await import('../../operate/redriveDamaged.ts');
  const report = await withDeployment(line, (deployment) => redriveDamaged(deployment, dryRun));
  const what = dryRun ? 'objects of damaged/' : 'objects of damaged/ put into the landing again';
  const table = () =>
    textTable([
      { what, n: report.objects },
      { what: 'bytes', n: report.bytes },
    ]);
  writeResult<RedrivenDamaged>(line, { dryRun, ...report }, table);
  return 0;
}

/** `--discard`: shows an object of `damaged/`, and deletes it. @returns The exit code 0. */
async function discard(line: CommandLine, name: string, dryRun: boolean): Promise<number> {
  const { discardDamaged } = await import('../../operate/redriveDamaged.ts');
  const found = await withDeployment(line, (deployment) => discardDamaged(deployment, name, dryRun));
  writeResult<DiscardedDamaged>(line, { dryRun, ...found }, () =>
    textTable(
      Object.entries({
        object: found.key,
        bytes: found.bytes,
        begins: JSON.stringify(found.begins),
        'lines that begin as a row': found.rows,
        deleted: dryRun ? 'no' : 'yes',
        'a version stays until': found.keptUntil ?? 'none stays',
      }).map(([what, value]) => ({ what, value })),
    ),
  );
  return 0;
}

/** `--landing`: has the writer try what waits in the landing. @returns The exit code 0. */
async function redriveDeadLetters(line: CommandLine, dryRun: boolean): Promise<number> {
  const { redriveLanding } = await import('../../operate/redriveLanding.ts');
  const report = await withDeployment(line, (deployment) => redriveLanding(deployment, dryRun));
  const sent = report.underWay
    ? 'dead letters left, which a move under way sends again'
    : 'dead letters sent again';
  const letters = dryRun ? 'dead letters' : sent;
  const objects = dryRun ? 'objects of landing/' : 'objects of landing/ that the writer tries now';
  const table = () =>
    textTable([
      { what: 'messages that wait', n: report.waiting },
      { what: letters, n: report.messages },
      { what: objects, n: report.objects },
    ]);
  writeResult<RedrivenObjects>(line, { dryRun, ...report }, table);
  return 0;
}

/** What `--reason`, `--from` and `--to` select of quarantine: all days without them. @throws UsageError */
export async function reasonOf(line: CommandLine): Promise<QuarantineSelection> {
  const from = dayOption(line, 'from') ?? '0001-01-01';
  const to = dayOption(line, 'to') ?? '9999-12-31';
  assertOrder(from, to);
  const { isQuarantineReason, quarantineReasons } = await import('../../lib/landing/quarantineReasons.ts');
  const reason = textOption(line, 'reason') ?? '';
  if (isQuarantineReason(reason)) return { reason, from, to };
  const got = reason === '' ? '' : `, got ${JSON.stringify(reason)}`;
  const hint = didYouMean(reason, Object.keys(quarantineReasons)) || ' docs/reference/errors.md lists them.';
  throw new UsageError('SLUICE_USAGE_OPTIONS', `--reason: expected the code of a reason${got}.${hint}`);
}
