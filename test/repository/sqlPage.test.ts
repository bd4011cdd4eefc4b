import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';

it('docs/reference/sql.md has the clients that are tried, and the folders that OWOX writes into', () => {
  const sql = readFileSync('docs/reference/sql.md', 'utf8');
  const clients = readdirSync('test/clients').flatMap((name) => /^(\w+)Sequence\.ts$/.exec(name)?.[1] ?? []);
  const documented = [...sql.matchAll(/^\*\*(\w+)/gm)].map(([, name = '']) => name.toLowerCase());
  expect(clients.filter((name) => !documented.includes(name))).toEqual([]);
  const owox = readFileSync('test/clients/owoxSequence.ts', 'utf8');
  const folders = [...owox.matchAll(/#folder\('([^'/]+)/g)].map(([, name = '']) => `${name}/`);
  const named = [...sql.matchAll(/`([\w-]+\/)(?:ddl\/)?` \|$/gm)].map(([, name = '']) => name);
  expect(new Set(named)).toEqual(new Set(folders));
});
