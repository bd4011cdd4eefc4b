import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { repositoryRoot } from '../../local/dataDirectory.ts';

const pages = [
  'README.md',
  'ARCHITECTURE.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...globSync(['docs/**/*.md', 'examples/*/README.md', 'packages/local-aws/{README.md,docs/*.md}'], {
    cwd: repositoryRoot,
  }),
];

/** The pages by reader. */
const INDEX = 'docs/README.md';

/** A page without what is code: brackets mean something else there, and so does a # at the beginning of a line. */
const prose = (page: string) =>
  readFileSync(join(repositoryRoot, page), 'utf8').replaceAll(/^ *(```|~~~)[\s\S]*?^ *\1$/gm, '');

/** Links to what is here, `[text](path#anchor)`: no scheme. */
const links = pages.flatMap((page) =>
  Array.from(
    prose(page)
      .replaceAll(/`[^`\n]*`/g, '')
      .matchAll(/\]\(([^)\s]+)\)/g),
    ([, target = '']) => ({
      page,
      target,
    }),
  ).filter(({ target }) => !/^[a-z]+:/i.test(target)),
);

/**
 * The anchors that GitHub makes of a page's headings: small letters, what is no word away, spaces as hyphens; the same
 * one again is numbered. https://docs.github.com/en/get-started/writing-on-github/getting-started-with-writing-and-formatting-on-github/basic-writing-and-formatting-syntax#section-links
 */
function anchorsOf(page: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of prose(page).matchAll(/^#{1,6} +(.*?) *#*$/gm)) {
    const slug = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, '')
      .replaceAll(' ', '-');
    let anchor = slug;
    for (let again = 1; anchors.has(anchor); again += 1) anchor = `${slug}-${again}`;
    anchors.add(anchor);
  }
  return anchors;
}

describe('the links of the top-level pages, of docs/ and of the local cloud', () => {
  it('lead to existing files and headings', () => {
    const known = new Map(pages.map((page) => [page, anchorsOf(page)]));
    const broken = links.filter(({ page, target }) => {
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? page : join(dirname(page), decodeURIComponent(path));
      if (file.startsWith('..') || !existsSync(join(repositoryRoot, file))) return true;
      return anchor !== undefined && known.get(file)?.has(decodeURIComponent(anchor)) !== true;
    });
    expect([links.length > 100, broken]).toEqual([true, []]);
  });

  it('lead, like paths in backquotes, to existing files and folders', () => {
    const missing = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md'].flatMap((page) =>
      [
        ...prose(page).matchAll(
          /`((?:bench|cli|demo|docs|functions|infra|lib|local|observe|operate|packages|scripts|test)\/[\w./-]*)`/g,
        ),
      ]
        .map(([, path = '']) => path)
        .filter((path) => !existsSync(join(repositoryRoot, path)))
        .map((path) => `${page}: ${path}`),
    );
    expect(missing).toEqual([]);
  });

  it('lead from the index, docs/README.md, to every page of docs/', () => {
    const listed = links.filter(({ page }) => page === INDEX).map(({ target }) => join('docs', target));
    const others = pages.filter((page) => page.startsWith('docs/') && page !== INDEX);
    expect(others.filter((page) => !listed.includes(page))).toEqual([]);
    expect(links.filter(({ page, target }) => page === 'README.md' && target === INDEX)).not.toEqual([]);
  });

  it('are six a reader at most in the index', () => {
    const rows = prose(INDEX).split('\n');
    expect(rows.filter((row) => row.split('](').length > 7)).toEqual([]);
  });

  it('lead to every page of docs/', () => {
    const reached = new Set(
      links.flatMap(({ page, target }) => {
        const file = join(dirname(page), target.replace(/#.*/, ''));
        return file === page ? [] : [file];
      }),
    );
    expect(pages.filter((page) => page !== 'README.md' && !reached.has(page))).toEqual([]);
  });
});
