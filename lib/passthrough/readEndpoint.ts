/** The host that an endpoint is read from: the one of files, or the one of requests. */
export type ReadHost = 'cdn' | 'api';

/** A read that is passed on. */
export interface ReadEndpoint {
  /** For logs: the path may contain a key. */
  readonly name: string;
  readonly host: ReadHost;
  /** The path at Statsig, made of known parts. */
  readonly path: string;
  /** The SDK key that the path has; null if it has none. */
  readonly key: string | null;
  /**
   * Whether an answer may be given again. Reads of the HTTP API log an exposure at Statsig each time; parts of ID lists are
   * asked for by range, and once.
   */
  readonly isCached: boolean;
  /** Whether the answer depends on the caller's address and user agent: from them Statsig takes country and browser. */
  readonly isPersonal: boolean;
}

/** An endpoint of a method. `named` is what may follow the path: a key, or a file. */
interface Row {
  readonly methods: readonly string[];
  readonly host: ReadHost;
  readonly versions: readonly string[];
  readonly name: string;
  readonly named?: 'key' | 'file';
  readonly isCached: boolean;
}

/**
 * Endpoints that SDKs and the HTTP API read. Rules and ID lists by GET are files of a CDN, everything else goes to the
 * API:
 *
 * - `download_config_specs`, `get_id_lists` by GET: statsig-rust, statsig_http_specs_adapter.rs and
 *   statsig_http_id_lists_adapter.rs; node-js-server-sdk, StatsigFetcher.ts; js-client-monorepo, NetworkConfig.ts (`?k=`)
 * - by POST, and `initialize`: cloudflare-event-proxy, src/index.js; dotnet-sdk, Constants.cs; unity-sdk, Constants.cs
 * - the HTTP API: docs.statsig.com/http-api
 */
const ROWS: readonly Row[] = [
  { methods: ['POST'], host: 'api', versions: ['v1'], name: 'initialize', isCached: true },
  ...(['download_config_specs', 'get_id_lists'] as const).flatMap((name): Row[] => {
    const versions = name === 'get_id_lists' ? ['v1'] : ['v1', 'v2'];
    return [
      { methods: ['POST'], host: 'api', versions, name, isCached: true },
      { methods: ['GET'], host: 'cdn', versions, name, isCached: true },
      { methods: ['GET'], host: 'cdn', versions, name, named: 'key', isCached: true },
    ];
  }),
  {
    methods: ['GET'],
    host: 'cdn',
    versions: ['v1'],
    name: 'download_id_list_file',
    named: 'file',
    isCached: false,
  },
  ...['check_gate', 'get_config', 'get_layer', 'get_ranked_list'].map(
    (name): Row => ({ methods: ['POST'], host: 'api', versions: ['v1'], name, isCached: false }),
  ),
];

/** `/v1/<name>`, and what follows it: nothing that a URL parser would change, and no second slash. */
const PATH = /^\/(v[12])\/([a-z_]+)(?:\/([\w.~-]{1,300}))?$/;
/** `secret-….json`; `.js` in the browser. */
const KEY_FILE = /^((?:client|secret)-[\w-]+)(?:\.json|\.js)?$/;

/**
 * The endpoint that a request reads; undefined for any other request. Its path is put together again, so that nothing of a
 * request but known names, a key and a file's name is part of it.
 *
 * @param method In upper case.
 * @param path As the gateway received it.
 * @param below The path of one's own below which reads are answered, too. Default none.
 */
export function readEndpoint(method: string, path: string, below = ''): ReadEndpoint | undefined {
  const own = path.startsWith(`${below}/`) ? path.slice(below.length) : '';
  const [, version = '', name = '', rest] = PATH.exec(path) ?? PATH.exec(own) ?? [];
  const row = ROWS.find(
    (one) =>
      one.name === name &&
      one.methods.includes(method) &&
      one.versions.includes(version) &&
      (one.named !== undefined) === (rest !== undefined),
  );
  if (row === undefined) return undefined;
  const key = row.named === 'key' ? KEY_FILE.exec(rest ?? '')?.[1] : null;
  if (key === undefined || rest === '.' || rest === '..') return undefined;
  const { host, isCached } = row;
  const isPersonal = name === 'initialize';
  return {
    name,
    host,
    isCached,
    isPersonal,
    key,
    path: rest === undefined ? `/${version}/${name}` : `/${version}/${name}/${rest}`,
  };
}
