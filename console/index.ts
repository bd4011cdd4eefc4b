import { createServer, type Server } from 'node:http';
import { type MachineNotes, openDeployment } from '../observe/deployment.ts';
import { type ConfiguredTarget, deploymentOptions, readClock } from '../observe/target.ts';
import { ConsoleError } from './errors.ts';
import { serveRequests } from './server/serveRequests.ts';

/** Options of {@link openConsole}. */
export interface ConsoleOptions {
  /** The deployment or local cloud that it shows. The console opens clients for it, and closes them. */
  readonly deployment: ConfiguredTarget;
  /** What this machine keeps of its looks at the deployment. The console shares it with `sluice status`. */
  readonly notes: MachineNotes;
  /** Port on 127.0.0.1; 0 takes any free one. */
  readonly port: number;
  /** Whether it may change something. Default false. */
  readonly mayWrite?: boolean;
  /** Token that the API requires; a part of the address. Default: none is needed. */
  readonly token?: string;
  /** Host names besides those of loopback under which it answers. Default none. */
  readonly allowedHosts?: readonly string[];
  /** The address that SDKs post to. Default: it is not known. */
  readonly collector?: string;
  /** Writes lines for whoever runs the console: the stack of each defect, which no answer has. */
  readonly log: (text: string) => void;
}

/** A running console. */
export interface Console {
  /** The address to open, with the token if there is one: `http://127.0.0.1:4701/`. */
  readonly address: string;
  /** Ends open calls and closes the clients of AWS. Whoever opened the console calls it once. */
  close(): Promise<void>;
}

/**
 * Serves the console on loopback: the page, and the API that the page uses (docs/console.md).
 *
 * @throws ConsoleError SLUICE_CONSOLE_PORT_IN_USE.
 */
export async function openConsole(options: ConsoleOptions): Promise<Console> {
  const { deployment: target, token, notes } = options;
  const deployment = openDeployment({ ...target, now: Date.now() }, target.aws);
  const server = createServer();
  try {
    const port = await listen(server, options.port);
    server.on(
      'request',
      serveRequests({
        target: deploymentOptions(target),
        log: options.log,
        rules: { port, token, allowedHosts: options.allowedHosts ?? [] },
        openRequest: async (signal) => ({
          // The local cloud's clock can be moved between two requests.
          deployment: { ...deployment, now: await readClock(target), signal, notes },
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
        deployment.close();
      },
    };
  } catch (error) {
    server.close();
    deployment.close();
    throw error;
  }
}

/**
 * Listens on loopback.
 *
 * @param port 0: any free one.
 * @returns The port that it got.
 * @throws ConsoleError SLUICE_CONSOLE_PORT_IN_USE.
 */
function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const isTaken = 'code' in error && error.code === 'EADDRINUSE';
      reject(
        isTaken ? new ConsoleError('SLUICE_CONSOLE_PORT_IN_USE', `Port ${port}.`, { cause: error }) : error,
      );
    });
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}
