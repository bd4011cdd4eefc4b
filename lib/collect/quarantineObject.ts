import { hash } from 'node:crypto';
import { quarantineKey } from '../layout/quarantineKey.ts';
import { isoTimestamp } from '../time/isoTimestamp.ts';
import { utcDay } from '../time/utcDay.ts';
import type { Refused } from './Collected.ts';

/** What the rows of one request have in common. */
export interface QuarantineContext {
  /** Epoch milliseconds. */
  readonly receivedAt: number;
  readonly keyLabel: string;
  readonly keyHash: string;
  /** The sender as event IDs have it, '' when the body could not be read. */
  readonly senderId: string;
  readonly sdkType: string | null;
  readonly sdkVersion: string | null;
  readonly path: string;
}

/**
 * What one request was refused, as one object: a JSON line for each event or body, with the columns of the
 * quarantine table. Its key depends only on who sent what, so a resend writes the same object again.
 */
export function quarantineObject(
  refused: readonly Refused[],
  context: QuarantineContext,
): { readonly key: string; readonly body: string } {
  const { receivedAt, keyLabel, keyHash, senderId, sdkType, sdkVersion, path } = context;
  const digest = hash(
    'sha256',
    JSON.stringify([keyHash, senderId, ...refused.map(({ code, raw }) => [code, raw])]),
  );
  const lines = refused.map(({ code, detail, raw }) =>
    JSON.stringify({
      received_at: isoTimestamp(receivedAt),
      reason: code,
      detail,
      key_label: keyLabel,
      sdk_type: sdkType,
      sdk_version: sdkVersion,
      path,
      raw,
    }),
  );
  return { key: quarantineKey(utcDay(receivedAt), digest), body: `${lines.join('\n')}\n` };
}
