import { describe, expect, it } from '@jest/globals';
import { defineErrorFamily } from '../../../lib/base/errors.ts';
import { failureFields } from '../../../lib/base/log.ts';

const PERSON = 'ada@example.com';

/** An error as a library throws it: its message quotes the input, in several lines. */
const thrown = (name: string) => Object.assign(new Error(`${PERSON}\nat home of ${PERSON}`), { name });

describe('the log fields of an unexpected error', () => {
  it('are its name and where it came from, without a word of its message', () => {
    const { error, at, ...more } = failureFields(thrown('TypeError'));
    expect([error, more]).toEqual(['TypeError', {}]);
    expect(at).toContainEqual(expect.stringMatching(/^at .*log[.]test[.]ts/));
    expect(JSON.stringify(at)).not.toContain(PERSON);
    expect(failureFields(PERSON)).toEqual({ error: 'string' });
  });

  it.each(['AccessDenied', 'AccessDeniedException', 'KMS.DisabledException'])(
    'have the sentence of %s',
    (name) => {
      const { error } = failureFields(
        Object.assign(thrown(name), { message: `User may not. ${'x'.repeat(600)}.` }),
      );
      expect(error).toBe(`${name}: User may not. ${'x'.repeat(486)}`);
      const short = Object.assign(thrown(name), { message: 'User may not.' });
      expect(failureFields(short)).toMatchObject({ error: `${name}: User may not` });
    },
  );

  it('have the message of an error of ours, but not if it is about an input', () => {
    const entries = { SLUICE_TEST: { cause: 'It is a test.', cure: 'None.' } };
    const Ours = defineErrorFamily('system', entries);
    const { message, ...own } = failureFields(new Ours('SLUICE_TEST', 'two objects.'));
    expect(message).toContain('two objects.');
    expect(own).toMatchObject({ error: expect.any(String) });
    const Theirs = defineErrorFamily('user', entries);
    expect(failureFields(new Theirs('SLUICE_TEST', PERSON))).not.toHaveProperty('message');
  });
});
