import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as z from 'zod';
import { repositoryRoot } from '../../local/dataDirectory.ts';

const answer = z.looseObject({
  id: z.union([z.number(), z.string()]).optional(),
  method: z.string().optional(),
});
const hover = z.looseObject({
  result: z.object({ contents: z.object({ value: z.string() }) }).nullable(),
});

/**
 * Starts TypeScript's own language server, as an editor does, and opens a file that is not on disk.
 *
 * @param root Of the project.
 * @param name Of the file, at the root.
 */
export async function openInEditor(root: string, name: string, text: string) {
  const program = join(repositoryRoot, 'node_modules/typescript/lib/tsc.js');
  const server = spawn(process.execPath, [program, '--lsp', '--stdio'], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const waiting = new Map<unknown, (message: object) => void>();
  let received = Buffer.alloc(0);
  server.stdout.on('data', (bytes: Buffer) => {
    received = Buffer.concat([received, bytes]);
    for (;;) {
      const head = /^.*?Content-Length: (\d+).*?\r\n\r\n/is.exec(received.toString('latin1'));
      const end = (head?.[0].length ?? 0) + Number(head?.[1]);
      if (head === null || received.length < end) return;
      const message = answer.parse(JSON.parse(received.toString('utf8', head[0].length, end)));
      received = received.subarray(end);
      if (message.method === undefined) waiting.get(message.id)?.(message);
      else if (message.id !== undefined) send({ id: message.id, result: null });
    }
  });
  const send = (message: object) => {
    const json = JSON.stringify({ jsonrpc: '2.0', ...message });
    server.stdin.write(`Content-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`);
  };
  let last = 0;
  const ask = (method: string, params: object) => {
    last += 1;
    const id = last;
    return new Promise<object>((resolve) => {
      waiting.set(id, resolve);
      send({ id, method, params });
    });
  };
  const uri = pathToFileURL(join(root, name)).href;
  const capabilities = { textDocument: { hover: { contentFormat: ['markdown'] } } };
  await ask('initialize', {
    processId: process.pid,
    rootUri: pathToFileURL(root).href,
    capabilities,
  });
  send({ method: 'initialized', params: {} });
  send({
    method: 'textDocument/didOpen',
    params: { textDocument: { uri, languageId: 'typescript', version: 1, text } },
  });
  return {
    /** The hover text of the editor at a place of the text; '' if there is no hover text. */
    async hover(offset: number): Promise<string> {
      const before = text.slice(0, offset).split('\n');
      const position = { line: before.length - 1, character: before.at(-1)?.length ?? 0 };
      const { result } = hover.parse(await ask('textDocument/hover', { textDocument: { uri }, position }));
      return result?.contents.value ?? '';
    },
    async close() {
      const ended = new Promise((resolve) => server.once('exit', resolve));
      server.kill();
      await ended;
    },
  };
}
