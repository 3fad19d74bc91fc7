/** What to do about a certificate that Node's TLS refuses, by its code. */
const MENDS: Readonly<Record<string, string>> = {
  ERR_TLS_CERT_ALTNAME_INVALID:
    'it is for another name: connect by a name that it is for, or have it made for this one',
  HOSTNAME_MISMATCH: 'it is for another name: connect by a name that it is for, or have it made for this one',
  CERT_HAS_EXPIRED: 'it has expired: renew it at the server',
  CERT_NOT_YET_VALID: 'it is not valid yet: check the clocks of both machines',
  CERT_REVOKED: 'it was revoked: give the server another one',
};

/** A chain that ends at no authority known here. */
const UNKNOWN_AUTHORITY = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'INVALID_CA',
]);

/** Why a server's certificate is refused and the mend, for the end of a sentence; null for an error that is about something else. */
export function certificateTrouble(code: string | undefined): string | null {
  if (code === undefined) return null;
  if (UNKNOWN_AUTHORITY.has(code))
    return 'no authority that is trusted here has signed it: append sslrootcert=<file of its authority> to DATABASE_URL';
  return MENDS[code] ?? null;
}
