import { execFile } from 'node:child_process';
import { extname, join } from 'node:path';
import * as z from 'zod';
import { parseJson } from '../../lib/base/json.ts';
import type { Probed, Run } from './Answer.ts';
import { eventName, postUrl, type SentEvent, TEXT } from './bodies.ts';
import type { Reply } from './sendRequest.ts';

/** The longest time that both SDKs may take together, milliseconds. */
const SDKS_MS = 180_000;

/** An event that was sent. */
export interface Sent {
  /** The event. */
  readonly event: SentEvent;
  /** What was replied to its request. */
  readonly reply: Reply;
}

/** Has each of the real SDKs send an event. @throws What the signal is aborted with. */
export async function sendBySdks({ signal }: Probed, run: Run): Promise<readonly Sent[]> {
  const js = { code: 'SLUICE_PROBE_JS_CLIENT', part: 'js_client', status: 202, text: TEXT } as const;
  const core = { code: 'SLUICE_PROBE_SERVER_CORE', part: 'server_core', status: 202, text: TEXT } as const;
  const settings = {
    url: postUrl(run).href,
    clientKey: run.keys.client,
    serverKey: run.keys.server,
    text: TEXT,
    jsEvent: eventName(run, js.part),
    coreEvent: eventName(run, core.part),
  };
  const replies = sdkReplies(await runSdks(settings, signal));
  signal?.throwIfAborted();
  return [
    { event: js, reply: replies.js },
    { event: core, reply: replies.core },
  ];
}

/** How the process of the SDKs has ended. */
interface SdkRun {
  /** All that it has printed. */
  readonly printed: string;
  /** Why it did not end well, in a few words; null if it did. */
  readonly problem: string | null;
}

/** Runs the process of the SDKs, see sendSdks.ts. */
function runSdks(
  settings: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<SdkRun> {
  const file = join(import.meta.dirname, `sendSdks${extname(import.meta.filename)}`);
  const env = { ...process.env, SLUICE_SEND: JSON.stringify(settings) };
  const options = { env, timeout: SDKS_MS, ...(signal === undefined ? {} : { signal }) };
  return new Promise((resolve) => {
    execFile(process.execPath, [file], options, (error, stdout, stderr) => {
      if (error === null) return resolve({ printed: stdout, problem: null });
      const said = stderr.split('\n').find((line) => /^\w*Error\b/.test(line));
      const ended =
        error.killed === true
          ? `the SDKs took longer than ${SDKS_MS / 1_000} s`
          : `the process of the SDKs ended with ${error.signal ?? error.code}`;
      resolve({ printed: stdout, problem: said === undefined ? ended : `${ended}: ${said}` });
    });
  });
}

/** A line that the process prints when an SDK is done: how many events it has sent. */
const lineSchema = z.object({ sdk: z.enum(['js', 'core']), events: z.number() });

/** The reply to each SDK's event: 202 for one that it says was sent. Other lines are of the SDKs. */
export function sdkReplies({ printed, problem }: SdkRun): { readonly js: Reply; readonly core: Reply } {
  const lines = printed.split('\n').flatMap((line) => lineSchema.safeParse(parseJson(line)).data ?? []);
  const replyTo = (sdk: 'js' | 'core'): Reply =>
    lines.some((line) => line.sdk === sdk && line.events > 0)
      ? { status: 202, headers: new Headers(), text: '{"success":true}' }
      : { status: null, problem: problem ?? 'the SDK has sent nothing' };
  return { js: replyTo('js'), core: replyTo('core') };
}
