import type { Column } from './Table.ts';

/** The columns of the table of received hours. */
const receivedHoursColumns = [
  { name: 'ds', type: 'date', comment: 'Day on which the collector received the requests, UTC' },
  { name: 'hour', type: 'bigint', comment: 'Hour of that day, 0 to 23' },
  { name: 'table_name', type: 'string', comment: 'exposures, events or quarantine' },
  {
    name: 'accepted',
    type: 'bigint',
    comment: 'Events that the collector stored, in the stream or in an object',
  },
  { name: 'finished', type: 'bigint', comment: 'Events whose object was written and deleted' },
  {
    name: 'refused',
    type: 'bigint',
    comment: 'Of the finished events, those that their table did not take: they are in quarantine',
  },
  {
    name: 'not_delivered',
    type: 'bigint',
    comment: 'Events that may have landed besides the accepted ones: answered 503, or sent again',
  },
  { name: 'waiting_objects', type: 'bigint', comment: 'Objects that may hold events of the hour' },
  { name: 'missing', type: 'bigint', comment: 'Events that are nowhere' },
  { name: 'unproved', type: 'bigint', comment: 'The most events that could be missing unseen' },
  {
    name: 'state',
    type: 'string',
    comment: 'whole, short (events are missing), open (not known yet) or unknown (not known for three days)',
  },
  { name: 'why', type: 'string', comment: 'Why it is open or unknown; null otherwise' },
  { name: 'checked_at', type: 'timestamp', comment: 'Time of the judgement, UTC' },
] as const satisfies readonly Column[];

/** The name of a column of {@link receivedHoursTable}. */
export type ReceivedHoursColumn = (typeof receivedHoursColumns)[number]['name'];

/**
 * The table that says whether what was accepted and what was finished agree: one row for each hour of receipt and
 * table. It has no partitions: there is a small object for each day, in which every line is a row as JSON.
 */
export const receivedHoursTable = {
  name: 'received_hours',
  comment:
    'Whether all events that were accepted in an hour are in a table or in quarantine; made each night',
  columns: receivedHoursColumns,
} as const;
