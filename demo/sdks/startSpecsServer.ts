import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { type JsonObject, parseJson, valueAt } from '../../lib/base/json.ts';

/** A replacement for the part of Statsig that serves rules, which is the only part that the SDKs call. */
export interface SpecsServer {
  /** The value of Server Core's `specsUrl`. */
  readonly specsUrl: string;
  /** The value of the browser SDK's `networkConfig.initializeUrl`. */
  readonly initializeUrl: string;
  /** The value of `api` or `apiForDownloadConfigSpecs` of the legacy SDKs, which append the endpoint themselves. */
  readonly api: string;
  /** Stops the server, and ends its connections. */
  close(): void;
}

/**
 * Serves `demo/specs/specs.json` on loopback, and initialize responses for browsers.
 *
 * @param answers Makes the response for a user as a browser SDK sent it, and the rules in the format of a legacy SDK.
 */
export function startSpecsServer(
  answers: {
    /** The answer to a client SDK. Default: the specs of the demo. */
    readonly initialize?: (user: unknown) => string;
    /** The answer to a legacy server SDK, from the specs. Default: the specs themselves. */
    readonly legacy?: (specs: unknown) => JsonObject;
  } = {},
): Promise<SpecsServer> {
  const { initialize, legacy } = answers;
  const specs = readFileSync(new URL('../specs/specs.json', import.meta.url), 'utf8');
  const server = createServer(async (request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    const body = await readText(request);
    response.setHeader('content-type', 'application/json');
    if (path === '/v1/initialize' && initialize !== undefined) response.end(initialize(userIn(body)));
    else if (path.startsWith('/v1/download_config_specs/') && legacy !== undefined)
      response.end(JSON.stringify(legacy(JSON.parse(specs))));
    else if (path === '/v1/get_id_lists') response.end('{}');
    else response.end(specs);
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      resolve({
        specsUrl: `http://127.0.0.1:${port}/v2/download_config_specs`,
        initializeUrl: `http://127.0.0.1:${port}/v1/initialize`,
        api: `http://127.0.0.1:${port}/v1`,
        close() {
          server.close();
          server.closeAllConnections();
        },
      });
    });
  });
}

/** The body's text. The legacy browser SDK sends it as reversed base64. */
async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  if (request.headers['statsig-encoded'] !== '1') return text;
  return Buffer.from([...text].reverse().join(''), 'base64').toString('latin1');
}

/** The user of the body of `/initialize`; undefined if the body has none. */
function userIn(body: string): unknown {
  return valueAt(parseJson(body), ['user']);
}
