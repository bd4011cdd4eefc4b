import { visibleLine } from '../../lib/base/text.ts';
import type { LiveEntry, LiveEvent, LiveRequest } from '../../observe/facts/flow/liveEntries.ts';
import { summarizeRequest } from '../../observe/live/summary.ts';

/** Characters of a name or ID that a line shows. */
const MOST = 80;

/** One line for something that happened, with its line break. Its time is UTC. */
export function liveLine(entry: LiveEntry): string {
  const time = entry.at.slice(11, 23);
  const rest = entry.type === 'request' ? requestText(entry) : `     ${eventText(entry)}`;
  return `${time}  ${rest}\n`;
}

/** `202  javascript-client 3.33.5  key any  1 exposure, 2 events, refused: 1 SLUICE_EVENT_NO_NAME  12 ms` */
function requestText(request: LiveRequest): string {
  const { status, sdk_type, sdk_version, key_label, code, ms } = request;
  const sdk = [sdk_type ?? 'unknown', sdk_version].filter((part) => part !== null).join(' ');
  const key = key_label === null ? 'no key' : `key ${shown(key_label)}`;
  const summary = visibleLine(summarizeRequest(request));
  return [String(status), sdk, key, code ?? '', summary, `${ms} ms`].filter((part) => part !== '').join('  ');
}

function eventText({ kind, name, group, unit, code, event_id }: LiveEvent): string {
  const what = kind === 'quarantine' ? `refused ${code ?? ''}` : kind === 'events' ? 'event' : 'exposure';
  return [
    what,
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
