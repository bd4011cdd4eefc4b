import { fork } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { type Readable, Writable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { type Invocation, type Start, THAWS } from './protocol.ts';

/**
 * Most memory for young objects of one environment, MB. V8 takes up to 96 for a thread by itself and gives nothing
 * back, and there are four environments of a function.
 */
const YOUNG_OBJECTS_MB = 16;

/** The place in which an execution environment runs runtime.ts: a thread, or a process. */
export interface Host {
  /** What the function writes to stdout. */
  readonly stdout: Readable;
  /** What the function writes to stderr. */
  readonly stderr: Readable;
  /** Hands on an invocation. It wakes a frozen environment. */
  invoke(invocation: Invocation): void;
  /** Nothing runs in it until the next invocation. */
  freeze(): void;
  /** Ends it in the middle of whatever it does. */
  terminate(): Promise<void>;
}

/** Options to start a host. */
export interface HostOptions {
  /** The start-up data, which the host hands to runtime.ts. */
  readonly start: Omit<Start, 'invocations'>;
  /** The whole `process.env` of the function. */
  readonly variables: Readonly<Record<string, string>>;
  /** Receives what runtime.ts reports. */
  readonly onMessage: (message: unknown) => void;
  /** Called when it ends by itself, or has been ended. @param why Of a thread that failed. */
  readonly onEnd: (why: string) => void;
}

/** The module that runs in the host. Sources are TypeScript, the package is JavaScript. */
const RUNTIME = new URL(import.meta.url.endsWith('.ts') ? './runtime.ts' : './runtime.js', import.meta.url);

/**
 * Whether a bundle loads native code. To end a thread while it runs aborts the whole process
 * (https://github.com/nodejs/node-addon-api/pull/975), so such functions run in processes of their own.
 */
export function loadsNativeCode(handlerFile: string): boolean {
  return existsSync(handlerFile) && /\.node["'`]/.test(readFileSync(handlerFile, 'utf8'));
}

/** An environment in a thread: it starts within milliseconds and shares memory with its neighbours. */
export function threadHost({ start, variables, onMessage, onEnd }: HostOptions): Host {
  const invocations = new Int32Array(new SharedArrayBuffer(4));
  const workerData: Start = { ...start, invocations: invocations.buffer };
  const worker = new Worker(RUNTIME, {
    workerData,
    env: { ...variables },
    // The old ones have no limit: beyond it, one large array ends the process with all threads.
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_OBJECTS_MB },
    stdout: true,
    stderr: true,
  });
  worker.on('message', onMessage);
  worker.on('error', (error) => onEnd(error.message));
  worker.on('exit', () => onEnd('Runtime exited.'));
  return {
    stdout: worker.stdout,
    stderr: worker.stderr,
    invoke(invocation) {
      worker.postMessage(invocation);
      Atomics.add(invocations, 0, 1);
      Atomics.notify(invocations, 0);
    },
    // The thread does it itself with its answer: timers would run until a message from here arrives.
    freeze: () => undefined,
    terminate: async () => void (await worker.terminate()),
  };
}

/** An environment in a process, as on Lambda: it can be stopped, and ended at any time. */
export function processHost({ start, variables, onMessage, onEnd }: HostOptions): Host {
  const child = fork(RUNTIME, [JSON.stringify(start)], {
    env: { ...variables },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe'],
  });
  const { stdout, stderr } = child;
  const thaws = child.stdio[THAWS];
  if (stdout === null || stderr === null || !(thaws instanceof Writable))
    throw new Error('A process has no pipes.');
  // The process may end before it has read what it was given.
  thaws.on('error', () => undefined);
  let isFrozen = false;
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', () => resolve());
  });
  // Output that was written before the message is still in the pipes, which are read before the next turn.
  child.on('message', (message) => void setImmediate(() => onMessage(message)));
  child.once('error', (error) => onEnd(error.message));
  // Its last message comes before this, and may come after its exit.
  child.once('disconnect', () => void setImmediate(() => onEnd('Runtime exited.')));
  return {
    stdout,
    stderr,
    invoke(invocation) {
      if (isFrozen) {
        isFrozen = false;
        child.kill('SIGCONT');
        thaws.write(`${JSON.stringify(invocation)}\n`);
        return;
      }
      // Ignore the error: a process that has just ended reports it by its exit.
      child.send(invocation, () => undefined);
    },
    // The process waits by itself since its answer; this stops its other threads, too.
    freeze() {
      isFrozen = true;
      child.kill('SIGSTOP');
    },
    async terminate() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
