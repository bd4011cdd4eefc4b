import type { LocalClock } from '../base/clock.ts';
import type { Faults } from '../faults/Faults.ts';
import type { FunctionUrl } from '../gateway/FunctionUrl.ts';
import { type Gateway, startGateway } from '../gateway/index.ts';
import type { Listening } from '../gateway/listen.ts';
import { startFunctionUrl } from '../gateway/startFunctionUrl.ts';
import type { Deployment } from '../template/Deployment.ts';

/** The HTTP API and the Function URLs of a deployment. */
type Endpoints = Pick<Deployment, 'httpApi' | 'functionUrls'>;

/** Options of {@link EndpointServers}. */
export interface EndpointOptions {
  readonly accountId: string;
  readonly invoke: (functionName: string, payload: string) => Promise<string>;
  /** Whether the function's policy lets API Gateway invoke it for a route. */
  readonly mayInvoke: (functionName: string, routeKey: string) => boolean;
  readonly clock: LocalClock;
  readonly faults: Faults;
  readonly allowedHosts?: readonly string[] | undefined;
  /** Port of the HTTP API; of the first Function URL where the first deployment has none. 0 for any free port. */
  readonly port: number;
}

/** The servers of a deployment's endpoints. They follow the stack's updates. Each resource keeps its address. */
export class EndpointServers {
  readonly #options: EndpointOptions;
  readonly #urls = new Map<string, Listening>();
  #endpoints: Endpoints = { httpApi: undefined, functionUrls: [] };
  #gateway: Gateway | undefined;
  #port: number;

  constructor(options: EndpointOptions) {
    this.#options = options;
    this.#port = options.port;
  }

  /** URL of the HTTP API; undefined without one. */
  get api(): string | undefined {
    return this.#gateway?.url;
  }

  /** URLs of the functions that have a Function URL, by the function's name. */
  get functionUrls(): Readonly<Record<string, string>> {
    return Object.fromEntries(
      this.#endpoints.functionUrls.flatMap(({ logicalId, functionName }) => {
        const server = this.#urls.get(logicalId);
        return server === undefined ? [] : [[functionName, server.url]];
      }),
    );
  }

  /** Serves what a deployment has, and closes what it has no more. */
  async serve(endpoints: Endpoints): Promise<void> {
    this.#endpoints = endpoints;
    await this.#serveApi();
    for (const url of endpoints.functionUrls)
      if (!this.#urls.has(url.logicalId)) this.#urls.set(url.logicalId, await this.#startUrl(url));
    for (const [logicalId, server] of this.#urls) {
      if (endpoints.functionUrls.some((url) => url.logicalId === logicalId)) continue;
      this.#urls.delete(logicalId);
      await server.close();
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#gateway?.close(), ...[...this.#urls.values()].map((server) => server.close())]);
  }

  async #serveApi(): Promise<void> {
    const { httpApi } = this.#endpoints;
    if (httpApi === undefined) {
      const closing = this.#gateway;
      this.#gateway = undefined;
      return closing?.close();
    }
    const { accountId, mayInvoke } = this.#options;
    this.#gateway ??= await startGateway({
      ...this.#common(),
      api: () => this.#endpoints.httpApi ?? httpApi,
      accountId,
      mayInvoke,
    });
  }

  #startUrl(url: FunctionUrl): Promise<Listening> {
    return startFunctionUrl({
      ...this.#common(),
      urls: () => {
        const now = this.#endpoints.functionUrls;
        const own = now.find(({ logicalId }) => logicalId === url.logicalId) ?? url;
        return [own, ...now.filter((other) => other !== own)];
      },
    });
  }

  /** Options of every server. Only the first server gets the given port. */
  #common() {
    const { invoke, clock, faults, allowedHosts } = this.#options;
    const port = this.#port;
    this.#port = 0;
    return { invoke, clock, faults, allowedHosts, port };
  }
}
