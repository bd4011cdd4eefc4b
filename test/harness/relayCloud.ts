import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { startCloud } from '../../local/startCloud.ts';
import type { RecordedCall } from '../../packages/local-aws/src/iam/index.ts';
import { temporaryDirectory } from './temporaryDirectory.ts';

/** A request of an SDK. */
export interface Posted {
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array<ArrayBuffer>;
}

const struckSchema = z.object({ faults: z.array(z.object({ struck: z.int() })) });

/** A local cloud with `relay`, whose deployed policies are enforced. Close it: it names its configuration in `SLUICE_CONFIG`. */
export async function relayCloud(relay: ConfigInput['relay'], config: Partial<ConfigInput> = {}) {
  const directory = temporaryDirectory();
  const file = join(directory.path, 'sluice.config.ts');
  const from = JSON.stringify(join(repositoryRoot, 'lib', 'config', 'defineConfig.ts'));
  const text = JSON.stringify({ bucket: 'acme-relay', relay, ...config });
  writeFileSync(file, `import { defineConfig } from ${from};\nexport default defineConfig(${text});\n`);
  const before = process.env['SLUICE_CONFIG'];
  process.env['SLUICE_CONFIG'] = file;
  const data = join(directory.path, 'data');
  const refusals: string[] = [];
  const cloud = await startCloud({
    port: 0,
    edgePort: 0,
    enforceIam: true,
    data,
    onRefusal: (sentence) => refusals.push(sentence),
  });
  const control = async (method: string, path: string, body?: object) => {
    const answer = await fetch(`${cloud.edge}/_sluice${path}`, {
      method,
      ...(body === undefined ? null : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(await answer.text());
    return z.record(z.string(), z.unknown()).parse(await answer.json());
  };
  return {
    cloud,
    data,
    /** Calls that the policies do not allow. */
    refusals,
    async post({ path = '/v1/rgstr', headers = {}, body }: Posted): Promise<number> {
      const answer = await fetch(`${cloud.collector}${path}`, {
        method: 'POST',
        headers: { 'statsig-api-key': 'client-relay', ...headers },
        body,
      });
      await answer.arrayBuffer();
      return answer.status;
    },
    /**
     * Sends one request, which relay delivers. The first call to SQS also loads its client, which can take a busy machine longer
     * than relay waits: the request would have a copy in the queue and one in the bucket, and arrive twice.
     */
    async warmUp(): Promise<void> {
      const body = JSON.stringify({ events: [{ eventName: 'first', user: { userID: 'u' } }] });
      if ((await this.post({ body })) !== 202) throw new Error('The first request was refused.');
      await cloud.flush();
    },
    setFaults: (faults: object) => control('POST', '/faults', faults),
    clearFaults: () => control('DELETE', '/faults'),
    /** Moves the clock. Each alarm that falls due on the way runs at its own time. */
    advance: (ms: number) => control('POST', '/clock', { advanceMs: ms }),
    /** Sets the clock. Each alarm that falls due on the way runs once, at the new time. */
    jump: (ms: number) =>
      control('GET', '/clock').then(({ now }) =>
        control('POST', '/clock', { now: new Date(Date.parse(String(now)) + ms).toISOString() }),
      ),
    /** The calls of services that were recorded so far. */
    calls: async (): Promise<readonly RecordedCall[]> => {
      const answer = await fetch(`${cloud.edge}/_sluice/calls`);
      const record: { readonly calls: RecordedCall[]; readonly dropped: number } = JSON.parse(
        await answer.text(),
      );
      if (record.dropped > 0) throw new Error(`${record.dropped} calls were not recorded`);
      return record.calls;
    },
    /** Logs of the functions, without the times of the lines. */
    logs: () =>
      readdirSync(join(data, 'logs'), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8').replace(/^\S{24} /gm, ''))
        .join('\n'),
    /** How often each fault that is set has struck, in their order. */
    struck: async (): Promise<readonly number[]> => {
      const { faults } = struckSchema.parse(await control('GET', '/faults'));
      return faults.map(({ struck }) => struck);
    },
    /** How many messages a queue has. */
    messages: (part: string) =>
      cloud.status().queues.find(({ name }) => name === `sluice-local-${part}`)?.messages ?? 0,
    async close(): Promise<void> {
      await cloud.close();
      if (before === undefined) delete process.env['SLUICE_CONFIG'];
      else process.env['SLUICE_CONFIG'] = before;
      directory.remove();
    },
  };
}
