import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { printedPolicies } from '../../lib/access/printedPolicies.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { repositoryRoot } from '../../local/cloud/dataDirectory.ts';
import { callMain } from '../harness/callMain.ts';

const pages = [
  'README.md',
  ...readdirSync(join(repositoryRoot, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** Every `npx sluice …` of the pages, to the end of the command. */
const commands = pages.flatMap((page) =>
  [...readFileSync(join(repositoryRoot, page), 'utf8').matchAll(/npx sluice ([^`|#\n]*)/g)].map(
    ([, text = '']) => ({ page, text: text.replace(/"[^"]*"/g, '"…"').trim() }),
  ),
);

/** With any reader there are the policies of readers, too. */
const metabase = { kind: 'metabase', name: 'metabase' } as const;

describe('the commands of the pages', () => {
  it('are commands, with options that they take', async () => {
    const helps = new Map<string, string>();
    const wrong: string[] = [];
    for (const { page, text } of commands) {
      const [name = ''] = text.split(/\s/);
      const help = helps.get(name) ?? (await callMain([name, '--help'])).stdout;
      helps.set(name, help);
      const options = [...text.matchAll(/--[a-z-]+/g)].map(([option]) => option);
      const unknown = options.filter((option) => !new RegExp(`^ +${option}( |$)`, 'm').test(help));
      if (help === '' || unknown.length > 0) wrong.push(`${page}: ${text}: ${unknown.join(' ')}`);
    }
    expect([commands.length > 30, wrong]).toEqual([true, []]);
  });

  it('print policies that docs/deploy.md takes apart by their names', async () => {
    const printed = printedPolicies('deploy', defineConfig({ bucket: 'acme', readers: [metabase] }), {
      ...{ region: 'eu-west-1', stack: 'sluice-prod', account: '111122223333' },
    });
    const page = readFileSync(join(repositoryRoot, 'docs', 'deploy.md'), 'utf8');
    expect(/for part in (.*); do/.exec(page)?.[1]?.split(' ')).toEqual(printed.map(({ name }) => name));
  });

  it('let GitHub in from one environment of one repository', () => {
    const page = readFileSync(join(repositoryRoot, 'docs', 'deploy.md'), 'utf8');
    const { Statement } = JSON.parse(/```json\n(.*?)```/s.exec(page)?.[1] ?? '');
    const [{ Condition, ...statement }, ...others] = Statement;
    const claims = 'token.actions.githubusercontent.com';
    expect([others, statement.Action, Object.keys(Condition)]).toEqual([
      [],
      'sts:AssumeRoleWithWebIdentity',
      ['StringEquals'],
    ]);
    expect(Condition.StringEquals).toEqual({
      [`${claims}:aud`]: 'sts.amazonaws.com',
      [`${claims}:sub`]: expect.stringMatching(/^repo:[\w-]+\/[\w-]+:environment:[\w-]+$/),
    });
  });
});
