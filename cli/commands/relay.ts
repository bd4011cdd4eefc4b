import { isRelayReason } from '../../lib/tables/objectKeys.ts';
import type { OpenPlace } from '../../observe/place.ts';
import {
  type Action,
  type Command,
  type CommandLine,
  placeOptions,
  runAction,
  textOption,
  UsageError,
} from '../terminal/commandLine.ts';
import { textTable, writeNote, writeResult } from '../terminal/output.ts';

/** `sluice relay`: what relay has not delivered, and sending refused copies again. */
export const relay: Command = {
  name: 'relay',
  summary: 'Show what waits to be relayed and what the target refused, and send that again.',
  usage: 'sluice relay status | redrive [--reason STATUS] [--dry-run] [--local] [--stage NAME] [options]',
  options: {
    reason: { type: 'string', help: 'redrive: only what was refused with this status, or `expired`' },
    'dry-run': { type: 'boolean', help: 'redrive: only print what would be sent again' },
    ...placeOptions,
    json: { type: 'boolean', help: 'print one object' },
  },
  examples: [
    'sluice relay status --stage prod',
    'sluice relay redrive --reason 401 --dry-run --stage prod',
    'sluice relay redrive --reason 401 --stage prod',
  ],
  run: (line) => runAction(line, ACTIONS),
};

const ACTIONS: Readonly<Record<string, Action>> = {
  status: { options: [], run: status },
  redrive: { options: ['reason', 'dry-run'], run: redrive },
};

async function status(line: CommandLine): Promise<number> {
  const { readRelayState, RelayCopiesError } = await import('../../observe/relay/relayCopies.ts');
  const state = await withRelay(line, readRelayState);
  if (state === null) throw new RelayCopiesError('SLUICE_RELAY_OFF');
  writeResult(line, state, () =>
    textTable([
      { what: 'waiting', n: state.waiting.count, oldest: state.waiting.oldest ?? '' },
      ...state.refused.map(({ reason, count, oldest }) => ({ what: `refused: ${reason}`, n: count, oldest })),
    ]),
  );
  return state.refused.length === 0 ? 0 : 3;
}

async function redrive(line: CommandLine): Promise<number> {
  const reason = textOption(line, 'reason') ?? null;
  if (reason !== null && !isRelayReason(reason))
    throw new UsageError(
      'SLUICE_USAGE_OPTIONS',
      `--reason: got ${JSON.stringify(reason)}, expected a status such as 401, or expired.`,
    );
  const dryRun = line.values['dry-run'] === true;
  const { redriveCopies } = await import('../../observe/relay/relayCopies.ts');
  const moved = await withRelay(line, (place) => redriveCopies(place, reason, dryRun));
  writeResult(line, { reason, dryRun, ...moved }, () =>
    textTable([
      { what: 'found in relay/refused/', n: moved.found },
      { what: dryRun ? 'that would be sent again' : 'sent again', n: moved.moved },
      ...(moved.tooOld > 0 ? [{ what: 'too old to be sent', n: moved.tooOld }] : []),
    ]),
  );
  if (!dryRun && moved.moved > 0) writeNote('`sluice relay status` shows what becomes of them.\n');
  return 0;
}

async function withRelay<Result>(
  line: CommandLine,
  work: (place: OpenPlace) => Promise<Result>,
): Promise<Result> {
  const [{ withPlace }, { RelayCopiesError }] = await Promise.all([
    import('../aws/withPlace.ts'),
    import('../../observe/relay/relayCopies.ts'),
  ]);
  return withPlace(
    line,
    work,
    (detail, error) => new RelayCopiesError('SLUICE_RELAY_DENIED', detail, { cause: error }),
  );
}
