import type { Finding } from './catalogue.ts';

/** The detail of a finding, unless its title has it. It is apart from the catalogue, which a page of the console need not load. */
export function moreOf({ title, detail }: Pick<Finding, 'title' | 'detail'>): readonly string[] {
  return detail === '' || title.startsWith(detail.replace(/\.$/, '')) ? [] : [detail];
}
