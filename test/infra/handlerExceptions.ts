/** Permissions that a handler declares and that the deploy policy leaves out, with the reason. */
export interface HandlerException {
  /** The resource type, or `*` for every type. */
  readonly type: string;
  /** Permissions, separated by spaces. A trailing `*` stands for every permission that begins like that. */
  readonly permissions: string;
  /**
   * Properties for which the handler needs them, separated by spaces. The exception does not hold for a resource that
   * sets one.
   */
  readonly unset?: string;
  readonly why: string;
}

/** Every permission of a service that is not allowed whole that the registry declares and that `sluice policy print --for deploy` does not give. */
export const HANDLER_EXCEPTIONS: readonly HandlerException[] = [
  {
    type: 'AWS::KMS::Key',
    permissions: 'kms:PutKeyPolicy',
    why: 'CreateKey checks it unless BypassPolicyLockoutSafetyCheck is true, which the template sets; the policy of a key that exists never changes',
  },
  {
    type: 'AWS::KMS::Key',
    permissions: 'kms:DisableKey kms:EnableKey',
    unset: 'Enabled',
    why: 'for a key that is disabled',
  },
  { type: 'AWS::KMS::Key', permissions: 'kms:DisableKeyRotation', why: 'rotation stays on' },
  { type: 'AWS::KMS::Key', permissions: 'kms:ScheduleKeyDeletion', why: 'the template retains the key' },
  { type: 'AWS::KMS::Alias', permissions: 'kms:UpdateAlias', why: 'the alias stays at its key' },
  {
    type: 'AWS::Glue::Database',
    permissions:
      'glue:CreateConnection glue:DeleteConnection glue:GetConnection glue:PassConnection glue:UpdateConnection',
    unset: 'DatabaseInput.FederatedDatabase',
    why: 'for federated databases',
  },
  {
    type: 'AWS::Glue::Table',
    permissions: 'glue:PassConnection',
    unset: 'OpenTableFormatInput',
    why: 'for federated tables',
  },
  {
    type: 'AWS::Glue::Table',
    permissions: 'glue:GetSchemaVersion',
    unset: 'TableInput.StorageDescriptor.SchemaReference',
    why: "for schemas of Glue's registry",
  },
  {
    type: 'AWS::Glue::Table',
    permissions: 'glue:UpdateDatabase',
    why: 'no table changes its database, which can be one that is brought',
  },
  {
    type: 'AWS::Glue::Table',
    permissions: 'lakeformation:CreateTable lakeformation:GetDataAccess',
    why: 'permissions of Lake Formation itself, which its administrator grants on the database (docs/deploy.md)',
  },
  {
    type: 'AWS::Athena::WorkGroup',
    permissions: 'kms:Decrypt kms:GenerateDataKey',
    unset:
      'WorkGroupConfiguration.EngineConfiguration WorkGroupConfiguration.ManagedQueryResultsConfiguration',
    why: 'for notebooks and managed results: a workgroup is made without touching its results',
  },
  {
    type: 'AWS::Athena::WorkGroup',
    permissions: 'iam:CreateServiceLinkedRole',
    unset: 'WorkGroupConfiguration.ExecutionRole',
    why: 'for Spark',
  },
  {
    type: 'AWS::KinesisFirehose::DeliveryStream',
    permissions: 'kms:CreateGrant kms:DescribeKey kms:RevokeGrant',
    unset: 'DeliveryStreamEncryptionConfigurationInput.KeyARN',
    why: 'for streams that a key of the account encrypts',
  },
  {
    type: 'AWS::SecretsManager::Secret',
    permissions: 'secretsmanager:GetRandomPassword',
    unset: 'GenerateSecretString',
    why: 'for generated secrets',
  },
  {
    type: 'AWS::SecretsManager::Secret',
    permissions: 'secretsmanager:ReplicateSecretToRegions secretsmanager:RemoveRegionsFromReplication',
    unset: 'ReplicaRegions',
    why: 'for replicas',
  },
  {
    type: 'AWS::SecretsManager::Secret',
    permissions: 'secretsmanager:GetSecretValue',
    unset: 'GenerateSecretString',
    why: "who deploys reads no SDK key and no reader's key",
  },
  {
    type: 'AWS::IAM::Role',
    permissions: 'iam:PutRolePermissionsBoundary',
    unset: 'PermissionsBoundary',
    why: 'for permissions boundaries',
  },
  {
    type: 'AWS::IAM::Role',
    permissions: 'iam:DeleteRolePermissionsBoundary',
    why: 'who deploys takes no boundary off: docs/platform.md',
  },
  {
    type: 'AWS::IAM::User',
    permissions: 'iam:DeleteUserPermissionsBoundary',
    why: 'who deploys takes no boundary off: docs/platform.md',
  },
  {
    type: 'AWS::IAM::User',
    permissions: 'iam:PutUserPermissionsBoundary',
    unset: 'PermissionsBoundary',
    why: 'for permissions boundaries',
  },
  {
    type: 'AWS::IAM::User',
    permissions: 'iam:AddUserToGroup iam:RemoveUserFromGroup',
    unset: 'Groups',
    why: 'for groups',
  },
  {
    type: 'AWS::IAM::User',
    permissions: 'iam:CreateLoginProfile iam:UpdateLoginProfile iam:DeleteLoginProfile',
    unset: 'LoginProfile',
    why: 'for passwords',
  },
  {
    type: 'AWS::IAM::User',
    permissions: 'iam:PutUserPolicy iam:DeleteUserPolicy iam:GetUserPolicy',
    unset: 'Policies',
    why: 'for inline policies',
  },
  { type: 'AWS::IAM::User', permissions: 'iam:UpdateUser', unset: 'UserName Path', why: 'for other names' },
  {
    type: 'AWS::IAM::ManagedPolicy',
    permissions: 'iam:AttachGroupPolicy iam:DetachGroupPolicy',
    unset: 'Groups',
    why: 'for groups',
  },
  ...['Role', 'User'].map((kind) => ({
    type: 'AWS::IAM::ManagedPolicy',
    permissions: `iam:Attach${kind}Policy iam:Detach${kind}Policy`,
    unset: `${kind}s`,
    why: 'users and roles name their policies themselves, but for the administrator of the key',
  })),
  {
    type: 'AWS::Logs::LogGroup',
    permissions: 'logs:PutDataProtectionPolicy logs:DeleteDataProtectionPolicy logs:CreateLogDelivery',
    unset: 'DataProtectionPolicy',
    why: 'for data protection',
  },
  {
    type: 'AWS::Logs::LogGroup',
    permissions: 'logs:PutIndexPolicy logs:DeleteIndexPolicy',
    unset: 'FieldIndexPolicies',
    why: 'for field indexes',
  },
  {
    type: 'AWS::Logs::LogGroup',
    permissions: 'logs:PutResourcePolicy logs:DeleteResourcePolicy',
    unset: 'ResourcePolicyDocument',
    why: 'for resource policies',
  },
  {
    type: 'AWS::Logs::LogGroup',
    permissions: 'logs:PutBearerTokenAuthentication',
    unset: 'BearerTokenAuthenticationEnabled',
    why: 'for bearer tokens',
  },
  {
    type: 'AWS::Logs::LogGroup',
    permissions: 'logs:PutLogGroupDeletionProtection',
    unset: 'DeletionProtectionEnabled',
    why: 'for deletion protection',
  },
  {
    type: 'AWS::Logs::LogGroup',
    permissions: 'logs:AssociateKmsKey logs:DisassociateKmsKey',
    unset: 'KmsKeyId',
    why: 'for encrypted logs',
  },
  {
    type: 'AWS::Logs::LogGroup',
    permissions: 'logs:DeleteRetentionPolicy',
    why: 'every log group has a retention',
  },
  {
    type: 'AWS::Lambda::Function',
    permissions: 'kms:*',
    unset: 'KmsKeyArn Code.SourceKMSKeyArn',
    why: 'for environments or zips that a key of the account encrypts',
  },
  {
    type: 'AWS::Lambda::EventSourceMapping',
    permissions: 'kms:*',
    unset: 'KmsKeyArn',
    why: 'for filters that a key of the account encrypts',
  },
];
