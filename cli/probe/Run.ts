import { errorFolder } from '../../lib/tables/objectKeys.ts';

/** What a page would say that it is. */
export const ORIGIN = 'https://sluice-probe.example';

/** Path that bodies are sent to, of which no SDK's is one. */
export const PROBE_PATH = '/v1/sluice-probe';

/** What every event of every probe begins with. */
export const NAME_PREFIX = 'sluice-probe:';

/** What the key of every probe's object under `errors/` begins with. */
export const ERROR_KEY_PREFIX = `${errorFolder('events')}format-conversion-failed/sluice-probe-`;

/** The environment of the probe's rows: views show production only. */
export const ENVIRONMENT = 'sluice-probe';

/** One run of the probe. */
export interface Run {
  /** Eight hexadecimal digits: what marks its events. */
  readonly id: string;
  /** The collector's address; a path is one that a domain maps to it. */
  readonly collector: string;
  /** The SDK key. */
  readonly key: string;
  /** Time of its events, epoch milliseconds. */
  readonly time: number;
}

/** What a probe is allowed besides what it always does. */
export interface ProbeOptions {
  /** Requests of the burst; 0 none. */
  readonly burst: number;
  readonly slow: boolean;
  /** Leave rows and results where they are. */
  readonly keep: boolean;
  /** How long to wait for rows, milliseconds. Default: as Firehose takes at most, and three minutes. */
  readonly waitMs?: number;
  /** Called with what is being done. */
  readonly told: (doing: string) => void;
}

/** Name of a run's event: `sluice-probe:1f0c93ab:gzip_json`. */
export function eventName(run: Pick<Run, 'id'>, part: string): string {
  return `${NAME_PREFIX}${run.id}:${part}`;
}

/** A marked event, as an SDK would send it. */
export function probeEvent(
  run: Run,
  part: string,
  metadata: Readonly<Record<string, string>>,
  value?: number,
) {
  return {
    eventName: eventName(run, part),
    time: run.time,
    ...(value === undefined ? {} : { value }),
    user: { userID: `sluice-probe-${run.id}`, statsigEnvironment: { tier: ENVIRONMENT } },
    metadata,
  };
}

/** The path that events are posted to, and how: with the key in a header, or in the query. */
export function postUrl(run: Run, path: string, query: Readonly<Record<string, string>> = {}): URL {
  const url = new URL(`${run.collector.replace(/\/+$/, '')}${path}`);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url;
}
