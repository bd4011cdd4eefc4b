/** The `Origin` of the requests. */
export const ORIGIN = 'https://sluice-probe.example';

/** The path of the requests, which no SDK uses. */
const PROBE_PATH = '/v1/sluice-probe';

/** The prefix of the event names of every probe. */
export const NAME_PREFIX = 'sluice-probe:';

/** The environment of the probe's rows, which views exclude. */
export const ENVIRONMENT = 'sluice-probe';

/** One run of the probe. */
export interface Run {
  /** Eight hexadecimal digits that mark its events. */
  readonly id: string;
  /** The collector's URL; it has a path if a domain maps one to the API. */
  readonly collector: string;
  /** The SDK key. */
  readonly key: string;
  /** Time of its events, epoch milliseconds. */
  readonly time: number;
}

/** Options of a probe. */
export interface ProbeOptions {
  /** Keep rows and query results. */
  readonly keep: boolean;
  /** How long to wait for rows, milliseconds. Default: Firehose's maximum plus three minutes. */
  readonly waitMs?: number;
  /** Called with a description of each step. */
  readonly onProgress: (step: string) => void;
}

/** Name of a run's event: `sluice-probe:1f0c93ab:gzip_json`. */
export function eventName({ id }: Pick<Run, 'id'>, part: string): string {
  return `${NAME_PREFIX}${id}:${part}`;
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

/** The URL that events are posted to. */
export function postUrl(run: Run, query: Readonly<Record<string, string>> = {}): URL {
  const url = new URL(`${run.collector.replace(/\/+$/, '')}${PROBE_PATH}`);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url;
}
