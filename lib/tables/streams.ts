import { type ForwardedKind, forwardedKinds, type TableKind, tableKinds } from '../schema/kinds.ts';

/**
 * A delivery stream within a deployment: its table's name for the first, `events-2` for the second of events. Its name in AWS
 * has the stack's before it.
 */
export type StreamId = TableKind | `${ForwardedKind}-${number}`;

/** Streams of a table. */
export interface TableStreams {
  readonly shards: number;
  /** How many of them get rows, the first ones; null: all. */
  readonly inRotation: number | null;
}

/** The part of the configuration that says which streams there are. */
export interface StreamsConfig {
  readonly streams: Readonly<Record<ForwardedKind, TableStreams>>;
}

/** The stream of a table by its number, from 1. Quarantine has one. */
function streamId(kind: TableKind, shard: number): StreamId {
  return kind === 'quarantine' || shard === 1 ? kind : `${kind}-${shard}`;
}

/** Reads the name of a stream; null for any other text. */
export function parseStreamId(text: string): StreamId | null {
  const { kind, shard } = partsOf(text);
  if (kind === undefined || !Number.isInteger(shard) || shard < 1) return null;
  const id = streamId(kind, shard);
  return id === text ? id : null;
}

/** The table that a stream writes. */
export function tableOf(stream: StreamId): TableKind {
  return partsOf(stream).kind ?? 'quarantine';
}

/** The number of a stream among those of its table, from 1. */
export function shardOf(stream: StreamId): number {
  return partsOf(stream).shard;
}

function partsOf(text: string): { readonly kind: TableKind | undefined; readonly shard: number } {
  const whole = tableKinds.find((one) => one === text);
  if (whole !== undefined) return { kind: whole, shard: 1 };
  const kind = forwardedKinds.find((one) => text.startsWith(`${one}-`));
  return { kind, shard: kind === undefined ? Number.NaN : Number(text.slice(kind.length + 1)) };
}

/** The streams of a table, in the order of their numbers: at least one. */
export function streamsOf(config: StreamsConfig, kind: TableKind): readonly StreamId[] {
  return kind === 'quarantine' ? [kind] : first(kind, config.streams[kind].shards);
}

/** The streams of a table that get rows: at least one. The others are to be removed. */
export function streamsInRotation(config: StreamsConfig, kind: TableKind): readonly StreamId[] {
  if (kind === 'quarantine') return [kind];
  const { shards, inRotation } = config.streams[kind];
  return first(kind, inRotation ?? shards);
}

/**
 * The streams of a table that an environment variable names: `sluice-prod-events,sluice-prod-events-2`, in the order of their
 * numbers. With their names in AWS.
 */
export function streamsOfVariable(
  kind: TableKind,
  variable: string,
): readonly (readonly [StreamId, string])[] {
  return variable.split(',').map((name, i) => [streamId(kind, i + 1), name] as const);
}

/** Streams by table and number, each once. Other texts are left out. */
export function sortedStreams(names: Iterable<string>): readonly StreamId[] {
  const streams = [...new Set(names)].flatMap((name) => parseStreamId(name) ?? []);
  const place = (stream: StreamId) => tableKinds.indexOf(tableOf(stream));
  return streams.sort((a, b) => place(a) - place(b) || shardOf(a) - shardOf(b));
}

/** Every stream, by table. */
export function allStreams(config: StreamsConfig): readonly StreamId[] {
  return tableKinds.flatMap((kind) => streamsOf(config, kind));
}

function first(kind: TableKind, count: number): readonly StreamId[] {
  return Array.from({ length: count }, (_, i) => streamId(kind, i + 1));
}
