import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { repositoryRoot } from '../../../local/dataDirectory.ts';

/** Folders whose comments are checked, in .ts and .tsx. */
const ROOMS = [
  ...['lib', 'functions', 'infra', 'observe', 'operate', 'cli', 'console', 'demo', 'local'],
  'packages/*/src',
];

/** Pages that people write. `docs/reference/` is generated from texts in code. */
const PAGES = [
  '*.md',
  'docs/**/*.md',
  'examples/*/README.md',
  'packages/*/*.md',
  'packages/*/docs/*.md',
  'scripts/pack/README.md',
];
const REFERENCE = 'docs/reference/';

/** Turns of phrase that have a plainer form. CONTRIBUTING.md says the rule. */
const TURNS: readonly RegExp[] = [/(?<!\bthere )\b(?:is|are) none\b(?! of)/i, /\blies\b/i];
const THAT_OF = /\b(?:that|those) of\b/i;

/** A sentence, or a label with a colon, that begins with What and does not ask. Rows of tables may have such a heading. */
const WHAT_SENTENCE = /(?:^(?:[-*>] +|\d+\. +)?\**|[.!;:] \**)What\b(?:(?!\n\n)[^.?!])*[.!:](?=\s|\*|$)/m;
/** Comments may compare something with "that of" another thing, but not begin a sentence with it. */
const WHAT_COMMENT = /^What\b[^?]*$|(?:^|[.:;]\s+)(?:That|Those) of\b/;

/** Comments of a source, each as one text. Lines of `//` that follow each other are one comment. */
function commentsOf(source: string): readonly string[] {
  const found = source.matchAll(/\/\*\*?([\s\S]*?)\*\/|(?:^|\s)\/\/ .*(?:\n\s*\/\/ .*)*/g);
  return [...found].map(([comment]) => comment.replaceAll(/^\s*(?:\/\*\*?|\/\/|\*\/?)|\*\/$/gm, '').trim());
}

/** A page without its code, whose words are somebody else's. */
const proseOf = (page: string) =>
  page.replaceAll(/^ *(```|~~~)[\s\S]*?^ *\1$/gm, '').replaceAll(/`[^`\n]*`/g, '`…`');

const oddOnPage = (page: string) => oddTurns(proseOf(page), THAT_OF, WHAT_SENTENCE);

function oddTurns(text: string, ...more: readonly RegExp[]): readonly string[] {
  return [...TURNS, ...more].flatMap((turn) => {
    const at = text.search(turn);
    return at < 0 ? [] : [text.slice(Math.max(0, at - 40), at + 60).replaceAll(/\s+/g, ' ')];
  });
}

function filesOf(globs: readonly string[]): readonly string[] {
  return globSync([...globs], { cwd: repositoryRoot, exclude: (name) => name.includes('node_modules') });
}

describe('plain English', () => {
  it('is on every page that people write', () => {
    const pages = filesOf(PAGES).filter((page) => !page.startsWith(REFERENCE));
    expect(pages.length).toBeGreaterThan(50);
    const odd = pages.flatMap((page) =>
      oddOnPage(readFileSync(join(repositoryRoot, page), 'utf8')).map((text) => [page, text]),
    );
    expect(odd).toEqual([]);
  });

  it('is in the comments of the product', () => {
    const odd = filesOf(ROOMS.map((room) => `${room}/**/*.{ts,tsx}`)).flatMap((file) =>
      commentsOf(readFileSync(join(repositoryRoot, file), 'utf8')).flatMap((comment) =>
        oddTurns(comment, WHAT_COMMENT).map((text) => [file, text]),
      ),
    );
    expect(odd).toEqual([]);
  });

  it.each([
    'The limit is that of the account.',
    'Times are those of the sender.',
    'A text that is no time is none.',
    'The object lies in the bucket.',
    'Nothing is lost. What waits is written later.',
    '- **What it gives**: reading these tables.',
  ])('is not on a page that says: %s', (sentence) => {
    expect(oddOnPage(`# A page\n\n${sentence}\n`)).toHaveLength(1);
  });

  it.each([
    '/** What a reader may do. */',
    '  // What AWS answers.\n  // In text.',
    '/**\n * The rows.\n * Those of yesterday stay.\n */',
    'const a = 1; // where it lies',
  ])('is not in a comment that says: %s', (source) => {
    expect(commentsOf(source).flatMap((comment) => oddTurns(comment, WHAT_COMMENT))).toHaveLength(1);
  });

  it.each([
    'What is a drop? A day of files.',
    '## What waits',
    '| What happens | Code |',
    'Choose `that of`.',
  ])('may be a page that says: %s', (sentence) => {
    expect(oddOnPage(`${sentence}\n`)).toEqual([]);
  });
});
