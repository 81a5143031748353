/** Failures of signing in with Microsoft Entra ID, as @azure/identity reports them, with the variable to check. Pure. */

/** The used fields of its errors. MSAL's own error is the cause, except where the tenant could not be looked up. */
interface SignInError {
  readonly name?: string;
  readonly message?: string;
  readonly cause?: { readonly name?: string; readonly status?: number };
}

const names = /^(AggregateAuthenticationError|AuthenticationError|AuthenticationRequiredError|CredentialUnavailable)/;
/** MSAL says no more than this when it cannot look up a tenant: the service is down, or there is no such tenant. */
const unresolved = /^endpoints_resolution_error/;

/** Entra's error codes. @see https://learn.microsoft.com/entra/identity-platform/reference-error-codes */
const causes: Readonly<Record<string, string>> = {
  AADSTS7000215: 'AZURE_CLIENT_SECRET is wrong (the id of a secret is not its value)',
  AADSTS7000222: 'AZURE_CLIENT_SECRET has expired; it needs a new one',
  AADSTS700016: 'AZURE_CLIENT_ID is unknown in AZURE_TENANT_ID',
  AADSTS7000112: 'AZURE_CLIENT_ID is disabled',
  AADSTS90002: 'AZURE_TENANT_ID names no tenant',
  AADSTS900023: 'AZURE_TENANT_ID is neither the id nor a domain of a tenant',
};
const entraCode = /\bAADSTS\d+/;

export function isSignInError(error: unknown): boolean {
  return names.test((error as SignInError).name ?? '');
}

/** Whether a retry may succeed: the sign-in service did not answer, or with an error of its own. */
export function isSignInOutage(error: unknown): boolean {
  const { message = '', cause } = error as SignInError;
  if (unresolved.test(message)) return true;
  if (entraCode.test(message) || cause?.name !== 'ServerError') return false;
  // Without a status, MSAL repeats an earlier failure.
  const { status } = cause;
  return status === undefined || status === 429 || status >= 500;
}

/** @param access the variables with the credential */
export function signInWords(error: unknown, access: string): string {
  const { message = '' } = error as SignInError;
  if (unresolved.test(message)) {
    return 'the sign-in service (AZURE_AUTHORITY_HOST) cannot be reached, or AZURE_TENANT_ID names no tenant there';
  }
  if (isSignInOutage(error)) return 'the sign-in service does not answer';
  const [code = ''] = entraCode.exec(message) ?? [];
  return causes[code] ?? access;
}
