import { counted, visibleLine } from '../../lib/base/text.ts';
import type { LiveEntry, LiveEvent, LiveRequest } from '../facts/flow/liveEntries.ts';

/** Characters of a name or ID that a line shows. */
const MOST = 80;

/** Something that happened, in one line without its time. */
export function entryText(entry: LiveEntry): string {
  return entry.type === 'request' ? requestText(entry) : eventText(entry);
}

/** `202  javascript-client 3.33.5  key any  1 exposure, 2 events, refused: 1 SLUICE_EVENT_NO_NAME  12 ms` */
function requestText(request: LiveRequest): string {
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
  const parts = [
    String(status),
    [sdk_type ?? 'unknown', sdk_version].filter((part) => part !== null).join(' '),
    key === null ? 'no key' : `key ${shown(key)}`,
    code ?? '',
    visibleLine(counts.length === 0 && code === null ? 'no events' : counts.join(', ')),
    `${ms} ms`,
  ];
  return parts.filter((part) => part !== '').join('  ');
}

function eventText({ kind, name, group, unit, code, event_id }: LiveEvent): string {
  const accepted = kind === 'events' ? 'event' : 'exposure';
  return [
    kind === 'quarantine' ? `refused ${code ?? ''}` : accepted,
    name === null || name === '' ? '(no name)' : shown(name),
    ...(group === null ? [] : [`group ${shown(group)}`]),
    unit === null ? 'no unit' : `unit ${shown(unit)}`,
    event_id ?? '',
  ].join('  ');
}

/** A text of somebody else's within a line. */
function shown(text: string): string {
  const cut = text.length > MOST ? `${text.slice(0, MOST)}…` : text;
  return visibleLine(cut);
}

function reasons(subject: string, counts: Readonly<Record<string, number>>): string[] {
  const each = Object.entries(counts).map(([code, count]) => `${count.toLocaleString('en-US')} ${code}`);
  return each.length === 0 ? [] : [`${subject}: ${each.join(', ')}`];
}

/** A line of a terminal, with its line break. Its time is UTC. */
export function liveLine(entry: LiveEntry): string {
  return `${entry.at.slice(11, 23)}  ${entry.type === 'request' ? '' : '     '}${entryText(entry)}\n`;
}
