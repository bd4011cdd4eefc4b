/**
 * The steps of a load between which a function may be killed, in their order, each named after what has been done by
 * then. Whatever the point, the next load of the day ends as this one would have.
 */
export const faultPoints = [
  /** The day is claimed; nothing else has changed. */
  'claimed',
  /** Its folder is listed and told apart. */
  'listed',
  /** Its files are on the function's disk. */
  'fetched',
  /** Its rows are mapped, on the function's disk. */
  'mapped',
  /** Its refused rows are in the quarantine table's folder, under a name that the next load overwrites. */
  'quarantined',
  /** A note says that the new version was begun: if it is never read, the sweep finds it by that. */
  'begun',
  /** The version's files are in the bucket; no query reads them. */
  'uploaded',
  /** The claim is renewed: nobody else works on the day. */
  'renewed',
  /** A note says that the version which queries read is about to be replaced. */
  'noted',
  /** Queries read the new version; the ledger doesn't know yet. */
  'moved',
  /** The ledger knows. */
  'settled',
] as const;

/** One of {@link faultPoints}. */
export type FaultPoint = (typeof faultPoints)[number];
