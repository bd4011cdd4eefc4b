/** The tables of what SDKs send: what an event is, and what a key may send. */
export type ForwardedKind = 'exposures' | 'events';

/** Every table that the function `write` makes files of, and whose days the registrar looks after. */
export type TableKind = ForwardedKind | 'quarantine';

/** The forwarded kinds, in the order in which they are listed everywhere. */
export const forwardedKinds: readonly ForwardedKind[] = ['exposures', 'events'];

/** All of {@link TableKind}, in the order in which they are listed everywhere. */
export const tableKinds: readonly TableKind[] = [...forwardedKinds, 'quarantine'];

/** Kinds of rows of customers' datasets. */
export const datasetKinds = ['events', 'metrics', 'exposures', 'table'] as const;

/** The kind of rows of a customer's dataset. */
export type DatasetKind = (typeof datasetKinds)[number];
