import type { LocalClock } from '../base/clock.ts';
import type { OnRefused } from '../edge/requestGuard.ts';
import type { Faults } from '../faults/Faults.ts';
import { startGateway } from '../gateway/index.ts';
import type { Listening } from '../gateway/listen.ts';
import { startFunctionUrl } from '../gateway/startFunctionUrl.ts';
import type { Deployment } from '../template/Deployment.ts';

/** The servers of a deployment's endpoints. */
export interface Endpoints {
  /** URL of the HTTP API; undefined without one. */
  readonly api: string | undefined;
  /** URLs of the functions that have a Function URL, by the function's name. */
  readonly functionUrls: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Serves the HTTP API and the Function URLs of a deployment, each at an address of its own. */
export async function startEndpoints(
  { httpApi, functionUrls }: Pick<Deployment, 'httpApi' | 'functionUrls'>,
  options: {
    readonly accountId: string;
    readonly invoke: (functionName: string, payload: string) => Promise<string>;
    /** Whether the function's policy lets API Gateway invoke it for a route. */
    readonly mayInvoke: (functionName: string, routeKey: string) => boolean;
    readonly clock: LocalClock;
    readonly faults: Faults;
    readonly onAnswer?: ((apiId: string, status: number) => void) | undefined;
    readonly allowedHosts?: readonly string[] | undefined;
    readonly onRefused?: OnRefused | undefined;
    /** Port of the first server: of the HTTP API if there is one. 0 for any free port. */
    readonly port: number;
  },
): Promise<Endpoints> {
  const { accountId, mayInvoke, port, onAnswer, ...common } = options;
  const servers: Listening[] = [];
  const close = async () => void (await Promise.all(servers.map((server) => server.close())));
  const start = async (starting: Promise<Listening>) => {
    const server = await starting;
    servers.push(server);
    return server.url;
  };
  const nextPort = () => (servers.length === 0 ? port : 0);
  try {
    const api =
      httpApi &&
      (await start(
        startGateway({ ...common, api: httpApi, accountId, mayInvoke, onAnswer, port: nextPort() }),
      ));
    const urls: Record<string, string> = {};
    for (const functionUrl of functionUrls) {
      const others = functionUrls.filter((other) => other !== functionUrl);
      urls[functionUrl.functionName] = await start(
        startFunctionUrl({ ...common, urls: [functionUrl, ...others], port: nextPort() }),
      );
    }
    return { api, functionUrls: urls, close };
  } catch (error) {
    await close();
    throw error;
  }
}
