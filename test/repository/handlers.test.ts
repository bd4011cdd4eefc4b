import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { projectRoot } from '../../local/roots.ts';

const functions = readdirSync(join(projectRoot, 'functions'));

it.each(functions)(
  'the handler of %s has a contract, which imports it and sets variables of its environment',
  (name) => {
    const contract = join(projectRoot, 'test', 'functions', name, 'handler.contract.test.ts');
    expect(existsSync(contract)).toBe(true);
    const text = readFileSync(contract, 'utf8');
    expect(text).toMatch(new RegExp(`(from|import\\() ?'../../../functions/${name}/handler.ts'`));
    expect(text).toMatch(/\bSLUICE_\w+:? /);
  },
);
