/** S3 of the simulated cloud, in memory: what the official library asks for, with its own error codes. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { elements } from './xml.ts';

export interface S3Request {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  readonly nowMs: number;
  readonly secretOf: (accessKeyId: string) => string | null;
}

export interface S3Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
}

interface Upload {
  readonly key: string;
  readonly startedAtMs: number;
  readonly parts: Map<number, Buffer>;
}
interface Bucket {
  readonly region: string;
  readonly objects: Map<string, Buffer>;
  readonly uploads: Map<string, Upload>;
  /** Set up as it has to be. */
  isPrivate: boolean;
  lifecycle: string | null;
}

const md5 = (body: Buffer): string => createHash('md5').update(body).digest('hex');
const etagOf = (body: Buffer): string => `"${md5(body)}"`;
const xml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const fail = (status: number, code: string, message = code): S3Answer => ({
  status,
  headers: { 'content-type': 'application/xml' },
  body: `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${xml(message)}</Message></Error>`,
});
const ok = (body = '', status = 200): S3Answer => ({ status, headers: { 'content-type': 'application/xml' }, body });

export interface SimS3 {
  readonly buckets: ReadonlyMap<string, Bucket>;
  handle(request: S3Request, region: string): S3Answer;
  /** Bytes of parts and objects that were sent, a line for each call. */
  readonly received: { readonly key: string; readonly bytes: number }[];
}

export function createSimS3(): SimS3 {
  const buckets = new Map<string, Bucket>();
  const received: { key: string; bytes: number }[] = [];
  let uploadCount = 0;
  return { buckets, handle, received };

  function handle(request: S3Request, region: string): S3Answer {
    const [, name = '', ...rest] = request.path.split('/');
    const key = decodeURIComponent(rest.join('/'));
    const bucket = buckets.get(decodeURIComponent(name));
    if (key === '' && request.method === 'PUT' && request.query.size === 0) {
      if (bucket !== undefined) return fail(409, 'BucketAlreadyOwnedByYou');
      buckets.set(name, { region, objects: new Map(), uploads: new Map(), isPrivate: false, lifecycle: null });
      return ok();
    }
    if (bucket === undefined) return fail(404, 'NoSuchBucket');
    return key === '' ? onBucket(bucket, name, request) : onObject(bucket, key, request);
  }

  function onBucket(
    bucket: Bucket,
    name: string,
    { method, query, body, headers, nowMs, secretOf }: S3Request,
  ): S3Answer {
    if (method === 'HEAD') return { status: 200, headers: { 'x-amz-bucket-region': bucket.region } };
    if (method === 'PUT' && query.has('publicAccessBlock')) {
      bucket.isPrivate = (body.toString().match(/true/g) ?? []).length === 4;
      return ok();
    }
    if (method === 'PUT' && query.has('lifecycle')) {
      bucket.lifecycle = body.toString();
      return ok();
    }
    if (method === 'GET' && query.has('uploads'))
      return ok(
        `<ListMultipartUploadsResult>${[...bucket.uploads]
          .filter(([, one]) => one.key.startsWith(query.get('prefix') ?? ''))
          .map(
            ([id, one]) =>
              `<Upload><Key>${one.key}</Key><UploadId>${id}</UploadId><Initiated>${new Date(one.startedAtMs).toISOString()}</Initiated></Upload>`,
          )
          .join('')}<IsTruncated>false</IsTruncated></ListMultipartUploadsResult>`,
      );
    if (method === 'GET') {
      const prefix = query.get('prefix') ?? '';
      const after = query.get('start-after') ?? '';
      const keys = [...bucket.objects.keys()]
        .filter((one) => one.startsWith(prefix) && one > after)
        .toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      const page = keys.slice(0, Math.min(1_000, Number(query.get('max-keys') ?? 1_000)));
      return ok(
        `<ListBucketResult><IsTruncated>${page.length < keys.length}</IsTruncated>${page
          .map((one) => elements({ Contents: elements({ Key: one, Size: bucket.objects.get(one)?.length ?? 0 }) }))
          .join('')}</ListBucketResult>`,
      );
    }
    if (method === 'POST' && query.has('delete')) {
      for (const [, key = ''] of body.toString().matchAll(/<Key>([^<]*)<\/Key>/g)) bucket.objects.delete(key);
      return ok('<DeleteResult></DeleteResult>');
    }
    if (method === 'POST') return storeForm(bucket, name, body, String(headers['content-type']), nowMs, secretOf);
    return fail(501, 'NotImplemented');
  }

  /** A form with a policy: nothing else is its authority, so all of it is checked. */
  function storeForm(
    bucket: Bucket,
    name: string,
    body: Buffer,
    contentType: string,
    nowMs: number,
    secretOf: S3Request['secretOf'],
  ): S3Answer {
    const boundary = /boundary=(\S+)/.exec(contentType)?.[1];
    if (boundary === undefined) return fail(400, 'MalformedPOSTRequest');
    const fields = new Map<string, string>();
    let file: Buffer | null = null;
    const mark = Buffer.from(`--${boundary}`);
    for (let at = body.indexOf(mark); at !== -1;) {
      const next = body.indexOf(mark, at + mark.length);
      if (next === -1) break;
      const part = body.subarray(at + mark.length + 2, next - 2);
      const split = part.indexOf('\r\n\r\n');
      const field = /name="([^"]+)"/.exec(part.subarray(0, split).toString())?.[1] ?? '';
      if (field === 'file') file = part.subarray(split + 4);
      else fields.set(field.toLowerCase(), part.subarray(split + 4).toString());
      at = next;
    }
    const key = fields.get('key') ?? '';
    const policyText = fields.get('policy') ?? '';
    const [accessKeyId = '', day = '', region = ''] = (fields.get('x-amz-credential') ?? '').split('/');
    const secret = secretOf(accessKeyId);
    if (secret === null) return fail(403, 'InvalidAccessKeyId');
    const step = (signer: Buffer | string, text: string): Buffer => createHmac('sha256', signer).update(text).digest();
    const expected = step(step(step(step(step(`AWS4${secret}`, day), region), 's3'), 'aws4_request'), policyText);
    const given = Buffer.from(fields.get('x-amz-signature') ?? '', 'hex');
    if (given.length !== expected.length || !timingSafeEqual(given, expected))
      return fail(403, 'SignatureDoesNotMatch');
    const policy = JSON.parse(Buffer.from(policyText, 'base64').toString()) as {
      expiration: string;
      conditions: (Record<string, string> | string[])[];
    };
    if (Date.parse(policy.expiration) < nowMs)
      return fail(403, 'AccessDenied', 'Invalid according to Policy: Policy expired.');
    for (const condition of policy.conditions) {
      const isMet = Array.isArray(condition)
        ? condition[0] === 'starts-with' &&
          (fields.get((condition[1] ?? '').slice(1)) ?? '').startsWith(condition[2] ?? '')
        : Object.entries(condition).every(([field, value]) =>
            field === 'bucket' ? name === value : fields.get(field) === value,
          );
      if (!isMet) return fail(403, 'AccessDenied', `Invalid according to Policy: ${JSON.stringify(condition)}`);
    }
    if (file === null) return fail(400, 'MalformedPOSTRequest');
    bucket.objects.set(key, Buffer.from(file));
    return { status: 204 };
  }

  function onObject(bucket: Bucket, key: string, { method, query, headers, body, nowMs }: S3Request): S3Answer {
    const uploadId = query.get('uploadId');
    const upload = uploadId === null ? undefined : bucket.uploads.get(uploadId);
    if (uploadId !== null && (upload === undefined || upload.key !== key)) return fail(404, 'NoSuchUpload');
    const sent = headers['content-md5'];
    if (typeof sent === 'string' && createHash('md5').update(body).digest('base64') !== sent)
      return fail(400, 'BadDigest');
    const isKept = headers['if-none-match'] === '*' && bucket.objects.has(key);
    if (method === 'POST' && query.has('uploads')) {
      uploadCount += 1;
      const id = `upload-${uploadCount}`;
      bucket.uploads.set(id, { key, startedAtMs: nowMs, parts: new Map() });
      return ok(`<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
    }
    if (upload !== undefined && uploadId !== null) {
      if (method === 'PUT') {
        upload.parts.set(Number(query.get('partNumber')), body);
        received.push({ key, bytes: body.length });
        return { status: 200, headers: { etag: etagOf(body) } };
      }
      const listed = [...upload.parts].map(([number, part]) =>
        elements({ Part: elements({ PartNumber: number, ETag: xml(etagOf(part)), Size: part.length }) }),
      );
      if (method === 'GET')
        return ok(`<ListPartsResult>${elements({ IsTruncated: false })}${listed.join('')}</ListPartsResult>`);
      if (method === 'DELETE') {
        bucket.uploads.delete(uploadId);
        return { status: 204 };
      }
      if (isKept) return fail(412, 'PreconditionFailed');
      const numbers = [...body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber>/g)].map(([, number]) =>
        Number(number),
      );
      if (numbers.some((number) => !upload.parts.has(number))) return fail(400, 'InvalidPart');
      bucket.objects.set(
        key,
        Buffer.concat(numbers.toSorted((a, b) => a - b).map((number) => upload.parts.get(number) ?? Buffer.alloc(0))),
      );
      bucket.uploads.delete(uploadId);
      return ok(`<CompleteMultipartUploadResult><Key>${key}</Key></CompleteMultipartUploadResult>`);
    }
    if (method === 'PUT') {
      if (isKept) return fail(412, 'PreconditionFailed');
      bucket.objects.set(key, body);
      received.push({ key, bytes: body.length });
      return { status: 200, headers: { etag: etagOf(body) } };
    }
    const object = bucket.objects.get(key);
    if (object === undefined) return method === 'HEAD' ? { status: 404 } : fail(404, 'NoSuchKey');
    if (method === 'HEAD')
      return { status: 200, headers: { 'content-length': String(object.length), etag: etagOf(object) } };
    if (method === 'GET') {
      const range = /^bytes=(\d+)-(\d*)$/.exec(String(headers['range'] ?? ''));
      if (range === null)
        return {
          status: 200,
          headers: { etag: etagOf(object), 'content-length': String(object.length) },
          body: object,
        };
      const from = Number(range[1]);
      if (from >= object.length) return fail(416, 'InvalidRange');
      const piece = object.subarray(from, range[2] === '' ? undefined : Number(range[2]) + 1);
      return {
        status: 206,
        headers: {
          etag: etagOf(object),
          'content-range': `bytes ${from}-${from + piece.length - 1}/${object.length}`,
          'content-length': String(piece.length),
        },
        body: piece,
      };
    }
    return fail(501, 'NotImplemented');
  }
}
