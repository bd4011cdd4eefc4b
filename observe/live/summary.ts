import type { LiveRequest } from '../facts/flow/liveEntries.ts';

/** Summarizes a request in words without names of users: `1 exposure, 2 events, refused: 1 SLUICE_EVENT_NO_NAME`. */
export function summarizeRequest(request: LiveRequest): string {
  const { exposures, events, overflowed, endpoint, code } = request;
  const parts = [
    ...(exposures > 0 ? [counted(exposures, 'exposure')] : []),
    ...(events > 0 ? [counted(events, 'event')] : []),
    ...reasons('ignored', request.ignored_as),
    ...reasons('refused', request.refused),
    ...(overflowed > 0 ? [`overflowed: ${overflowed.toLocaleString('en-US')}`] : []),
    ...(endpoint === null ? [] : [`asked for ${endpoint}`]),
  ];
  return parts.length === 0 && code === null ? 'no events' : parts.join(', ');
}

/** `1 event`, `1,234 events`. */
function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}

function reasons(what: string, counts: Readonly<Record<string, number>>): string[] {
  const each = Object.entries(counts).map(([code, count]) => `${count.toLocaleString('en-US')} ${code}`);
  return each.length === 0 ? [] : [`${what}: ${each.join(', ')}`];
}
