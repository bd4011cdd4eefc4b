/** A secret's text and which version it is. */
export interface VersionedText {
  readonly text: string;
  readonly version: string;
}

/** The keys' secret as `sluice keys` works on it. */
export interface KeysSecret {
  read(): Promise<VersionedText>;
  /** Puts a new text where `version` is still the current one; false, and nothing changed, when it isn't. */
  replace(text: string, version: string): Promise<boolean>;
}
