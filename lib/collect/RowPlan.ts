import type { Config } from '../schema/config.ts';
import type { ForwardedKind } from '../schema/kinds.ts';
import { forwardedTables } from '../tables/deliveredTables.ts';
import { jsonMember, type MemberWriter, memberWriter } from '../tables/memberWriter.ts';
import type { Table } from '../tables/Table.ts';
import type { Redaction } from '../wire/Redaction.ts';

/** The configuration of the rows of all events. */
export interface RowPlan {
  readonly unitIds: readonly (readonly [unitId: string, column: string])[];
  /** Applied to events before they are written; null for none. */
  readonly redaction: Redaction | null;
  /** How far an event's time can be from its arrival and still determine its day, in milliseconds. */
  readonly pastMs: number;
  readonly futureMs: number;
  readonly runs: TableRuns;
}

/**
 * Writers of a table's columns, in runs of columns with the same source. A document has them in this order, which is the
 * table's. There are few runs, because V8 has to copy each piece of a document.
 */
export interface RowRuns {
  /** The quote that closes the event's ID, then the evaluation, or the event's name and value. */
  readonly own: MemberWriter;
  readonly units: MemberWriter;
  readonly customIds: TextWriter;
  /** Opens the value of `timestamp`. */
  readonly timestamp: string;
  /** Closes that value and opens the one of `client_timestamp`. */
  readonly clientTimestamp: string;
  readonly received: MemberWriter;
  readonly environment: MemberWriter;
  readonly user: TextWriter;
  readonly metadata: TextWriter;
  readonly senderMetadata: TextWriter;
  readonly sender: MemberWriter;
}

/** The writers of both forwarded tables. Only exposures have a column for secondary exposures. */
interface TableRuns extends Record<ForwardedKind, RowRuns> {
  readonly exposures: RowRuns & { readonly secondary: TextWriter };
}

/** Writes a column from its text, already escaped for a JSON string; null writes nothing. */
type TextWriter = (nested: string | null) => string;

/** Makes the writers of the rows of both forwarded tables. */
export function rowRuns(config: Pick<Config, 'tables' | 'unitIds'>): TableRuns {
  const { exposures, events } = forwardedTables(config);
  return {
    exposures: {
      own: afterId(memberWriter(exposures, 'experiment_id', 'user_id')),
      ...sharedRuns(exposures, 'user_dimensions'),
      secondary: jsonMember(exposures, 'secondary_exposures'),
      metadata: jsonMember(exposures, 'metadata'),
    },
    events: {
      own: afterId(memberWriter(events, 'event_name', 'user_id')),
      ...sharedRuns(events, 'user_object'),
      metadata: jsonMember(events, 'company_metadata'),
    },
  };
}

/** Closes the value of the ID first. */
function afterId(write: MemberWriter): MemberWriter {
  return (row) => `"${write(row)}`;
}

function sharedRuns(table: Table, user: string) {
  return {
    units: memberWriter(table, 'user_id', 'custom_ids'),
    customIds: jsonMember(table, 'custom_ids'),
    timestamp: jsonMember(table, 'timestamp')('').slice(0, -1),
    clientTimestamp: `"${jsonMember(table, 'client_timestamp')('').slice(0, -1)}`,
    received: memberWriter(table, 'received_at', 'environment'),
    environment: memberWriter(table, 'environment', user),
    user: jsonMember(table, user),
    senderMetadata: jsonMember(table, 'statsig_metadata'),
    sender: memberWriter(table, 'session_id'),
  };
}
