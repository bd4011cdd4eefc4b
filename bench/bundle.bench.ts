import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { bundleFunctions, lambdaModule } from '../infra/build/bundleFunctions.ts';
import { defineConfig } from '../lib/config/defineConfig.ts';
import type { Bench } from './run.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const ROUNDS = 21;
const WARM_UP_ROUNDS = 3;

/** The minimal collector for Firehose: middy and one client, bundled with the same options. */
const BARE = `
  import middy from '@middy/core';
  import { FirehoseClient, PutRecordBatchCommand } from '@aws-sdk/client-firehose';
  export const handler = middy().handler(async (event) =>
    new FirehoseClient().send(new PutRecordBatchCommand({ DeliveryStreamName: 'x', Records: event })));
`;

async function bundleBare(file: string): Promise<number> {
  const { metafile } = await build({
    stdin: { contents: BARE, resolveDir: root, sourcefile: 'bare.mjs' },
    outfile: file,
    ...lambdaModule,
    metafile: true,
  });
  return Object.values(metafile.outputs).reduce((bytes, output) => bytes + output.bytes, 0);
}

/** The time in which a new Node process imports a module, milliseconds. */
function load(file: string): number {
  const script = `const t=performance.now();await import(${JSON.stringify(pathToFileURL(file).href)});process.stdout.write(String(performance.now()-t))`;
  return Number(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/** The collector's bundle: its size, and its load time compared with the minimal collector's. */
const bench: Bench = {
  name: 'bundle',
  run: async ({ at }) => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
    try {
      at('bundles');
      const [ours] = await bundleFunctions({
        root,
        functions: ['collect'],
        config: defineConfig({ bucket: 'bench', allowAnyKey: true }),
      });
      if (ours === undefined) throw new Error('There is no bundle of collect.');
      const bare = join(folder, 'bare.mjs');
      const bareBytes = await bundleBare(bare);
      at(`loads, ${WARM_UP_ROUNDS + ROUNDS} rounds`);
      const rounds: { ours: number; bare: number }[] = [];
      for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
        const bareFirst = round % 2 === 0;
        const first = load(bareFirst ? bare : ours.file);
        const second = load(bareFirst ? ours.file : bare);
        if (round >= 0)
          rounds.push(bareFirst ? { bare: first, ours: second } : { ours: first, bare: second });
      }
      return [
        { case: 'collect', metric: 'bundle_kb', value: ours.bytes / 1024, unit: 'KB' },
        { case: 'collect', metric: 'load_ms', value: median(rounds.map((r) => r.ours)), unit: 'ms' },
        {
          case: 'collect',
          metric: 'load_ratio',
          value: median(rounds.map((r) => r.ours / r.bare)),
          unit: 'ratio',
        },
        { case: 'middy and client-firehose', metric: 'bundle_kb', value: bareBytes / 1024, unit: 'KB' },
        {
          case: 'middy and client-firehose',
          metric: 'load_ms',
          value: median(rounds.map((r) => r.bare)),
          unit: 'ms',
        },
      ];
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
export default bench;
