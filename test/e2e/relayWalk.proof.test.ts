import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, expect, it } from '@jest/globals';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { callMain } from '../harness/callMain.ts';
import { relayCloud } from '../harness/relayCloud.ts';

const children = new Set<ChildProcess>();
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});

/** Runs a script of demo/, as `npm run` does, and keeps its lines. */
function script(name: string, ...options: string[]) {
  const child = spawn(process.execPath, [join(repositoryRoot, 'demo', name), ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.add(child);
  const lines: string[] = [];
  const reader = createInterface(child.stdout).on('line', (line) => lines.push(line));
  const closed = once(child, 'close');
  return {
    lines,
    /** Resolves when it has printed so many lines. */
    async printed(count: number): Promise<readonly string[]> {
      while (lines.length < count) await once(reader, 'line');
      return lines;
    },
    async interrupt(): Promise<void> {
      child.kill('SIGINT');
      await closed;
    },
    /** Its exit code. */
    ended: async (): Promise<unknown> => (await closed)[0],
  };
}

it('is walked as docs/relay.md has it: the same bytes, an outage, and the rest of them', async () => {
  const walk =
    readFileSync(join(repositoryRoot, 'docs/relay.md'), 'utf8').split('## Trying it locally')[1] ?? '';
  for (const command of ['npm run statsig', 'npm run send', 'npx sluice relay status --local'])
    expect(walk).toContain(command);

  const first = script('statsig.ts', '--port', '0');
  const url = /http:\/\/127\.0\.0\.1:(\d+)/.exec((await first.printed(1))[0] ?? '');
  const world = await relayCloud({ url: url?.[0] ?? '' });
  try {
    const env = { AWS_ENDPOINT_URL: world.cloud.edge };
    const state = async () =>
      JSON.parse((await callMain(['relay', 'status', '--local', '--json'], { env })).stdout).waiting.count;
    const send = async () => {
      const sent = script('send.ts', '--collector', world.cloud.collector);
      expect(await sent.ended()).toBe(0);
      expect(sent.lines.at(-1)).toBe(
        '2 of 2 requests were accepted. The SDKs logged 50 exposures and 18 events.',
      );
      return sent.lines.slice(0, -1);
    };

    const sent = await send();
    expect(sent).toEqual([
      expect.stringMatching(/^\/v1\/log_event +statsig-server-core-node +zstd +\d+ B +sha256 [0-9a-f]{16}$/),
      expect.stringMatching(/^\/v1\/rgstr +javascript-client +plain +\d+ B +sha256 [0-9a-f]{16}$/),
    ]);
    expect((await first.printed(3)).slice(1).sort()).toEqual(sent.toSorted());
    expect(await state()).toBe(0);

    await first.interrupt();
    const missed = await send();
    expect(await state()).toBe(2);

    const second = script('statsig.ts', '--port', url?.[1] ?? '');
    await second.printed(1);
    await world.advance(10 * 60_000);
    expect((await second.printed(3)).slice(1).sort()).toEqual(missed.toSorted());
    await world.cloud.flush();
    expect(await state()).toBe(0);
    const { stdout } = await callMain(
      ['query', 'select count(*) as n from statsig_forwarded_exposures', '--json', '--data', world.data],
      { env },
    );
    expect(JSON.parse(stdout)).toEqual([{ n: 100 }]);
    await second.interrupt();
  } finally {
    await world.close();
  }
}, 180_000);
