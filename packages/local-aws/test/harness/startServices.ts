import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AwsService, Faults, realClock, startEdge } from '../../src/index.ts';

/** What every client of the local cloud is made with. */
export interface ClientOptions {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly maxAttempts: number;
}

/** Services behind an edge on a free port; clients made with `options` reach them and never retry. */
export async function startServices(
  services: readonly AwsService[],
  faults = new Faults(),
): Promise<{
  readonly options: ClientOptions;
  readonly close: () => Promise<void>;
}> {
  const edge = await startEdge({ services, clock: realClock, faults });
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

/** An empty directory of its own, and what removes it. */
export function temporaryDirectory(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'app-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
