/** What AWS's errors mean, for machines and for objects. Pure. */
import { MailboxError, type MailboxErrorCode } from '../../../electron/ports/mailbox.ts';
import { ProviderError, type ProviderErrorCode } from '../../../electron/ports/provider.ts';

interface AwsFault {
  readonly name?: string;
  readonly Code?: string;
  readonly code?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** By the code's whole name. */
const MEANINGS: readonly (readonly [ReadonlySet<string>, ProviderErrorCode])[] = [
  [
    words(`InsufficientInstanceCapacity InsufficientHostCapacity InsufficientReservedInstanceCapacity InsufficientCapacity
      SpotMaxPriceTooLow InsufficientFreeAddressesInSubnet`),
    'capacity',
  ],
  [
    words(`VcpuLimitExceeded InstanceLimitExceeded MaxSpotInstanceCountExceeded VolumeLimitExceeded MaxIOPSLimitExceeded
      TooManyBuckets`),
    'quota',
  ],
  [words('UnauthorizedOperation AccessDenied AccessDeniedException AllAccessDisabled'), 'permission'],
  [
    words(`AuthFailure ExpiredToken ExpiredTokenException TokenRefreshRequired RequestExpired InvalidClientTokenId
      InvalidAccessKeyId InvalidToken SignatureDoesNotMatch UnrecognizedClientException CredentialsProviderError
      TokenProviderError MissingAuthenticationToken OptInRequired PendingVerification Blocked NotSignedUp`),
    'auth',
  ],
  [
    words(`RequestLimitExceeded Throttling ThrottlingException ThrottledException TooManyRequestsException SlowDown
      RequestThrottled`),
    'throttled',
  ],
  [
    words(`Unsupported UnsupportedOperation InvalidParameter InvalidParameterValue InvalidParameterCombination
      InvalidInstanceType InvalidBlockDeviceMapping UserDataLimitExceeded VPCIdNotSpecified DefaultVpcDoesNotExist
      MissingParameter`),
    'refused',
  ],
];

const REMEDIES: Partial<Record<ProviderErrorCode, string>> = {
  capacity:
    'The next region of the pool is tried; more regions, another type or on demand in place of spot make it likelier.',
  quota:
    'Ask AWS for a higher limit of vCPUs of this family in this region (Service Quotas), or choose a smaller type.',
  permission: 'Add what is missing to the policy of the account: switchyard cloud policy',
  auth: 'Give the account credentials that work: switchyard cloud accounts add NAME ...',
  image: 'Name another image in the pool, or none.',
};

/** @returns the code AWS gave, or the name of the error */
export function nameOf(error: unknown): string {
  const { name, Code, code } = (error ?? {}) as AwsFault;
  return [Code, name, code].find((one) => one !== undefined && one !== '' && one !== 'Error') ?? 'Error';
}

const statusOf = (error: unknown): number | undefined => ((error ?? {}) as AwsFault).$metadata?.httpStatusCode;

function meaningOf(error: unknown): ProviderErrorCode {
  const name = nameOf(error);
  if (name.startsWith('InvalidAMIID.')) return 'image';
  for (const [names, code] of MEANINGS) if (names.has(name)) return code;
  const status = statusOf(error);
  // No answer at all, or one of a machine in between.
  if (status === undefined || status >= 500 || status === 408) return 'network';
  if (status === 429) return 'throttled';
  return status === 403 ? 'permission' : status === 401 ? 'auth' : 'unknown';
}

/** AWS's own words, without the long encoded part that names what a policy lacks. */
function wordsOf(error: unknown): string {
  const { message } = (error ?? {}) as AwsFault;
  const text = (message ?? '')
    .replace(/Encoded authorization failure message:.*/s, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return text === '' ? nameOf(error) : text.slice(0, 400);
}

/**
 * @param doing what was being done, for people: "start a machine"
 * @param mayHaveWorked the call changes something, and a lost answer says nothing
 */
export function toProviderError(error: unknown, doing: string, mayHaveWorked = false): ProviderError {
  if (error instanceof ProviderError) return error;
  const code = meaningOf(error);
  const remedy = REMEDIES[code];
  return new ProviderError(code, `AWS did not ${doing}: ${wordsOf(error)} (${nameOf(error)})`, {
    ...(remedy === undefined ? {} : { remedy }),
    outcomeUnknown: mayHaveWorked && code === 'network',
    cause: error,
  });
}

const MAILBOX_CODES: Record<ProviderErrorCode, MailboxErrorCode> = {
  capacity: 'network',
  quota: 'full',
  permission: 'auth',
  auth: 'auth',
  image: 'refused',
  throttled: 'network',
  network: 'network',
  refused: 'refused',
  unknown: 'refused',
};

export function toMailboxError(error: unknown, doing: string): MailboxError {
  if (error instanceof MailboxError) return error;
  const name = nameOf(error);
  if (/^(NoSuchKey|NotFound|NoSuchBucket)$/.test(name) || statusOf(error) === 404)
    return new MailboxError('not_found', `S3 did not ${doing}: there is nothing.`, null, error);
  const code = meaningOf(error);
  return new MailboxError(
    MAILBOX_CODES[code],
    `S3 did not ${doing}: ${wordsOf(error)} (${name})`,
    REMEDIES[code] ?? null,
    error,
  );
}
