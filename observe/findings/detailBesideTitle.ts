import type { Finding } from './catalogue.ts';

/**
 * The detail of a finding, to be shown below its title; null if the title begins with it, as titles of what is seen now do
 * (`seenNow`). It is apart from the catalogue, which a page of the console need not load.
 */
export function detailBesideTitle({ title, detail }: Pick<Finding, 'title' | 'detail'>): string | null {
  return title.startsWith(detail.replace(/\.$/, '')) ? null : detail;
}
