import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../../../local/dataDirectory.ts';

/** Files of the product that make a call of AWS's SDK, by the call: `GetTable`. Paginators of the SDK are not among them. */
export function callsBySource(): ReadonlyMap<string, ReadonlySet<string>> {
  const sources = execFileSync('git', ['ls-files', '*.ts', '*.tsx'], {
    cwd: repositoryRoot,
    encoding: 'utf8',
  })
    .trim()
    .split('\n')
    .filter((file) => !/^(?:test|packages|bench|soak)\//.test(file));
  const called = new Map<string, Set<string>>();
  for (const file of sources)
    for (const [, name = ''] of readFileSync(join(repositoryRoot, file), 'utf8').matchAll(
      /new (\w+)Command\(/g,
    ))
      called.set(name, (called.get(name) ?? new Set()).add(file));
  return called;
}

/** Those of some calls whose answer has a member like this, by the SDK's types. */
export function callsAnswering(names: Iterable<string>, member: RegExp): ReadonlySet<string> {
  const left = new Set(names);
  const found = new Set<string>();
  const scope = join(repositoryRoot, 'node_modules', '@aws-sdk');
  for (const client of readdirSync(scope).filter((name) => name.startsWith('client-'))) {
    const types = join(scope, client, 'dist-types');
    const models = readdirSync(join(types, 'models'))
      .map((file) => readFileSync(join(types, 'models', file), 'utf8'))
      .join('\n');
    for (const file of readdirSync(join(types, 'commands'))) {
      const name = file.replace(/Command\.d\.ts$/, '');
      if (!left.has(name)) continue;
      const command = readFileSync(join(types, 'commands', file), 'utf8');
      const output = /interface \w+CommandOutput extends (\w+)/.exec(command)?.[1] ?? '';
      const members = new RegExp(`interface ${output} \\{(.*?)\\n\\}`, 's').exec(models)?.[1] ?? '';
      if (member.test(members)) found.add(name);
    }
  }
  return found;
}
