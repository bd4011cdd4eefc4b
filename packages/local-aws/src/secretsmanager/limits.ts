/** Secrets Manager's limits. Pages: https://docs.aws.amazon.com/secretsmanager/latest/apireference/ and the operation's name. */
export const SECRETS_MANAGER_LIMITS = {
  /** Characters of a secret's name. API_CreateSecret */
  nameCharacters: 512,
  /** Characters of a secret's id: its name, or its ARN. API_GetSecretValue */
  idCharacters: 2_048,
  /** Characters of a description. API_CreateSecret */
  descriptionCharacters: 2_048,
  /** Bytes of a value. https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html */
  valueBytes: 65_536,
  /** Characters of a request token, which becomes the version's id. API_PutSecretValue */
  tokenLeastCharacters: 32,
  tokenMostCharacters: 64,
  /** Characters of a staging label. API_PutSecretValue */
  stageCharacters: 256,
  /** Staging labels of a secret, over all its versions. reference_limits.html */
  stagesPerSecret: 20,
  /** Versions of a secret that are kept; those without a staging label go first. API_PutSecretValue */
  versions: 100,
  /** Secrets a page. API_ListSecrets */
  listPage: 100,
} as const;
