import { streamNamed } from '../../../infra/streams/streams.ts';
import { type TableKind, tableKinds } from '../../../lib/schema/kinds.ts';
import { isLandingStream } from '../../../lib/tables/streams.ts';
import type { Deployment } from '../../deployment.ts';

/** A row of a record of the landing, as the local cloud tells it: local/readRecord.ts. */
const LANDED = new RegExp(`^\\{"table":"(${tableKinds.join('|')})","row":(.*)\\}$`, 's');

/**
 * The table of a document that a stream of the local cloud accepted, and its row as JSON; null for streams of others.
 *
 * @param stream The stream's name in AWS.
 */
export function documentOf(
  { stack }: Pick<Deployment, 'stack'>,
  stream: string,
  document: string,
): { readonly kind: TableKind; readonly text: string } | null {
  const [, table, text] = LANDED.exec(document) ?? [];
  const kind = tableKinds.find((one) => one === table);
  if (kind !== undefined && text !== undefined) return { kind, text };
  const id = streamNamed(`${stack.service}-${stack.stage}`, stream);
  return id === null || isLandingStream(id) ? null : { kind: id, text: document };
}
