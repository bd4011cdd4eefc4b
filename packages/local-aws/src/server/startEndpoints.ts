import type { LocalClock } from '../base/clock.ts';
import { reportDefect } from '../base/reportDefect.ts';
import type { Listening } from '../edge/listen.ts';
import type { OnRefused } from '../edge/requestGuard.ts';
import type { Faults } from '../faults/Faults.ts';
import { startGateway } from '../gateway/index.ts';
import { startFunctionUrl } from '../gateway/startFunctionUrl.ts';
import type { Deployment } from '../template/Deployment.ts';

/** The servers of a deployment's endpoints. */
export interface Endpoints {
  /** URL of the HTTP API; undefined without one. */
  readonly api: string | undefined;
  /** URLs of the functions that have a Function URL, by the function's name. */
  readonly functionUrls: Readonly<Record<string, string>>;
  /** Closes all servers. Running requests have a few seconds to finish. */
  close(): Promise<void>;
}

/** Options of {@link startEndpoints}. */
interface EndpointsOptions {
  /** The deployment's account, 12 digits. */
  readonly accountId: string;
  /** Invokes a function by name with a JSON payload; resolves with its JSON result, throws FunctionError. */
  readonly invoke: (functionName: string, payload: string) => Promise<string>;
  /** Whether the function's policy lets API Gateway invoke it for a route. */
  readonly mayInvoke: (functionName: string, routeKey: string) => boolean;
  /** The clock of the times of events and of the delays of faults. */
  readonly clock: LocalClock;
  /** Injected failures of requests, of the service `gateway`. */
  readonly faults: Faults;
  /** Called for each request that the HTTP API admits, with the status of its answer; 0 without one. */
  readonly onAnswer?: ((apiId: string, status: number) => void) | undefined;
  /** Hosts that are admitted besides loopback. Default none. */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Called for each request that is not admitted. */
  readonly onRefused?: OnRefused | undefined;
  /** Port of the first server: of the HTTP API if there is one. 0 for any free port. The others take any free port. */
  readonly port: number;
}

/**
 * Serves the HTTP API and the Function URLs of a deployment, each at an address of its own.
 *
 * @throws Error of the system for a port that is taken. Then none is left open.
 */
export async function startEndpoints(
  { httpApi, functionUrls }: Pick<Deployment, 'httpApi' | 'functionUrls'>,
  options: EndpointsOptions,
): Promise<Endpoints> {
  const { accountId, mayInvoke, port, onAnswer, ...others } = options;
  const common = { ...others, onDefect: reportDefect };
  const servers: Listening[] = [];
  const close = async () => {
    await Promise.all(servers.map((server) => server.close()));
  };
  const nextPort = () => (servers.length === 0 ? port : 0);
  try {
    const gateway =
      httpApi &&
      (await startGateway({ ...common, api: httpApi, accountId, mayInvoke, onAnswer, port: nextPort() }));
    if (gateway !== undefined) servers.push(gateway);
    const urls: Record<string, string> = {};
    for (const functionUrl of functionUrls) {
      // At this address it is the one for a `Host` that names none of them.
      const otherUrls = functionUrls.filter((other) => other !== functionUrl);
      const urlsHere = [functionUrl, ...otherUrls] as const;
      const server = await startFunctionUrl({ ...common, urls: urlsHere, port: nextPort() });
      servers.push(server);
      urls[functionUrl.functionName] = server.url;
    }
    return { api: gateway?.url, functionUrls: urls, close };
  } catch (error) {
    // What cannot be closed then must not hide why the start failed.
    await close().catch(reportDefect);
    throw error;
  }
}
