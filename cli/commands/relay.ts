import { isRelayReason } from '../../lib/tables/relayKeys.ts';
import type { RelayState } from '../../observe/facts/flow/relayCopies.ts';
import type { RedrivenCopies } from '../../operate/relay/redriveCopies.ts';
import { targetedCommand } from '../aws/target.ts';
import { withDeployment } from '../aws/withDeployment.ts';
import {
  type Action,
  type CommandLine,
  commandWithActions,
  dryRunOption,
  isDryRun,
  PROBLEMS_FOUND,
  targetOptions,
  textOption,
  UsageError,
} from '../terminal/commandLine.ts';
import { writeNote, writeResult } from '../terminal/output.ts';
import { textTable } from '../terminal/tables.ts';

/** The actions, by their names. */
const ACTIONS: Readonly<Record<string, Action>> = {
  status: { summary: 'Show what waits, and what the target refused.', options: [], run: status },
  redrive: {
    summary: 'Send again what the target refused, and large copies that have no message.',
    options: ['reason', 'dry-run'],
    run: redrive,
  },
};

/** `sluice relay`: what relay has not delivered, and sending refused copies again. */
export const relay = commandWithActions({
  name: 'relay',
  summary: 'Show what waits to be relayed and what the target refused, or send that again.',
  options: {
    reason: { type: 'string', help: 'only what was refused with this status, or `expired`' },
    ...dryRunOption,
    ...targetOptions,
  },
  examples: ['sluice relay status --stage prod', 'sluice relay redrive --reason 401 --dry-run --stage prod'],
  actions: ACTIONS,
});

/** Refused copies that were sent again, or in a dry run would be. */
interface ResentCopies extends RedrivenCopies {
  /** The reason that was asked for; null: all. */
  readonly reason: string | null;
  /** Whether nothing was changed. */
  readonly dryRun: boolean;
}

/**
 * Shows what waits and what was refused.
 *
 * @returns The exit code: {@link PROBLEMS_FOUND} if anything was refused. A copy without its message is a warning, which does not count.
 */
async function status(line: CommandLine): Promise<number> {
  const { readRelayState, RelayCopiesError } = await import('../../observe/facts/flow/relayCopies.ts');
  const state = await withDeployment(line, readRelayState);
  if (state === null) throw new RelayCopiesError('SLUICE_RELAY_OFF');
  writeResult<RelayState>(line, state, () =>
    textTable([
      { what: 'waiting', n: state.waiting.count, oldest: state.waiting.oldest ?? '' },
      ...(state.stranded === null
        ? []
        : [
            {
              what: `without their message${state.stranded.hasMore ? ', at least' : ''}`,
              n: state.stranded.count,
              oldest: state.stranded.oldest,
            },
          ]),
      ...state.refused.map(({ reason, count, oldest }) => ({ what: `refused: ${reason}`, n: count, oldest })),
    ]),
  );
  return state.refused.length === 0 ? 0 : PROBLEMS_FOUND;
}

/** Sends refused copies again. @returns The exit code 0. @throws UsageError for what is no reason. */
async function redrive(line: CommandLine): Promise<number> {
  const reason = textOption(line, 'reason') ?? null;
  if (reason !== null && !isRelayReason(reason))
    throw new UsageError(
      'SLUICE_USAGE_OPTIONS',
      `--reason: got ${JSON.stringify(reason)}, expected a status such as 401, or expired.`,
    );
  const dryRun = isDryRun(line);
  const { redriveCopies } = await import('../../operate/relay/redriveCopies.ts');
  const moved = await withDeployment(line, (deployment) => redriveCopies(deployment, reason, dryRun));
  writeResult<ResentCopies>(line, { reason, dryRun, ...moved }, () =>
    textTable([
      { what: 'found in relay/', n: moved.found },
      ...(moved.stranded > 0 ? [{ what: 'of these without their message', n: moved.stranded }] : []),
      { what: dryRun ? 'that would be sent again' : 'sent again', n: moved.moved },
      ...(moved.tooOld > 0 ? [{ what: 'too old to be sent', n: moved.tooOld }] : []),
    ]),
  );
  if (!dryRun && moved.moved > 0)
    writeNote(`\`${targetedCommand(line, ['relay', 'status'])}\` shows what becomes of them.\n`);
  return 0;
}
