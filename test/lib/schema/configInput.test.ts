import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type * as z from 'zod';
import type { ConfigInput, configSchema } from '../../../lib/schema/config.ts';
import { repositoryRoot } from '../../../local/dataDirectory.ts';
import { configInput } from '../../../scripts/docs/configInput.ts';

/** Whether two types are the same, not only assignable to each other. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** A type with the members of its interfaces, as the compiler infers them from a schema. */
type Plain<T> = T extends (infer Element)[]
  ? Plain<Element>[]
  : T extends object
    ? { [Key in keyof T]: Plain<T[Key]> }
    : T;

/** Does not compile if the schema accepts other types than the interface says. */
const isExact: Same<Plain<ConfigInput>, Plain<z.input<typeof configSchema>>> = true;

describe('ConfigInput', () => {
  it('is what `npm run docs` generates', () => {
    const file = join(repositoryRoot, 'lib', 'schema', 'fields', 'ConfigInput.ts');
    expect([readFileSync(file, 'utf8'), isExact]).toEqual([configInput(), true]);
  });
});
