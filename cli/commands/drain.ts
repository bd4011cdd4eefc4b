import { HoldError } from '../../lib/landing/hold/StreamHolds.ts';
import type { Deployment } from '../../observe/deployment.ts';
import { AwsAccessError } from '../../observe/explainAwsError.ts';
import type { DrainState } from '../../operate/drain.ts';
import { targetedCommand } from '../aws/targetedCommand.ts';
import {
  assertNoArguments,
  type Command,
  type CommandLine,
  countOption,
  targetOptions,
  UsageError,
} from '../terminal/commandLine.ts';
import { writeNote, writeResult } from '../terminal/output.ts';
import { openProgress } from '../terminal/progress.ts';

/** Minutes for which the command waits by default. An idle deployment takes an hour. */
const WAIT_MINUTES = 120;
/** Between two looks, milliseconds. */
const LOOK_EVERY_MS = 15_000;

/** `sluice drain`: stops the intake and waits until nothing waits any more, so that the stack can be removed. */
export const drain: Command = {
  name: 'drain',
  summary: 'Stop the intake and wait until every event is delivered, before the stack is removed.',
  usage: 'sluice drain [--wait MINUTES | --cancel] [--local] [--stage NAME] [options]',
  options: {
    wait: {
      type: 'string',
      help: `how long to wait; run it again to go on (default ${WAIT_MINUTES}; 0: only look, and stop nothing)`,
    },
    cancel: { type: 'boolean', help: 'take events again, and protect the stack again' },
    ...targetOptions,
    json: {
      type: 'boolean',
      help: 'print one object: since when, what it waits for, since when nothing waits, and when it was drained',
    },
  },
  examples: [
    'sluice drain --stage prod',
    'sluice drain --wait 0 --stage prod',
    'sluice drain --cancel --stage prod',
  ],
  changes: ({ values }) => values['wait'] !== '0',
  async run(line) {
    assertNoArguments(line.positionals);
    const isCancel = line.values['cancel'] === true;
    if (isCancel && line.values['wait'] !== undefined)
      throw new UsageError('SLUICE_USAGE_OPTIONS', '--cancel and --wait: expected only one of them.');
    const minutes = countOption(line, 'wait', { usual: WAIT_MINUTES, least: 0, most: 24 * 60 });
    const { cancelDrain } = await import('../../operate/drain.ts');
    if (isCancel) {
      await look(line, cancelDrain);
      writeResult(line, TAKES_EVENTS, () => 'The deployment takes events again.\n');
      writeNote('Every execution environment of the collector goes by it within 15 minutes.\n');
      return 0;
    }
    const redrive = await redriveCommand(line);
    const progress = openProgress(line);
    if (minutes > 0) progress.show('Draining');
    const state = await waitUntilDrained(line, minutes).finally(() => progress.end());
    writeResult(line, state ?? TAKES_EVENTS, () =>
      state === null ? 'No drain is on: the deployment takes events.\n' : drainText(state, redrive),
    );
    return state === null || state.drained === null ? 3 : 0;
  },
};

/** Of a deployment that is not drained. */
const TAKES_EVENTS = { since: null, empty: null, drained: null, waitsFor: [], parked: null };

/** @returns Null if no drain is on, and none was to be started. @throws HoldError `SLUICE_HOLD_DRAIN_CANCELLED` */
async function waitUntilDrained(line: CommandLine, minutes: number): Promise<DrainState | null> {
  const { lookAtDrain, startDrain } = await import('../../operate/drain.ts');
  if (minutes === 0) return look(line, lookAtDrain);
  await look(line, startDrain);
  const redrive = await redriveCommand(line);
  let said = '';
  let endsAt: number | undefined;
  for (;;) {
    // Its clock is read each time: that of the local cloud can be moved.
    const { state, isOver } = await look(line, async (deployment) => {
      const found = await lookAtDrain(deployment);
      if (found === null) throw new HoldError('SLUICE_HOLD_DRAIN_CANCELLED');
      endsAt ??= deployment.clock.now() + minutes * 60_000;
      const over = found.drained !== null || deployment.clock.now() + LOOK_EVERY_MS > endsAt;
      if (!over) await deployment.wait(LOOK_EVERY_MS);
      return { state: found, isOver: over };
    });
    if (isOver) return state;
    const now = drainText(state, redrive);
    if (now !== said) writeNote(now);
    said = now;
  }
}

function redriveCommand(line: CommandLine): Promise<string> {
  return targetedCommand(line, ['redrive', '--parked']);
}

function drainText({ since, drained, waitsFor, parked }: DrainState, redrive: string): string {
  const kept =
    parked === 0
      ? ''
      : `${parked} parked objects stay in the bucket. To have them first: \`${redrive}\`, and drain again.\n`;
  if (drained !== null) return `Drained since ${drained}: nothing waits. The stack can be removed.\n${kept}`;
  return `The intake was stopped at ${since}. The drain waits:\n${waitsFor.map(({ part, why }) => `  ${part}: ${why}\n`).join('')}${kept}`;
}

async function look<Result>(
  line: CommandLine,
  work: (deployment: Deployment) => Promise<Result>,
): Promise<Result> {
  const { withDeployment } = await import('../aws/withDeployment.ts');
  return withDeployment(line, work, (detail, error) => {
    const isMissing = error instanceof Error && error.name === 'ResourceNotFoundException';
    return isMissing
      ? new HoldError('SLUICE_HOLD_MISSING', detail, { cause: error })
      : new AwsAccessError('SLUICE_AWS_FAILED', detail, { cause: error });
  });
}
