import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { type Cloud, startCloud } from '../../local/startCloud.ts';
import { callMain } from '../harness/callMain.ts';
import { shellPipelines } from '../harness/shellPipelines.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';

let cloud: Cloud | undefined;
let directory: ReturnType<typeof temporaryDirectory>;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(async () => {
  await cloud?.close();
  delete process.env['SLUICE_CONFIG'];
  directory.remove();
});

/** Texts between the fences of a page's walk, in order: commands, or the output of the commands before. */
function walkOf(page: string) {
  const text = readFileSync(join(repositoryRoot, page), 'utf8');
  const start = text.indexOf('## Trying it locally');
  const fences = text.slice(start).matchAll(/^```(sh)?\n([\s\S]*?)^```$/gm);
  const blocks = Array.from(fences, ([, kind, inside = '']) => ({ isScript: kind === 'sh', inside }));
  return { text, start, blocks };
}

/** Runs a script of the pages here, and answers what it prints, without what the control API answers. */
async function run(script: string, env: Readonly<Record<string, string>>): Promise<string> {
  let printed = '';
  for (const pipeline of shellPipelines(script)) {
    let stdin = '';
    for (const [command, ...words] of pipeline) {
      if (command === 'npx') stdin = (await callMain(words.slice(1), { stdin, env })).stdout;
      else if (command === 'curl') await curl(words);
      else if (command !== 'export') throw new Error(`no command of a walk: ${command}`);
    }
    printed += stdin;
  }
  return printed;
}

/** `curl -f -X POST <url> [-H <header>] [-d <body>]`. */
async function curl([fail, , method, url = '', ...options]: readonly string[]): Promise<void> {
  // Without -f whoever comes too early has a refusal that looks like an answer, and exit code 0.
  if (fail !== '-f' || method !== 'POST') throw new Error(`no curl of a walk: ${url}`);
  const of = (option: string) => options[options.indexOf(option) + 1] ?? '';
  const [name = '', value = ''] = of('-H').split(': ');
  const answer = await fetch(url, {
    method: 'POST',
    ...(options.includes('-H') ? { headers: { [name]: value } } : {}),
    ...(options.includes('-d') ? { body: of('-d') } : {}),
  });
  if (!answer.ok) throw new Error(`${url}: ${await answer.text()}`);
}

/** Without what is another each time: instants, names of versions and files, bytes, milliseconds, and the room for them. */
const comparable = (text: string) =>
  text
    .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?/g, 'at')
    .replaceAll(/\d{8}T\d{9}Z-[0-9a-f]{8}|sluice-[0-9a-f]{32}/g, 'name')
    .replaceAll(/^took, ms .*$/gm, 'took')
    .replaceAll(/\d{3,}/g, 'n')
    .replaceAll(/ +/g, ' ')
    .replaceAll(/-{2,}/g, '--')
    .trim();

describe.each([['docs/ingest-walk.md']])('the walk in %s', (page) => {
  it('prints what the page shows (SLUICE_WRITE_DOCS=1 updates it)', async () => {
    const { blocks, text, start } = walkOf(page);
    const [config, begin, ...rest] = blocks;
    const [, between = ''] = text.slice(start).split(begin?.inside ?? '');
    expect(between).toMatch(/^```\n\nWhen the terminal shows that the cloud is ready, continue in another/);
    const [, file = '', source = ''] =
      /> \.sluice\/(\S+) <<'END'\n([\s\S]*)^END$/m.exec(config?.inside ?? '') ?? [];
    const [, data = ''] =
      /^SLUICE_CONFIG=\S+ npm start -- --data \.sluice\/(\S+)$/m.exec(begin?.inside ?? '') ?? [];
    process.env['SLUICE_CONFIG'] = join(directory.path, file);
    writeFileSync(process.env['SLUICE_CONFIG'], source.replaceAll("'../lib", `'${repositoryRoot}/lib`));
    cloud = await startCloud({ port: 0, edgePort: 0, enforceIam: true, data: join(directory.path, data) });
    const { edge, collector } = cloud;
    const env = { AWS_ENDPOINT_URL: edge };
    const here = (script: string) =>
      script
        .replaceAll('.sluice/', `${directory.path}/`)
        .replaceAll('http://127.0.0.1:4566', edge)
        .replaceAll('http://127.0.0.1:4700', collector);

    let printed = '';
    let written = text.slice(start);
    const [told, seen]: [string[], string[]] = [[], []];
    for (const { isScript, inside } of rest) {
      if (isScript) printed = await run(here(inside), env);
      else {
        const shown = printed.replaceAll(`${directory.path}/`, '.sluice/');
        written = written.replace(`\`\`\`\n${inside}\`\`\`\n`, () => `\`\`\`\n${shown}\`\`\`\n`);
        told.push(comparable(inside));
        seen.push(comparable(shown));
      }
    }
    if (process.env['SLUICE_WRITE_DOCS'] === '1')
      writeFileSync(join(repositoryRoot, page), text.slice(0, start) + written);
    else expect(seen).toEqual(told);
    expect(told.length).toBeGreaterThan(1);
  }, 120_000);
});
