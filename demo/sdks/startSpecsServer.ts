import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

/** A stand-in for the part of Statsig that hands out rules: the only thing the SDKs ask it for. */
export interface SpecsServer {
  /** For the server SDK's `specsUrl`. */
  readonly specsUrl: string;
  /** For the browser SDK's `networkConfig.initializeUrl`. */
  readonly initializeUrl: string;
  close(): void;
}

/**
 * Serves `demo/specs/specs.json` on loopback, and initialize responses for browsers.
 *
 * @param initialize Makes the response for a user as the browser SDK sent it.
 */
export function startSpecsServer(initialize?: (user: unknown) => string): Promise<SpecsServer> {
  const specs = readFileSync(new URL('../specs/specs.json', import.meta.url));
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    response.setHeader('content-type', 'application/json');
    if (request.method === 'POST' && initialize !== undefined) {
      const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
      response.end(initialize(typeof body === 'object' && body !== null ? Reflect.get(body, 'user') : {}));
    } else {
      response.end(specs);
    }
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      resolve({
        specsUrl: `http://127.0.0.1:${port}/v2/download_config_specs`,
        initializeUrl: `http://127.0.0.1:${port}/v1/initialize`,
        close() {
          server.close();
          server.closeAllConnections();
        },
      });
    });
  });
}
