import type { XmlElement } from '../../protocol/xml.ts';

/** Owner of a bucket and of every object in it, by account; S3 no longer sends display names. */
export function ownerElement(account: string): XmlElement {
  return ['Owner', [['ID', canonicalId(account)]]];
}

/** Who began an upload: told as the bucket's owner, as only accounts have canonical IDs. */
export function initiatorElement(account: string): XmlElement {
  return ['Initiator', [['ID', canonicalId(account)]]];
}

/** Canonical user ID of an account: any 64 hex digits would do. */
function canonicalId(account: string): string {
  return account.padStart(64, '0');
}
