/**
 * A cloud on this machine, for the official libraries as they are: EC2, S3 and STS over HTTP on one port of 127.0.0.1.
 *
 * Faults are put in a line, and each takes the next call that it fits: answers that are lost after the call took effect, refusals with
 * AWS's codes, connections that break before anything happened. Keys can be revoked, and single actions forbidden.
 * Signatures are checked where they are handed out (forms and links); of other requests the key's id counts, and others check those.
 */
import { createHash, createHmac } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { elements } from './xml.ts';
import { createSimEc2, Ec2Fault, type SimEc2 } from './sim-ec2.ts';
import { createSimS3, type S3Answer, type SimS3 } from './sim-s3.ts';

export interface SimFault {
  /** "RunInstances", "TerminateInstances", "PutObject", ...; missing = the next call, whichever. */
  readonly on?: string;
  readonly kind: 'lost' | 'cut' | 'refuse';
  /** Of refuse: AWS's code and the HTTP status. */
  readonly code?: string;
  readonly status?: number;
  times?: number;
}

export interface SimCloud {
  readonly endpoint: string;
  readonly ec2: SimEc2;
  readonly s3: SimS3;
  /** Names of all calls, in their order. */
  readonly calls: string[];
  readonly faults: SimFault[];
  readonly keys: Map<
    string,
    { readonly secret: string; state: 'good' | 'expired' | 'revoked'; readonly token?: string }
  >;
  readonly forbidden: Set<string>;
  /** Asked before and after each call takes effect; true = who called is dead, and hears nothing any more. */
  dies: ((name: string, when: 'before' | 'after') => boolean) | null;
  /** Milliseconds in which machines cost money. */
  meteredMs(): number;
  close(): Promise<void>;
}

export const SIM_KEY = {
  accessKeyId: 'AKIASIMULATEDCLOUD00',
  secretAccessKey: 'simulated/secret/access/key/0000000000000',
} as const;
export const SIM_ACCOUNT = '123456789012';

export interface SimCloudOptions {
  readonly runs?: boolean;
  readonly minuteMs?: number;
  readonly bootMs?: number;
  readonly endMs?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** How far the clouds' clock is ahead of this machine's. */
  readonly clockAheadMs?: number;
  readonly nowMs?: () => number;
}

export async function startSimCloud(options: SimCloudOptions = {}): Promise<SimCloud> {
  const {
    runs = false,
    minuteMs = 60_000,
    bootMs = 0,
    endMs = 0,
    env = {},
    clockAheadMs = 0,
    nowMs = Date.now,
  } = options;
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'switchyard-cloud-'));
  const ec2 = createSimEc2({
    metadata: () => `${cloud.endpoint}/metadata`,
    dir,
    nowMs,
    runs,
    minuteMs,
    env,
    bootMs,
    endMs,
  });
  const s3 = createSimS3();
  const calls: string[] = [];
  const faults: SimFault[] = [];
  const keys: SimCloud['keys'] = new Map([[SIM_KEY.accessKeyId, { secret: SIM_KEY.secretAccessKey, state: 'good' }]]);
  const forbidden = new Set<string>();
  let sessions = 0;

  const takeFault = (name: string): SimFault | null => {
    const index = faults.findIndex((fault) => fault.on === undefined || fault.on === name);
    const fault = faults[index];
    if (fault === undefined) return null;
    if (fault.times === undefined || fault.times <= 1) faults.splice(index, 1);
    else fault.times -= 1;
    return fault;
  };
  const problem = (isS3: boolean, code: string, status: number, message = code): S3Answer => ({
    status,
    headers: { 'content-type': 'application/xml' },
    body: isS3
      ? `<Error><Code>${code}</Code><Message>${message}</Message></Error>`
      : `<Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors><RequestID>r</RequestID></Response>`,
  });
  const stsProblem = (code: string, status: number): S3Answer => ({
    status,
    headers: { 'content-type': 'text/xml' },
    body: `<ErrorResponse>${elements({ Error: elements({ Type: 'Sender', Code: code, Message: code }), RequestId: 'r' })}</ErrorResponse>`,
  });

  function answer(
    request: http.IncomingMessage,
    body: Buffer,
  ): { readonly name: string; readonly act: () => S3Answer } {
    const url = new URL(request.url ?? '/', 'http://sim');
    const authorization = request.headers.authorization ?? '';
    const [, accessKeyId = '', , region = 'us-east-1'] =
      /Credential=([^/]+)\/(\d+)\/([^/]+)\//.exec(authorization) ?? [];
    const form = url.pathname === '/' && request.method === 'POST' ? new URLSearchParams(body.toString()) : null;
    const action = form?.get('Action') ?? null;
    const cloudNowMs = nowMs() + clockAheadMs;
    if (action !== null && form !== null) {
      const isSts = action === 'GetCallerIdentity' || action === 'AssumeRole';
      const refuse = (code: string, status: number): S3Answer =>
        isSts ? stsProblem(code, status) : problem(false, code, status);
      return {
        name: action,
        act() {
          const key = keys.get(accessKeyId);
          if (key === undefined || key.state === 'revoked')
            return refuse(isSts ? 'InvalidClientTokenId' : 'AuthFailure', isSts ? 403 : 401);
          if (key.state === 'expired') return refuse(isSts ? 'ExpiredToken' : 'RequestExpired', 400);
          if (forbidden.has(action)) return refuse(isSts ? 'AccessDenied' : 'UnauthorizedOperation', 403);
          try {
            const inner = isSts ? sts(action, accessKeyId) : ec2.call(action, form, region);
            return {
              status: 200,
              headers: { 'content-type': 'text/xml' },
              body: isSts ? inner : `<${action}Response><requestId>r</requestId>${inner}</${action}Response>`,
            };
          } catch (error) {
            if (error instanceof Ec2Fault) return problem(false, error.code, error.status, error.message);
            throw error;
          }
        },
      };
    }
    return {
      name: s3Name(request.method ?? 'GET', url),
      act() {
        const query = new URLSearchParams(url.search);
        const signer = accessKeyId === '' ? ((query.get('X-Amz-Credential') ?? '').split('/')[0] ?? '') : accessKeyId;
        const isForm =
          request.method === 'POST' && String(request.headers['content-type']).startsWith('multipart/form-data');
        const key = keys.get(signer);
        if (!isForm && (key === undefined || key.state === 'revoked')) return problem(true, 'InvalidAccessKeyId', 403);
        if (!isForm && key?.state === 'expired') return problem(true, 'ExpiredToken', 400);
        if (query.has('X-Amz-Signature')) {
          const at = (query.get('X-Amz-Date') ?? '').replace(
            /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/,
            '$1-$2-$3T$4:$5:$6Z',
          );
          const signedAtMs = Date.parse(at);
          if (signedAtMs > cloudNowMs + 900_000) return problem(true, 'AccessDenied', 403, 'Request is not valid yet');
          if (signedAtMs + Number(query.get('X-Amz-Expires')) * 1000 < cloudNowMs)
            return problem(true, 'AccessDenied', 403, 'Request has expired');
          if (key !== undefined && !isSignedBy(request, url, key.secret))
            return problem(true, 'SignatureDoesNotMatch', 403);
          for (const name of Array.from(query.keys())) if (/^X-Amz-/i.test(name)) query.delete(name);
        }
        query.delete('x-id');
        return s3.handle(
          {
            method: request.method ?? 'GET',
            path: url.pathname,
            query,
            headers: request.headers,
            body,
            nowMs: cloudNowMs,
            secretOf: (id) => (keys.get(id)?.state === 'good' ? (keys.get(id)?.secret ?? null) : null),
          },
          region,
        );
      },
    };
  }

  function sts(action: string, accessKeyId: string): string {
    if (action === 'GetCallerIdentity')
      return elements({
        GetCallerIdentityResponse: elements({
          GetCallerIdentityResult: elements({
            Arn: `arn:aws:iam::${SIM_ACCOUNT}:user/simulated`,
            UserId: 'AIDASIM',
            Account: SIM_ACCOUNT,
          }),
        }),
      });
    sessions += 1;
    const id = `ASIASIMULATED${String(sessions).padStart(7, '0')}`;
    keys.set(id, { secret: `session/secret/of/${accessKeyId}/0000`, state: 'good' });
    const Credentials = elements({
      AccessKeyId: id,
      SecretAccessKey: `session/secret/of/${accessKeyId}/0000`,
      SessionToken: `session-token-${id}`,
      Expiration: new Date(nowMs() + 3_600_000).toISOString(),
    });
    return elements({ AssumeRoleResponse: elements({ AssumeRoleResult: elements({ Credentials }) }) });
  }

  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => undefined);
    request.on('end', () => {
      const about = /^\/metadata\/(i-[0-9a-f]+)\/latest\/(.*)$/.exec(request.url ?? '');
      if (about !== null) {
        const isNoticed = ec2.instances.find(({ id }) => id === about[1])?.isNoticed === true;
        const body = about[2] === 'api/token' ? 'token' : isNoticed ? '{"action":"terminate"}' : null;
        return response.writeHead(body === null ? 404 : 200).end(body ?? '');
      }
      const { name, act } = answer(request, Buffer.concat(chunks));
      calls.push(name);
      const fault = takeFault(name);
      if (fault?.kind === 'cut') return request.socket.destroy();
      if (cloud.dies?.(name, 'before') === true) return request.socket.destroy();
      const isS3 = !/^(Describe|Run|Terminate|GetCaller|Assume)/.test(name);
      const given =
        fault?.kind === 'refuse' ? problem(isS3, fault.code ?? 'InternalError', fault.status ?? 500) : act();
      if (fault?.kind === 'lost' || cloud.dies?.(name, 'after') === true) return request.socket.destroy();
      response.writeHead(given.status, {
        date: new Date(nowMs() + clockAheadMs).toUTCString(),
        'x-amz-request-id': 'r',
        ...given.headers,
      });
      response.end(request.method === 'HEAD' ? undefined : given.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cloud: SimCloud = {
    dies: null,
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ec2,
    s3,
    calls,
    faults,
    keys,
    forbidden,
    meteredMs: () => ec2.instances.reduce((sum, one) => sum + (one.endedAtMs ?? nowMs()) - one.launchedAtMs, 0),
    async close() {
      await ec2.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      fs.rmSync(dir, { recursive: true, force: true });
    },
  };
  return cloud;
}

/** Whether a link was signed with this secret: method, path and everything in its query. */
function isSignedBy(request: http.IncomingMessage, url: URL, secret: string): boolean {
  const encode = (text: string): string =>
    encodeURIComponent(text).replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  const { searchParams: query } = url;
  const [, day = '', region = '', service = ''] = (query.get('X-Amz-Credential') ?? '').split('/');
  const names = (query.get('X-Amz-SignedHeaders') ?? '').split(';');
  const canonical = [
    request.method,
    url.pathname,
    [...query]
      .filter(([name]) => name !== 'X-Amz-Signature')
      .map(([name, value]) => `${encode(name)}=${encode(value)}`)
      .toSorted()
      .join('&'),
    ...names.map((name) => `${name}:${String(request.headers[name]).trim()}`),
    '',
    names.join(';'),
    query.get('X-Amz-Content-Sha256') ?? 'UNSIGNED-PAYLOAD',
  ].join('\n');
  const step = (signer: Buffer | string, text: string): Buffer => createHmac('sha256', signer).update(text).digest();
  const scope = `${day}/${region}/${service}/aws4_request`;
  const toSign = [
    'AWS4-HMAC-SHA256',
    query.get('X-Amz-Date'),
    scope,
    createHash('sha256').update(canonical).digest('hex'),
  ].join('\n');
  const signer = step(step(step(step(`AWS4${secret}`, day), region), service), 'aws4_request');
  return step(signer, toSign).toString('hex') === query.get('X-Amz-Signature');
}

function s3Name(method: string, { pathname, searchParams }: URL): string {
  const isBucket = pathname.split('/').filter(Boolean).length < 2;
  if (searchParams.has('uploads')) return method === 'POST' ? 'CreateMultipartUpload' : 'ListMultipartUploads';
  if (searchParams.has('uploadId'))
    return (
      { PUT: 'UploadPart', GET: 'ListParts', POST: 'CompleteMultipartUpload', DELETE: 'AbortMultipartUpload' }[
        method
      ] ?? method
    );
  if (searchParams.has('delete')) return 'DeleteObjects';
  if (searchParams.has('lifecycle')) return 'PutBucketLifecycleConfiguration';
  if (searchParams.has('publicAccessBlock')) return 'PutPublicAccessBlock';
  if (isBucket)
    return { PUT: 'CreateBucket', HEAD: 'HeadBucket', GET: 'ListObjectsV2', POST: 'PostObject' }[method] ?? method;
  return { PUT: 'PutObject', HEAD: 'HeadObject', GET: 'GetObject', DELETE: 'DeleteObject' }[method] ?? method;
}
