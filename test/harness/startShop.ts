import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http';
import { text } from 'node:stream/consumers';
import { startBrowserSpecs } from '../../demo/sdks/startBrowserSpecs.ts';
import { projectRoot } from '../../local/roots.ts';

const SDK = `${projectRoot}/node_modules/@statsig/js-client/build/statsig-js-client.min.js`;

/** The page: `?user=…&collector=…`, `&compress` to compress batches; `window.ready` resolves with the SDK's client. */
const PAGE = `<!doctype html><title>shop</title><script src="/statsig.js"></script><script>
const wanted = new URLSearchParams(location.search);
window.ready = (async () => {
  const client = new Statsig.StatsigClient('client-browser', { userID: wanted.get('user') }, {
    ...(wanted.has('compress') ? { logEventCompressionMode: 'f' } : {}),
    networkConfig: {
      initializeUrl: location.origin + '/v1/initialize',
      logEventUrl: wanted.get('collector') + '/v1/my-product-data',
      sdkExceptionUrl: wanted.get('collector') + '/v1/sdk_exception',
    },
  });
  await client.initializeAsync();
  window.client = client;
})();
</script>`;

/** Passes a request on, as a CDN does for a path of a site. */
function passOn(request: IncomingMessage, response: ServerResponse, upstream: string): void {
  const { host: _, ...headers } = request.headers;
  const passed = send(new URL(request.url ?? '', upstream), { method: request.method, headers });
  passed.once('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  passed.once('error', () => response.destroy());
  request.pipe(passed);
}

/**
 * A web shop with the real js-client in its page, on an origin of its own: `http://localhost:PORT`.
 *
 * @param upstream The collector, which gets what is below the path `/e/` of the shop.
 */
export async function startShop(upstream?: string): Promise<{
  /** The collector's address at the shop itself. */
  readonly ownPath: string;
  /** The methods of the requests that came there. */
  readonly methods: readonly string[];
  /** Address of the page of one visitor, whose events go to `collector`. */
  readonly page: (user: string, collector: string) => string;
  readonly close: () => Promise<void>;
}> {
  const specs = await startBrowserSpecs('djb2');
  const methods: string[] = [];
  const server = createServer(async (request, response) => {
    if (upstream !== undefined && request.url?.startsWith('/e/')) {
      methods.push(request.method ?? '');
      passOn(request, response, upstream);
    } else if (request.url === '/statsig.js') {
      response.setHeader('content-type', 'text/javascript').end(readFileSync(SDK));
    } else if (request.url?.startsWith('/v1/initialize')) {
      // The SDK writes the body as base64, backwards.
      const encoded = [...(await text(request))].reverse().join('');
      const body = Buffer.from(encoded, 'base64').toString('latin1');
      const answer = await fetch(specs.initializeUrl, { method: 'POST', body });
      response.setHeader('content-type', 'application/json').end(await answer.text());
    } else {
      response.setHeader('content-type', 'text/html').end(PAGE);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    ownPath: `http://localhost:${port}/e`,
    methods,
    page: (user, collector) => `http://localhost:${port}/?${new URLSearchParams({ user, collector })}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await specs.close();
    },
  };
}
