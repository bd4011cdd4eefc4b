/**
 * A generated page with its links as from docs/reference/, where the reference pages are. Texts in the code have links
 * as from docs/: `deploy.md`, `reference/errors.md`, `../README.md`.
 */
export function asReference(page: string): string {
  return page.replaceAll(/\]\((?![a-z]+:|#)(reference\/)?/g, (_, isBeside) =>
    isBeside === undefined ? '](../' : '](',
  );
}
