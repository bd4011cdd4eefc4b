import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../../local/roots.ts';
import { textOf } from '../../harness/textOf.ts';

/** Files that make calls of AWS, and are no part of the product. */
const NOT_OF_PRODUCT = /^(?:test|packages|bench|soak)\//;

/** Files of the product that make a call of AWS's SDK, by the call: `GetTable`. Paginators of the SDK are not among them. */
export function callsBySource(): ReadonlyMap<string, ReadonlySet<string>> {
  const options = { cwd: projectRoot, encoding: 'utf8' } as const;
  const files = execFileSync('git', ['ls-files', '*.ts', '*.tsx'], options).trim().split('\n');
  const filesByCall = new Map<string, Set<string>>();
  for (const file of files.filter((name) => !NOT_OF_PRODUCT.test(name))) {
    const code = textOf(file);
    for (const [, call = ''] of code.matchAll(/new (\w+)Command\(/g))
      filesByCall.set(call, (filesByCall.get(call) ?? new Set()).add(file));
  }
  return filesByCall;
}

/** Those of some calls whose answer has a member like this, by the SDK's types. */
export function callsAnswering(names: Iterable<string>, member: RegExp): ReadonlySet<string> {
  const wanted = new Set(names);
  const answering = new Set<string>();
  const scope = join(projectRoot, 'node_modules', '@aws-sdk');
  for (const client of readdirSync(scope).filter((name) => name.startsWith('client-'))) {
    const types = join(scope, client, 'dist-types');
    const models = readdirSync(join(types, 'models'))
      .map((file) => readFileSync(join(types, 'models', file), 'utf8'))
      .join('\n');
    for (const file of readdirSync(join(types, 'commands'))) {
      const call = file.replace(/Command\.d\.ts$/, '');
      if (!wanted.has(call)) continue;
      const command = readFileSync(join(types, 'commands', file), 'utf8');
      const [, output] = /interface \w+CommandOutput extends (\w+)/.exec(command) ?? [];
      const [, members] = new RegExp(`interface ${output} \\{(.*?)\\n\\}`, 's').exec(models) ?? [];
      // A call without an answer extends the SDK's own type, which is not among the models.
      if (members !== undefined && member.test(members)) answering.add(call);
    }
  }
  return answering;
}
