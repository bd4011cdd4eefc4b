import { readFileSync } from 'node:fs';

/** A statement as a client writes it, and what it answers on the seed. */
export interface Tried {
  /** Purpose of the statement. */
  readonly about: string;
  readonly sql: string;
  /** In the place of question marks, as the client sends them. */
  readonly parameters?: readonly string[];
  /** Athena's types of the result, where a client goes by them. */
  readonly types?: readonly string[];
  /** Texts as a client reads them; null is NULL. */
  readonly rows: readonly (readonly (string | null)[])[];
  /** The statement leaves the order of its rows open: they are compared sorted. */
  readonly anyOrder?: true;
}

/** The recorded statements of a client on the seed: `statements/<client>.json`. */
export const readTried = (client: 'metabase' | 'owox'): readonly Tried[] =>
  JSON.parse(readFileSync(new URL(`statements/${client}.json`, import.meta.url), 'utf8'));
