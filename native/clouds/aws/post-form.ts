/**
 * A form that stores objects under one prefix of a bucket without credentials (S3's POST policy, signature version 4). Pure.
 * The official helper signs as of now; a machine's start has to send the same bytes whenever it is repeated.
 */
import { createHmac } from 'node:crypto';

export interface SigningCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** @param forMs from `signedAtMs` on; S3 takes 7 days at most */
export function signPostForm(
  wish: { readonly bucket: string; readonly prefix: string; readonly region: string },
  credentials: SigningCredentials,
  signedAtMs: number,
  forMs: number,
): Record<string, string> {
  const at = new Date(signedAtMs).toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
  const day = at.slice(0, 8);
  const scope = `${day}/${wish.region}/s3/aws4_request`;
  const fields: Record<string, string> = {
    bucket: wish.bucket,
    'x-amz-algorithm': 'AWS4-HMAC-SHA256',
    'x-amz-credential': `${credentials.accessKeyId}/${scope}`,
    'x-amz-date': at,
    ...(credentials.sessionToken === undefined ? {} : { 'x-amz-security-token': credentials.sessionToken }),
  };
  const policy = Buffer.from(
    JSON.stringify({
      expiration: new Date(signedAtMs + forMs).toISOString(),
      conditions: [
        ...Object.entries(fields).map(([name, value]) => ({ [name]: value })),
        ['starts-with', '$key', wish.prefix],
      ],
    }),
  ).toString('base64');
  const key = hmac(hmac(hmac(hmac(`AWS4${credentials.secretAccessKey}`, day), wish.region), 's3'), 'aws4_request');
  return { ...fields, policy, 'x-amz-signature': hmac(key, policy).toString('hex') };
}
