import { visibleLine } from '../../lib/base/text.ts';
import { isoTimestamp } from '../../lib/base/time.ts';
import type { Trace } from '../../observe/trace/trace.ts';

/** A trace as `--json` prints it. */
export function traceJson({ subject, state, steps, found, hasMore, row, notes }: Trace) {
  return {
    subject,
    state,
    found,
    more: hasMore,
    steps: steps.map(({ at, what }) => ({ at: at === null ? null : isoTimestamp(at), what })),
    ...(row === null ? {} : { row }),
    notes,
  };
}

/** A trace for people. */
export function traceText(id: string, { subject, state, steps, found, hasMore, row, notes }: Trace): string {
  const name = visibleLine(id);
  const head =
    subject === 'user' && found > 0
      ? `${name}: ${found}${hasMore ? ' or more' : ''} ${found === 1 ? 'event' : 'events'}, the newest first`
      : `${name} (${subject}): ${state}`;
  const lines = steps.map(
    ({ at, what }) => `${(at === null ? '' : isoTimestamp(at)).padEnd(24)}  ${visibleLine(what)}`,
  );
  const columns = Object.entries(row?.columns ?? {}).map(
    ([name, value]) => `  ${name}: ${visibleLine(typeof value === 'string' ? value : JSON.stringify(value))}`,
  );
  const shown = row === null ? [] : [`Row of ${row.kind}:`, ...columns];
  return `${[head, ...lines, ...shown, ...notes.map((note) => `Note: ${note}`)].join('\n')}\n`;
}
