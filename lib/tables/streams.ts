import { type TableKind, tableKinds } from '../schema/kinds.ts';

/**
 * A delivery stream within a deployment: `landing`, `landing-2` for the second; a stream of release 0.2 has the name of its
 * table. Its name in AWS has the stack's before it.
 */
export type StreamId = LandingStreamId | TableKind;

/** A stream that takes records of requests. */
export type LandingStreamId = typeof LANDING | `${typeof LANDING}-${number}`;
const LANDING = 'landing';

/** The part of the configuration that says which streams there are. */
export interface StreamsConfig {
  /** How many streams take records of requests: 1 or more. */
  readonly streams: number;
  /** Whether the stack keeps the three streams of release 0.2. */
  readonly formerStreams: boolean;
}

/** The stream of the landing by its number, from 1. */
function landingStreamId(number: number): LandingStreamId {
  return number === 1 ? LANDING : `${LANDING}-${number}`;
}

/** Reads the name of a stream; null for any other text. */
export function parseStreamId(text: string): StreamId | null {
  const table = tableKinds.find((kind) => kind === text);
  if (table !== undefined) return table;
  const [whole, number] = /^landing(?:-([1-9]\d*))?$/.exec(text) ?? [];
  const landing = landingStreamId(Number(number ?? 1));
  return landing === whole ? landing : null;
}

/** Whether a stream takes records of requests. */
export function isLandingStream(stream: StreamId): stream is LandingStreamId {
  return stream.startsWith(LANDING);
}

/** The number of a stream of the landing, from 1. */
export function streamNumber(stream: LandingStreamId): number {
  return Number(stream.slice(LANDING.length + 1) || 1);
}

/** The streams that take records of requests, in the order of their numbers: at least one. */
export function landingStreams({ streams }: Pick<StreamsConfig, 'streams'>): readonly LandingStreamId[] {
  return Array.from({ length: streams }, (_, i) => landingStreamId(i + 1));
}

/** The streams of release 0.2, which get nothing and deliver what they have. */
export function formerStreams(config: Pick<StreamsConfig, 'formerStreams'>): readonly TableKind[] {
  return config.formerStreams ? tableKinds : [];
}

/** Every stream: those of the landing, then those of release 0.2. */
export function everyStream(config: StreamsConfig): readonly StreamId[] {
  return [...landingStreams(config), ...formerStreams(config)];
}

/**
 * The streams of the landing that an environment variable names, with commas between them, in the order of their numbers. With
 * their names in AWS.
 */
export function landingStreamsOfVariable(variable: string): readonly (readonly [StreamId, string])[] {
  return variable.split(',').map((name, i) => [landingStreamId(i + 1), name] as const);
}

/** The same of release 0.2. @param variable Undefined names none. */
export function formerStreamsOfVariable(
  variable: string | undefined,
): readonly (readonly [StreamId, string])[] {
  return (variable?.split(',') ?? []).flatMap((name, i) => {
    const kind = tableKinds[i];
    return kind === undefined ? [] : [[kind, name] as const];
  });
}

/** Streams in the order of {@link everyStream}, each once. Other texts are left out. */
export function sortedStreams(names: Iterable<string>): readonly StreamId[] {
  const streams = [...new Set(names)].flatMap((name) => parseStreamId(name) ?? []);
  const place = (stream: StreamId) =>
    isLandingStream(stream) ? streamNumber(stream) - Number.MAX_SAFE_INTEGER : tableKinds.indexOf(stream);
  return streams.sort((a, b) => place(a) - place(b));
}
