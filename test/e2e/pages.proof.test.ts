import { runInNewContext } from 'node:vm';
import { afterAll, expect, it } from '@jest/globals';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { storyCloud } from '../harness/storyCloud.ts';
import { textOf } from '../harness/textOf.ts';

const pageOf = (name: string) => textOf('docs', name);
const blocks = [...pageOf('ingest-walk.md').matchAll(/^```(\w*)\n(.*?)^```$/gms)];
/** The configuration, `npm start`, and the commands of the second terminal, with their lines joined. */
const [configured = '', , ...commands] = blocks
  .filter(([, language]) => language === 'sh')
  .map(([, , text = '']) => text.replaceAll(/\\\n\s*/g, ' '));
const [, , shown = ''] = blocks.find(([, language]) => language === '') ?? [];

const input: Partial<ConfigInput> = runInNewContext(
  `(${/defineConfig\((\{.*\})\);/s.exec(configured)?.[1]})`,
);
const story = await storyCloud(input);
afterAll(() => story.close());

/** Runs a command of the page. @returns Its exit code and what it prints; null for one that only sets a variable. */
async function run(line: string): Promise<{ readonly code: number; readonly stdout: string } | null> {
  const [, call, body = '{}'] = /^curl -f -X POST \S+\/_sluice\/(\w+)(?: -d '(.*)')?$/.exec(line) ?? [];
  if (call !== undefined) await story.control('POST', call, JSON.parse(body));
  if (call !== undefined || line.startsWith('export ')) return null;
  return story.paste(line.replace('--data .sluice/acme', `--data ${story.data}`));
}

it('docs/ingest-walk.md: its commands show what the page shows', async () => {
  const answers: { readonly line: string; readonly code: number; readonly stdout: string }[] = [];
  for (const line of commands.flatMap((block) => block.trim().split('\n'))) {
    const answer = await run(line);
    if (answer !== null) answers.push({ line, ...answer });
  }
  const statuses = answers.filter(({ line }) => line.includes('ingest status'));
  expect(statuses.map(({ code }) => code)).toEqual([0, 3]);
  // The page leaves out what it has `…` for.
  const pattern = shown
    .trim()
    .replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll('…', '.*');
  expect(statuses.at(-1)?.stdout.trim()).toMatch(new RegExp(`^${pattern}$`));
  const others = answers.filter((answer) => !statuses.includes(answer));
  expect(others.filter(({ line, code }) => code !== (line.includes('explain') ? 3 : 0))).toEqual([]);
  // Five days of four purchases, of 1.5 a piece and more.
  expect(others.find(({ line }) => line.includes('query'))?.stdout.match(/ +4 +9/g)).toHaveLength(5);
});

it('docs/privacy.md: a copy for the person has all rows of hers, and none of others', async () => {
  const [, script = ''] =
    /^### A copy for the person\n.*?^```sh\n(.*?)^```/ms.exec(pageOf('privacy.md')) ?? [];
  const [, tables = '', each = '', quarantined = ''] =
    /^for table in (.*); do\n *(.*) > .*\ndone\n(.*) > .*$/m.exec(script) ?? [];
  const user = { userID: 'u-4711' };
  const events = [
    { eventName: 'hers', user },
    { user },
    { eventName: 'of another', user: { userID: 'u-1' } },
  ];
  const exposures = [{ experimentName: 'hers', group: 'Test', user }];
  expect(await story.post({ body: JSON.stringify({ events, exposures }) })).toBe(202);
  await story.cloud.flush();
  const rows = [];
  for (const command of [...tables.split(' ').map((table) => each.replace('$table', table)), quarantined]) {
    const { code, stdout } = await story.paste(command.replace('--stage prod', '--athena'));
    expect([command, code]).toEqual([command, 0]);
    rows.push(stdout.trim().split('\n').slice(1));
  }
  expect(rows).toEqual([
    [expect.stringContaining('hers')],
    [expect.stringContaining('hers')],
    [expect.stringContaining('SLUICE_EVENT_NO_NAME')],
  ]);
});
