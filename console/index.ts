import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type DeploymentPlace, deploymentOptions, readClock } from '../observe/deployment.ts';
import { openPlace } from '../observe/place.ts';
import { ConsoleError } from './errors.ts';
import { serveRequests } from './server/serveRequests.ts';

/** What {@link openConsole} needs. */
export interface ConsoleOptions {
  readonly deployment: DeploymentPlace;
  /** Port on 127.0.0.1; 0 takes any free one. */
  readonly port: number;
  /** Whether it may change something. Default false. */
  readonly mayWrite?: boolean;
  /** Token that the API requires; a part of the address. Default: none is needed. */
  readonly token?: string;
  /** Host names besides those of loopback under which it answers. Default none. */
  readonly allowedHosts?: readonly string[];
  /** Where SDKs post. Default: not known. */
  readonly collector?: string;
}

/** A running console. */
export interface Console {
  /** What to open, with the token if there is one: `http://127.0.0.1:4701/`. */
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Serves the console on loopback: the page, and the API that the page uses (docs/console.md).
 *
 * @throws ConsoleError SLUICE_CONSOLE_PORT_IN_USE.
 */
export async function openConsole(options: ConsoleOptions): Promise<Console> {
  const { deployment, token } = options;
  const { config, stack, local, place: aws } = deployment;
  const place = openPlace({ config, stack, isLocal: local, now: Date.now() }, aws);
  const server = createServer();
  try {
    const port = await listen(server, options.port);
    server.on(
      'request',
      serveRequests({
        place: deploymentOptions(deployment),
        rules: { port, token, allowedHosts: options.allowedHosts ?? [] },
        openRequest: async (signal) => ({
          // The local cloud's clock can be moved between two requests.
          place: { ...place, now: await readClock(deployment), signal },
          deployment,
          mayWrite: options.mayWrite ?? false,
          collector: options.collector ?? null,
        }),
      }),
    );
    const query = token === undefined ? '' : `?token=${encodeURIComponent(token)}`;
    return {
      address: `http://127.0.0.1:${port}/${query}`,
      async close() {
        const closed = new Promise((resolve) => server.close(resolve));
        server.closeAllConnections();
        await closed;
        place.close();
      },
    };
  } catch (error) {
    server.close();
    place.close();
    throw error;
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const isTaken = 'code' in error && error.code === 'EADDRINUSE';
      reject(
        isTaken ? new ConsoleError('SLUICE_CONSOLE_PORT_IN_USE', `Port ${port}.`, { cause: error }) : error,
      );
    });
    server.listen(port, '127.0.0.1', () => {
      const { port: taken } = server.address() as AddressInfo;
      resolve(taken);
    });
  });
}
