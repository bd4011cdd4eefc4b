import { visibleLine } from '../../lib/base/text.ts';
import { DAY_MS, HOUR_MS, isoTimestamp, isUtcDay, parseInstant } from '../../lib/base/time.ts';
import type { Trace } from '../../observe/trace/trace.ts';
import { withDeployment } from '../aws/withDeployment.ts';
import {
  type Command,
  type CommandLine,
  choiceOption,
  onlyArgument,
  PROBLEMS_FOUND,
  targetOptions,
  textOption,
  UsageError,
} from '../terminal/commandLine.ts';
import { writeResult } from '../terminal/output.ts';

/** What an ID can be of. */
const SUBJECTS = ['event', 'user', 'request'] as const;

/** `sluice trace`: where an event is, and when it got there. */
export const trace: Command = {
  name: 'trace',
  summary: 'Find where an event, the events of a user, or a request is, and when it got there.',
  takes: '<event ID, user, or request ID>',
  options: {
    since: {
      type: 'string',
      help: 'a day, a time, or an age such as 24h or 7d; required for events and users of a deployment',
    },
    as: { type: 'string', values: SUBJECTS, help: 'what the ID is of (default: by its form)' },
    ...targetOptions,
  },
  examples: [
    'sluice trace 0f5d1c2b7a9e4f60813d2c4b5a697887 --stage prod --since 2026-11-20',
    'sluice trace user-17 --stage prod --since 24h',
    'sluice trace JKJaXmPLvHcESHA= --stage prod',
  ],
  async run(line) {
    const id = onlyArgument(line.positionals, 'one event ID, user or request ID');
    const subject = choiceOption(line, 'as', SUBJECTS);
    const since = sinceOption(line);
    const { trace: findTrace } = await import('../../observe/trace/trace.ts');
    return withDeployment(line, async (deployment) => {
      const found = await findTrace(deployment, { id, subject, since: since?.(deployment.now) });
      writeResult<TraceAnswer>(line, traceJson(found), () => traceText(id, found));
      return found.state === 'nowhere' ? PROBLEMS_FOUND : 0;
    });
  },
};

/** An age of hours or of days: `24h`, `7d`. */
const AGE = /^(?:(?<hours>\d{1,4})h|(?<days>\d{1,4})d)$/;

/**
 * From when on a trace searches by `--since`; undefined without it. It is read before there is a deployment: wrong use is told
 * before anything is called.
 *
 * @returns Makes the time of that of the deployment, from which an age is counted. Both are epoch milliseconds.
 * @throws UsageError for what is neither a day, a time nor an age.
 */
export function sinceOption(line: Pick<CommandLine, 'values'>): ((now: number) => number) | undefined {
  const text = textOption(line, 'since');
  if (text === undefined) return undefined;
  const { hours, days } = AGE.exec(text)?.groups ?? {};
  if (hours !== undefined) return (now) => now - Number(hours) * HOUR_MS;
  if (days !== undefined) return (now) => now - Number(days) * DAY_MS;
  const time = parseInstant(isUtcDay(text) ? `${text}T00:00:00Z` : text);
  if (time !== null) return () => time;
  throw new UsageError(
    'SLUICE_USAGE_OPTIONS',
    `--since: got ${text}, expected a day (2026-11-20), a time (2026-11-20T07:30:00Z), or an age (24h, 7d).`,
  );
}

/** A step of an event with its time. */
interface TimedStep {
  /** When it was, ISO 8601; null where no time is known. */
  readonly at: string | null;
  /** What happened, in words. */
  readonly what: string;
}

/** A trace as `--json` prints it. */
interface TraceAnswer extends Pick<Trace, 'subject' | 'state' | 'found' | 'notes'> {
  /** Whether there are more than were listed. */
  readonly more: boolean;
  /** The steps of an event by time; for a user, a step for each event, the newest first. */
  readonly steps: readonly TimedStep[];
}

/** A trace with its times as texts. */
function traceJson({ subject, state, steps, found, hasMore, notes }: Trace): TraceAnswer {
  return {
    subject,
    state,
    found,
    more: hasMore,
    steps: steps.map(({ at, what }) => ({ at: at === null ? null : isoTimestamp(at), what })),
    notes,
  };
}

/** Columns of a time. */
const TIME_WIDTH = '2026-11-20T07:30:00.000Z'.length;

/** A trace for people. */
function traceText(id: string, { subject, state, steps, found, hasMore, notes }: Trace): string {
  const name = visibleLine(id);
  const head =
    subject === 'user' && found > 0
      ? `${name}: ${found}${hasMore ? ' or more' : ''} ${found === 1 ? 'event' : 'events'}, the newest first`
      : `${name} (${subject}): ${state}`;
  const stepLines = steps.map(
    ({ at, what }) => `${(at === null ? '' : isoTimestamp(at)).padEnd(TIME_WIDTH)}  ${visibleLine(what)}`,
  );
  const noteLines = notes.map((note) => `Note: ${note}`);
  return [head, ...stepLines, ...noteLines, ''].join('\n');
}
