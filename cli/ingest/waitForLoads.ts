import type { Deployment } from '../../observe/deployment.ts';
import type { AwaitedDataset, AwaitedDay } from '../../observe/ingest/awaitLoads.ts';
import { targetedCommand } from '../aws/targetedCommand.ts';
import { type CommandLine, textOption, UsageError } from '../terminal/commandLine.ts';
import { writeNote, writeResult } from '../terminal/output.ts';
import { openProgress } from '../terminal/progress.ts';

const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };
/** Default of `--timeout`: a load by a function takes at most 15 minutes, and may be tried again. */
const USUAL_TIMEOUT_MS = 30 * 60_000;
const MOST_TIMEOUT_MS = 24 * 3_600_000;

/** Milliseconds that `--wait` waits; null without it. @throws UsageError. */
export function waitOption(line: CommandLine): number | null {
  const { wait, quiet, 'dry-run': dryRun } = line.values;
  const text = textOption(line, 'timeout');
  const stray = text !== undefined ? 'timeout' : quiet === true ? 'quiet' : undefined;
  if (wait !== true && stray !== undefined)
    throw new UsageError('SLUICE_USAGE_OPTIONS', `--${stray} without --wait.`);
  if (wait !== true) return null;
  if (dryRun === true)
    throw new UsageError('SLUICE_USAGE_OPTIONS', '--wait and --dry-run: expected only one of them.');
  if (text === undefined) return USUAL_TIMEOUT_MS;
  const [, count = '', unit = ''] = /^(\d{1,5})([smh])$/.exec(text) ?? [];
  const timeoutMs = Number(count) * (UNITS_MS[unit] ?? 0);
  if (timeoutMs > 0 && timeoutMs <= MOST_TIMEOUT_MS) return timeoutMs;
  throw new UsageError(
    'SLUICE_USAGE_OPTIONS',
    `--timeout: got ${text}, expected a time such as 90s, 30m or 2h, at most 24h.`,
  );
}

/** A request that is waited for. */
interface LoadRequest {
  readonly datasets: readonly AwaitedDataset[];
  /** Whether it lists the whole lookback of the datasets. */
  readonly isListing: boolean;
  readonly send: () => Promise<unknown>;
}

/** Sends a request and waits until its days are loaded, with progress. Resolves with the exit code. */
export async function waitForLoads(
  {
    line,
    timeoutMs,
    open,
  }: {
    readonly line: CommandLine;
    readonly timeoutMs: number;
    /** Opens the deployment, and closes it after the work. */
    readonly open: <Result>(work: (deployment: Deployment) => Promise<Result>) => Promise<Result>;
  },
  prepare: (deployment: Deployment) => Promise<LoadRequest>,
): Promise<number> {
  const [{ awaitLoads, lookBefore }, { fatesProgress, fatesText }] = await Promise.all([
    import('../../observe/ingest/awaitLoads.ts'),
    import('./fatesText.ts'),
  ]);
  const progress = openProgress(line);
  let isListing = true;
  const loads = await open(async (deployment) => {
    const { datasets, send, ...request } = await prepare(deployment);
    isListing = request.isListing;
    const before = await lookBefore(deployment, datasets);
    await send();
    const onLook = (days: readonly AwaitedDay[]) => progress.show(fatesProgress(days));
    return awaitLoads(deployment, datasets, before, { timeoutMs, isListing, onLook });
  }).finally(() => progress.end());
  writeResult(line, loads, () => fatesText(loads));
  const { isComplete, days, unlisted } = loads;
  if (!isComplete) {
    const command = await targetedCommand(line, ['ingest', 'status']);
    writeNote(`The time is over, and the loads go on. \`${command}\` shows the result.\n`);
    return 1;
  }
  const isWell = days.every(({ fate }) => fate !== 'failed' && fate !== 'waiting') && unlisted.length === 0;
  // A run may find nothing new. Who names days expects that there are files.
  const hasNone = !isListing && days.every(({ fate }) => fate === 'untouched');
  return isWell && !hasNone ? 0 : 3;
}
