import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const EXECUTABLE = '/usr/bin/chromium';

/** A page in a Chromium of its own. Test drivers watch the network, and keep what pages load in their memory: this does not. */
export interface BarePage {
  /** Evaluates an expression in the page; a promise is awaited. */
  evaluate(expression: string): Promise<unknown>;
  /** Heap of the page after garbage collection, bytes. */
  heapBytes(): Promise<number>;
  /** Resident memory of the process of the page, bytes. */
  residentBytes(): number;
  close(): Promise<void>;
}

/** Opens an empty page. */
export async function openChromium(): Promise<BarePage> {
  const profile = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const child = spawn(
    EXECUTABLE,
    [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'],
      ...['--remote-debugging-port=0', `--user-data-dir=${profile}`, '--window-size=1280,860'],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const address = await new Promise<string>((resolve) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      const [, found] = /^DevTools listening on (ws:.*)$/.exec(line) ?? [];
      if (found !== undefined) resolve(found);
    });
  });
  const socket = new WebSocket(address);
  await once(socket, 'open');
  const waiting = new Map<number, (answer: Answer) => void>();
  socket.addEventListener('message', ({ data }) => {
    const answer: Answer = JSON.parse(String(data));
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  let calls = 0;
  const call = async (method: string, params: object = {}, sessionId?: string): Promise<Answer['result']> => {
    calls += 1;
    const id = calls;
    const { promise, resolve } = Promise.withResolvers<Answer>();
    waiting.set(id, resolve);
    socket.send(JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) }));
    const { result, error } = await promise;
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result;
  };
  const { targetId } = await call('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = await call('Target.attachToTarget', { targetId, flatten: true });
  const { processInfo = [] } = await call('SystemInfo.getProcessInfo');
  const renderers = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
  return {
    async evaluate(expression) {
      const params = { expression, awaitPromise: true, returnByValue: true };
      const { result, exceptionDetails } = await call('Runtime.evaluate', params, sessionId);
      if (exceptionDetails !== undefined) throw new Error(exceptionDetails.text);
      return result?.value;
    },
    async heapBytes() {
      await call('HeapProfiler.collectGarbage', {}, sessionId);
      return (await call('Runtime.getHeapUsage', {}, sessionId)).usedSize ?? Number.NaN;
    },
    residentBytes: () => Math.max(...renderers.map(residentBytes)),
    async close() {
      const exited = once(child, 'exit');
      await call('Browser.close');
      await exited;
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

/** An answer of Chromium's protocol, with the members that are used. */
interface Answer {
  readonly id: number;
  readonly error?: { readonly message: string };
  readonly result: {
    readonly targetId?: string;
    readonly sessionId?: string;
    readonly processInfo?: readonly { readonly type: string; readonly id: number }[];
    readonly result?: { readonly value: unknown };
    readonly exceptionDetails?: { readonly text: string };
    readonly usedSize?: number;
  };
}

function residentBytes(pid: number): number {
  try {
    const [, kilobytes = '0'] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kilobytes) * 1_024;
  } catch {
    return 0;
  }
}
