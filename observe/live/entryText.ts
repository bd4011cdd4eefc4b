import { counted, visibleLine } from '../../lib/base/text.ts';
import type { LiveEntry, LiveEvent, LiveRequest } from '../facts/flow/liveEntries.ts';

/** Characters of a name or ID that a line shows. */
const MOST = 80;

/** An entry in words, part by part: each part is a line's piece without a line break. */
interface EntryParts {
  /** What entries of a burst share: status, SDK, key and code of a request; kind, name and group of an event. */
  readonly shared: readonly string[];
  /** What is of this entry alone: counts and time, or unit and ID. */
  readonly own: readonly string[];
}

/** The parts of an entry, in the order in which a line shows them. */
export function entryParts(entry: LiveEntry): EntryParts {
  return entry.type === 'request' ? requestParts(entry) : eventParts(entry);
}

/** Something that happened, in one line without its time. */
function entryText(entry: LiveEntry): string {
  const { shared, own } = entryParts(entry);
  return [...shared, ...own].join('  ');
}

/** `202  javascript-client 3.33.5  key any  1 exposure, 2 events, refused: 1 SLUICE_EVENT_NO_NAME  12 ms` */
function requestParts(request: LiveRequest): EntryParts {
  const { status, sdk_type, sdk_version, code, ms, exposures, events, overflowed, endpoint } = request;
  const { not_streamed } = request;
  const key = request.key_label ?? request.sent_key;
  const counts = [
    ...(exposures > 0 ? [counted(exposures, 'exposure')] : []),
    ...(events > 0 ? [counted(events, 'event')] : []),
    ...reasons('ignored', request.ignored_as),
    ...reasons('refused', request.refused),
    ...reasons('noted', request.noted),
    ...(overflowed > 0 ? [`overflowed: ${overflowed.toLocaleString('en-US')}`] : []),
    // A large request is no overflow: it is an object by itself.
    ...(not_streamed !== null && (overflowed > 0 || status >= 500) ? [`not streamed: ${not_streamed}`] : []),
    ...(endpoint === null ? [] : [`asked for ${endpoint}`]),
    ...(request.host === null ? [] : [`Host ${shown(request.host)}`]),
  ];
  const shared = [
    String(status),
    [sdk_type ?? 'unknown', sdk_version].filter((part) => part !== null).join(' '),
    key === null ? 'no key' : `key ${shown(key)}`,
    code ?? '',
  ];
  const own = [
    visibleLine(counts.length === 0 && code === null ? 'no events' : counts.join(', ')),
    `${ms} ms`,
  ];
  return { shared: shared.filter(isWritten), own: own.filter(isWritten) };
}

/** Whether a part has a text: an empty one is left out. */
function isWritten(part: string): boolean {
  return part !== '';
}

/** `event  buy  unit u1  4f…`, or `refused SLUICE_EVENT_NO_NAME  (no name)  no unit` */
function eventParts({ kind, name, group, unit, code, event_id }: LiveEvent): EntryParts {
  const accepted = kind === 'events' ? 'event' : 'exposure';
  const shared = [
    kind === 'quarantine' ? `refused ${code ?? ''}` : accepted,
    name === null || name === '' ? '(no name)' : shown(name),
    group === null ? '' : `group ${shown(group)}`,
  ];
  const own = [unit === null ? 'no unit' : `unit ${shown(unit)}`, event_id ?? ''];
  return { shared: shared.filter(isWritten), own: own.filter(isWritten) };
}

/** A text of somebody else's within a line. */
function shown(text: string): string {
  const cut = text.length > MOST ? `${text.slice(0, MOST)}…` : text;
  return visibleLine(cut);
}

/** `refused: 1 SLUICE_EVENT_NO_NAME, 2 SLUICE_EVENT_NO_USER`; no text without any count. */
function reasons(subject: string, counts: Readonly<Record<string, number>>): string[] {
  const each = Object.entries(counts).map(([code, count]) => `${count.toLocaleString('en-US')} ${code}`);
  return each.length === 0 ? [] : [`${subject}: ${each.join(', ')}`];
}

/** A line of a terminal, with its line break. Its time is UTC. */
export function liveLine(entry: LiveEntry): string {
  return `${entry.at.slice(11, 23)}  ${entry.type === 'request' ? '' : '     '}${entryText(entry)}\n`;
}
