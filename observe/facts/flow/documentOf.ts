import { type TableKind, tableKinds } from '../../../lib/schema/kinds.ts';

/** A row of a record of the landing, as the local cloud tells it: local/readRecord.ts. */
const LANDED = new RegExp(`^\\{"table":"(${tableKinds.join('|')})","row":(.*)\\}$`, 's');

/** The table of a document that the stream of the local cloud accepted, and its row as JSON; null for any other text. */
export function documentOf(document: string): { readonly kind: TableKind; readonly text: string } | null {
  const [, table, text] = LANDED.exec(document) ?? [];
  const kind = tableKinds.find((one) => one === table);
  return kind === undefined || text === undefined ? null : { kind, text };
}
