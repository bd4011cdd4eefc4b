import { execFileSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { shellCommand } from '../../../lib/base/text.ts';
import { COMMAND_MS } from '../../harness/runCommand.ts';

describe('shellCommand', () => {
  it('is split by a shell into the same words', () => {
    const word = fc.string({ maxLength: 12 }).filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), (words) => {
        const printed = execFileSync('sh', ['-c', `printf '%s\\0' ${shellCommand(words)}`], {
          encoding: 'utf8',
          timeout: COMMAND_MS,
        });
        expect(printed.split('\0').slice(0, -1)).toEqual(words);
      }),
      { numRuns: 40 },
    );
  });
});
