import { realClock } from '../base/index.ts';
import { type EdgeOptions, startEdge } from '../edge/index.ts';
import { Faults } from '../faults/index.ts';
import type { AwsService } from '../protocol/index.ts';

/** Options of every client of the local cloud. */
export interface ClientOptions {
  /** URL of the edge. */
  readonly endpoint: string;
  /** The region that requests are signed for. */
  readonly region: string;
  /** The key that signs. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** How often a client sends a request. */
  readonly maxAttempts: number;
}

/**
 * Starts services behind an edge on a free port. Clients made with `options` reach them and never retry.
 *
 * @param more What answers the control path. Default: nothing does.
 */
export async function startServices(
  services: readonly AwsService[],
  faults = new Faults(),
  more: Pick<EdgeOptions, 'control' | 'controlPath'> = {},
): Promise<{
  /** Options of clients. */
  readonly options: ClientOptions;
  /** Stops the edge. */
  readonly close: () => Promise<void>;
}> {
  const edge = await startEdge({ services, clock: realClock, faults, ...more });
  return {
    options: {
      endpoint: edge.url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
    },
    close: () => edge.close(),
  };
}
