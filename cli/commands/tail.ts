import type { Deployment } from '../../observe/deployment.ts';
import type { LiveAnswer, LiveEntry } from '../../observe/facts/flow/liveEntries.ts';
import type { LiveFilter } from '../../observe/live/LiveOptions.ts';
import {
  type Command,
  type CommandLine,
  countOption,
  filledOption,
  targetOptions,
} from '../terminal/commandLine.ts';
import { INTERRUPTED, untilInterrupted } from '../terminal/interrupt.ts';
import { onOutputClosed, writeJson, writeNote, writeOut } from '../terminal/output.ts';

/** Entries from before the start that `--last` asks for at most. */
const MOST_LAST = 1_000;
/** Milliseconds for which one read waits for something to come. */
const WAIT_MS = 20_000;
/** Milliseconds of the pause after something came: what comes meanwhile is read at once. */
const PAUSE_MS = 100;

/** `sluice tail`: requests and events as they come. */
export const tail: Command = {
  name: 'tail',
  summary: 'Print requests and, of the local cloud, events as they come, until Ctrl-C.',
  options: {
    errors: { type: 'boolean', help: 'only what was refused, failed, overflowed or went to quarantine' },
    user: { type: 'string', help: 'only events of a user, or of another unit ID' },
    event: { type: 'string', help: 'only events of that name, or exposures of that experiment or gate' },
    sdk: { type: 'string', help: 'only of that SDK, e.g. javascript-client' },
    last: {
      type: 'string',
      help: 'begin with the last N that match; of a deployment, with those of the last minute (default 0)',
    },
    ...targetOptions,
  },
  examples: ["sluice tail --local --event 'checkout_*' --json", 'sluice tail --stage prod --errors'],
  async run(line) {
    const filter = filterOption(line);
    const last = countOption(line, 'last', { usual: 0, least: 0, most: MOST_LAST });
    const { withDeployment } = await import('../aws/withDeployment.ts');
    return withDeployment(line, (deployment) =>
      follow(deployment, { filter, last, asJson: line.values['json'] === true }),
    );
  },
};

/** What is followed, and how it is written. */
interface Following {
  /** Which entries are followed. */
  readonly filter: LiveFilter;
  /** How many entries from before are read first. */
  readonly last: number;
  /** Whether each entry is written as JSON. */
  readonly asJson: boolean;
}

/**
 * Prints until it is interrupted (130), the output is closed, or the local cloud stops (0).
 *
 * @throws What `readLive` throws.
 */
async function follow(deployment: Deployment, { filter, last, asJson }: Following): Promise<number> {
  const [{ readLive }, { gateOf, readGate }, { liveLine }, { GateNotes }] = await Promise.all([
    import('../../observe/live/live.ts'),
    import('../../observe/live/gate.ts'),
    import('../../observe/live/entryText.ts'),
    import('../observe/GateNotes.ts'),
  ]);
  const interrupted = new AbortController();
  const closed = new AbortController();
  void untilInterrupted().then(() => interrupted.abort());
  onOutputClosed(() => closed.abort());
  const signal = AbortSignal.any([interrupted.signal, closed.signal]);
  const start = performance.now();
  let answer: LiveAnswer | undefined;
  // The deployment has the time at which it was opened.
  const now = () => deployment.now + Math.round(performance.now() - start);
  const gates = new GateNotes({
    read: () => readGate({ ...deployment, now: now(), signal }),
    gateOf: (request) => gateOf(request, deployment),
    show: (sentence) => writeNote(`${sentence}\n`),
  });
  while (!signal.aborted) {
    const asked = { after: answer?.next, last, filter, waitMs: answer === undefined ? 0 : WAIT_MS };
    try {
      const read = await readLive({ ...deployment, now: now(), signal }, asked);
      if (answer === undefined) writeSource(read, { deployment, asJson });
      answer = read;
      if (!asJson && read.entries.length === 0 && !read.ended) await gates.look();
    } catch (error) {
      if (signal.aborted) break;
      throw error;
    }
    if (answer.dropped > 0) writeDropped(answer.dropped, asJson);
    for (const entry of answer.entries) {
      if (asJson) writeJson<LiveEntry>(entry);
      else writeOut(liveLine(entry));
      if (entry.type === 'request') gates.onRequest(entry);
    }
    if (answer.ended) {
      writeNote('The local cloud is stopping.\n');
      return 0;
    }
    if (answer.entries.length > 0) await deployment.wait(PAUSE_MS);
  }
  return interrupted.signal.aborted ? INTERRUPTED : 0;
}

/** What the first line says of those that follow. */
interface TailSource {
  /** Tells it from an entry. */
  readonly type: 'source';
  /** What entries leave out, a sentence each. */
  readonly notes: readonly string[];
}

/** Lines and rows that were missed: they went before they could be read, or were too many. */
interface TailDropped {
  /** Tells it from an entry. */
  readonly type: 'dropped';
  /** How many were missed, whether the filter takes them or not. */
  readonly count: number;
}

/** Writes what entries leave out; for people also the deployment that is followed. */
function writeSource(
  { notes }: LiveAnswer,
  { deployment, asJson }: { readonly deployment: Pick<Deployment, 'stack'>; readonly asJson: boolean },
): void {
  const { service, stage } = deployment.stack;
  const head = `Following ${service}-${stage} until Ctrl-C. Times are UTC.`;
  if (asJson) writeJson<TailSource>({ type: 'source', notes });
  else writeNote(`${[head, ...notes].join('\n')}\n`);
}

/** Writes how many entries were missed. */
function writeDropped(count: number, asJson: boolean): void {
  if (asJson) writeJson<TailDropped>({ type: 'dropped', count });
  else writeNote(`${count.toLocaleString('en-US')} lines and rows went before they could be read.\n`);
}

/** The filter of the options. @throws UsageError for an empty text, which no entry has. */
function filterOption(line: CommandLine): LiveFilter {
  return {
    user: filledOption(line, 'user'),
    event: filledOption(line, 'event'),
    sdk: filledOption(line, 'sdk'),
    errors: line.values['errors'] === true,
  };
}
