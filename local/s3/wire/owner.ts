import type { XmlElement } from '../../edge/xml.ts';

/** Canonical user ID of the one account there is: any 64 hex digits would do. */
const OWNER_ID = '0'.repeat(64);

/** Owner of every bucket and object; S3 no longer sends display names. */
export const ownerElement: XmlElement = ['Owner', [['ID', OWNER_ID]]];

/** The same as whoever began an upload. */
export const initiatorElement: XmlElement = ['Initiator', [['ID', OWNER_ID]]];
