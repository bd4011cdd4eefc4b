import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A page without blocks of code: brackets mean something else there, and so does a # at the beginning of a line. */
export function proseOf(file: string): string {
  return readFileSync(file, 'utf8').replaceAll(/^ *(```|~~~)[\s\S]*?^ *\1$/gm, '');
}

/** The targets of a page's links to files and headings beside it, `[text](path#anchor)`: those without a scheme. */
export function linksOf(file: string): readonly string[] {
  const text = proseOf(file).replaceAll(/`[^`\n]*`/g, '');
  return Array.from(text.matchAll(/\]\(([^)\s]+)\)/g), ([, target = '']) => target).filter(
    (target) => !/^[a-z]+:/i.test(target),
  );
}

/** A link that leads nowhere. */
export interface BrokenLink {
  /** The page that has it, from the root of the folder. */
  readonly page: string;
  /** What it leads to, as the page has it. */
  readonly target: string;
}

/**
 * Links that lead out of a folder, to a file that is not there, or to a heading that the page does not have.
 *
 * @param pages Of the folder, from its root. A heading of any other file counts as one that is not there.
 */
export function brokenLinks(root: string, pages: readonly string[]): readonly BrokenLink[] {
  const known = new Map(pages.map((page) => [page, anchorsOf(join(root, page))]));
  return pages.flatMap((page) =>
    linksOf(join(root, page))
      .filter((target) => {
        const [path = '', anchor] = target.split('#');
        const file = path === '' ? page : join(dirname(page), decodeURIComponent(path));
        if (file.startsWith('..') || !existsSync(join(root, file))) return true;
        return anchor !== undefined && known.get(file)?.has(decodeURIComponent(anchor)) !== true;
      })
      .map((target) => ({ page, target })),
  );
}

/**
 * The anchors that GitHub makes of a page's headings: small letters, what is no word away, spaces as hyphens; the same
 * one again is numbered. https://docs.github.com/en/get-started/writing-on-github/getting-started-with-writing-and-formatting-on-github/basic-writing-and-formatting-syntax#section-links
 */
function anchorsOf(file: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of proseOf(file).matchAll(/^#{1,6} +(.*?) *#*$/gm)) {
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
