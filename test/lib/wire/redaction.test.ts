import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CanonicalJsonWriter } from '../../../lib/base/canonicalJson.ts';
import { parseRedactionPath, Redaction, type RedactionAction } from '../../../lib/wire/Redaction.ts';

const SALT = 'pepper and salt, 16 or more';
const hashed = (text: string) =>
  createHash('sha256')
    .update(SALT + text)
    .digest('hex');
const redact = (rules: Record<string, RedactionAction>, event: unknown): unknown =>
  new Redaction(rules, SALT).event(event);

describe('a redaction path', () => {
  it.each([
    { path: 'user.email', steps: ['user', 'email'] },
    { path: 'user.custom.*', steps: ['user', 'custom', null] },
    { path: 'metadata.User\\.Mail.\\*', steps: ['metadata', 'user.mail', '*'] },
    { path: '\\email', steps: ['email'] },
    { path: 'user.\\companyID', steps: ['user', 'companyid'] },
    { path: 'metadata.a\\b', steps: ['metadata', 'a\\b'] },
    { path: 'metadata.items\\[0\\]', steps: ['metadata', 'items[0]'] },
  ])('$path is read as its steps, in lower case and with null for any', ({ path, steps }) => {
    expect(parseRedactionPath(path)).toEqual(steps);
  });

  it.each(['', 'user.', '.email'])('is none: "%s"', (path) => {
    expect(parseRedactionPath(path)).toBeNull();
  });
});

describe('redaction', () => {
  it('drops the value at a path, in any case', () => {
    const user = { userID: 'u', email: 'a@b', Email: 'c@d', name: 'n' };
    expect(redact({ 'user.EMAIL': 'drop' }, { eventName: 'e', email: 'e@f', user })).toStrictEqual({
      eventName: 'e',
      email: 'e@f',
      user: { userID: 'u', name: 'n' },
    });
  });

  it('hashes with the salt: text unchanged, other values as JSON with sorted keys', () => {
    const metadata = { a: 'x', b: 7, c: true, d: { z: 1, y: ['"'] }, e: 'kept' };
    const rules = {
      'metadata.a': 'hash',
      'metadata.b': 'hash',
      'metadata.c': 'hash',
      'metadata.d': 'hash',
    } as const;
    expect(redact(rules, { metadata })).toStrictEqual({
      metadata: {
        a: hashed('x'),
        b: hashed('7'),
        c: hashed('true'),
        d: hashed('{"y":["\\""],"z":1}'),
        e: 'kept',
      },
    });
  });

  it('does not hash null and empty texts', () => {
    const user = { userID: '', email: null };
    expect(redact({ 'user.userID': 'hash', 'user.email': 'hash' }, { user })).toStrictEqual({ user });
    const member = new Redaction({ value: 'hash' }, SALT).member(
      'value',
      undefined,
      new CanonicalJsonWriter(),
    );
    expect(member).toBeUndefined();
  });

  it('applies * to every key and item', () => {
    const event = {
      user: { custom: { a: 1, b: { c: 2 } } },
      metadata: { items: [{ mail: 1, n: 2 }, { mail: 3 }], mails: ['a@b', 'c@d'] },
    };
    const rules = { 'user.custom.*': 'drop', 'metadata.items.*.mail': 'drop', 'metadata.mails.*': 'drop' };
    expect(redact(rules as Record<string, RedactionAction>, event)).toStrictEqual({
      user: { custom: {} },
      metadata: { items: [{ n: 2 }, {}], mails: [] },
    });
  });

  it('prefers the shorter of two paths and drop to hash, and applies * beside names', () => {
    const event = { user: { a: { b: 'x', c: 'y' }, d: { b: 'z' } } };
    expect(redact({ 'user.a': 'drop', 'user.a.b': 'hash' }, event)).toStrictEqual({
      user: { d: { b: 'z' } },
    });
    expect(redact({ 'user.*.b': 'drop', 'user.a.c': 'hash' }, event)).toStrictEqual({
      user: { a: { c: hashed('y') }, d: {} },
    });
    expect(redact({ 'user.a.b': 'hash', 'user.*.b': 'drop' }, event)).toStrictEqual({
      user: { a: { c: 'y' }, d: {} },
    });
  });

  it('drops a value completely if a path leads through it and it is not an object', () => {
    expect(
      redact({ 'user.custom.mail': 'drop' }, { user: { custom: '{"mail":"a@b"}', n: 1 } }),
    ).toStrictEqual({
      user: { n: 1 },
    });
    expect(redact({ 'user.email': 'drop' }, { user: 'a@b', eventName: 'e' })).toStrictEqual({
      eventName: 'e',
    });
    expect(redact({ 'user.custom.mail': 'drop' }, { user: { custom: null } })).toStrictEqual({
      user: { custom: null },
    });
  });

  it('withholds an event that is not an object, and one that is too deep to hash', () => {
    expect(redact({ 'user.email': 'drop' }, 'a@b')).toBeNull();
    expect(redact({ 'user.email': 'drop' }, ['a@b'])).toBeNull();
    const deep: unknown = JSON.parse(`${'['.repeat(5_000)}${']'.repeat(5_000)}`);
    expect(redact({ 'metadata.a': 'hash' }, { metadata: { a: deep } })).toBeNull();
  });

  it('does not withhold an event for another error', () => {
    const event = {
      get value(): never {
        throw new TypeError('no value');
      },
    };
    expect(() => redact({ 'user.email': 'drop' }, event)).toThrow('no value');
  });

  it('keeps __proto__ as a normal key, and redacts below it', () => {
    const event: unknown = JSON.parse('{"metadata":{"__proto__":{"mail":"a@b","n":1}}}');
    expect(JSON.stringify(redact({ 'metadata.__proto__.mail': 'drop' }, event))).toBe(
      '{"metadata":{"__proto__":{"n":1}}}',
    );
  });

  it.each([null, 'text', 7])('keeps metadata that is no object: %p', (metadata) => {
    expect(redact({ 'user.email': 'drop' }, { metadata })).toStrictEqual({ metadata });
  });

  it('also removes the user from bootstrap metadata', () => {
    const event = {
      metadata: { gate: 'g', bootstrapMetadata: { user: { email: 'a@b', userID: 'u' }, lcut: 1 } },
    };
    expect(redact({ 'user.email': 'drop' }, event)).toStrictEqual({
      metadata: { gate: 'g', bootstrapMetadata: { user: { userID: 'u' }, lcut: 1 } },
    });
  });

  it('never passes on dropped values, and never changes the input', () => {
    fc.assert(
      fc.property(
        fc.object({ key: fc.constantFrom('a', 'B', 'secret', 'SECRET'), maxDepth: 4 }),
        (metadata) => {
          const event = {
            metadata: { ...metadata, secret: { planted: 'needle' }, list: [{ Secret: 'needle' }] },
          };
          const before = structuredClone(event);
          const rules = { 'metadata.secret': 'drop', 'metadata.list.*.secret': 'hash' } as const;
          expect(JSON.stringify(redact(rules, event))).not.toContain('needle');
          expect(event).toStrictEqual(before);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('detects a number that a double cannot represent before it hashes a value beside it', () => {
    const json = new CanonicalJsonWriter();
    new Redaction({ 'user.userID': 'hash' }, SALT).user({ userID: Number('9007199254740993') }, json);
    expect(json.inexact).toBe(true);
  });
});
