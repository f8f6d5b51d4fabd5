/**
 * The mailbox on S3: objects of one private bucket. What is large goes in parts, and an upload that was cut goes on with the parts that
 * arrived: they are asked for, and each is compared with the file before it is counted.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { open, rename, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { HandedRequest, Mailbox, MailboxObject } from '../../../electron/ports/mailbox.ts';
import { MailboxError } from '../../../electron/ports/mailbox.ts';
import { nameOf, toMailboxError } from './aws-errors.ts';
import { signPostForm } from './post-form.ts';

/** Small enough that one is soon sent again. S3's least is 5 MiB, and 10,000 are the most. */
const PART_BYTES = 16 * 1024 * 1024;
const AT_ONCE = 4;
const WEEK_MS = 7 * 86_400_000;
const KEY = /^(?!.*(?:^|\/)\.{0,2}(?:\/|$))[A-Za-z0-9._/-]{1,512}$/;

export interface S3MailboxOptions {
  readonly client: S3Client;
  readonly bucket: string;
  readonly region: string;
}

export function createS3Mailbox({ client, bucket, region }: S3MailboxOptions): Mailbox {
  const at = (key: string): { Bucket: string; Key: string } => {
    if (!KEY.test(key)) throw new MailboxError('refused', `"${key.slice(0, 80)}" is no key of a mailbox.`);
    return { Bucket: bucket, Key: key };
  };

  async function trying<T>(doing: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw toMailboxError(error, doing);
    }
  }

  async function isThere(key: string): Promise<boolean> {
    try {
      await client.send(new HeadObjectCommand(at(key)));
      return true;
    } catch (error) {
      const known = toMailboxError(error, 'look');
      if (known.code === 'not_found') return false;
      throw known;
    }
  }

  /** Two that store the same key at once are told to try again. */
  async function unlessThere(store: () => Promise<unknown>): Promise<'stored' | 'exists'> {
    for (let tries = 1; ; tries += 1) {
      try {
        await store();
        return 'stored';
      } catch (error) {
        const name = nameOf(error);
        if (name === 'PreconditionFailed') return 'exists';
        if (name !== 'ConditionalRequestConflict' || tries === 5) throw error;
      }
    }
  }

  async function putLarge(
    key: string,
    file: string,
    size: number,
    signal: AbortSignal | undefined,
    onSent: (bytes: number) => void,
  ): Promise<'stored' | 'exists'> {
    if (await isThere(key)) return 'exists';
    const partBytes = Math.max(PART_BYTES, Math.ceil(size / 9_000 / 1_048_576) * 1_048_576);
    const uploadId =
      (await findUpload(key)) ?? (await client.send(new CreateMultipartUploadCommand(at(key)))).UploadId ?? '';
    const arrived = new Map<number, string>();
    for (let marker: string | undefined; ;) {
      const page = await client.send(
        new ListPartsCommand({
          ...at(key),
          UploadId: uploadId,
          ...(marker === undefined ? {} : { PartNumberMarker: marker }),
        }),
      );
      for (const { PartNumber, ETag } of page.Parts ?? [])
        if (PartNumber !== undefined && ETag !== undefined) arrived.set(PartNumber, ETag);
      if (page.IsTruncated !== true) break;
      marker = page.NextPartNumberMarker;
    }
    const count = Math.ceil(size / partBytes);
    const etags = Array.from<string>({ length: count });
    let sent = 0;
    let next = 0;
    const handle = await open(file, 'r');
    try {
      const worker = async (): Promise<void> => {
        while (next < count) {
          signal?.throwIfAborted();
          const index = next;
          next += 1;
          const body = Buffer.alloc(Math.min(partBytes, size - index * partBytes));
          const { bytesRead } = await handle.read(body, 0, body.length, index * partBytes);
          if (bytesRead !== body.length) throw new MailboxError('refused', 'The file changed while it was sent.');
          const md5 = createHash('md5').update(body).digest();
          let etag = arrived.get(index + 1);
          if (etag?.replaceAll('"', '') !== md5.toString('hex')) {
            const answer = await client.send(
              new UploadPartCommand({
                ...at(key),
                UploadId: uploadId,
                PartNumber: index + 1,
                Body: body,
                ContentMD5: md5.toString('base64'),
              }),
              signal === undefined ? {} : { abortSignal: signal },
            );
            etag = answer.ETag;
          }
          etags[index] = etag ?? '';
          sent += body.length;
          onSent(sent);
        }
      };
      const done = await Promise.allSettled(Array.from({ length: Math.min(AT_ONCE, count) }, worker));
      for (const one of done) if (one.status === 'rejected') throw one.reason;
    } finally {
      await handle.close();
    }
    return unlessThere(() =>
      client.send(
        new CompleteMultipartUploadCommand({
          ...at(key),
          UploadId: uploadId,
          IfNoneMatch: '*',
          MultipartUpload: { Parts: etags.map((ETag, index) => ({ ETag, PartNumber: index + 1 })) },
        }),
      ),
    );
  }

  async function findUpload(key: string): Promise<string | undefined> {
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: key }));
    return Uploads.filter((one) => one.Key === key).toSorted(
      (a, b) => (b.Initiated?.getTime() ?? 0) - (a.Initiated?.getTime() ?? 0),
    )[0]?.UploadId;
  }

  async function list(prefix: string, after: string | null): Promise<{ objects: MailboxObject[]; more: boolean }> {
    const page = await client.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: prefix,
        MaxKeys: 1_000,
        ...(after === null ? {} : { StartAfter: after }),
      }),
    );
    return {
      objects: (page.Contents ?? []).flatMap(({ Key, Size }) =>
        Key === undefined ? [] : [{ key: Key, sizeBytes: Size ?? 0 }],
      ),
      more: page.IsTruncated === true,
    };
  }

  return {
    put: (key, body, { signal, onSent = () => undefined } = {}) =>
      trying(`store ${key}`, async () => {
        const isBytes = body instanceof Uint8Array;
        const size = isBytes ? body.length : (await stat(body.file)).size;
        if (!isBytes && size > PART_BYTES) return putLarge(key, body.file, size, signal, onSent);
        const bytes = isBytes ? body : await fs.promises.readFile(body.file);
        const result = await unlessThere(() =>
          client.send(
            new PutObjectCommand({
              ...at(key),
              Body: bytes,
              IfNoneMatch: '*',
              ContentMD5: createHash('md5').update(bytes).digest('base64'),
            }),
            signal === undefined ? {} : { abortSignal: signal },
          ),
        );
        onSent(bytes.length);
        return result;
      }),
    read: (key, from = 0, length = null) =>
      trying(`read ${key}`, async () => {
        if (length === 0) {
          await client.send(new HeadObjectCommand(at(key)));
          return new Uint8Array();
        }
        const range =
          from === 0 && length === null ? {} : { Range: `bytes=${from}-${length === null ? '' : from + length - 1}` };
        try {
          const { Body } = await client.send(new GetObjectCommand({ ...at(key), ...range }));
          return (await Body?.transformToByteArray()) ?? new Uint8Array();
        } catch (error) {
          // It begins where the object ends, or it is empty.
          if (nameOf(error) === 'InvalidRange') return new Uint8Array();
          throw error;
        }
      }),
    fetch: (key, file, signal) =>
      trying(`fetch ${key}`, async () => {
        const { ContentLength: total = 0 } = await client.send(new HeadObjectCommand(at(key)));
        const part = `${file}.part`;
        const handle = await open(part, 'a+', 0o600);
        try {
          let have = (await handle.stat()).size;
          if (have > total) {
            await handle.truncate(0);
            have = 0;
          }
          if (have < total) {
            const { Body } = await client.send(
              new GetObjectCommand({ ...at(key), ...(have === 0 ? {} : { Range: `bytes=${have}-` }) }),
              signal === undefined ? {} : { abortSignal: signal },
            );
            for await (const chunk of Body as Readable) await handle.appendFile(chunk as Buffer);
          }
          if ((await handle.stat()).size !== total)
            throw new MailboxError('network', `S3 did not fetch ${key}: the answer broke off.`);
          await handle.sync();
        } finally {
          await handle.close();
        }
        await rename(part, file);
      }),
    list: (prefix, after = null) => trying('list', () => list(prefix, after)),
    remove: (prefix) =>
      trying(`remove ${prefix}`, async () => {
        for (;;) {
          const { objects, more } = await list(prefix, null);
          if (objects.length > 0) {
            const { Errors = [] } = await client.send(
              new DeleteObjectsCommand({
                Bucket: bucket,
                Delete: { Quiet: true, Objects: objects.map(({ key }) => ({ Key: key })) },
              }),
            );
            const [first] = Errors;
            if (first !== undefined)
              throw new MailboxError(
                'refused',
                `S3 did not remove ${first.Key ?? prefix}: ${first.Code ?? 'unknown'}.`,
              );
          }
          if (!more) break;
        }
        const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix }));
        for (const { Key, UploadId } of Uploads)
          if (Key?.startsWith(prefix) === true)
            await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }));
      }),
    handOut: (wish, forMs, signedAtMs) =>
      trying('sign a request', async (): Promise<HandedRequest> => {
        const ms = Math.min(forMs, WEEK_MS);
        const expiresAtMs = signedAtMs + ms;
        if ('storeUnder' in wish) {
          const credentials = await client.config.credentials();
          const fields = signPostForm({ bucket, prefix: wish.storeUnder, region }, credentials, signedAtMs, ms);
          return { method: 'POST', url: await bucketUrl(), fields, expiresAtMs };
        }
        const options = { expiresIn: Math.floor(ms / 1000), signingDate: new Date(signedAtMs) };
        const url =
          'read' in wish
            ? await getSignedUrl(client, new GetObjectCommand(at(wish.read)), options)
            : await getSignedUrl(client, new ListObjectsV2Command({ Bucket: bucket, Prefix: wish.listUnder }), options);
        return { method: 'GET', url, fields: {}, expiresAtMs };
      }),
    close: () => {
      client.destroy();
      return Promise.resolve();
    },
  };

  /** Where the SDK would send it, without what it adds. */
  async function bucketUrl(): Promise<string> {
    const url = new URL(await getSignedUrl(client, new ListObjectsV2Command({ Bucket: bucket })));
    return `${url.origin}${url.pathname}`;
  }
}
