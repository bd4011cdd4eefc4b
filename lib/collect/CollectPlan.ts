import { DAY_MS } from '../base/time.ts';
import { KnownGroups } from '../groups/KnownGroups.ts';
import type { Config } from '../schema/config.ts';
import type { ForwardedKind } from '../schema/kinds.ts';
import { forwardedTables } from '../tables/deliveredTables.ts';
import { jsonMember, type MemberWriter, memberWriter } from '../tables/memberWriter.ts';
import type { Table } from '../tables/Table.ts';
import { experimentNames, type ResolvedName } from '../wire/experimentNames.ts';
import { type HoldoutTest, holdoutTest } from '../wire/isAssignment.ts';
import { Redaction } from '../wire/Redaction.ts';
import { type EventFilter, eventFilter } from './eventFilter.ts';
import { Evaluations } from './exposures.ts';

/** What a configuration decides about collecting, prepared once and used for every batch. */
export interface CollectPlan {
  readonly unitIds: readonly (readonly [unitId: string, column: string])[];
  readonly resolveExperiment: (sent: string) => ResolvedName;
  /** Whether a known holdout kept an exposure's unit out; null when no holdout is known. */
  readonly isHeldOut: HoldoutTest | null;
  readonly landTelemetry: boolean;
  readonly evaluations: Evaluations;
  /** What is taken out of events before they are written; null when nothing is. */
  readonly redaction: Redaction | null;
  /** Which events land by their names; null when all do. */
  readonly filter: EventFilter | null;
  /** How far a time may lie from its arrival and still choose its day, in milliseconds. */
  readonly pastMs: number;
  readonly futureMs: number;
  readonly runs: Record<ForwardedKind, RowRuns>;
}

/**
 * Writers of a table's columns in runs that share a source; a document has them in this order, the table's. A document
 * is put together from few pieces: each is work when V8 copies them together.
 */
export interface RowRuns {
  /** What was evaluated, or the event's name and value, behind the quote that closes the event's ID. */
  readonly own: MemberWriter;
  readonly units: MemberWriter;
  readonly customIds: TextWriter;
  /** Opens the text of `timestamp`. */
  readonly timestamp: string;
  /** Closes that text and opens the one of `client_timestamp`. */
  readonly clientTimestamp: string;
  readonly received: MemberWriter;
  readonly environment: MemberWriter;
  readonly user: TextWriter;
  /** Exposures only. */
  readonly secondary: TextWriter;
  readonly metadata: TextWriter;
  readonly senderMetadata: TextWriter;
  readonly sender: MemberWriter;
}

/** Writes a column from its text as it stands inside a JSON string; null writes nothing. */
type TextWriter = (nested: string | null) => string;

/** What of the configuration is about collecting. */
type CollectConfig = Pick<
  Config,
  | 'tables'
  | 'unitIds'
  | 'timeWindow'
  | 'experiments'
  | 'holdouts'
  | 'landTelemetry'
  | 'events'
  | 'exposures'
  | 'privacy'
>;

/**
 * The plan by what is known of experiment groups at the moment: another one is made when that changes.
 *
 * @param groups Whose `current` is another object whenever it says something else.
 */
export function plansOf(config: CollectConfig, groups: { readonly current: KnownGroups }): () => CollectPlan {
  let known: KnownGroups | null = null;
  let plan: CollectPlan | null = null;
  return () => {
    if (plan === null || known !== groups.current) {
      known = groups.current;
      plan = collectPlan(config, known);
    }
    return plan;
  };
}

/**
 * Prepares a configuration for collecting.
 *
 * @param known What the table of experiment groups says. Default nothing.
 */
export function collectPlan(config: CollectConfig, known: KnownGroups = KnownGroups.none): CollectPlan {
  const { exposures, events } = forwardedTables(config);
  const { redact, salt = '' } = config.privacy;
  const resolveExperiment = experimentNames([...known.names, ...config.experiments]);
  const ownExposure = afterId(memberWriter(exposures, 'experiment_id', 'user_id'));
  return {
    evaluations: new Evaluations(ownExposure, resolveExperiment, known),
    unitIds: Object.entries(config.unitIds),
    resolveExperiment,
    isHeldOut: holdoutTest([...known.holdouts, ...(config.holdouts ?? [])]),
    landTelemetry: config.landTelemetry,
    redaction: Object.keys(redact).length === 0 ? null : new Redaction(redact, salt),
    filter: eventFilter(config, resolveExperiment),
    pastMs: config.timeWindow.pastDays * DAY_MS,
    futureMs: config.timeWindow.futureDays * DAY_MS,
    runs: {
      exposures: {
        own: ownExposure,
        ...sharedRuns(exposures, 'user_dimensions'),
        secondary: jsonMember(exposures, 'secondary_exposures'),
        metadata: jsonMember(exposures, 'metadata'),
      },
      events: {
        own: afterId(memberWriter(events, 'event_name', 'user_id')),
        ...sharedRuns(events, 'user_object'),
        secondary: () => '',
        metadata: jsonMember(events, 'company_metadata'),
      },
    },
  };
}

/** Closes the text of the ID first. */
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
