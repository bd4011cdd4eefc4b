import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * A page without blocks of code: brackets mean something else there, and so does a # at the beginning of a line. A block ends at
 * a fence of the same characters that is at least as long as the one that opens it.
 */
export function proseOf(file: string): string {
  return readFileSync(file, 'utf8').replaceAll(/^ *(`{3,}|~{3,})[^\n]*\n[\s\S]*?^ *\1[`~]* *$/gm, '');
}

/** `[text](target)`, with or without a title in quotes. */
const INLINE = /\]\(([^)\s]+)(?:\s+(?:"[^"]*"|'[^']*'))?\)/g;
/** `[name]: target`, to which `[text][name]` refers. A footnote is no link. */
const DEFINITION = /^ {0,3}\[(?!\^)[^\]\n]+\]:\s+(\S+)/gm;
/** `src`, `srcset` and `href` of HTML. Of a `srcset` the first image is looked at. */
const ATTRIBUTE = /\b(?:src|srcset|href)="([^"\s]+)/g;

/** The targets of a page's links and images beside it: those without a scheme. */
export function linksOf(file: string): readonly string[] {
  const text = proseOf(file).replaceAll(/`[^`\n]*`/g, '');
  return [INLINE, DEFINITION, ATTRIBUTE]
    .flatMap((form) => Array.from(text.matchAll(form), ([, target = '']) => target))
    .filter((target) => !/^[a-z]+:/i.test(target));
}

/** A link that leads nowhere. */
interface BrokenLink {
  /** The page that has it, from the root of the folder. */
  readonly page: string;
  /** What it leads to, as the page has it. */
  readonly target: string;
}

/**
 * Links that lead out of a folder, to a file that is not there, or to a heading that the page does not have.
 *
 * @param root The folder. A target that begins with a slash is read from here.
 * @param pages The pages of the folder, as paths from its root. A heading of any other file counts as one that is not there.
 * @throws URIError for a target with a malformed percent encoding.
 */
export function brokenLinks(root: string, pages: readonly string[]): readonly BrokenLink[] {
  const known = new Map(pages.map((page) => [page, anchorsOf(join(root, page))]));
  return pages.flatMap((page) =>
    linksOf(join(root, page))
      .filter((target) => {
        const [path = '', anchor] = target.split('#');
        const file = fileOf(page, path);
        if (file.startsWith('../') || !existsSync(join(root, file))) return true;
        return anchor !== undefined && known.get(file)?.has(decodeURIComponent(anchor)) !== true;
      })
      .map((target) => ({ page, target })),
  );
}

/** The file that a link's path leads to, from the root; the page itself for an empty path. */
function fileOf(page: string, path: string): string {
  if (path === '') return page;
  const file = decodeURIComponent(path);
  return join(file.startsWith('/') ? '.' : dirname(page), file);
}

/**
 * The anchors that GitHub makes of a page's headings: in lower case, without punctuation, with hyphens for spaces; one that
 * comes again is numbered. https://docs.github.com/en/get-started/writing-on-github/getting-started-with-writing-and-formatting-on-github/basic-writing-and-formatting-syntax#section-links
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
