import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { repositoryRoot } from '../../local/dataDirectory.ts';

const functions = readdirSync(join(repositoryRoot, 'functions'));

it.each(functions)(
  'the handler of %s has a contract, which imports it and sets variables of its environment',
  (name) => {
    const contract = join(repositoryRoot, 'test', 'functions', name, 'handler.contract.test.ts');
    expect(existsSync(contract)).toBe(true);
    const text = readFileSync(contract, 'utf8');
    expect(text).toMatch(new RegExp(`(from|import\\() ?'../../../functions/${name}/handler.ts'`));
    expect(text).toMatch(/\bSLUICE_\w+:? /);
  },
);
