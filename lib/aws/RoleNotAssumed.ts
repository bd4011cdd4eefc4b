/** Why a role gave no credentials. Calls of a client that asks for them reject with it. */
export class RoleNotAssumed extends Error {
  /** Whether the role's owner has to change something; else STS was away. */
  readonly denied: boolean;

  constructor(denied: boolean, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RoleNotAssumed';
    this.denied = denied;
  }
}
