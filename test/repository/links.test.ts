import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { projectRoot } from '../../local/roots.ts';
import { brokenLinks, linksOf, proseOf } from '../harness/pageLinks.ts';
import { trackedFiles } from './trackedFiles.ts';

const pages = [
  'README.md',
  'ARCHITECTURE.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...globSync(['docs/**/*.md', 'examples/*/README.md', 'packages/local-aws/{README.md,docs/*.md}'], {
    cwd: projectRoot,
  }),
];

/** The pages by reader. */
const INDEX = 'docs/README.md';

const prose = (page: string) => proseOf(join(projectRoot, page));

/** Every link to what is here. */
const links = pages.flatMap((page) => linksOf(join(projectRoot, page)).map((target) => ({ page, target })));

describe('the links of the top-level pages, of docs/ and of the local cloud', () => {
  it('lead to existing files and headings', () => {
    const broken = brokenLinks(projectRoot, pages);
    expect(links.length).toBeGreaterThan(100);
    expect(broken).toEqual([]);
  });

  it('lead, like paths in backquotes, to existing files and folders', () => {
    const missing = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md'].flatMap((page) =>
      [
        ...prose(page).matchAll(
          /`((?:bench|cli|demo|docs|functions|infra|lib|local|observe|operate|packages|scripts|test)\/[\w./-]*)`/g,
        ),
      ]
        .map(([, path = '']) => path)
        .filter((path) => !existsSync(join(projectRoot, path)))
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

  it('lead to every page but README.md', () => {
    const reached = new Set(
      links.flatMap(({ page, target }) => {
        const file = join(dirname(page), target.replace(/#.*/, ''));
        return file === page ? [] : [file];
      }),
    );
    expect(pages.filter((page) => page !== 'README.md' && !reached.has(page))).toEqual([]);
  });
});

it('links of comments lead to what their file declares or imports', () => {
  const lost = trackedFiles
    .filter((file) => /\.tsx?$/.test(file))
    .flatMap((file) => {
      const text = readFileSync(join(projectRoot, file), 'utf8');
      const code = text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
      const names = Array.from(text.matchAll(/\{@link (\w+)/g), ([, name = '']) => name);
      return names
        .filter((name) => !new RegExp(`\\b${name}\\b`).test(code))
        .map((name) => `${file}: ${name}`);
    });
  expect(lost).toEqual([]);
});

it('texts that name a section of a page name one that it has', () => {
  const named = trackedFiles
    .filter((file) => /^(?!.*test\/).*\.(tsx?|yml)$/.test(file))
    .flatMap((file) =>
      Array.from(
        readFileSync(join(projectRoot, file), 'utf8').matchAll(/(docs\/[\w/-]+\.md), "([^"`$]+)"/g),
        ([, page = '', section = '']) => ({ file, page, section }),
      ),
    );
  const sectionsOf = (page: string) =>
    existsSync(join(projectRoot, page))
      ? Array.from(prose(page).matchAll(/^#+ (.+)$/gm), ([, title]) => title)
      : [];
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter(({ page, section }) => !sectionsOf(page).includes(section))).toEqual([]);
});
